import { constants } from 'node:os'
import type { Codec } from '../btf/codec.ts'
import { createMemory } from '../btf/memory.ts'
import { EbpfError, invalidArgument, kernelError, ruleError } from '../errors.ts'
import { type Combination, combine } from './aggregate.ts'
import type { LockOptions, RawOptions, SetOptions } from './entry-options.ts'
import { type Input, KeyedMap, type Progress } from './keyed-map.ts'
import type { MapInit } from './map.ts'
import { type AttachedPlace, type AttachedPlaceInput, createPlaceCodec } from './storage-old-cgroup-key.ts'
import type { Chunk, Purpose, WalkedMap } from './walk.ts'

const { ENOENT } = constants.errno

/** A walk that was cut short so often never comes to its end. */
const PASSES = 64

/** A place as a caller has it, or the declared key: `{ cgroup_inode_id, attach_type }`, or its first member alone. */
export type AttachedPlaceKey =
  | Input<AttachedPlace>
  | AttachedPlaceInput
  | { cgroup_inode_id: bigint | number; attach_type: number }
  | bigint
  | number

/**
 * `BPF_MAP_TYPE_CGROUP_STORAGE`: a value with each cgroup that a program which uses the map was attached to (`bpf_get_local_storage`
 * in C). The kernel makes it when the first one is attached there, and takes it away with the cgroup (before Linux 5.9, with the
 * program), so nothing can be added or deleted here. {@link CgroupStorage} is the newer form, for all cgroups. Linux 4.19.
 */
export class OldCgroupStorage<V = unknown> extends KeyedMap<AttachedPlace, V> {
  /** @internal */
  constructor(init: MapInit, keyCodec: Codec<unknown>, valueCodec: Codec<V>) {
    super(init, createPlaceCodec(keyCodec), valueCodec)
  }

  override get(key: AttachedPlaceKey, options: RawOptions & LockOptions): Uint8Array | undefined
  override get(key: AttachedPlaceKey, options?: LockOptions): V | undefined
  override get(key: AttachedPlaceKey, options?: Partial<RawOptions> & LockOptions): V | Uint8Array | undefined {
    return super.get(key as Input<AttachedPlace>, options as RawOptions)
  }

  override has(key: AttachedPlaceKey): boolean {
    return super.has(key as Input<AttachedPlace>)
  }

  /**
   * Writes the value of a place.
   *
   * @returns whether it was written: always, or with `{ if: 'present' }` when a program was attached there
   * @throws EbpfError ENOENT when none was
   */
  override set(key: AttachedPlaceKey, value: Input<V>, options?: SetOptions): boolean {
    return super.set(key as Input<AttachedPlace>, value, refuseAbsent(options))
  }

  override getMany(keys: Iterable<AttachedPlaceKey>, options: RawOptions & LockOptions): (Uint8Array | undefined)[]
  override getMany(keys: Iterable<AttachedPlaceKey>, options?: LockOptions): (V | undefined)[]
  override getMany(keys: Iterable<AttachedPlaceKey>, options?: LockOptions): (V | Uint8Array | undefined)[] {
    return super.getMany(keys as Iterable<Input<AttachedPlace>>, options)
  }

  override setMany(entries: Iterable<readonly [AttachedPlaceKey, Input<V>]>, options?: SetOptions): number {
    return super.setMany(entries as Iterable<readonly [Input<AttachedPlace>, Input<V>]>, refuseAbsent(options))
  }

  /**
   * @internal There are no batches, and in kernels before 2026 the key behind the last one is made of what lies there in the
   * kernel's memory (`cgroup_storage_get_next_key` in kernel/bpf/local_storage.c): no entry is found for it, and the next step says
   * EINVAL, as it does when the place that the walk stands on is gone. So it goes again until nothing new comes.
   */
  protected override *chunks(_purpose?: Purpose, flags = 0): Generator<Chunk, void, undefined> {
    const map = this.walked(flags)
    const given = new Set<string>()
    let ends: string | undefined
    for (let pass = 0; pass < PASSES; pass++) {
      const before = given.size
      const last = yield* walkOnce(map, given)
      if (given.size === before && (last === undefined || last === ends)) return
      ends = last
    }
    throw ruleError('ERR_EBPF_ITERATION', `map '${this.name}' keeps changing: its iteration found no end`, {
      operation: 'bpf_map_get_next_key',
      ...this.names(),
    })
  }

