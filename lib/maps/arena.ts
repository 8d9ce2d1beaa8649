import { constants } from 'node:os'
import { inspectBriefly, integer, unsigned64 } from '../arguments.ts'
import { binding } from '../binding.ts'
import { isBytes } from '../btf/codec-convert.ts'
import { closedError, invalidArgument, kernelError, outOfRange, ruleError } from '../errors.ts'
import { BpfMap } from './map.ts'

const { EACCES, EBUSY, EEXIST, EFAULT, EINVAL, ENOSYS, EOPNOTSUPP, EPERM } = constants.errno

/** BPF_F_SEGV_ON_FAULT of linux/bpf.h. */
const NO_PAGES_ON_FAULT = 1 << 17

/**
 * `BPF_MAP_TYPE_ARENA`: memory of up to 4 GiB that programs and processes share, with pages only where somebody touched it or a
 * program allocated them. Pointers in it are the same for all: addresses of user space, which {@link Arena.offsetOf} finds the place
 * of. Linux 6.9.
 *
 * All methods map the arena into this process, at the one address that it has in every process.
 *
 * @throws EbpfError EINVAL when another process has mapped it first, wherever it liked: give it an address in C (`map_extra`)
 */
export class Arena extends BpfMap {
  #mapping: { address: bigint; length: number } | undefined
  #views: WeakRef<ArrayBuffer>[] = []
  #viewsWorthSweeping = 64

  /** Bytes, with those that have no page. */
  get byteLength(): number {
    return this.#map('byteLength').length
  }

  /** Where it begins, in this and every process that maps it. */
  get address(): bigint {
    return this.#map('address').address
  }

  /**
   * The place of what a pointer in the arena points to.
   *
   * @throws RangeError when that is not in this arena, such as NULL
   */
  offsetOf(pointer: bigint): number {
    const { address, length } = this.#map('offsetOf')
    const offset = unsigned64(pointer, 'pointer') - address
    if (offset >= 0n && offset < BigInt(length)) return Number(offset)
    throw outOfRange(`0x${BigInt(pointer).toString(16)} points nowhere into ${this.describe()}`)
  }

  /**
   * A copy of bytes. Without a page there, the kernel makes one of zeros, unless the map has BPF_F_SEGV_ON_FAULT.
   *
   * @throws EbpfError EFAULT when there is no page, and none to be had
   * @throws RangeError when that is not all inside the arena
   */
  read(offset: number, length: number): Uint8Array {
    const place = this.#place('read', offset, length)
    const bytes = new Uint8Array(place.length)
    this.#check(binding.arenaRead(this.use('read'), place.offset, bytes), 'process_vm_readv')
    return bytes
  }

  /**
   * Writes bytes, as {@link read} reads them: not in one step for who reads them meanwhile.
   *
   * @throws EbpfError EFAULT when there is no page, and none to be had; pages before it are written
   * @throws RangeError when they do not all fit inside the arena
   */
  write(offset: number, bytes: Uint8Array): void {
    if (!isBytes(bytes as unknown, (bytes as Uint8Array | undefined)?.length ?? -1)) {
      throw invalidArgument(`bytes must be a Uint8Array, not ${inspectBriefly(bytes)}`)
    }
    const place = this.#place('write', offset, bytes.length)
    this.#check(binding.arenaWrite(this.use('write'), place.offset, bytes), 'process_vm_writev')
  }

