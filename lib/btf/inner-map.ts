/** What a declared map of maps says of the maps that will be in it: `__array(values, struct …)`. */
import type { Btf } from './btf.ts'
import { mapDefinition, pointee, recordLayoutOf } from './datasec.ts'
import { isKernelOwned } from './kernel-owned.ts'
import type { Layout } from './layout.ts'
import { layoutOf } from './layout-of.ts'
import type { Type } from './schema.ts'
import type { BtfComposite, TypeId } from './types.ts'

/** A declaration of a map, with 0 for what it does not say. Sizes are bytes. */
export interface DeclaredInnerMap {
  /** `enum bpf_map_type` of linux/bpf.h. */
  readonly type: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags: number
  readonly numaNode: number
  readonly mapExtra: number
  readonly key: Type | undefined
  readonly value: Type | undefined
  readonly record: Type | undefined
  /** Whether the kernel keeps things of its own in the values. */
  readonly kernelOwned: boolean
}

/** `undefined` for a map that declares none. */
export function declaredInnerMap(btf: Btf, outer: string): DeclaredInnerMap | undefined {
  const definition = mapDefinition(btf, outer)
  const inner = definition && valuesOf(btf, definition)
  if (inner === undefined) return undefined
  const number = (name: string): number => {
    const list = pointee(btf, inner, name)
    return list?.kind === 'array' ? list.length : 0
  }
  const key = pointee(btf, inner, 'key')
  const value = pointee(btf, inner, 'value')
  const record = recordLayoutOf(btf, inner)
  return {
    type: number('type'),
    keySize: number('key_size'),
    valueSize: number('value_size'),
    maxEntries: number('max_entries'),
    flags: number('map_flags'),
    numaNode: number('numa_node'),
    mapExtra: number('map_extra'),
    key: key && typeOf(layoutOf(btf, key.id)),
    value: value && typeOf(layoutOf(btf, value.id)),
    record: record && typeOf(record),
    kernelOwned: value !== undefined && holdsKernelOwned(btf, value.id),
  }
}

const typeOf = (layout: Layout): Type => ({ layout, alignment: 1 })

/** The struct that the elements of `values` point to; of a program array it is a function. */
function valuesOf(btf: Btf, { members }: BtfComposite): BtfComposite | undefined {
  const member = members.find(({ name }) => name === 'values')
  const list = member && btf.resolve(member.type)
  const pointer = list?.kind === 'array' ? btf.resolve(list.element) : undefined
  const inner = pointer?.kind === 'ptr' ? btf.resolve(pointer.type) : undefined
  return inner?.kind === 'struct' ? inner : undefined
}

function holdsKernelOwned(btf: Btf, id: TypeId): boolean {
  const type = btf.resolve(id)
  return (
    type.kind === 'struct' &&
    type.members.some((each) => isKernelOwned(btf, each.type) || holdsKernelOwned(btf, each.type))
  )
}
