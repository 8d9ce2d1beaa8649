/** Types -> C, as one would write their declarations. */
import type { Btf } from './btf.ts'
import { BtfFormatError } from './format-error.ts'
import { NaturalLayout, padding, paddingLength, roundUp } from './natural-layout.ts'
import {
  type BtfComposite,
  type BtfEnum,
  type BtfEnum64,
  type BtfFloat,
  type BtfFunctionPrototype,
  type BtfInt,
  type BtfMember,
  type BtfType,
  maxFields,
  maxTypeDepth,
  type TypeId,
} from './types.ts'

export interface DeclarationOptions {
  /** With each member's byte offset and size as a comment, as pahole(1) writes them. */
  offsets?: boolean
}

/** GCC's names of the sizes of enums that are not those of an int. */
const modes: ReadonlyMap<number, string> = new Map([
  [1, 'byte'],
  [2, 'HI'],
  [8, 'DI'],
])

/** Of members of anonymous members of …; what C compilers take is far less. */
const maxDepth = 64

/**
 * A type's declaration in C: of a struct, union or enum its whole body, of a function its signature, of a typedef or a
 * variable the line that declares it. Types that it uses are named, not declared; those without a name are written out.
 *
 * @throws BtfFormatError if types refer to each other in a circle that C cannot have
 */
export function declarationOf(btf: Btf, type: BtfType, options: DeclarationOptions = {}): string {
  return new DeclarationWriter(btf, options).declaration(type)
}

/** What types and values of enums are called: other names than their own where C would take two for one. */
export interface Names {
  /** Of a type that has a name. */
  type(type: BtfType): string
  value(name: string): string
  /** Of a base type. */
  base(type: BtfInt | BtfFloat): string
}

const ownNames: Names = { type: ({ name }) => name, value: (name) => name, base: ({ name }) => name }

/** Writes the declarations of one BTF. */
export class DeclarationWriter {
  readonly #btf: Btf
  readonly #offsets: boolean
  readonly #names: Names
  readonly #layout: NaturalLayout
  /** Members, parameters and gaps of what is being written. */
  #parts = 0

  constructor(btf: Btf, { offsets = false }: DeclarationOptions = {}, names: Names = ownNames) {
    this.#btf = btf
    this.#offsets = offsets
    this.#names = names
    this.#layout = new NaturalLayout(btf)
  }

