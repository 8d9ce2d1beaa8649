/** BTF types -> layouts. */
import { BtfFormatError } from './format-error.ts'
import {
  canEndFlexibly,
  type EnumLayout,
  type Field,
  type Layout,
  type StructLayout,
  type UnionLayout,
} from './layout.ts'
import { type Btf, describe } from './btf.ts'
import { isKernelOwned } from './kernel-owned.ts'
import {
  type BtfArray,
  type BtfComposite,
  type BtfEnum,
  type BtfEnum64,
  type BtfInt,
  type BtfMember,
  type BtfType,
  maxFields,
  maxTypeDepth,
  type TypeId,
} from './types.ts'

interface Built {
  readonly layout: Layout
  /** Levels of structs and arrays in it. */
  readonly depth: number
}

/** Layouts of a BTF's types, each made once. A type that is being made is `undefined`. */
const built = new WeakMap<Btf, Map<TypeId, Built | undefined>>()

/**
 * How values of a type lie in memory. The same type of the same BTF gives the same object.
 *
 * Floats of other sizes than 4 and 8 bytes (`long double`) are bytes.
 *
 * @throws RangeError if there is no such type.
 * @throws BtfFormatError if the type has no values (void, functions, structs that are only declared), contradicts
 * itself, or nests more than 32 levels deep.
 */
export function layoutOf(btf: Btf, id: TypeId): Layout {
  const known = built.get(btf) ?? new Map<TypeId, Built | undefined>()
  built.set(btf, known)
  return build(btf, id, known, 0).layout
}

function build(btf: Btf, id: TypeId, known: Map<TypeId, Built | undefined>, depth: number): Built {
  const done = known.get(id)
  if (depth + (done?.depth ?? 0) > maxTypeDepth) {
    throw new BtfFormatError(`type ${id} (${describe(btf.type(id))}) is nested more than ${maxTypeDepth} levels deep`)
  }
  if (done !== undefined) return done
  if (known.has(id)) throw new BtfFormatError(`type ${id} (${describe(btf.type(id))}) contains itself`)
  known.set(id, undefined)
  try {
    let levels = 0
    const inner = (type: TypeId): Layout => {
      const child = build(btf, type, known, depth + 1)
      levels = Math.max(levels, child.depth + 1)
      return child.layout
    }
    const result = { layout: make(btf, id, inner), depth: levels }
    known.set(id, result)
    return result
  } catch (error) {
    known.delete(id)
    throw error
  }
}

function make(btf: Btf, id: TypeId, inner: (type: TypeId) => Layout): Layout {
  const type = btf.resolve(id)
  const name = type.name === '' ? typedefName(btf, id) : type.name
  switch (type.kind) {
    case 'int':
      return integer(type, typedefName(btf, id) || type.name)
    case 'float':
      return type.size === 4 || type.size === 8
        ? { kind: 'float', size: type.size }
        : { kind: 'bytes', size: type.size }
    case 'ptr':
      return { kind: 'pointer', size: 8 }
    case 'enum':
    case 'enum64':
      return enumeration(type, name)
    case 'array':
      return array(btf, type, inner)
    case 'struct':
      return struct(type, name, fieldsOf(btf, type, inner))
    case 'union':
      return { kind: 'union', name, size: type.size, fields: fieldsOf(btf, type, inner) }
    case 'fwd':
      throw new BtfFormatError(`${type.of} ${type.name} is declared but not defined: its layout is not known`)
    default:
      throw new BtfFormatError(`type ${id} (${describe(type)}) has no values: it has no layout`)
  }
}

/** The outermost typedef's name, or `''`. */
function typedefName(btf: Btf, id: TypeId): string {
  let type = btf.type(id)
  for (let depth = 0; depth <= maxTypeDepth; depth++) {
    if (type.kind === 'typedef') return type.name
    if (type.kind !== 'volatile' && type.kind !== 'const' && type.kind !== 'restrict' && type.kind !== 'type_tag') break
    type = btf.type(type.type)
  }
  return ''
}

function integer(type: BtfInt, name: string): Layout {
  const { size } = type
  if (type.bool && size !== 16) return { kind: 'boolean', size: powerOfTwo(size, type) }
  return { kind: 'integer', name, size: size === 16 ? 16 : powerOfTwo(size, type), signed: type.signed }
}

function powerOfTwo(size: number, type: BtfType): 1 | 2 | 4 | 8 {
  if (size === 1 || size === 2 || size === 4 || size === 8) return size
  throw new BtfFormatError(`type ${type.id} (${describe(type)}) has the size ${size}`)
}

