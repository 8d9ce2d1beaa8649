import { Buffer } from 'node:buffer'
import { constants } from 'node:os'
import { integer } from '../arguments.ts'
import { binding } from '../binding.ts'
import { ruleError } from '../errors.ts'
import { type KernelSymbol, kernelSymbols } from '../system/kernel-symbols.ts'
import { BoundMap } from './bound-map.ts'
import { MAP_FLAGS } from './flags.ts'
import type { MapInit } from './map.ts'

const { ENOENT } = constants.errno

/** A frame of kernel code with the name of its function, where that is known. */
export interface KernelFrame extends Partial<KernelSymbol> {
  address: bigint
}

/** A frame of a program or library: where in which file, or its address where the kernel could not look at the file. */
export type BuildIdFrame = { buildId: string; offset: bigint } | { address: bigint }

/** `struct bpf_stack_build_id` of linux/bpf.h. */
const BUILD_ID_FRAME = { size: 32, id: 4, idSize: 20, offset: 24 } as const
/** `enum bpf_stack_build_id_status` of linux/bpf.h. */
const BUILD_ID_STATUS = { empty: 0, valid: 1 } as const

/**
 * `BPF_MAP_TYPE_STACK_TRACE`: what `bpf_get_stackid` saw. The helper gives a program the number under which a stack is here, or
 * a negative error. Linux 4.6.
 */
export class StackTraceMap extends BoundMap {
  readonly #hasBuildIds: boolean

  /** @internal */
  constructor(init: MapInit) {
    super(init)
    this.#hasBuildIds = (init.info.flags & MAP_FLAGS.stackBuildId) !== 0
  }

  /**
   * The addresses of a stack, from the innermost frame on; `undefined` when there is no such stack, as for a negative id.
   *
   * @throws EbpfError ERR_EBPF_INVALID_ARGUMENT when the map has BPF_F_STACK_BUILD_ID, and so build ids in place of addresses
   */
  get(id: number): bigint[] | undefined {
    this.#requireBuildIds(false)
    if (!this.#read(id)) return undefined
    const start = this.valueOffset / 8
    const frames = this.bound().u64.subarray(start, start + this.valueSize / 8)
    const end = frames.indexOf(0n)
    return Array.from(end < 0 ? frames : frames.subarray(0, end))
  }

  /**
   * The frames of a kernel stack with the names of their functions. The first call reads the kernel's symbols, a few hundred
   * milliseconds.
   *
   * @throws EbpfError EPERM when the kernel hides addresses from this process
   */
  resolve(id: number): KernelFrame[] | undefined {
    return this.get(id)?.map((address) => ({ address, ...kernelSymbols.resolve(address) }))
  }

  /**
   * The frames of a user stack in a map with BPF_F_STACK_BUILD_ID, which mean the same in every process. Linux 4.17.
   *
   * @throws EbpfError ERR_EBPF_INVALID_ARGUMENT when the map has addresses
   */
  buildIds(id: number): BuildIdFrame[] | undefined {
    this.#requireBuildIds(true)
    if (!this.#read(id)) return undefined
    const { u8, i32, u64 } = this.bound()
    const frames: BuildIdFrame[] = []
    const end = this.valueOffset + this.valueSize
    for (let at = this.valueOffset; at < end; at += BUILD_ID_FRAME.size) {
      const status = i32[at / 4]
      if (status === BUILD_ID_STATUS.empty) break
      const offset = u64[(at + BUILD_ID_FRAME.offset) / 8]!
      const buildId = Buffer.from(u8.subarray(at + BUILD_ID_FRAME.id, at + BUILD_ID_FRAME.id + BUILD_ID_FRAME.idSize))
      frames.push(status === BUILD_ID_STATUS.valid ? { buildId: buildId.toString('hex'), offset } : { address: offset })
    }
    return frames
  }

  /** The ids of all stacks, from the lowest on. Linux 4.18. */
  *keys(): Generator<number, void, undefined> {
    for (let id = this.#next(undefined); id !== undefined; id = this.#next(id)) yield id
  }

  /** All stacks as `[id, addresses]`. */
  *entries(): Generator<[number, bigint[]], void, undefined> {
    for (const id of this.keys()) {
      const frames = this.get(id)
      if (frames !== undefined) yield [id, frames]
    }
  }

  [Symbol.iterator](): Generator<[number, bigint[]], void, undefined> {
    return this.entries()
  }

  /** @returns whether there was such a stack. */
  delete(id: number): boolean {
    return this.#place(id) && this.deleteBound()
  }

  /**
   * Deletes all stacks.
   *
   * @returns how many there were
   */
  clear(): number {
    let done = 0
    for (const id of this.keys()) if (this.delete(id)) done++
    return done
  }

  /** A negative id is an error that the helper gave: nothing is there. */
  #place(id: unknown): boolean {
    const checked = integer(id, 'id', -0x8000_0000, 0xffff_ffff)
    this.bound().u32[0] = checked
    return checked >= 0
  }

  #read(id: unknown): boolean {
    if (!this.#place(id)) return false
    const handle = this.use('get')
    let status = binding.mapLookup(handle, 0)
    // While another reader copies a stack, it is not in the map (bpf_stackmap_copy in kernel/bpf/stackmap.c).
    if (status === -ENOENT) status = binding.mapLookup(handle, 0)
    if (status === 0) return true
    if (status === -ENOENT) return false
    throw this.failure(status, 'bpf_map_lookup_elem')
  }

  #next(id: number | undefined): number | undefined {
    const { u32 } = this.bound()
    u32[0] = id ?? 0
    const status = binding.mapNextKey(this.use('iterate'), id === undefined)
    if (status === -ENOENT) return undefined
    if (status < 0) throw this.failure(status, 'bpf_map_get_next_key')
    const next = u32[0]!
    if (id === undefined || next > id) return next
    // The stack that the walk stood on is gone, and the kernel starts again.
    for (let other = id + 1; other < this.#buckets; other++) if (this.#read(other)) return other
    return undefined
  }

  /** The kernel rounds up to a power of two (stack_map_alloc in kernel/bpf/stackmap.c). */
  get #buckets(): number {
    return 2 ** Math.ceil(Math.log2(this.maxEntries))
  }

  #requireBuildIds(wanted: boolean): void {
    if (this.#hasBuildIds === wanted) return
    const [has, use] = wanted ? ['addresses', 'get'] : ['build ids', 'buildIds']
    throw ruleError('ERR_EBPF_INVALID_ARGUMENT', `${this.describe()} has ${has} of frames: use ${use}(id)`, {
      operation: wanted ? 'buildIds' : 'get',
      ...this.names(),
    })
  }
}
