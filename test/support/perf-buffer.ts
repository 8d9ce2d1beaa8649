/** Perf buffers that are filled on demand: test/fixtures/perf-buffer.bpf.c. */
import type { PerfBuffer } from '../../lib/events/perf-buffer.ts'
import { loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { onlineCpus } from '../../lib/system/online-cpus.ts'
import { fixture } from './fixtures.ts'

export interface PerfEvent {
  sequence: bigint
  time: bigint
  cpu: number
  text: string
}

export interface PerfFixture {
  maps: { events: PerfBuffer<PerfEvent>; untyped: PerfBuffer<Uint8Array> }
  programs: { output: BpfProgram; output_untyped: BpfProgram; output_there: BpfProgram }
  globals: { record_bytes: number; next_sequence: bigint; last_error: bigint }
}

export type PerfObject = BpfObject<PerfFixture>

/** Bytes of `struct event`, and what they take in a buffer: a header and a length before them, all a multiple of 8. */
export const PERF_EVENT_BYTES = 40
export const PERF_EVENT_SPACE = 56

/** Bytes that a record takes in a batch: a header before it, and the kernel's padding of 4. */
export const BATCH_SPACE = 56

export const cpus: readonly number[] = onlineCpus()

/** BPF_F_TEST_RUN_ON_CPU: linux/bpf.h. */
const RUN_ON_CPU = 1

/** Loads the fixture for the length of `body`. */
export async function withPerf<T>(body: (object: PerfObject) => T | Promise<T>): Promise<T> {
  await using object = await loadObject<PerfFixture>(fixture('perf-buffer'))
  return await body(object)
}

/** Has the programs write a record on a CPU. */
export async function emitOn(object: PerfObject, cpu: number): Promise<void> {
  await object.programs.output_there.testRun({ cpu, flags: RUN_ON_CPU })
}
