/** Loops over the entries of a chunk, which decode them and hand them on. */
import type { Codec } from '../btf/codec.ts'
import type { Chunk } from './walk.ts'

/** What becomes of each decoded entry; `target` is what the loop is given. */
export interface Sink<Target, Context> {
  /** The only part that it takes: the other one is not decoded. */
  takes?: 'key' | 'value'
  put(target: Target, key: unknown, value: unknown, context: Context): void
  /** `put` as source text, over `target`, `context`, and `key()` and `value()` for the decoded parts. */
  source: string
}

/** Hands on each entry of a chunk. */
export type Loop<Target, Context> = (chunk: Chunk, target: Target, context: Context) => void

/** Calls back with the map, as `Map.prototype.forEach` does. */
export const toCallback: Sink<(value: never, key: never, map: never) => void, unknown> = {
  put: (callback, key, value, map) => callback(value as never, key as never, map as never),
  source: 'target(value(), key(), context)',
}

export const toPairs: Sink<unknown[], undefined> = {
  put: (pairs, key, value) => pairs.push([key, value]),
  source: 'target.push([key(), value()])',
}

/** Entries after which it pays to compile a loop for one map. */
const ENTRIES_WORTH_COMPILING = 10_000

/**
 * Starts with the loop that all maps share. V8 compiles that one for the types of all maps together and can inline none
 * of its calls, which costs 30 ns an entry; so a map with many entries soon gets a loop of its own, for 4 ns an entry.
 */
export function createLoop<Target, Context>(
  { takes, put, source }: Sink<Target, Context>,
  keyCodec: Codec<unknown>,
  valueCodec: Codec<unknown>,
): Loop<Target, Context> {
  const keySize = keyCodec.size
  const valueSize = valueCodec.size
  let seen = 0
  let loop: Loop<Target, Context> = ({ count, keys, values }, target, context) => {
    for (let index = 0; index < count; index++) {
      const value = takes === 'key' ? undefined : valueCodec.decode(values, index * valueSize)
      const key = takes === 'value' ? undefined : keyCodec.decodeKey(keys, index * keySize)
      put(target, key, value, context)
    }
  }
  return (chunk, target, context) => {
    const before = seen
    seen += chunk.count
    if (before < ENTRIES_WORTH_COMPILING && seen >= ENTRIES_WORTH_COMPILING) {
      loop = compileLoop(source, keyCodec, valueCodec) ?? loop
    }
    loop(chunk, target, context)
  }
}

let compiled = 0

/** `undefined` where the process disallows code generation from strings. */
function compileLoop<Target, Context>(
  source: string,
  keyCodec: Codec<unknown>,
  valueCodec: Codec<unknown>,
): Loop<Target, Context> | undefined {
  const statement = source
    .replace('key()', 'decodeKey(keys, index * keySize)')
    .replace('value()', 'decodeValue(values, index * valueSize)')
  // V8 remembers types by source text: the number makes each text another one.
  const body = `'use strict' // ${compiled++}
    return ({ count, keys, values }, target, context) => {
      for (let index = 0; index < count; index++) ${statement}
    }`
  try {
    const make = new Function('decodeKey', 'keySize', 'decodeValue', 'valueSize', body)
    return make(keyCodec.decodeKey, keyCodec.size, valueCodec.decode, valueCodec.size) as Loop<Target, Context>
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}
