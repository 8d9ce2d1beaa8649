import { constants } from 'node:os'
import { inspectBriefly, optionsObject } from '../arguments.ts'
import { type Outcome, binding } from '../binding.ts'
import { invalidArgument, kernelError } from '../errors.ts'
import { type InterfacePlace, type OpenedInterface, interfacePlace, openInterface } from '../hooks/interface.ts'
import { failure } from '../outcome.ts'
import type { BpfProgram } from '../program.ts'
import type { NetworkNamespace } from '../system/netns.ts'
import { ReadableTargetMap } from './target-map.ts'
import { targetProgram } from './target-program.ts'
import type { Cursor } from './walk.ts'

const { EEXIST, EINVAL, ENODEV } = constants.errno

/** Of linux/bpf.h. `__dev_map_hash_update_elem` of kernel/bpf/devmap.c takes BPF_EXIST and does not heed it. */
const BPF_NOEXIST = 1

/** What packets are redirected to. */
export interface DeviceTarget {
  /** Name or index of the interface. */
  interface: string | number
  /** Where that means something; this process's own network namespace by default. */
  netns?: NetworkNamespace
  /** Runs for each packet before it is sent: one of `SEC("xdp/devmap")`. Linux 5.8. */
  program?: BpfProgram
}

/** What is in such a map. */
export interface Device {
  /** Index of the interface in its network namespace, of which the kernel does not tell the map's readers. */
  interface: number
  /** For `openProgram`. */
  program?: { id: number }
}

/** Network interfaces that XDP programs redirect packets to. They vanish by themselves when they are deleted. */
abstract class InterfaceMap extends ReadableTargetMap<number, Device> {
  /** @internal False when a condition did not hold. */
  protected async putInterface(key: number, target: DeviceTarget, flags: number): Promise<boolean> {
    const { interface: given, netns, program } = optionsObject(target, 'target')
    const place = interfacePlace(given, netns)
    const { u32 } = this.encodeKey(key, 'set')
    const programFd = targetProgram(program, {
      name: this.name,
      valueSize: this.valueSize,
      attachType: 'xdp_devmap',
      section: 'xdp/devmap',
      declaration: 'struct bpf_devmap_val',
    })
    const { native, release } = this.#open(place)
    let outcome: Promise<Outcome<undefined>>
    try {
      outcome = binding.mapPutTarget(this.use('set'), u32[0]!, { ...native, programFd }, flags)
    } finally {
      release()
    }
    return this.#settle(await outcome, flags, place, program)
  }

  #open(place: InterfacePlace): OpenedInterface {
    try {
      return openInterface(place)
    } catch (error) {
      const { errno } = error as NodeJS.ErrnoException
      if (errno === undefined) throw error
      throw kernelError(errno, { operation: 'opening the network namespace', ...this.names() })
    }
  }

  #settle(outcome: Outcome<undefined>, flags: number, place: InterfacePlace, program: BpfProgram | undefined): boolean {
    const { errno, operation } = outcome
    if (errno === 0) return true
    if (flags !== 0 && errno === -EEXIST) return false
    const name = inspectBriefly(place.interface)
    const missing = errno === -ENODEV ? `There is no interface ${name} in that network namespace.` : undefined
    if (operation !== 'bpf_map_update_elem') throw failure(outcome, { ...this.names(), hint: missing })
    const hint = `The program must be one of SEC("xdp/devmap"), and '${program?.name}' may be of another section.`
    throw this.failure(errno, operation, errno === -EINVAL && program !== undefined ? hint : missing)
  }

  /** @internal */
  protected override decodeValue(u32: Uint32Array, word: number): Device {
    const device: Device = { interface: u32[word]! }
    const id = this.valueSize === 8 ? u32[word + 1]! : 0
    return id === 0 ? device : { ...device, program: { id } }
  }
}

/**
 * `BPF_MAP_TYPE_DEVMAP`: network interfaces by index, that XDP programs redirect packets to. Linux 4.14; programs at the
 * interfaces 5.8.
 */
export class DeviceMap extends InterfaceMap {
  /** The number of places. */
  get length(): number {
    return this.maxEntries
  }

  /**
   * Puts an interface in, off the JavaScript thread: it is looked up in its network namespace.
   *
   * @throws EbpfError ENODEV when there is no such interface, EINVAL when the kernel takes the program for none of its kind
   * @throws TypeError for a program of another section, or where values have no place for one
   */
  async set(index: number, target: DeviceTarget): Promise<void> {
    await this.putInterface(index, target, 0)
  }

  /** @internal The kernel does not say whether there was something. */
  protected override deleteBound(): boolean {
    return this.lookUp('delete') && super.deleteBound()
  }

  /** @internal */
  protected override get cursor(): Cursor {
    return 'index'
  }
}

/**
 * `BPF_MAP_TYPE_DEVMAP_HASH`: network interfaces by a 32-bit number, such as an interface's own index. Linux 5.4; programs at
 * the interfaces 5.8.
 */
export class DeviceHashMap extends InterfaceMap {
  /**
   * Puts an interface in, as {@link DeviceMap.set} does.
   *
   * @param options the only condition that the kernel knows here is `absent`
   * @returns whether it was written: always, or as the condition says
   * @throws EbpfError E2BIG when the map is full
   */
  async set(key: number, target: DeviceTarget, options?: { if?: 'absent' }): Promise<boolean> {
    const condition: unknown = options?.if
    if (condition !== undefined && condition !== 'absent') {
      throw invalidArgument(
        `options.if must be 'absent', not ${inspectBriefly(condition)}: the kernel knows no other condition for a devmap_hash`,
      )
    }
    return await this.putInterface(key, target, condition === undefined ? 0 : BPF_NOEXIST)
  }

  /** @internal */
  protected override get cursor(): Cursor {
    return 'key'
  }
}
