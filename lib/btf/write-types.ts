/** Types of one BTF, or some of them, as BTF of their own. */
import type { Btf } from './btf.ts'
import type { BtfComposite, BtfKind, BtfType, Linkage, TypeId } from './types.ts'
import { BtfWriter } from './writer.ts'

/** `BTF_FUNC_STATIC` and so on of linux/btf.h; of variables, too. */
const LINKAGES: readonly Linkage[] = ['static', 'global', 'extern']

/**
 * BTF of the chosen types, in their order and in the byte order of where they come from. What they refer to and is not chosen becomes
 * `void`.
 *
 * @param chosen types by id, of structs and unions the indexes of the members that stay; all members where there is no set
 */
export function writeTypes(btf: Btf, chosen: ReadonlyMap<TypeId, ReadonlySet<number> | undefined>): Uint8Array {
  const ids = new Map<TypeId, TypeId>([...chosen.keys()].map((id, index) => [id, index + 1]))
  const writer = new BtfWriter({ littleEndian: btf.littleEndian })
  const idOf = (id: TypeId): TypeId => ids.get(id) ?? 0
  for (const [id, members] of chosen) append(writer, btf.type(id), idOf, members)
  return writer.bytes()
}

type IdOf = (id: TypeId) => TypeId

function append(writer: BtfWriter, type: BtfType, idOf: IdOf, members: ReadonlySet<number> | undefined): void {
  const { kind, name } = type
  switch (kind) {
    case 'int':
    case 'float': {
      const rest = kind === 'int' ? [integerWord(type)] : []
      writer.append(kind, name, type.size, rest)
      break
    }
    case 'ptr':
    case 'typedef':
    case 'volatile':
    case 'const':
    case 'restrict':
    case 'type_tag':
      writer.append(kind, name, idOf(type.type), [], 0, type.attribute === true)
      break
    case 'array':
      writer.append(kind, name, 0, [idOf(type.element), idOf(type.indexType), type.length])
      break
    case 'struct':
    case 'union':
      appendComposite(writer, type, idOf, members)
      break
    case 'enum':
      append32(writer, kind, type)
      break
    case 'enum64': {
      const words = type.values.flatMap((each) => {
        const value = BigInt.asUintN(64, each.value)
        return [writer.string(each.name), Number(value & 0xffff_ffffn), Number(value >> 32n)]
      })
      writer.append(kind, name, type.size, words, type.values.length, type.signed)
      break
    }
    case 'fwd':
      writer.append(kind, name, 0, [], 0, type.of === 'union')
      break
    case 'func':
      writer.append(kind, name, idOf(type.type), [], LINKAGES.indexOf(type.linkage))
      break
    case 'func_proto': {
      const words = type.parameters.flatMap((each) => [writer.string(each.name), idOf(each.type)])
      writer.append(kind, name, idOf(type.returnType), words, type.parameters.length)
      break
    }
    case 'var':
      writer.append(kind, name, idOf(type.type), [LINKAGES.indexOf(type.linkage)])
      break
    case 'datasec': {
      const words = type.variables.flatMap((each) => [idOf(each.type), each.offset, each.size])
      writer.append(kind, name, type.size, words, type.variables.length)
      break
    }
    case 'decl_tag':
      writer.append(kind, name, idOf(type.type), [type.component], 0, type.attribute === true)
      break
    default:
      break
  }
}

function integerWord({ bits, bitOffset, signed, char, bool }: Extract<BtfType, { kind: 'int' }>): number {
  const encoding = (signed ? 1 : 0) | (char ? 2 : 0) | (bool ? 4 : 0)
  return (encoding << 24) | (bitOffset << 16) | bits
}

function append32(writer: BtfWriter, kind: BtfKind, type: Extract<BtfType, { kind: 'enum' }>): void {
  const words = type.values.flatMap((each) => [writer.string(each.name), each.value >>> 0])
  writer.append(kind, type.name, type.size, words, type.values.length, type.signed)
}

function appendComposite(
  writer: BtfWriter,
  { kind, name, size, members }: BtfComposite,
  idOf: IdOf,
  kept: ReadonlySet<number> | undefined,
): void {
  const chosen = kept === undefined ? members : members.filter((_, index) => kept.has(index))
  const bitfields = members.some(({ bitSize }) => bitSize > 0)
  const words = chosen.flatMap((member) => [
    writer.string(member.name),
    idOf(member.type),
    bitfields ? ((member.bitSize << 24) | member.bitOffset) >>> 0 : member.bitOffset,
  ])
  writer.append(kind, name, size, words, chosen.length, bitfields)
}