  /** @internal */
  protected override failure(status: number, operation: string, progress?: Progress): Error {
    if (status !== -ENOENT || this.closed) return super.failure(status, operation, progress)
    const hint = 'No program that uses the map was attached there: the kernel makes the entries with that.'
    return kernelError(status, { operation, ...this.names(), ...progress, hint })
  }
}

/** `BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE`: each value is an array with one element for each possible CPU. Linux 4.20. */
export class OldPerCpuCgroupStorage<V = unknown> extends OldCgroupStorage<V[]> {
  /** The values of all possible CPUs added up, as {@link PerCpuHashMap.sum} does; `undefined` when there is no such entry. */
  sum(key: AttachedPlaceKey): V | undefined {
    return this.#combined(key, 'sum')
  }

  /** The least value of any possible CPU; a CPU on which no program ran has 0. Otherwise as {@link sum}. */
  min(key: AttachedPlaceKey): V | undefined {
    return this.#combined(key, 'min')
  }

  /** The greatest value of any possible CPU. Otherwise as {@link sum}. */
  max(key: AttachedPlaceKey): V | undefined {
    return this.#combined(key, 'max')
  }

  /** Entries with the sum over all CPUs in place of their values: `[key, sum]`. */
  *sums(): Generator<[AttachedPlace | Uint8Array, V], void, undefined> {
    for (const [key, values] of this.entries()) yield [key, combine(values, 'sum', this.describe())]
  }

  #combined(key: AttachedPlaceKey, how: Combination): V | undefined {
    const values = this.get(key)
    return values === undefined ? undefined : combine(values, how, this.describe())
  }

  /** @internal Entries are ranked by their sums. */
  protected override rankOf(values: V[]): unknown {
    return combine(values, 'sum', this.describe())
  }
}

/**
 * From the first place on, those that were not given yet. Gives the key at which it ended when there is no entry for that: either it
 * was the end, or the place is gone and there may be more.
 */
function* walkOnce(map: WalkedMap, given: Set<string>): Generator<Chunk, string | undefined, undefined> {
  const chunk = {
    count: 1,
    keys: createMemory(new ArrayBuffer(map.keySize)),
    values: createMemory(new ArrayBuffer((map.entrySize + 7) & ~7)),
  }
  const key = Buffer.alloc(map.keySize)
  const passed = new Set<string>()
  for (let more = next(map, key, true); more; more = next(map, key, false)) {
    const text = key.toString('latin1')
    // What lies behind the last one may look like one that there is.
    if (passed.has(text)) return text
    passed.add(text)
    if (given.has(text) || !map.visit('read', key, chunk.values.u8, 0)) continue
    given.add(text)
    chunk.keys.u8.set(key)
    yield chunk
  }
  if (passed.size === 0 || map.visit('read', key, chunk.values.u8, 0)) return undefined
  return key.toString('latin1')
}

/** False at the end, and where it cannot go on. */
function next(map: WalkedMap, key: Uint8Array, first: boolean): boolean {
  try {
    return map.next(key, first)
  } catch (error) {
    if (error instanceof EbpfError && error.code === 'EINVAL') return false
    throw error
  }
}

function refuseAbsent(options: SetOptions | undefined): SetOptions | undefined {
  if (options === undefined) return undefined
  const { if: condition, lock } = options
  if (condition === 'absent') {
    throw invalidArgument("options.if cannot be 'absent': entries come with the programs that are attached")
  }
  return { ...(condition !== undefined && { if: condition }), ...(lock !== undefined && { lock }) }
}