  /**
   * The memory itself, from `offset` to the end or of `length` bytes: what programs write is seen at once. All its pages are made now,
   * and count as the arena's. Closing the map leaves it empty.
   *
   * @throws EbpfError ERR_EBPF_INVALID_ARGUMENT where touching it could end the process: in an arena with BPF_F_SEGV_ON_FAULT, or one
   * with an address of its own (`map_extra`), from which the next object that asks for that address removes it
   * @throws EbpfError EFAULT or ENOMEM when there is no memory for all pages; EOPNOTSUPP for 4 GiB at once
   */
  view(offset: number = 0, length?: number): Uint8Array<ArrayBuffer> {
    const wanted = length ?? this.#map('view').length - integer(offset, 'offset', 0, Number.MAX_SAFE_INTEGER)
    const place = this.#place('view', offset, wanted)
    this.#refuseUnsafe()
    if (place.length === 0) return new Uint8Array(0)
    const buffer = binding.arenaView(this.use('view'), place.offset, place.length)
    if (typeof buffer === 'number') throw this.#failure(buffer, 'madvise')
    this.#remember(buffer)
    return new Uint8Array(buffer)
  }

  /** Closes the descriptor, at once, and leaves all views empty. */
  override close(): void {
    super.close()
    for (const view of this.#views) {
      const buffer = view.deref()
      if (buffer !== undefined) binding.memoryDetach(buffer)
    }
    this.#views = []
  }

  #map(operation: string): { address: bigint; length: number } {
    const handle = this.use(operation)
    if (this.#mapping !== undefined) return this.#mapping
    const mapping = binding.arenaMap(handle, this.info().mapExtra)
    if (typeof mapping === 'number') throw this.#failure(mapping, 'mmap')
    this.#mapping = mapping
    return mapping
  }

  #place(operation: string, offset: unknown, length: unknown): { offset: number; length: number } {
    const { length: size } = this.#map(operation)
    const from = integer(offset, 'offset', 0, size)
    return { offset: from, length: integer(length, 'length', 0, size - from) }
  }

  #refuseUnsafe(): void {
    const { flags, mapExtra } = this.info()
    if ((flags & NO_PAGES_ON_FAULT) === 0 && mapExtra === 0n) return
    const why = mapExtra === 0n ? 'it has BPF_F_SEGV_ON_FAULT' : 'it has an address of its own (map_extra)'
    throw ruleError('ERR_EBPF_INVALID_ARGUMENT', `${this.describe()} cannot be viewed: ${why}`, {
      operation: 'view',
      ...this.names(),
      hint: 'Touching the view of such an arena may end the process: use read() and write().',
    })
  }

  /** Those that were collected are forgotten from time to time. */
  #remember(buffer: ArrayBuffer): void {
    this.#views.push(new WeakRef(buffer))
    if (this.#views.length < this.#viewsWorthSweeping) return
    this.#views = this.#views.filter((view) => view.deref() !== undefined)
    this.#viewsWorthSweeping = Math.max(64, this.#views.length * 2)
  }

  #check(status: number, operation: string): void {
    if (status < 0) throw this.#failure(status, operation)
  }

  #failure(status: number, operation: string): Error {
    if (this.closed) return closedError(this.describe(), operation)
    const hint = operation === 'mmap' ? MAP_HINTS.get(-status) : COPY_HINTS.get(-status)
    return kernelError(status, { operation, ...this.names(), hint })
  }
}

const FIRST_COMER =
  'Another process mapped it first, at an address that all others have to use and cannot know: give it one in C, __ulong(map_extra, 0x1ull << 44).'

const MAP_HINTS = new Map([
  [EINVAL, FIRST_COMER],
  [EBUSY, FIRST_COMER],
  [EEXIST, 'Something else is at its address in this process.'],
  [EACCES, 'Its descriptor is read-only.'],
  [EPERM, 'Its descriptor is read-only, or the map is frozen.'],
])

const COPY_HINTS = new Map([
  [
    EFAULT,
    'There is no page, and the kernel makes none: only programs allocate those of an arena with BPF_F_SEGV_ON_FAULT.',
  ],
  [ENOSYS, 'The kernel is built without CONFIG_CROSS_MEMORY_ATTACH: use view().'],
  [EPERM, 'The process may not call process_vm_readv (seccomp): use view().'],
  [EOPNOTSUPP, 'No buffer of JavaScript is as long as 4 GiB, and some engines take no memory of others, as Electron.'],
])
