/** All types of maps: those that can be in others, and over them those that hold them. */
import { type WrapMap, indexCodec, wrapMap } from './factory.ts'
import { ArrayOfMaps, HashOfMaps } from './nested.ts'
import { mapTypeName } from './types.ts'

/** The object for a map's handle, of any type. */
export const wrapAnyMap: WrapMap = (init, types) => {
  const type = mapTypeName(init.info.type)
  const inner = types.inner?.bind(types) ?? (() => undefined)
  if (type === 'array_of_maps') return new ArrayOfMaps(init, indexCodec, inner)
  if (type === 'hash_of_maps') return new HashOfMaps(init, types.key(), inner)
  return wrapMap(init, types)
}
