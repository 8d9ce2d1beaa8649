/** What the BPF program tells: event.h in TypeScript. */
import type { BpfProgram, ObjectShape, RingBuffer } from 'ebpf'

interface ProcessRecord {
  pid: number
  parent: number
  command: string
}

interface CommonRecord {
  /** Nanoseconds of CLOCK_MONOTONIC. */
  time: bigint
  /** Nanoseconds. */
  duration: bigint
  process: ProcessRecord
}

export interface ExecRecord extends CommonRecord {
  type: 'exec'
  result: number
  size: number
  arguments: Uint8Array
  cut: boolean
}

export interface ExitRecord extends CommonRecord {
  type: 'exit'
  status: number
}

export interface OpenRecord extends CommonRecord {
  type: 'open'
  result: number
  flags: bigint
  path: string
  cut: boolean
}

/** The union of event.h: its tag tells which struct a record is. */
export type KernelRecord = ExecRecord | ExitRecord | OpenRecord

/** What is in demo.bpf.c, by the names it has there. */
export interface DemoObject extends ObjectShape {
  programs: Record<string, BpfProgram>
  maps: { events: RingBuffer<KernelRecord> }
  globals: {
    reader: { pid: number; namespace_device: bigint; namespace_inode: bigint }
    missed: bigint
  }
}
