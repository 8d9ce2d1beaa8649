/**
 * Which types of a kernel a program's types stand for (CO-RE), by the rules by which libbpf adapts programs
 * (relo_core.c): names without what follows `___`, members by name, and kinds that agree.
 */
import type { Btf } from './btf.ts'
import { maxTypeDepth, type BtfComposite, type BtfType, type TypeId } from './types.ts'

/** A type in its BTF. */
export interface TypeIn {
  btf: Btf
  id: TypeId
}

/** A member that a place in memory goes through. */
export interface CoreMember {
  type: TypeId
  index: number
}

/** `task_struct` of `task_struct___old`: programs give the versions of a type different names (`bpf_core_essential_name_len`). */
export function essentialName(name: string): string {
  if (!name.includes('___')) return name
  for (let at = name.length - 5; at >= 0; at--) {
    if (/^[^_]___[^_]/.test(name.slice(at, at + 5))) return name.slice(0, at + 1)
  }
  return name
}

/** Enums of 32 and of 64 bits are one kind here. */
function kindOf({ kind }: BtfType): string {
  return kind === 'enum64' ? 'enum' : kind
}

/** Types of a kernel by kind and essential name: looked through once for many relocations. */
export class Candidates {
  readonly #btf: Btf
  readonly #ids = new Map<string, TypeId[]>()

  constructor(btf: Btf) {
    this.#btf = btf
    for (let each: Btf | undefined = btf; each !== undefined; each = each.base) {
      for (const type of each.types()) this.#add(type)
    }
  }

  #add(type: BtfType): void {
    if (type.name === '' || !CANDIDATE_KINDS.has(type.kind)) return
    const key = `${kindOf(type)} ${essentialName(type.name)}`
    const known = this.#ids.get(key)
    if (known === undefined) this.#ids.set(key, [type.id])
    else known.push(type.id)
  }

  /** Those that the type may stand for; none for a type without a name. */
  of({ btf, id }: TypeIn): readonly TypeId[] {
    const type = btf.type(id)
    return type.name === '' ? [] : (this.#ids.get(`${kindOf(type)} ${essentialName(type.name)}`) ?? [])
  }

  get btf(): Btf {
    return this.#btf
  }
}

const CANDIDATE_KINDS = new Set(['int', 'struct', 'union', 'enum', 'enum64', 'fwd', 'typedef', 'float'])

/** A step of a relocation: a member by name, or an element by index. */
interface Step {
  name?: string
  type: TypeId
  index: number
}

/**
 * The members of `target` that a place in `local` goes through; `undefined` where the kernel's type has no such place.
 *
 * @param access the indexes that lead to it, such as `0:5:1`
 */
export function matchField(local: TypeIn, access: string, target: TypeIn): CoreMember[] | undefined {
  const path: CoreMember[] = []
  const steps = stepsOf(local, access)
  if (steps === undefined) return undefined
  let id = target.id
  for (const [number, step] of steps.entries()) {
    const type = target.btf.resolve(id)
    if (step.name !== undefined) {
      const found = matchMember(local.btf, step, { btf: target.btf, id: type.id }, 0, new Set())
      if (found === undefined) return undefined
      path.push(...found.path)
      id = found.type
      continue
    }
    // The first is of an array that begins where the pointer points to.
    if (number === 0) continue
    if (type.kind !== 'array') return undefined
    const last = path.at(-1)
    if (step.index >= type.length && !isFlexible(target.btf, last, type.length)) return undefined
    id = type.element
  }
  return path
}

/** As the compiler wrote them down: unnamed members are no step of their own. `undefined` for what leads nowhere. */
function stepsOf({ btf, id }: TypeIn, access: string): Step[] | undefined {
  const indexes = access.split(':').map(Number)
  const steps: Step[] = [{ type: id, index: indexes[0] ?? 0 }]
  let current = id
  for (const index of indexes.slice(1)) {
    const type = btf.resolve(current)
    if (type.kind === 'struct' || type.kind === 'union') {
      const member = type.members[index]
      if (member === undefined) return undefined
      if (member.name !== '') steps.push({ name: member.name, type: type.id, index })
      current = member.type
    } else if (type.kind === 'array') {
      steps.push({ type: type.id, index })
      current = type.element
    } else {
      return undefined
    }
  }
  return steps
}

