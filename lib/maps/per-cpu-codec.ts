import { types } from 'node:util'
import { inspectBriefly } from '../arguments.ts'
import type { Codec } from '../btf/codec.ts'
import { isBytes } from '../btf/codec-convert.ts'
import { type Memory, createMemory } from '../btf/memory.ts'
import { invalidArgument, outOfRange } from '../errors.ts'
import { possibleCpus } from '../system/cpus.ts'

/** Codec of the values of all possible CPUs. */
export interface PerCpuCodec<V> extends Codec<V[]> {
  /** Of the value of one CPU. */
  readonly element: Codec<V>
  /** Bytes from one CPU's value to the next one's. */
  readonly stride: number
  /** As many bytes as an entry has, with one value at their start, or for every CPU. */
  alone(value: unknown, cpu: number | 'all'): Uint8Array
}

/**
 * Codec of a per-CPU entry: the kernel lays the values of all possible CPUs one behind the other, each rounded up to 8
 * bytes (`bpf_percpu_hash_copy` in kernel/bpf/hashtab.c).
 */
export function perCpuCodec<V>(element: Codec<V>): PerCpuCodec<V> {
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

  const alone = (value: unknown, cpu: number | 'all'): Uint8Array => {
    const entry = createMemory(new ArrayBuffer(size))
    element.encode(value, entry, 0)
    if (cpu === 'all') for (let other = 1; other < cpus; other++) entry.u8.copyWithin(other * stride, 0, stride)
    return entry.u8
  }

  return { size, decode, decodeKey: decode, encode, element, stride, alone }
}
