/**
 * Values of a memory-mapped array as one typed array over the kernel's own memory: reading a counter is no system call.
 */
import { constants } from 'node:os'
import { inspectBriefly } from '../arguments.ts'
import { type Handle, binding } from '../binding.ts'
import type { Layout } from '../btf/layout.ts'
import { ENOTSUPP, type EbpfError, invalidArgument, kernelError, outOfRange, ruleError } from '../errors.ts'
import type { MapInfo } from './map.ts'

const { EACCES, EBUSY, EOPNOTSUPP, ENOMEM } = constants.errno

/** BPF_F_RDONLY_PROG and BPF_F_MMAPABLE of linux/bpf.h. */
const READ_ONLY_PROGRAM = 1 << 7
const MMAPABLE = 1 << 10

/** What {@link ArrayMap.view} gives, by the type of the values. */
export type MapView =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>

/** A class of typed arrays, such as `BigUint64Array`. */
export interface MapViewClass<A extends MapView = MapView> {
  readonly BYTES_PER_ELEMENT: number
  readonly name: string
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A
}

/** The view of values that decode to `V`. */
export type ViewOf<V> = [V] extends [bigint] ? BigUint64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer> : MapView

/** What a view needs of its map. */
export interface ViewedMap {
  readonly name: string
  readonly type: string
  readonly valueSize: number
  readonly maxEntries: number
  info(): MapInfo
  borrow(operation: string): Handle
}

/** The memory of one map, mapped when it is first viewed. */
export class MapMemory {
  readonly #map: ViewedMap
  #buffer: ArrayBuffer | undefined

  constructor(map: ViewedMap) {
    this.#map = map
  }

  /** @throws EbpfError when the map cannot be mapped, RangeError when its values do not lie one behind the other */
  view(layout: Layout | undefined, expected?: MapViewClass): MapView {
    const map = this.#map
    requireMappable(map)
    const natural = layout === undefined ? Uint8Array : elementClass(layout)
    const View = expected === undefined ? natural : (checkClass(map.name, natural, expected) as MapViewClass)
    const stride = roundUp(map.valueSize)
    const isDense = stride === map.valueSize || map.maxEntries === 1
    if (!isDense && expected !== Uint8Array) throw scattered(map, stride)
    const bytes = map.maxEntries === 1 ? map.valueSize : stride * map.maxEntries
    return new View(this.#memory(stride), 0, bytes / View.BYTES_PER_ELEMENT)
  }

  /** Whoever still has a view finds it empty: what it showed may be gone from now on. */
  detach(): void {
    if (this.#buffer !== undefined) binding.memoryDetach(this.#buffer)
    this.#buffer = undefined
  }

  /** The error of a freeze that failed. */
  freezeError(error: unknown): unknown {
    if (this.#buffer === undefined || (error as Partial<EbpfError>).code !== 'EBUSY') return error
    const hint =
      'A map that is viewed can be written, so it cannot be frozen: freeze another handle of it, after close().'
    return kernelError(-EBUSY, { operation: 'bpf_map_freeze', map: this.#map.name, hint })
  }

  #memory(stride: number): ArrayBuffer {
    // One that the user has transferred is empty: those pages are another buffer's now.
    if (this.#buffer !== undefined && this.#buffer.byteLength > 0) return this.#buffer
    const buffer = binding.mapMemory(this.#map.borrow('view'), stride * this.#map.maxEntries, false)
    if (typeof buffer === 'number') throw mapFailure(buffer, this.#map)
    this.#buffer = buffer
    return buffer
  }
}

const roundUp = (size: number): number => Math.ceil(size / 8) * 8

const INTEGERS = {
  unsigned: { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array, 16: Uint8Array },
  signed: { 1: Int8Array, 2: Int16Array, 4: Int32Array, 8: BigInt64Array, 16: Uint8Array },
} as const

function elementClass(layout: Layout): MapViewClass {
  switch (layout.kind) {
    case 'integer':
    case 'enum':
      return INTEGERS[layout.signed ? 'signed' : 'unsigned'][layout.size]
    case 'boolean':
    case 'pointer':
      return INTEGERS.unsigned[layout.size]
    case 'float':
      return layout.size === 4 ? Float32Array : Float64Array
    case 'array':
      return elementClass(layout.element)
    default:
      return Uint8Array
  }
}

function checkClass(map: string, natural: MapViewClass, expected: MapViewClass): MapViewClass {
  if (expected === natural || expected === Uint8Array) return expected
  const given = typeof expected === 'function' ? expected.name : inspectBriefly(expected)
  throw invalidArgument(`the view of map '${map}' is a ${natural.name} by its type, or a Uint8Array, not ${given}`)
}

function scattered({ name, valueSize }: ViewedMap, stride: number): RangeError {
  return outOfRange(
    `values of map '${name}' have ${valueSize} bytes and lie ${stride} apart, so they are no typed array of their own\n` +
      '  Declare them larger, such as __u64, or take the bytes: view(Uint8Array).',
  )
}

/** The kernel would say only EINVAL, EPERM or ENOTSUPP. */
function requireMappable(map: ViewedMap): void {
  const { type, flags, frozen } = map.info()
  const names = { operation: 'view', map: map.name }
  if (type !== 'array' || (flags & MMAPABLE) === 0) {
    throw ruleError('ERR_EBPF_INVALID_ARGUMENT', `map '${map.name}' cannot be mapped into memory`, {
      ...names,
      hint:
        type === 'array'
          ? 'Create it with BPF_F_MMAPABLE: __uint(map_flags, BPF_F_MMAPABLE) in C, or { flags: 1024 }. Linux 5.5.'
          : `Only the kernel's plain arrays can: this is of type ${type}.`,
    })
  }
  if (frozen) throw readOnly(map.name, 'it is frozen')
  if ((flags & READ_ONLY_PROGRAM) !== 0) throw readOnly(map.name, 'programs may only read it')
}

/** A write to a read-only mapping would be a SIGSEGV. */
function readOnly(map: string, why: string): Error {
  return ruleError('ERR_EBPF_READ_ONLY', `map '${map}' cannot be viewed: ${why}, and a view can be written`, {
    operation: 'view',
    map,
    hint: 'Read it by get(), or by entries().',
  })
}

function mapFailure(status: number, map: ViewedMap): Error {
  // The kernel does not tell BPF_F_RDONLY and the like among a map's flags: they are its descriptor's.
  if (status === -EACCES) return readOnly(map.name, 'its descriptor is read-only')
  const tooLong = roundUp(map.valueSize) * map.maxEntries > 0xffff_ffff
  const hints = new Map([
    [
      -EOPNOTSUPP,
      tooLong
        ? 'No buffer of JavaScript is longer than 4 GiB.'
        : 'This JavaScript engine takes no memory of others, as Electron.',
    ],
    [-ENOTSUPP, 'Values with a lock, a timer or a kernel pointer in them cannot be mapped.'],
    [-ENOMEM, 'The process may not map so much.'],
  ])
  return kernelError(status, { operation: 'mmap', map: map.name, hint: hints.get(status) })
}
