/** System calls of this process, seen by programs of test/fixtures/trace.bpf.c. */
import type { HashMap } from '../../lib/maps/hash-map.ts'
import { loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { fixture } from './fixtures.ts'

/** How often each cookie's program saw a call. */
export type Calls = HashMap<bigint, bigint>

export interface TraceFixture {
  maps: { tracepoint_calls: Calls; raw_calls: Calls; btf_calls: Calls }
  programs: { on_tracepoint: BpfProgram; on_raw: BpfProgram; on_btf: BpfProgram }
  globals: { target_pid: number; target_call: bigint }
}

/** The number of getppid(2). */
const GETPPID = { x64: 110, arm64: 173, riscv64: 173, loong64: 173, s390x: 64, ppc64: 64 } as Record<string, number>

export const traceGlobals = { target_pid: process.pid, target_call: BigInt(GETPPID[process.arch] ?? -1) }

/** Loads the fixture, filtered by this process, for the length of `body`. */
export async function withTrace<T>(body: (object: BpfObject<TraceFixture>) => T | Promise<T>): Promise<T> {
  await using object = await loadObject<TraceFixture>(fixture('trace'), { globals: traceGlobals })
  return await body(object)
}

/** Makes this process call getppid(2), which nothing else here does. */
export function callGetppid(times: number): void {
  for (let call = 0; call < times; call++) void process.ppid
}