  /** See {@link declarationOf}. */
  declaration(type: BtfType): string {
    switch (type.kind) {
      case 'struct':
      case 'union':
        return `${this.#composite(type, '', 0)};${this.#offsets ? ` /* size: ${type.size} */` : ''}`
      case 'enum':
      case 'enum64':
        return `${this.#enumeration(type, '')};`
      case 'fwd':
        return `${type.of} ${this.#names.type(type)};`
      case 'typedef':
        return `typedef ${this.declare(type.type, this.#names.type(type))};`
      case 'func':
      case 'var':
        return `${type.linkage === 'global' ? '' : `${type.linkage} `}${this.declare(type.type, type.name)};`
      case 'datasec':
        return type.variables.map(({ type: variable }) => this.declaration(this.#btf.type(variable))).join('\n')
      case 'decl_tag':
        return `__attribute__((${type.attribute === true ? type.name : `btf_decl_tag(${quoted(type.name)})`}))`
      default:
        return this.declare(type.id, '')
    }
  }

  /** What declares `name` as of a type; without a name, how C writes the type alone. */
  declare(id: TypeId, name: string, indent: string = '', depth: number = 0): string {
    if (depth === 0) this.#parts = 0
    let declarator = name
    let qualifiers = ''
    let tags = ''
    let pointer = false
    for (let current = id, steps = 0; ; steps++) {
      if (steps > 2 * maxTypeDepth) throw new BtfFormatError(`type ${id} has no end: a circle`)
      const type = this.#btf.type(current)
      switch (type.kind) {
        case 'const':
        case 'volatile':
        case 'restrict':
          // An array of constants may be a constant itself.
          if (!qualifiers.includes(type.kind)) qualifiers = `${type.kind} ${qualifiers}`
          current = type.type
          continue
        case 'type_tag':
          tags = ` __attribute__((${type.attribute === true ? type.name : `btf_type_tag(${quoted(type.name)})`}))${tags}`
          current = type.type
          continue
        case 'ptr':
          declarator = `*${tags === '' ? '' : `${tags.trimStart()} `}${qualifiers}${declarator}`.trimEnd()
          qualifiers = ''
          tags = ''
          pointer = true
          current = type.type
          continue
        case 'array':
          declarator = `${pointer ? `(${declarator})` : declarator}[${type.length}]`
          pointer = false
          current = type.element
          continue
        case 'func_proto':
          declarator = `${pointer ? `(${declarator})` : declarator}(${this.#parameters(type, depth)})`
          pointer = false
          current = type.returnType
          continue
        default: {
          const specifier = `${qualifiers}${this.#specifier(type, indent, depth)}${tags}`
          return declarator === '' ? specifier : `${specifier} ${declarator}`
        }
      }
    }
  }

  #composite(type: BtfComposite, indent: string, depth: number): string {
    const { kind, name, size, members } = type
    if (depth > maxDepth) throw new BtfFormatError(`${kind} ${name} nests more than ${maxDepth} deep`)
    if (depth === 0) this.#parts = 0
    this.#count(type, members.length)
    const head = name === '' ? kind : `${kind} ${this.#names.type(type)}`
    const packed = this.#layout.isPacked(type)
    const lines: string[] = []
    let end = 0
    for (const member of members) {
      const declared = this.#member(member, `${indent}\t`, depth + 1)
      const bits = member.bitSize === 0 ? '' : `: ${member.bitSize}`
      if (kind === 'struct') {
        lines.push(...this.#padding(type, end, this.#layout.placeOf(member, end, packed), member.bitOffset))
      }
      lines.push(`${declared}${bits};${this.#comment(member)}`)
      end = Math.max(end, member.bitOffset + (member.bitSize || 8 * this.#btf.sizeOf(member.type)))
    }
    const alignment = packed ? 1 : Math.max(1, ...members.map((member) => this.#layout.alignmentOf(member.type)))
    const rest = this.#padding(type, kind === 'struct' ? end : 0, roundUp(end, 8 * alignment), 8 * size)
    lines.push(...(kind === 'struct' || rest.length === 0 ? rest : [`struct { ${rest.join(' ')} };`]))
    return `${head} {\n${lines.map((line) => `${indent}\t${line}\n`).join('')}${indent}}${packed ? ' __attribute__((packed))' : ''}`
  }

  #padding(type: BtfComposite, end: number, natural: number, wanted: number): string[] {
    this.#count(type, paddingLength(end, natural, wanted))
    return padding(end, natural, wanted)
  }

  /** Plain C has no member that is a struct with a name, and none of its own (gcc has, with -fms-extensions). */
  #member({ name, type: id }: BtfMember, indent: string, depth: number): string {
    const type = this.#btf.resolve(id)
    if (name !== '' || (type.kind !== 'struct' && type.kind !== 'union')) return this.declare(id, name, indent, depth)
    return this.#composite({ ...type, name: '' }, indent, depth)
  }

  #enumeration(type: BtfEnum | BtfEnum64, indent: string): string {
    const { name, signed, size, values } = type
    // Only declared, which C does not have, but every compiler.
    if (values.length === 0) return name === '' ? 'int' : `enum ${this.#names.type(type)}`
    const lines = values.map((each) => {
      const number = `${each.value}${suffix(each.value, signed)}`
      return `${indent}\t${this.#names.value(each.name)} = ${number},\n`
    })
    const head = name === '' ? 'enum' : `enum ${this.#names.type(type)}`
    const wide = values.some(({ value }) => isWide(value))
    const mode = wide ? undefined : modes.get(size)
    return `${head} {\n${lines.join('')}${indent}}${mode === undefined ? '' : ` __attribute__((mode(${mode})))`}`
  }

  /** What stands before the name: only what has no name of its own is written out. */
  #specifier(type: BtfType, indent: string, depth: number): string {
    switch (type.kind) {
      case 'void':
        return 'void'
      case 'fwd':
        return `${type.of} ${this.#names.type(type)}`
      case 'struct':
      case 'union':
        return type.name === '' ? this.#composite(type, indent, depth) : `${type.kind} ${this.#names.type(type)}`
      case 'enum':
      case 'enum64':
        return type.name === '' ? this.#enumeration(type, indent) : `enum ${this.#names.type(type)}`
      case 'int':
      case 'float':
        return this.#names.base(type)
      case 'typedef':
        return this.#names.type(type)
      default:
        throw new BtfFormatError(`type ${type.id} (${type.kind} ${type.name}) cannot be the type of a value`)
    }
  }

  #parameters(type: BtfFunctionPrototype, depth: number): string {
    const { parameters } = type
    if (parameters.length === 0) return 'void'
    this.#count(type, parameters.length)
    if (depth > maxDepth) throw new BtfFormatError(`parameters nest more than ${maxDepth} deep`)
    return parameters
      .map(({ name, type }) => (type === 0 && name === '' ? '...' : this.declare(type, name, '', depth + 1)))
      .join(', ')
  }

  /** What has no name is written out wherever it is used: in a few hundred bytes of BTF that can be endlessly often. */
  #count({ id, kind, name }: BtfType, parts: number): void {
    this.#parts += parts
    if (this.#parts <= maxFields) return
    const what = name === '' ? `type ${id} (${kind})` : `${kind} ${name}`
    throw new BtfFormatError(`${what} has more than ${maxFields} members, parameters and gaps`)
  }

  #comment({ type, bitOffset, bitSize }: BtfMember): string {
    if (!this.#offsets) return ''
    if (bitSize !== 0) return ` /* ${Math.floor(bitOffset / 8)}:${bitOffset % 8} */`
    return ` /* ${bitOffset / 8} ${this.#btf.sizeOf(type)} */`
  }
}

/** As a string of C. */
function quoted(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&')
  return `"${escaped.replace(/\p{Cc}/gu, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)}"`
}

function isWide(value: number | bigint): boolean {
  return value > 0xffff_ffffn || value < -0x8000_0000n
}

/** Numbers that are larger than an int have to say so. */
function suffix(value: number | bigint, signed: boolean): string {
  if (!isWide(value)) return ''
  return signed ? 'LL' : 'ULL'
}
