/** One stretch of memory with a typed array of every element type over it, as codecs read and write it. */
import { invalidArgument, outOfRange } from '../errors.ts'

/** True on little-endian hosts; BPF always has its host's byte order. */
export const hostIsLittleEndian: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Made by {@link createMemory}. The views all start at the same byte; element sizes that do not divide the length see
 * only their whole elements. */
export class Memory {
  readonly u8: Uint8Array<ArrayBuffer>
  readonly i8: Int8Array<ArrayBuffer>
  readonly u16: Uint16Array<ArrayBuffer>
  readonly i16: Int16Array<ArrayBuffer>
  readonly u32: Uint32Array<ArrayBuffer>
  readonly i32: Int32Array<ArrayBuffer>
  readonly u64: BigUint64Array<ArrayBuffer>
  readonly i64: BigInt64Array<ArrayBuffer>
  readonly f32: Float32Array<ArrayBuffer>
  readonly f64: Float64Array<ArrayBuffer>
  readonly view: DataView<ArrayBuffer>

  constructor(buffer: ArrayBuffer, byteOffset: number, byteLength: number) {
    this.u8 = new Uint8Array(buffer, byteOffset, byteLength)
    this.i8 = new Int8Array(buffer, byteOffset, byteLength)
    this.u16 = new Uint16Array(buffer, byteOffset, byteLength >>> 1)
    this.i16 = new Int16Array(buffer, byteOffset, byteLength >>> 1)
    this.u32 = new Uint32Array(buffer, byteOffset, byteLength >>> 2)
    this.i32 = new Int32Array(buffer, byteOffset, byteLength >>> 2)
    this.u64 = new BigUint64Array(buffer, byteOffset, byteLength >>> 3)
    this.i64 = new BigInt64Array(buffer, byteOffset, byteLength >>> 3)
    this.f32 = new Float32Array(buffer, byteOffset, byteLength >>> 2)
    this.f64 = new Float64Array(buffer, byteOffset, byteLength >>> 3)
    this.view = new DataView(buffer, byteOffset, byteLength)
  }
}

/**
 * Views over `byteLength` bytes (default: all that follow) of a buffer, from `byteOffset`, a multiple of 8.
 *
 * @throws TypeError if `buffer` is not an ArrayBuffer.
 * @throws RangeError if the range is not within the buffer, does not start at a multiple of 8, or is 4 GiB or longer.
 */
export function createMemory(buffer: ArrayBuffer, byteOffset: number = 0, byteLength?: number): Memory {
  if (!(buffer instanceof ArrayBuffer)) {
    throw invalidArgument('memory must be an ArrayBuffer')
  }
  const length = byteLength ?? buffer.byteLength - byteOffset
  if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset % 8 !== 0) {
    throw outOfRange(`memory must start at a multiple of 8 of its buffer, not at ${byteOffset}`)
  }
  if (!Number.isInteger(length) || length < 0 || length > 0xffffffff || byteOffset + length > buffer.byteLength) {
    throw outOfRange(`memory of ${length} bytes from ${byteOffset} is not within a buffer of ${buffer.byteLength}`)
  }
  return new Memory(buffer, byteOffset, length)
}

/** Fresh zeroed memory of exactly `size` bytes. */
export function allocateMemory(size: number): Memory {
  return new Memory(new ArrayBuffer(Math.ceil(size / 8) * 8), 0, size)
}

/** The least multiple of 8 that is not smaller. */
export function roundUpTo8(size: number): number {
  return Math.ceil(size / 8) * 8
}

/** @throws RangeError with our code where JavaScript, or the machine, has no room for so many bytes. */
export function createBuffer(size: number): ArrayBuffer {
  try {
    return new ArrayBuffer(size)
  } catch {
    throw outOfRange(`there is no room for a buffer of ${size} bytes`)
  }
}
