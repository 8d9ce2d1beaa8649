/** What of the names of types C can say: compilers of other languages have others, and so has who wants to put code into a header. */
import { inspectBriefly } from '../arguments.ts'
import { BtfFormatError } from './format-error.ts'
import type { BtfFloat, BtfInt, BtfType } from './types.ts'

/** As the kernel has it (KSYM_NAME_LEN, without the NUL). */
const longestName = 511
const identifier = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u
/** `address_space(1)` */
const attribute = /^\w+(?:\([\w ,]*\))?$/

/** Of which C makes its base types. */
const words: ReadonlySet<string> = new Set(['char', 'short', 'int', 'long', 'signed', 'unsigned', '__int128', '_Bool'])
const floats: ReadonlySet<string> = new Set(['float', 'double', 'long double', '_Float16', '__bf16'])
/** Bytes, and the type that has as many on every machine that runs BPF. */
const integers: ReadonlyMap<number, string> = new Map([
  [1, 'char'],
  [2, 'short'],
  [4, 'int'],
  [8, 'long long'],
  [16, '__int128'],
])
const floatsBySize: ReadonlyMap<number, string> = new Map([
  [2, '_Float16'],
  [4, 'float'],
  [8, 'double'],
  [16, 'long double'],
])

/** @throws BtfFormatError when it has a name, or one of its members, values or parameters, that C cannot have */
export function checkNames(type: BtfType): void {
  switch (type.kind) {
    case 'int':
    case 'float':
    case 'decl_tag':
      // {@link baseTypeOf} takes nothing of their names, and nobody writes tags of declarations.
      return
    case 'type_tag':
      // Others stand in quotation marks.
      if (type.attribute === true && !attribute.test(type.name)) throw unspeakable(type, type.name)
      return
    default:
  }
  checkName(type, type.name)
  const parts =
    'members' in type ? type.members : 'values' in type ? type.values : 'parameters' in type ? type.parameters : []
  for (const { name } of parts) checkName(type, name)
}

function checkName(type: BtfType, name: string): void {
  if (name !== '' && (name.length > longestName || !identifier.test(name))) throw unspeakable(type, name)
}

function unspeakable({ id }: BtfType, name: string): BtfFormatError {
  return new BtfFormatError(`type ${id} has a name that C cannot have: ${inspectBriefly(name)}`)
}

/**
 * A base type in C: by its own name, or by what it is where C has no such name, as of `u32` of Rust and `__Poly8_t` of GCC.
 *
 * @throws BtfFormatError when no type of C has that size
 */
export function baseTypeOf(type: BtfInt | BtfFloat): string {
  const { kind, name, size } = type
  const known = kind === 'float' ? floats.has(name) : name.split(' ').every((word) => words.has(word))
  if (known) return name
  if (kind === 'int' && type.bool && size === 1) return '_Bool'
  const wanted = (kind === 'float' ? floatsBySize : integers).get(size)
  if (wanted === undefined) throw new BtfFormatError(`type ${type.id} (${kind}) of ${size} bytes is none that C has`)
  return kind === 'float' ? wanted : `${type.signed ? 'signed' : 'unsigned'} ${wanted}`
}
