/** The loop of `forEach` over the entries of a chunk. */
import type { Codec } from '../btf/codec.ts'
import type { Chunk } from './walk.ts'

/** Calls back for each entry of a chunk. */
export type Visit<K, V> = <M>(chunk: Chunk, callback: (value: V, key: K | Uint8Array, map: M) => void, map: M) => void

/** Entries after which it pays to compile a loop for one map. */
const ENTRIES_WORTH_COMPILING = 10_000

/**
 * Starts with the loop that all maps share. V8 compiles that one for the types of all maps together and can inline none
 * of its calls, which costs 30 ns an entry; so a map with many entries soon gets a loop of its own, for 4 ns an entry.
 */
export function createVisit<K, V>(keyCodec: Codec<K>, valueCodec: Codec<V>): Visit<K, V> {
  const keySize = keyCodec.size
  const valueSize = valueCodec.size
  let seen = 0
  let visit: Visit<K, V> = ({ count, keys, values }, callback, map) => {
    for (let index = 0; index < count; index++) {
      callback(valueCodec.decode(values, index * valueSize), keyCodec.decodeKey(keys, index * keySize), map)
    }
  }
  return (chunk, callback, map) => {
    const before = seen
    seen += chunk.count
    if (before < ENTRIES_WORTH_COMPILING && seen >= ENTRIES_WORTH_COMPILING) {
      visit = compileVisit(keyCodec, valueCodec) ?? visit
    }
    visit(chunk, callback, map)
  }
}

let compiled = 0

/** `undefined` where the process disallows code generation from strings. */
function compileVisit<K, V>(keyCodec: Codec<K>, valueCodec: Codec<V>): Visit<K, V> | undefined {
  // V8 remembers types by source text: the number makes each text another one.
  const source = `'use strict' // ${compiled++}
    return ({ count, keys, values }, callback, map) => {
      for (let index = 0; index < count; index++) {
        callback(decodeValue(values, index * valueSize), decodeKey(keys, index * keySize), map)
      }
    }`
  try {
    const make = new Function('decodeKey', 'keySize', 'decodeValue', 'valueSize', source)
    return make(keyCodec.decodeKey, keyCodec.size, valueCodec.decode, valueCodec.size) as Visit<K, V>
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}
