import { constants } from 'node:os'
import { integer, optionsObject } from '../arguments.ts'
import { binding } from '../binding.ts'
import { failure } from '../outcome.ts'
import type { BpfProgram } from '../program.ts'
import { possibleCpus } from '../system/cpus.ts'
import { ReadableTargetMap } from './target-map.ts'
import { targetProgram } from './target-program.ts'
import type { Cursor } from './walk.ts'

const { EINVAL, ENODEV, ENOMEM } = constants.errno

/** As many packets as the kernel lets a queue hold (`cpu_map_update_elem` of kernel/bpf/cpumap.c). */
const LONGEST_QUEUE = 16_384

/** A processor that packets are redirected to. */
export interface CpuTarget {
  /** Packets that may wait for it, 1 to 16384; more of them are dropped. */
  queueSize: number
  /** Runs there for each packet, before the kernel takes it: one of `SEC("xdp/cpumap")`. Linux 5.9. */
  program?: BpfProgram
}

/** What is in such a map. */
export interface CpuQueue {
  queueSize: number
  /** For `openProgram`. */
  program?: { id: number }
}

/**
 * `BPF_MAP_TYPE_CPUMAP`: processors by their number, that XDP programs redirect packets to: each has a queue, and a thread of
 * the kernel that takes packets from it. Linux 4.15; programs 5.9.
 */
export class CpuMap extends ReadableTargetMap<number, CpuQueue> {
  /** The number of places. */
  get length(): number {
    return this.maxEntries
  }

  /**
   * Makes the queue and the thread of a processor, off the JavaScript thread. What waits in the queue that it had is handled
   * first.
   *
   * @throws RangeError for a queue of another length
   * @throws EbpfError ENODEV when the machine can have no such processor, EINVAL, from older kernels ENOMEM, when the
   * kernel refuses the program
   * @throws TypeError for a program of another section, or where values have no place for one
   */
  async set(cpu: number, target: CpuTarget): Promise<void> {
    const { queueSize, program } = optionsObject(target, 'target')
    const size = integer(queueSize, 'queueSize', 1, LONGEST_QUEUE)
    const { u32 } = this.encodeKey(cpu, 'set')
    const programFd = targetProgram(program, {
      name: this.name,
      valueSize: this.valueSize,
      attachType: 'xdp_cpumap',
      section: 'xdp/cpumap',
      declaration: 'struct bpf_cpumap_val',
    })
    const outcome = await binding.mapPutTarget(this.use('set'), u32[0]!, { queueSize: size, programFd }, 0)
    const { errno, operation } = outcome
    if (errno === 0) return
    if (operation !== 'bpf_map_update_elem') throw failure(outcome, this.names())
    throw this.failure(errno, operation, this.#hint(errno, program))
  }

  #hint(errno: number, program: BpfProgram | undefined): string | undefined {
    if (errno === -ENODEV) return `The machine can have ${possibleCpus()} processors, from 0 on.`
    // Until Linux 6.18 at least, `__cpu_map_entry_alloc` of kernel/bpf/cpumap.c has no other word for a program that it refuses.
    if (program === undefined || (errno !== -ENOMEM && errno !== -EINVAL)) return undefined
    return `The program must be one of SEC("xdp/cpumap"), and '${program.name}' may be of another section.`
  }

  /** @internal The kernel does not say whether there was something. */
  protected override deleteBound(): boolean {
    return this.lookUp('delete') && super.deleteBound()
  }

  /** @internal */
  protected override decodeValue(u32: Uint32Array, word: number): CpuQueue {
    const queue: CpuQueue = { queueSize: u32[word]! }
    const id = this.valueSize === 8 ? u32[word + 1]! : 0
    return id === 0 ? queue : { ...queue, program: { id } }
  }

  /** @internal */
  protected override get cursor(): Cursor {
    return 'index'
  }
}
