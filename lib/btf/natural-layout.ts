/** Where a C compiler puts the members of a struct when nothing tells it otherwise. */
import type { Btf } from './btf.ts'
import { BtfFormatError } from './format-error.ts'
import { type BtfComposite, type BtfMember, type BtfType, maxTypeDepth, type TypeId } from './types.ts'

/** What 64-bit compilers give at most. */
const maxAlignment = 16

/** Bits, and the type of a bitfield that has as many. */
const fillers = [
  [64, 'long'],
  [32, 'int'],
  [16, 'short'],
  [8, 'char'],
] as const

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}

/** Of the types of one BTF; what was found out once is known. */
export class NaturalLayout {
  readonly #btf: Btf
  readonly #alignments = new Map<TypeId, number>()
  readonly #packed = new Map<TypeId, boolean>()

  constructor(btf: Btf) {
    this.#btf = btf
  }

  /** Bytes at a multiple of which a value of this type lies by itself. */
  alignmentOf(id: TypeId, depth: number = 0): number {
    const known = this.#alignments.get(id)
    if (known !== undefined) return known
    if (depth > maxTypeDepth) throw new BtfFormatError(`type ${id} nests more than ${maxTypeDepth} deep`)
    const alignment = this.#alignment(this.#btf.resolve(id), depth)
    this.#alignments.set(id, alignment)
    return alignment
  }

  /** Whether a compiler would lay it out otherwise if it were not told to pack it. */
  isPacked({ id, members, size }: BtfComposite, depth: number = 0): boolean {
    const known = this.#packed.get(id)
    if (known !== undefined) return known
    let largest = 1
    let packed = false
    for (const { type, bitOffset, bitSize } of members) {
      const alignment = this.alignmentOf(type, depth + 1)
      largest = Math.max(largest, alignment)
      const unit = 8 * alignment
      if (bitSize === 0 ? bitOffset % unit !== 0 : (bitOffset % unit) + bitSize > unit) packed = true
    }
    if (size % largest !== 0) packed = true
    this.#packed.set(id, packed)
    return packed
  }

  /** The bit at which a compiler puts a member after those that end at `end`. */
  placeOf({ type, bitSize }: BtfMember, end: number, packed: boolean): number {
    const unit = 8 * this.alignmentOf(type)
    if (bitSize === 0) return roundUp(end, packed ? 8 : unit)
    return packed || (end % unit) + bitSize <= unit ? end : roundUp(end, unit)
  }

  #alignment(type: BtfType, depth: number): number {
    switch (type.kind) {
      case 'ptr':
        return 8
      case 'array':
        return this.alignmentOf(type.element, depth + 1)
      case 'int':
      case 'float':
      case 'enum':
      case 'enum64':
        return Math.max(1, Math.min(type.size, maxAlignment))
      case 'struct':
      case 'union':
        if (this.isPacked(type, depth)) return 1
        return Math.max(1, ...type.members.map(({ type: member }) => this.alignmentOf(member, depth + 1)))
      default:
        return 1
    }
  }
}

/** As many lines as {@link padding} has, or some more. */
export function paddingLength(end: number, natural: number, wanted: number): number {
  return natural >= wanted ? 0 : Math.ceil((wanted - end) / fillers[0][0]) + 2 * fillers.length
}

/** Unnamed bitfields, one a line, that fill what lies between, unless a compiler leaves just that gap by itself. */
export function padding(end: number, natural: number, wanted: number): string[] {
  const lines: string[] = []
  if (natural >= wanted) return lines
  for (let at = end; at < wanted; ) {
    const toByte = at % 8 === 0 ? 0 : 8 - (at % 8)
    const [bits, name] =
      toByte === 0
        ? (fillers.find(([size]) => at % size === 0 && at + size <= wanted) ?? ([wanted - at, 'char'] as const))
        : ([Math.min(toByte, wanted - at), 'char'] as const)
    lines.push(`${name}: ${bits};`)
    at += bits
  }
  return lines
}
