import { nonEmptyString } from '../arguments.ts'
import { type Handle, binding } from '../binding.ts'
import type { NativeMapFacts, NativeMapInfo } from '../native-object.ts'
import { programTypeName } from '../kernel-enums.ts'
import { type Names, check, checkValue } from '../outcome.ts'
import { Resource } from '../resource.ts'
import { checkPin, removePin } from '../target.ts'
import { mapTypeName } from './types.ts'

/** What the kernel knows of a map. Sizes are bytes. */
export interface MapInfo extends Omit<NativeMapInfo, 'type' | 'memory' | 'ownerProgramType' | 'ownerJited'> {
  /** bpftool's name of the map type, such as `hash`. */
  type: string
  /**
   * Bytes of memory that it takes. Before Linux 6.4 what was reckoned for all entries when it was created; since then what is
   * allocated now, though an LRU hash, a hash with `noPreallocation` and the like grow and shrink. Absent where `/proc` is not
   * mounted.
   */
  memory?: number
  /**
   * Of a program array: the kind of programs that it takes, which is that of the first one that used it or was put into it.
   * Absent until then.
   */
  owner?: MapOwner
}

/** The programs that a program array takes. */
export interface MapOwner {
  /** libbpf's name of the program type, such as `xdp`. */
  programType: string
  /** Whether they are compiled to machine code. */
  jited: boolean
}

/** What every map class is made from. */
export interface MapInit {
  handle: Handle
  /** The C name where it came from an object, else the kernel's. */
  name: string
  info: NativeMapFacts
  /** The object that it was loaded with. */
  object?: string | undefined
}

const PIN_CALLS = { open: binding.mapOpenByPath, info: binding.mapInfo, close: binding.mapClose }

const releaseMap = (unreachable: Handle): unknown => binding.mapClose(unreachable)

/** A map in the kernel. Classes for its type add what can be done with the contents. */
export class BpfMap extends Resource {
  /** bpftool's name of the map type, such as `hash` or `ringbuf`. */
  readonly type: string
  /** Unique in the running kernel. */
  readonly id: number
  /** Bytes. */
  readonly keySize: number
  /** Bytes of one value; a per-CPU entry has one for each possible CPU. */
  readonly valueSize: number
  /** Entries; for a ring buffer, bytes of its data area. */
  readonly maxEntries: number
  readonly #object: string | undefined

  /** @internal */
  constructor(init: MapInit) {
    const kind = init.object === undefined ? 'map' : undefined
    super(init.name, init.handle, kind, releaseMap)
    const { type, id, keySize, valueSize, maxEntries } = init.info
    this.type = mapTypeName(type)
    this.id = id
    this.keySize = keySize
    this.valueSize = valueSize
    this.maxEntries = maxEntries
    this.#object = init.object
  }

  /** The kernel's descriptor; it stays this map's. */
  get fd(): number {
    return check(binding.mapFd(this.use('read fd')), 'bpf_map__fd', this.names())
  }

  info(): MapInfo {
    const info = checkValue(binding.mapInfo(this.use('info')), 'bpf_map_get_info_by_fd', this.names())
    const { ownerProgramType, ownerJited = false, ...facts } = info
    const result: MapInfo = { ...facts, type: this.type }
    if (ownerProgramType !== undefined) {
      result.owner = { programType: programTypeName(ownerProgramType), jited: ownerJited }
    }
    return result
  }

  /**
   * Pins the map in a BPF file system, where it outlives this process. Linux 4.4.
   *
   * @param path of a file that does not exist, below a mounted bpffs such as `/sys/fs/bpf`
   */
  pin(path: string): void {
    const pin = nonEmptyString(path, 'path')
    checkPin(binding.mapPin(this.use('pin'), pin), 'bpf_obj_pin', pin, this.names())
  }

  /**
   * Removes a pin of the map.
   *
   * @throws TypeError when that is no pin, or one of something else
   */
  unpin(path: string): void {
    this.use('unpin')
    removePin(path, this.describe(), this.id, PIN_CALLS)
  }

  /** Makes the contents read-only for user space, for ever; programs may still write. Linux 5.2. */
  freeze(): void {
    check(binding.mapFreeze(this.use('freeze')), 'bpf_map_freeze', this.names())
  }

  /** Closes the descriptor, at once. Programs that use the map keep it. A second call does nothing. */
  close(): void {
    const handle = this.relinquish()
    if (handle !== 0) check(binding.mapClose(handle), 'close', this.names())
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal For calls that take another map, such as replacing one at load. */
  borrow(operation: string): Handle {
    return this.use(operation)
  }

  /** @internal Names for errors. */
  protected names(): Names {
    return { map: this.name, object: this.#object }
  }

  protected override describe(): string {
    return `map '${this.name}'`
  }
}
