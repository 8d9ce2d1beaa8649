/** The `format` file of an event of tracefs: what a program of `SEC("tp/…")` finds in its context. */

/** A field of the record that an event has, which is the context of a program there. */
export interface TracepointField {
  name: string
  /** In C, such as `char[16]`; with `__data_loc` or `__rel_loc` for what is of varying length. */
  type: string
  /** Bytes from the start of the context. */
  offset: number
  /** Bytes. */
  size: number
  signed: boolean
  /**
   * The field is where its bytes are, in place of the bytes: 16 bits of length above 16 bits of offset, from the start of the
   * context (`data_loc`) or from the end of the field (`rel_loc`).
   */
  location: 'data_loc' | 'rel_loc' | undefined
}

const FIELD = /^\tfield:(.*);\toffset:(\d+);\tsize:(\d+);(?:\tsigned:(\d);)?$/gm

export function parseTracepointFormat(text: string): TracepointField[] {
  return Array.from(text.matchAll(FIELD), ([, declaration = '', offset, size, signed]) => {
    const location = /^__(data_loc|rel_loc)\b/.exec(declaration)?.[1] as TracepointField['location']
    return {
      ...splitDeclaration(declaration),
      offset: Number(offset),
      size: Number(size),
      signed: signed === '1',
      location,
    }
  })
}

/** The name stands before the dimensions of an array, or inside of a function pointer. */
function splitDeclaration(declaration: string): { name: string; type: string } {
  const text = declaration.trim()
  const [, before = '', name, dimensions = ''] = /^(.*?)(\w+)((?:\[[^\]]*\])*)$/s.exec(text) ?? []
  if (name !== undefined) return { name, type: `${before.trim()}${dimensions}` }
  const pointer = /\(\s*\*\s*(\w+)\s*\)/.exec(text)?.[1]
  return pointer === undefined
    ? { name: '', type: text }
    : { name: pointer, type: text.replace(/\(\s*\*\s*\w+\s*\)/, '(*)') }
}
