/**
 * Calls on single entries, made for one map.
 *
 * The calls that all maps share cannot know their codecs, so V8 can inline none of their work. Here the map's memory, its
 * codecs and its native functions are constants of the source, which is why each map gets a text of its own: a lookup of
 * an integer by an integer is a store, the system call, and a load.
 */
import { types } from 'node:util'
import type { MapFunction } from '../binding.ts'
import type { Codec } from '../btf/codec.ts'
import type { Layout } from '../btf/layout.ts'
import type { Memory } from '../btf/memory.ts'

/** The calls that are made most. A miss is `undefined` or false. */
export interface Access<K, V> {
  get(key: unknown): V | undefined
  has(key: unknown): boolean
  set(key: unknown, value: unknown): boolean
  delete(key: unknown): boolean
  readonly _key?: K
}

export interface AccessParts<K, V> {
  /** For calls that come while an entry is encoded: from getters of the user's. */
  general: Access<K, V>
  state: { encoding: boolean }
  functions: readonly [lookup: MapFunction, update: MapFunction, remove: MapFunction]
  keyCodec: Codec<K>
  /** The key's part of the bound memory, up to the next multiple of 8. */
  keyMemory: Memory
  valueCodec: Codec<V>
  valueMemory: Memory
  fail(status: number, call: string, operation: string): Error
}

let compiled = 0

/** `undefined` where the process disallows code generation from strings. */
export function compileAccess<K, V>(parts: AccessParts<K, V>): Access<K, V> | undefined {
  const { keyCodec, keyMemory, valueCodec, functions } = parts
  const [lookup, update, remove] = functions
  const constants = {
    ...parts,
    lookup,
    update,
    remove,
    key32: keyMemory.u32,
    writeKey: writerOf(keyCodec),
    writeValue: writerOf(valueCodec),
    isUint8Array: types.isUint8Array,
  }
  const integer = integerCheck(keyCodec.layout)
  const anyKey = `if (typeof key === 'object' && isUint8Array(key)) keyCodec.encode(key, keyMemory, 0)
else writeKey(keyMemory, key)`
  const key = integer === undefined ? anyKey : `if (${integer}) key32[0] = key\nelse ${anyKey}`
  const keyAlone = `${integer === undefined ? '' : `if (${integer}) key32[0] = key\nelse `}{
state.encoding = true
try {
${anyKey}
} finally {
state.encoding = false
}
}`
  // V8 remembers types by source text: the number makes each text another one.
  const source = `'use strict' // ${compiled++}
return {
get(key) {
if (state.encoding) return general.get(key)
${keyAlone}
const status = lookup()
if (status === undefined) return valueCodec.decode(valueMemory, 0)
if (status === -2) return undefined
throw fail(status, 'bpf_map_lookup_elem', 'get')
},
has(key) {
if (state.encoding) return general.has(key)
${keyAlone}
const status = lookup()
if (status === undefined) return true
if (status === -2) return false
throw fail(status, 'bpf_map_lookup_elem', 'has')
},
set(key, value) {
if (state.encoding) return general.set(key, value)
state.encoding = true
try {
${key}
if (typeof value === 'object' && isUint8Array(value)) valueCodec.encode(value, valueMemory, 0)
else writeValue(valueMemory, value)
} finally {
state.encoding = false
}
const status = update()
if (status === undefined) return true
throw fail(status, 'bpf_map_update_elem', 'set')
},
delete(key) {
if (state.encoding) return general.delete(key)
${keyAlone}
const status = remove()
if (status === undefined) return true
if (status === -2) return false
throw fail(status, 'bpf_map_delete_elem', 'delete')
},
}`
  try {
    return new Function(...Object.keys(constants), source)(...Object.values(constants)) as Access<K, V>
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}

/** Source that finds whether a key is an integer that needs only to be stored; none where keys are of another type. */
function integerCheck(layout: Layout | undefined): string | undefined {
  if (layout?.kind !== 'integer' || layout.size !== 4) return undefined
  return `typeof key === 'number' && ${layout.signed ? '(key | 0)' : '(key >>> 0)'} === key`
}

/** Writes in place, and so only memory that nobody else uses meanwhile. */
function writerOf(codec: Codec<unknown>): (memory: Memory, value: unknown) => void {
  return codec.writer?.() ?? ((memory, value) => codec.encode(value, memory, 0))
}
