/** Where a C compiler puts the members of a struct when nothing tells it otherwise. */
import type { Btf } from './btf.ts'
import { BtfFormatError } from './format-error.ts'
import { type BtfMember, maxTypeDepth, type TypeId } from './types.ts'

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

/** Bytes at a multiple of which a value of this type lies by itself. */
export function alignmentOf(btf: Btf, id: TypeId, depth: number = 0): number {
  if (depth > maxTypeDepth) throw new BtfFormatError(`type ${id} nests more than ${maxTypeDepth} deep`)
  const type = btf.resolve(id)
  switch (type.kind) {
    case 'ptr':
      return 8
    case 'array':
      return alignmentOf(btf, type.element, depth + 1)
    case 'int':
    case 'float':
    case 'enum':
    case 'enum64':
      return Math.max(1, Math.min(type.size, maxAlignment))
    case 'struct':
    case 'union':
      if (isPacked(btf, type.members, type.size, depth)) return 1
      return Math.max(1, ...type.members.map(({ type: member }) => alignmentOf(btf, member, depth + 1)))
    default:
      return 1
  }
}

/** Whether a compiler would lay it out otherwise if it were not told to pack it. */
export function isPacked(btf: Btf, members: readonly BtfMember[], size: number, depth: number = 0): boolean {
  let largest = 1
  for (const { type, bitOffset, bitSize } of members) {
    const alignment = alignmentOf(btf, type, depth + 1)
    largest = Math.max(largest, alignment)
    const unit = 8 * alignment
    if (bitSize === 0 ? bitOffset % unit !== 0 : (bitOffset % unit) + bitSize > unit) return true
  }
  return size % largest !== 0
}

/** The bit at which a compiler puts a member after those that end at `end`. */
export function naturalPlace(btf: Btf, { type, bitSize }: BtfMember, end: number, packed: boolean): number {
  const unit = 8 * alignmentOf(btf, type)
  if (bitSize === 0) return roundUp(end, packed ? 8 : unit)
  return packed || (end % unit) + bitSize <= unit ? end : roundUp(end, unit)
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
