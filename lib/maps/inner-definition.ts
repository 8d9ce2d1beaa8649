/** What maps that can be in a map of maps are like: how to make another one, and of which types their contents are. */
import { type Type, bytes } from '../btf/schema.ts'
import type { Btf } from '../btf/btf.ts'
import { declaredInnerMap } from '../btf/inner-map.ts'
import type { Layout } from '../btf/layout.ts'
import { layoutOf } from '../btf/layout-of.ts'
import { ruleError } from '../errors.ts'
import type { Int64 } from '../object-types.ts'
import type { AnyOptions } from './make.ts'
import type { BpfMap, MapInfo } from './map.ts'
import { kernelBtf } from './map-btf.ts'
import type { OpenMapOptions } from './opened.ts'
import { type MapType, mapTypeName } from './types.ts'

/** Options to make a map, whatever its type. */
export type InnerOptions = AnyOptions

export interface InnerDefinition {
  /** Types to open one with: none where the kernel keeps them with each. */
  readonly types: OpenMapOptions
  /** @throws EbpfError when no map like it can be made */
  options(): InnerOptions
}

/** Of options for `createMap`. */
export function givenDefinition(given: InnerOptions): InnerDefinition {
  const { pinPath: _, ...options } = given
  return { types: typesOf(options), options: () => options }
}

/** Of the member `values` of a map's declaration in an object. */
export function declaredDefinition(btf: Btf | undefined, outer: string, int64: Int64): InnerDefinition | undefined {
  const declared = btf && declaredInnerMap(btf, outer)
  if (declared === undefined) return undefined
  const { keySize, valueSize, maxEntries, flags, numaNode, mapExtra, kernelOwned } = declared
  const options = completed({
    type: mapTypeName(declared.type) as MapType,
    key: declared.key ?? sized(keySize),
    value: declared.value ?? sized(valueSize),
    record: declared.record,
    maxEntries: maxEntries || undefined,
    flags,
    numaNode: numaNode || undefined,
    hashFunctions: mapExtra || undefined,
    int64,
  })
  const types = { ...typesOf(options), int64 }
  return {
    types,
    options: () => {
      if (!kernelOwned) return options
      throw ruleError(
        'ERR_EBPF_INVALID_ARGUMENT',
        `values of the maps in '${outer}' have a lock, a timer or the like, which only the loading of an object makes`,
        { operation: 'bpf_map_create', map: outer, hint: 'Declare the inner maps in the object.' },
      )
    },
  }
}

/** Of a map that is there: it may be closed before another one is made. */
export function likeDefinition(map: BpfMap): InnerDefinition {
  const { name } = map
  const info = map.info()
  return { types: {}, options: () => optionsOf(name, info) }
}

function optionsOf(name: string, info: MapInfo): InnerOptions {
  const btf = kernelBtf(name, info)
  const known = (id: number, size: number): Type | undefined =>
    btf === undefined || id === 0 ? sized(size) : typeOf(layoutOf(btf, id))
  return completed({
    type: info.type as MapType,
    key: known(info.keyTypeId, info.keySize),
    value: known(info.valueTypeId, info.valueSize),
    maxEntries: info.maxEntries || undefined,
    flags: info.flags,
    hashFunctions: info.type === 'bloom_filter' ? Number(info.mapExtra & 15n) || undefined : undefined,
  })
}

function typesOf({ key, value, record, int64 }: InnerOptions): OpenMapOptions {
  return {
    ...(key && { key }),
    ...(value && { value }),
    ...(record && { record }),
    ...(int64 !== undefined && { int64 }),
  }
}

const typeOf = (layout: Layout): Type => ({ layout, alignment: 1 })
const sized = (size: number): Type | undefined => (size === 0 ? undefined : bytes(size))

/** Without what is not said. */
function completed(options: { [Name in keyof InnerOptions]: InnerOptions[Name] | undefined }): InnerOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as InnerOptions
}