function matchMember(
  local: Btf,
  step: Step,
  target: TypeIn,
  depth: number,
  without: Set<string>,
): { path: CoreMember[]; type: TypeId } | undefined {
  const type = target.btf.resolve(target.id)
  if ((type.kind !== 'struct' && type.kind !== 'union') || depth > maxTypeDepth) return undefined
  // One that is in another one twice, and that one twice in the next: two to the power of the depth.
  const look = `${depth} ${type.id}`
  if (without.has(look)) return undefined
  without.add(look)
  const wanted = (local.type(step.type) as BtfComposite).members[step.index]?.type as TypeId
  for (const [index, member] of type.members.entries()) {
    const here = { type: type.id, index }
    if (member.name === '') {
      const inner = matchMember(local, step, { btf: target.btf, id: member.type }, depth + 1, without)
      if (inner !== undefined) return { path: [here, ...inner.path], type: inner.type }
    } else if (member.name === step.name) {
      const fits = fieldsAgree({ btf: local, id: wanted }, { btf: target.btf, id: member.type })
      return fits ? { path: [here], type: member.type } : undefined
    }
  }
  return undefined
}

/** The last member of a struct, of no length (`is_flex_arr`). */
function isFlexible(btf: Btf, member: CoreMember | undefined, length: number): boolean {
  if (member === undefined || length > 0) return false
  const type = btf.type(member.type)
  return type.kind === 'struct' && member.index === type.members.length - 1
}

/** `bpf_core_fields_are_compat` */
function fieldsAgree(local: TypeIn, target: TypeIn, depth = 0): boolean {
  // An array of itself.
  if (depth > maxTypeDepth) return false
  const [mine, theirs] = [local.btf.resolve(local.id), target.btf.resolve(target.id)]
  const composite = (type: BtfType): boolean => type.kind === 'struct' || type.kind === 'union'
  if (composite(mine) && composite(theirs)) return true
  if (kindOf(mine) !== kindOf(theirs)) return false
  if (mine.kind === 'array' && theirs.kind === 'array') {
    return fieldsAgree({ btf: local.btf, id: mine.element }, { btf: target.btf, id: theirs.element }, depth + 1)
  }
  if (mine.kind === 'int' && theirs.kind === 'int') return mine.bitOffset === 0 && theirs.bitOffset === 0
  if (mine.kind === 'ptr' || mine.kind === 'float') return true
  if (mine.kind !== 'fwd' && kindOf(mine) !== 'enum') return false
  const [name, other] = [essentialName(mine.name), essentialName(theirs.name)]
  return name === '' || other === '' || name === other
}

/** `bpf_core_types_are_compat`: the names are known to agree. */
export function typesAgree(local: TypeIn, target: TypeIn): boolean {
  return agreeWithin(local, target, 0, new Map())
}

/** @param known of pairs that were compared before, at this depth: functions of functions share their types */
function agreeWithin(local: TypeIn, target: TypeIn, depth: number, known: Map<string, boolean>): boolean {
  const look = `${depth} ${local.id} ${target.id}`
  const result = known.get(look) ?? (depth <= maxTypeDepth && compare(local, target, depth, known))
  known.set(look, result)
  return result
}

function compare(local: TypeIn, target: TypeIn, depth: number, known: Map<string, boolean>): boolean {
  const [mine, theirs] = [local.btf.resolve(local.id), target.btf.resolve(target.id)]
  if (kindOf(mine) !== kindOf(theirs)) return false
  const agree = (one: TypeId, other: TypeId): boolean =>
    agreeWithin({ btf: local.btf, id: one }, { btf: target.btf, id: other }, depth + 1, known)
  if (mine.kind === 'int' && theirs.kind === 'int') return mine.bitOffset === 0 && theirs.bitOffset === 0
  if (mine.kind === 'ptr' && theirs.kind === 'ptr') return agree(mine.type, theirs.type)
  if (mine.kind === 'array' && theirs.kind === 'array') return agree(mine.element, theirs.element)
  if (mine.kind === 'func_proto' && theirs.kind === 'func_proto') {
    return (
      mine.parameters.length === theirs.parameters.length &&
      mine.parameters.every(({ type }, index) => agree(type, theirs.parameters[index]?.type as TypeId)) &&
      agree(mine.returnType, theirs.returnType)
    )
  }
  return ['void', 'struct', 'union', 'enum', 'enum64', 'fwd', 'float'].includes(mine.kind)
}

/** Whether the kernel's enum has the value that the program's has at this index. */
export function hasEnumerator(local: TypeIn, access: string, target: TypeIn): boolean {
  const [mine, theirs] = [local.btf.resolve(local.id), target.btf.resolve(target.id)]
  if (!('values' in mine) || !('values' in theirs)) return false
  const name = mine.values[Number(access)]?.name
  return name !== undefined && theirs.values.some((value) => essentialName(value.name) === essentialName(name))
}