function enumeration(type: BtfEnum | BtfEnum64, name: string): EnumLayout {
  const size = powerOfTwo(type.size, type)
  const values = type.values.map((each) => ({
    name: each.name,
    value: size === 8 ? BigInt(each.value) : Number(each.value),
  }))
  const layout = { kind: 'enum', name, size, signed: type.signed, values } as const
  return type.kind === 'enum' && size === 8 ? { ...layout, cut: true } : layout
}

function array(btf: Btf, type: BtfArray, inner: (type: TypeId) => Layout): Layout {
  const size = btf.sizeOf(type.id)
  const element = btf.resolve(type.element)
  if (element.kind === 'int' && element.size === 1 && !element.bool) {
    if (isChar(element)) return { kind: 'string', size }
    if (!element.signed) return { kind: 'bytes', size }
  }
  return { kind: 'array', size, element: inner(type.element), length: type.length }
}

/** gcc marks every one-byte integer as a character, clang none. */
function isChar(type: BtfInt): boolean {
  return type.name === 'char' || (type.char && type.name !== 'unsigned char' && type.name !== 'signed char')
}

function struct(type: BtfComposite, name: string, fields: Field[]): StructLayout {
  const layout: StructLayout = { kind: 'struct', name, size: type.size, fields }
  return canEndFlexibly(layout) && type.members.at(-1)?.name !== '' ? { ...layout, flexible: true } : layout
}

function fieldsOf(btf: Btf, type: BtfComposite, inner: (type: TypeId) => Layout): Field[] {
  const fields = type.members.flatMap((member): Field[] => {
    if (type.kind === 'struct' && isKernelOwned(btf, member.type)) return []
    const layout = inner(member.type)
    const field = member.bitSize > 0 ? bitfield(layout, member, 0, type) : wholeOrOldBitfield(btf, layout, member, type)
    if (member.name !== '') return [field]
    if (layout.kind !== 'struct' && layout.kind !== 'union') return []
    return layout.kind === type.kind ? moved(layout, field.offset) : [field]
  })
  rejectDuplicates(type, fields)
  return fields
}

/** The members of an anonymous struct or union, which belong to the enclosing type of the same kind. */
function moved(layout: StructLayout | UnionLayout, by: number): Field[] {
  return layout.fields.map((field) => ({ ...field, offset: field.offset + by }))
}

function rejectDuplicates(type: BtfComposite, fields: readonly Field[]): void {
  const names = new Set<string>()
  let looked = 0
  const visit = ({ name, layout }: Field): void => {
    // Those that have no members could be nested in each other without end.
    if (++looked > maxFields) {
      throw new BtfFormatError(`type ${type.id} (${describe(type)}) has more than ${maxFields} members`)
    }
    if (name === '' && (layout.kind === 'struct' || layout.kind === 'union')) {
      for (const field of layout.fields) visit(field)
    } else if (names.has(name)) {
      throw new BtfFormatError(`type ${type.id} (${describe(type)}) has two members named ${JSON.stringify(name)}`)
    } else {
      names.add(name)
    }
  }
  for (const field of fields) visit(field)
}

/** Compilers before clang 8 put a bitfield's width and place into its integer type. */
function wholeOrOldBitfield(btf: Btf, layout: Layout, member: BtfMember, type: BtfComposite): Field {
  const declared = btf.resolve(member.type)
  if (declared.kind === 'int' && declared.bits > 0 && declared.bits < declared.size * 8 && !declared.bool) {
    return bitfield(layout, { ...member, bitSize: declared.bits }, declared.bitOffset, type)
  }
  const offset = member.bitOffset / 8
  if (!Number.isInteger(offset) || offset + layout.size > type.size) {
    throw new BtfFormatError(
      `member ${JSON.stringify(member.name)} of ${describe(type)}, ${layout.size} bytes from bit ${member.bitOffset}, ` +
        `is not within its ${type.size} bytes`,
    )
  }
  return { name: member.name, offset, layout }
}

function bitfield(layout: Layout, member: BtfMember, shift: number, type: BtfComposite): Field {
  const start = member.bitOffset + shift
  const { bitSize } = member
  const whole = layout.kind === 'integer' || layout.kind === 'boolean' || layout.kind === 'enum'
  if (!whole || bitSize > 64 || bitSize > layout.size * 8 || start + bitSize > type.size * 8) {
    throw new BtfFormatError(
      `member ${JSON.stringify(member.name)} of ${describe(type)} cannot be a bitfield of ${bitSize} bits from ${start}`,
    )
  }
  return { name: member.name, offset: Math.floor(start / 8), layout, bitfield: { bitOffset: start % 8, bitSize } }
}
