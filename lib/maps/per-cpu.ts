import { integer } from '../arguments.ts'
import type { Codec } from '../btf/codec.ts'
import { possibleCpus } from '../system/cpus.ts'
import { type Combination, combine } from './aggregate.ts'
import { ArrayMap } from './array-map.ts'
import { type LockOptions, type RawOptions, type SetCondition, type SetOptions, cpuFlags } from './entry-options.ts'
import { HashMap } from './hash-map.ts'
import type { KeyOf } from './key-types.ts'
import type { Input } from './keyed-map.ts'
import type { MapInit } from './map.ts'
import type { PerCpuCodec } from './per-cpu-codec.ts'

/** Of calls that read the value of one CPU. */
export interface CpuOptions {
  /** From 0, less than {@link possibleCpus}. */
  cpu: number
}

/**
 * Of calls that write a value for one CPU, from 0 and less than {@link possibleCpus} (`BPF_F_CPU`, Linux 7.0), or the same for all of
 * them, on any kernel. Only the latter can have a condition: the kernel forgets it for the former.
 */
export type SetCpuOptions = { cpu: number; if?: never } | (SetCondition & { cpu: 'all' })

type GetOptions = Partial<CpuOptions & RawOptions> & LockOptions

/** `BPF_MAP_TYPE_PERCPU_HASH`: each value is an array with one element for each possible CPU. Linux 4.6. */
export class PerCpuHashMap<K = unknown, V = unknown> extends HashMap<K, V[]> {
  readonly #codec: PerCpuCodec<V>

  /** @internal */
  constructor(init: MapInit, keyCodec: Codec<K>, codec: PerCpuCodec<V>) {
    super(init, keyCodec, codec)
    this.#codec = codec
  }

  /** The values of all possible CPUs, or with `{ cpu }` that of one; `undefined` when there is no such entry. */
  override get(key: Input<K>, options: CpuOptions & RawOptions): Uint8Array | undefined
  override get(key: Input<K>, options: CpuOptions): V | undefined
  override get(key: Input<K>, options: RawOptions & LockOptions): Uint8Array | undefined
  override get(key: Input<K>, options?: LockOptions): V[] | undefined
  override get(key: Input<K>, options?: GetOptions): V | V[] | Uint8Array | undefined {
    const cpu = readCpu(options)
    if (cpu === undefined) return super.get(key, options)
    const { element, stride } = this.#codec
    return this.readPart(key, element, cpu * stride, options)
  }

  /**
   * Writes an array with a value for each possible CPU, or with `{ cpu }` one value: for one CPU, of which the others keep theirs,
   * or for all. A new entry has zeros for the others.
   *
   * @returns whether it was written: always, or as the condition says
   * @throws EbpfError ERR_EBPF_KERNEL for one CPU on a kernel that cannot, E2BIG when the map is full
   */
  override set(key: Input<K>, value: Input<V>, options: SetCpuOptions): boolean
  override set(key: Input<K>, values: Input<V[]>, options?: SetOptions): boolean
  override set(key: Input<K>, value: Input<V> | Input<V[]>, options?: SetOptions & { cpu?: number | 'all' }): boolean {
    const cpu = writeCpu(options)
    if (cpu === undefined) return super.set(key, value as Input<V[]>, options)
    const entry = this.#codec.alone(value, cpu)
    return cpu === 'all' ? super.set(key, entry, options) : this.setPart(key, entry, cpuFlags(cpu, options))
  }

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
  *sums(): Generator<[KeyOf<K>, V], void, undefined> {
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
  readonly #codec: PerCpuCodec<V>

  /** @internal */
  constructor(init: MapInit, keyCodec: Codec<number>, codec: PerCpuCodec<V>) {
    super(init, keyCodec, codec)
    this.#codec = codec
  }

  /** The values of all possible CPUs, or with `{ cpu }` that of one; `undefined` when there is no such entry. */
  override get(index: Input<number>, options: CpuOptions & RawOptions): Uint8Array | undefined
  override get(index: Input<number>, options: CpuOptions): V | undefined
  override get(index: Input<number>, options: RawOptions & LockOptions): Uint8Array | undefined
  override get(index: Input<number>, options?: LockOptions): V[] | undefined
  override get(index: Input<number>, options?: GetOptions): V | V[] | Uint8Array | undefined {
    const cpu = readCpu(options)
    if (cpu === undefined) return super.get(index, options)
    const { element, stride } = this.#codec
    return this.readPart(index, element, cpu * stride, options)
  }

  /**
   * Writes an array with a value for each possible CPU, or with `{ cpu }` one value: for one CPU, of which the others keep theirs,
   * or for all.
   *
   * @returns whether it was written: always, or as the condition says
   * @throws RangeError ERR_EBPF_OUT_OF_RANGE when the index is outside of the array
   * @throws EbpfError ERR_EBPF_KERNEL for one CPU on a kernel that cannot
   */
  override set(index: Input<number>, value: Input<V>, options: SetCpuOptions): boolean
  override set(index: Input<number>, values: Input<V[]>, options?: SetOptions): boolean
  override set(
    index: Input<number>,
    value: Input<V> | Input<V[]>,
    options?: SetOptions & { cpu?: number | 'all' },
  ): boolean {
    const cpu = writeCpu(options)
    if (cpu === undefined) return super.set(index, value as Input<V[]>, options)
    const entry = this.#codec.alone(value, cpu)
    return cpu === 'all' ? super.set(index, entry, options) : this.setPart(index, entry, cpuFlags(cpu, options))
  }

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
  *sums(): Generator<[number, V], void, undefined> {
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

function readCpu(options: GetOptions | undefined): number | undefined {
  const cpu: unknown = options?.cpu
  return cpu === undefined ? undefined : integer(cpu, 'options.cpu', 0, possibleCpus() - 1)
}

function writeCpu(options: { cpu?: unknown } | undefined): number | 'all' | undefined {
  const cpu: unknown = options?.cpu
  return cpu === undefined || cpu === 'all' ? cpu : integer(cpu, 'options.cpu', 0, possibleCpus() - 1)
}
