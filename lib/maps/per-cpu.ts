import { types } from 'node:util'
import { inspectBriefly } from '../arguments.ts'
import type { Codec } from '../btf/codec.ts'
import { isBytes } from '../btf/codec-convert.ts'
import { type Memory, createMemory } from '../btf/memory.ts'
import { invalidArgument, outOfRange } from '../errors.ts'
import { possibleCpus } from '../system/cpus.ts'
import { type Combination, combine } from './aggregate.ts'
import { ArrayMap } from './array-map.ts'
import { HashMap } from './hash-map.ts'
import type { Input } from './keyed-map.ts'

/** `BPF_MAP_TYPE_PERCPU_HASH`: each value is an array with one element for each possible CPU. Linux 4.6. */
export class PerCpuHashMap<K = unknown, V = unknown> extends HashMap<K, V[]> {
  /**
   * The values of all possible CPUs added up: numbers, or each number of a struct or an array on its own. Bigints are
   * exact, also above 64 bits. `undefined` when there is no such entry.
   *
   * @throws TypeError when there is text, a boolean or bytes in the values
   * @throws RangeError when a number would round the sum (`int64: 'number'`)
   */
  sum(key: Input<K>): V | undefined {
    return this.#combined(key, 'sum')
  }

  /** The least value of any possible CPU; a CPU on which no program ran has 0. Otherwise as {@link sum}. */
  min(key: Input<K>): V | undefined {
    return this.#combined(key, 'min')
  }

  /** The greatest value of any possible CPU. Otherwise as {@link sum}. */
  max(key: Input<K>): V | undefined {
    return this.#combined(key, 'max')
  }

  /** Entries with the sum over all CPUs in place of their values: `[key, sum]`. */
  *sums(): Generator<[K | Uint8Array, V], void, undefined> {
    for (const [key, values] of this.entries()) yield [key, combine(values, 'sum', this.describe())]
  }

  #combined(key: Input<K>, how: Combination): V | undefined {
    const values = this.get(key)
    return values === undefined ? undefined : combine(values, how, this.describe())
  }

  /** @internal Entries are ranked by their sums. */
  protected override rankOf(values: V[]): unknown {
    return combine(values, 'sum', this.describe())
  }
}

/** `BPF_MAP_TYPE_LRU_PERCPU_HASH`. Linux 4.10. */
export class LruPerCpuHashMap<K = unknown, V = unknown> extends PerCpuHashMap<K, V> {}

/** `BPF_MAP_TYPE_PERCPU_ARRAY`: each value is an array with one element for each possible CPU. Linux 4.6. */
export class PerCpuArrayMap<V = unknown> extends ArrayMap<V[]> {
  /**
   * The values of all possible CPUs added up: numbers, or each number of a struct or an array on its own. Bigints are
   * exact, also above 64 bits. `undefined` when there is no such entry.
   *
   * @throws TypeError when there is text, a boolean or bytes in the values
   * @throws RangeError when a number would round the sum (`int64: 'number'`)
   */
  sum(index: Input<number>): V | undefined {
    return this.#combined(index, 'sum')
  }

  /** The least value of any possible CPU; a CPU on which no program ran has 0. Otherwise as {@link sum}. */
  min(index: Input<number>): V | undefined {
    return this.#combined(index, 'min')
  }

  /** The greatest value of any possible CPU. Otherwise as {@link sum}. */
  max(index: Input<number>): V | undefined {
    return this.#combined(index, 'max')
  }

  /** Entries with the sum over all CPUs in place of their values: `[key, sum]`. */
  *sums(): Generator<[number | Uint8Array, V], void, undefined> {
    for (const [index, values] of this.entries()) yield [index, combine(values, 'sum', this.describe())]
  }

  #combined(index: Input<number>, how: Combination): V | undefined {
    const values = this.get(index)
    return values === undefined ? undefined : combine(values, how, this.describe())
  }

  /** @internal Entries are ranked by their sums. */
  protected override rankOf(values: V[]): unknown {
    return combine(values, 'sum', this.describe())
  }
}

/**
 * Codec of a per-CPU entry: the kernel lays the values of all possible CPUs one behind the other, each rounded up to 8
 * bytes (`bpf_percpu_hash_copy` in kernel/bpf/hashtab.c).
 */
export function perCpuCodec<V>(element: Codec<V>): Codec<V[]> {
  const cpus = possibleCpus()
  const stride = (element.size + 7) & ~7
  const size = stride * cpus

  const decode = (memory: Memory, offset: number): V[] => {
    const values: V[] = []
    for (let cpu = 0; cpu < cpus; cpu++) values.push(element.decode(memory, offset + cpu * stride))
    return values
  }

  const encode = (values: unknown, memory: Memory, offset: number): void => {
    memory.u8.set(types.isUint8Array(values) ? wholeEntry(values) : encodeAside(values), offset)
  }

  const wholeEntry = (bytes: Uint8Array): Uint8Array => {
    if (isBytes(bytes as unknown, size)) return bytes
    throw outOfRange(
      `a raw per-CPU value must have ${size} bytes (${stride} for each of ${cpus} CPUs), not ${bytes.length}`,
    )
  }

  // Elements may have getters that use this map: they all run before its memory is touched.
  const encodeAside = (values: unknown): Uint8Array => {
    if (!Array.isArray(values)) {
      throw invalidArgument(`a per-CPU value must be an array of ${cpus} values, not ${inspectBriefly(values)}`)
    }
    const { length } = values
    if (length !== cpus)
      throw outOfRange(`a per-CPU value must have ${cpus} elements, one for each possible CPU, not ${length}`)
    const aside = createMemory(new ArrayBuffer(size))
    for (let cpu = 0; cpu < cpus; cpu++) element.encode(values[cpu], aside, cpu * stride)
    return aside.u8
  }

  return { size, decode, decodeKey: decode, encode }
}
