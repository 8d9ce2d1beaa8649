/** What the data sections of an object's BTF say: its global variables, and the types that its maps declare. */
import type { Layout } from './layout.ts'
import { layoutOf } from './layout-of.ts'
import type { Btf } from './btf.ts'
import type { BtfComposite, BtfType, Linkage, TypeId } from './types.ts'

/** A variable of a data section. */
export interface DataVariable {
  readonly name: string
  /** Bytes from the start of the section. Compilers leave that 0; libbpf fills it in when it opens the object. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
  readonly linkage: Linkage
  readonly type: TypeId
  /**
   * How it lies in memory.
   *
   * @throws BtfFormatError if its type has no layout.
   */
  layout(): Layout
}

/** The variables of a section such as `.bss`, in its order; none if there is no such section. */
export function variables(btf: Btf, section: string): DataVariable[] {
  const entries = btf.datasec(section)?.variables ?? []
  return entries.flatMap(({ type: id, offset, size }): DataVariable[] => {
    const variable = btf.type(id)
    if (variable.kind !== 'var') return []
    const { name, linkage, type } = variable
    return [{ name, offset, size, linkage, type, layout: () => layoutOf(btf, type) }]
  })
}

/** The types that a map's declaration names by `__type(key, K)` and `__type(value, V)`. */
export interface MapEntryLayouts {
  readonly key: Layout | undefined
  readonly value: Layout | undefined
}

/** Layouts of a map's keys and values, as far as its declaration names their types. */
export function entryLayouts(btf: Btf, mapName: string): MapEntryLayouts {
  const definition = mapDefinition(btf, mapName)
  const of = (member: string): Layout | undefined => {
    const type = definition && pointee(btf, definition, member)
    return type && layoutOf(btf, type.id)
  }
  return { key: of('key'), value: of('value') }
}

/**
 * The type of a map's records that `EBPF_RINGBUF(name, bytes, T)`, or its like, declares; `undefined` if the map does not exist or
 * declares none.
 *
 * libbpf's `__uint(type, N)` is `int (*type)[N]`, of which it reads only the length; there the element is `T` instead
 * of `int`.
 */
export function ringRecordLayout(btf: Btf, mapName: string): Layout | undefined {
  const definition = mapDefinition(btf, mapName)
  return definition && recordLayoutOf(btf, definition)
}

/** The same of a declaration, wherever it is. */
export function recordLayoutOf(btf: Btf, definition: BtfComposite): Layout | undefined {
  const list = pointee(btf, definition, 'type')
  if (list?.kind !== 'array') return undefined
  const element = btf.type(list.element)
  return element.kind === 'int' && element.name === 'int' ? undefined : layoutOf(btf, element.id)
}

/** The anonymous struct that declares a map in SEC(".maps"). */
export function mapDefinition(btf: Btf, name: string): BtfComposite | undefined {
  const variable = variables(btf, '.maps').find((each) => each.name === name)
  const type = variable && btf.resolve(variable.type)
  return type?.kind === 'struct' ? type : undefined
}

/** What the pointer member points to, typedefs and modifiers kept. */
export function pointee(btf: Btf, definition: BtfComposite, name: string): BtfType | undefined {
  const member = definition.members.find((each) => each.name === name)
  const pointer = member && btf.resolve(member.type)
  return pointer?.kind === 'ptr' ? btf.type(pointer.type) : undefined
}
