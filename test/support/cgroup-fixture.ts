import type { BpfProgram } from '../../lib/program.ts'

/** test/fixtures/hooks-cgroup.bpf.c */
export interface CgroupFixture {
  maps: Record<never, never>
  programs: Record<string, BpfProgram>
  globals: {
    port: number
    first_runs: bigint
    second_runs: bigint
    runs: bigint
    first_run: bigint
    second_run: bigint
  }
}

/** Of packets and addresses that the programs look at; some are moved to the next two. */
export const PORT = 4100
