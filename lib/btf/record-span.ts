/** Records as they lie in a batch: each behind a header of 8 bytes, all at multiples of 8. */
import { ruleError } from '../errors.ts'
import type { Memory } from './memory.ts'

/** Bits of a record's length word, and bytes of its header (linux/bpf.h: BPF_RINGBUF_*). */
export const DISCARD_BIT = 0x4000_0000
export const LENGTH_MASK = 0x3fff_ffff
export const HEADER_SIZE = 8

/** Offset behind a record whose bytes start at `offset`. */
export const behind = (offset: number, length: number): number => offset + ((length + 7) & -8)

/** Says whether a batch is still its reader's. */
export interface Lease {
  released: boolean
}

/** For whoever reads a batch, or a view of one, too late. */
export function releasedError(): Error {
  return ruleError('ERR_EBPF_RELEASED', 'this batch was released: its handler is done', {
    operation: 'read a batch',
    hint: 'Keep toArray(), or what iterating the batch gives; not the batch itself.',
  })
}

/** Calls back for each record of memory up to `end`, those that programs discarded excepted. */
export function eachRecord(memory: Memory, end: number, callback: (offset: number, length: number) => void): void {
  const { u32 } = memory
  for (let header = 0; header < end; ) {
    const word = u32[header >>> 2]!
    const length = word & LENGTH_MASK
    const offset = header + HEADER_SIZE
    header = behind(offset, length)
    if ((word & DISCARD_BIT) === 0) callback(offset, length)
  }
}
