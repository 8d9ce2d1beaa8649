/** The part of a kernel's BTF that programs need to be adapted to that kernel (CO-RE): some kilobytes of five megabytes. */
import type { Btf } from './btf.ts'
import { Candidates, hasEnumerator, matchField, typesAgree } from './core-match.ts'
import type { CoreRelocation } from './extension.ts'
import type { BtfType, TypeId } from './types.ts'
import { writeTypes } from './write-types.ts'

/** Characters of 64 indexes, after which the loader refuses (BPF_CORE_SPEC_MAX_LEN): thousands of relocations may share one of a megabyte. */
const longestAccess = 64 * '4294967295:'.length

/** What an object asks of the kernel's types. */
export interface CoreNeeds {
  btf: Btf
  relocations: readonly CoreRelocation[]
}

/**
 * BTF with the types that the relocations of objects are about, and with only those members that they name, all at the places that
 * they have in the kernel. What does not match is left out, so that a program's question whether something exists has the same answer.
 *
 * @param kernel of one kernel; of a module with its base
 * @returns bytes in the kernel's byte order
 */
export function minimalTypes(kernel: Btf, needs: readonly CoreNeeds[]): Uint8Array {
  const candidates = new Candidates(kernel)
  const kept = new Kept(kernel)
  const done = new WeakMap<Btf, Set<string>>()
  for (const { btf, relocations } of needs) {
    const seen = done.get(btf) ?? new Set<string>()
    done.set(btf, seen)
    for (const { kind, type, access } of relocations) {
      if (access.length > longestAccess) continue
      const key = `${kind} ${type} ${access}`
      if (seen.has(key)) continue
      seen.add(key)
      keepMatches({ kind, type, access }, btf, candidates, kept)
    }
  }
  return writeTypes(kernel, kept.types())
}

type Question = Pick<CoreRelocation, 'kind' | 'type' | 'access'>

function keepMatches({ kind, type, access }: Question, btf: Btf, candidates: Candidates, kept: Kept): void {
  const local = { btf, id: type }
  for (const id of candidates.of(local)) {
    const target = { btf: candidates.btf, id }
    switch (kind) {
      case 'field_byte_offset':
      case 'field_byte_size':
      case 'field_exists':
      case 'field_signed':
      case 'field_left_shift_u64':
      case 'field_right_shift_u64': {
        const path = matchField(local, access, target)
        if (path === undefined) break
        kept.type(id)
        for (const member of path) kept.member(member.type, member.index)
        break
      }
      case 'enum_value_exists':
      case 'enum_value':
        if (hasEnumerator(local, access, target)) kept.type(id)
        break
      case 'type_exists':
      case 'type_size':
      case 'type_id_target':
        if (typesAgree(local, target)) kept.type(id, true)
        break
      case 'type_matches':
        // Whole: the loader compares member by member.
        kept.whole(id)
        break
      default:
        // type_id_local asks nothing of the kernel. What is newer than this library is the loader's to refuse.
        break
    }
  }
}

/** Types and members that are needed. */
class Kept {
  readonly #kernel: Btf
  readonly #members = new Map<TypeId, Set<number>>()
  readonly #whole = new Set<string>()

  constructor(kernel: Btf) {
    this.#kernel = kernel
  }

  /** The type, what it is a name of, and what it is an array of. Of a struct, no member. */
  type(start: TypeId, behindPointers = false): void {
    // No recursion: files can have chains of as many types as they like.
    const waiting = [start]
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      // A second time, too, where what pointers point to was not asked for the first time.
      const known = this.#members.has(id)
      if (id === 0 || (known && !behindPointers) || this.#whole.has(`pointers ${id}`)) continue
      if (behindPointers) this.#whole.add(`pointers ${id}`)
      if (!known) this.#members.set(id, new Set())
      const type = this.#kernel.type(id)
      if (type.kind === 'ptr' && !behindPointers) continue
      for (const part of partsOf(type)) waiting.push(part)
    }
  }

  member(id: TypeId, index: number): void {
    const type = this.#kernel.type(id)
    if (type.kind !== 'struct' && type.kind !== 'union') return
    this.type(id)
    this.#members.get(id)?.add(index)
    const member = this.#kernel.resolve(type.members[index]?.type ?? 0)
    this.type(type.members[index]?.type ?? 0)
    const last = type.members.length - 1
    // One without a length in the middle must not become the last: that one could be as long as a program likes.
    if (member.kind === 'array' && member.length === 0 && index < last) this.member(id, last)
  }

  /** With all members, and theirs; of what a pointer points to, the type alone. */
  whole(start: TypeId): void {
    const waiting = [{ id: start, behindPointer: false }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { id, behindPointer } = next
      const look = `${behindPointer} ${id}`
      if (id === 0 || this.#whole.has(look)) continue
      this.#whole.add(look)
      const type = this.#kernel.type(id)
      this.type(id)
      if (type.kind !== 'struct' && type.kind !== 'union') {
        const behind = behindPointer || type.kind === 'ptr'
        for (const part of partsOf(type)) waiting.push({ id: part, behindPointer: behind })
      } else if (!behindPointer) {
        for (const [index, member] of type.members.entries()) {
          this.member(id, index)
          waiting.push({ id: member.type, behindPointer: false })
        }
      }
    }
  }

  /** By id. */
  types(): ReadonlyMap<TypeId, ReadonlySet<number>> {
    return new Map([...this.#members].sort(([one], [other]) => one - other))
  }
}

/** What a type is made of, but for members. */
function partsOf(type: BtfType): TypeId[] {
  switch (type.kind) {
    case 'ptr':
    case 'typedef':
    case 'volatile':
    case 'const':
    case 'restrict':
    case 'type_tag':
      return [type.type]
    case 'array':
      return [type.element, type.indexType]
    case 'func_proto':
      return [type.returnType, ...type.parameters.map((parameter) => parameter.type)]
    default:
      return []
  }
}
