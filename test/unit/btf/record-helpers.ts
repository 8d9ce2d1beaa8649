/** Batches of records, as the kernel lays them out and a consumer copies them. */
import type { Layout, StructLayout } from '../../../lib/btf/layout.ts'
import { createMemory, type Memory } from '../../../lib/btf/memory.ts'
import { DISCARD_BIT, HEADER_SIZE } from '../../../lib/btf/record-span.ts'
import { char, struct, type Type, u16, u32 } from '../../../lib/btf/schema.ts'
import { Batch } from '../../../lib/events/batch.ts'
import type { RecordCodec } from '../../../lib/btf/record-codec.ts'

export interface TestRecord {
  bytes: Uint8Array | readonly number[]
  discarded?: boolean
}

export interface Span {
  memory: Memory
  end: number
  count: number
}

/** Records one behind the other; what is between them and behind them is noise. */
export function spanOf(records: readonly TestRecord[]): Span {
  const end = records.reduce((sum, { bytes }) => sum + HEADER_SIZE + Math.ceil(bytes.length / 8) * 8, 0)
  const memory = createMemory(new ArrayBuffer(end + 64))
  memory.u8.fill(0xaa)
  let at = 0
  for (const { bytes, discarded } of records) {
    memory.u32[at >>> 2] = bytes.length | (discarded ? DISCARD_BIT : 0)
    memory.u8.set(bytes, at + HEADER_SIZE)
    at += HEADER_SIZE + Math.ceil(bytes.length / 8) * 8
  }
  return { memory, end, count: records.filter(({ discarded }) => !discarded).length }
}

/** What an act gives; `undefined` where a 64-bit integer is past what numbers hold, and numbers were asked for. */
export function unlessUnsafe<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    if (code !== 'ERR_EBPF_OUT_OF_RANGE' || !message.includes('2^53')) throw error
    return undefined
  }
}

/** A batch of these records. */
export function batchOf<T = unknown>(codec: RecordCodec<unknown>, records: readonly TestRecord[]): Batch<T> {
  const { memory, end, count } = spanOf(records)
  return new Batch(codec as RecordCodec<T>).fill(memory, count, end)
}

/** A union of structs with this tag. */
export function taggedUnion(kind: Type): Layout {
  const exec = struct({ kind, pid: u32, comm: char(4) }).layout
  const exit = struct({ kind, code: u16 }).layout
  return {
    kind: 'union',
    name: 'event',
    size: exec.size,
    fields: [
      { name: 'exec', offset: 0, layout: exec },
      { name: 'exit', offset: 0, layout: exit },
    ],
  }
}

/** A struct that ends in whatever else a record has. */
export const flexiblePacket: StructLayout = {
  kind: 'struct',
  name: 'packet',
  size: 4,
  fields: [
    { name: 'port', offset: 0, layout: u16.layout },
    { name: 'data', offset: 2, layout: { kind: 'bytes', size: 0 } },
  ],
  flexible: true,
}
