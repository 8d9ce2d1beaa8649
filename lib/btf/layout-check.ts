/** The conditions on a layout under which codecs are safe, checked once when a codec is made. */
import { invalidArgument } from '../errors.ts'
import { canEndFlexibly, type Field, type Layout, type StructLayout, type UnionLayout } from './layout.ts'
import { maxFields, maxTypeDepth } from './types.ts'

/**
 * Counts the fields of a layout, nested ones included and each array's element once.
 *
 * @throws TypeError if sizes, offsets or names contradict each other, as only a layout that was made by hand or by
 * hostile BTF can.
 */
export function checkLayout(layout: Layout): number {
  const fields = check(layout, new Map(), 0).fields
  if (fields > maxFields) throw invalidArgument(`the layout has ${fields} fields, more than ${maxFields}`)
  return fields
}

interface Checked {
  readonly fields: number
  readonly depth: number
}

function check(layout: Layout, known: Map<Layout, Checked>, depth: number): Checked {
  const done = known.get(layout)
  if (depth + (done?.depth ?? 0) > maxTypeDepth) {
    throw invalidArgument(`the layout is nested more than ${maxTypeDepth} levels deep`)
  }
  if (done !== undefined) return done
  const children = inner(layout).map((child) => check(child, known, depth + 1))
  const checked = {
    fields: children.reduce((sum, child) => sum + child.fields, 1),
    depth: children.reduce((deepest, child) => Math.max(deepest, child.depth + 1), 0),
  }
  known.set(layout, checked)
  return checked
}

function inner(layout: Layout): Layout[] {
  demand(isSize(layout.size), `a ${layout.kind} of ${layout.size} bytes`)
  switch (layout.kind) {
    case 'integer':
      demand([1, 2, 4, 8, 16].includes(layout.size), `an integer of ${layout.size} bytes`)
      return []
    case 'boolean':
    case 'enum':
      demand([1, 2, 4, 8].includes(layout.size), `a ${layout.kind} of ${layout.size} bytes`)
      return []
    case 'float':
      demand(layout.size === 4 || layout.size === 8, `a float of ${layout.size} bytes`)
      return []
    case 'pointer':
      demand(layout.size === 8, `a pointer of ${layout.size} bytes`)
      return []
    case 'string':
    case 'bytes':
      return []
    case 'array':
      demand(
        isSize(layout.length) && layout.size === layout.length * layout.element.size,
        `an array of ${layout.length} times ${layout.element.size} bytes that takes ${layout.size}`,
      )
      return [layout.element]
    case 'struct':
    case 'union':
      checkFields(layout, new Set())
      if (layout.kind === 'struct' && layout.flexible === true)
        demand(canEndFlexibly(layout), 'a flexible end without an array there')
      return layout.fields.map((field) => field.layout)
    default:
      throw invalidArgument(`a layout of unknown kind ${JSON.stringify((layout as { kind: unknown }).kind)}`)
  }
}

function checkFields(layout: StructLayout | UnionLayout, seen: Set<string>): void {
  for (const field of layout.fields) {
    const { name, offset, bitfield } = field
    demand(typeof name === 'string' && isSize(offset), `a field ${JSON.stringify(name)} at ${offset}`)
    demand(
      bitfield === undefined ? offset + field.layout.size <= layout.size : isBitfield(field, layout.size),
      `a field ${JSON.stringify(name)} outside of its ${layout.kind}`,
    )
    if (name === '' && (field.layout.kind === 'struct' || field.layout.kind === 'union')) {
      demand(field.layout.kind !== layout.kind, `an anonymous ${layout.kind} directly within a ${layout.kind}`)
      checkFields(field.layout, seen)
    } else {
      demand(!seen.has(name), `two fields named ${JSON.stringify(name)}`)
      seen.add(name)
    }
  }
}

function isBitfield({ bitfield, offset, layout }: Field, size: number): boolean {
  const { bitOffset, bitSize } = bitfield!
  return (
    (layout.kind === 'integer' || layout.kind === 'boolean' || layout.kind === 'enum') &&
    Number.isInteger(bitOffset) &&
    Number.isInteger(bitSize) &&
    bitOffset >= 0 &&
    bitOffset < 8 &&
    bitSize > 0 &&
    bitSize <= Math.min(64, layout.size * 8) &&
    offset * 8 + bitOffset + bitSize <= size * 8
  )
}

function isSize(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff
}

function demand(condition: boolean, what: string): void {
  if (!condition) throw invalidArgument(`the layout has ${what}`)
}
