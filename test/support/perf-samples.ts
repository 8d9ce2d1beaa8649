/** Samples of perf events, by process: test/fixtures/hooks-perf-event.bpf.c. */
import type { HashMap } from '../../lib/maps/hash-map.ts'
import { loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { fixture } from './fixtures.ts'
import { Target } from './target.ts'
import { until } from './wait.ts'

export interface Samples {
  first: bigint
  second: bigint
  cookie: bigint
  address: bigint
  period: bigint
  cpus: bigint
  in_user: bigint
  in_kernel: bigint
}

export type PerfObject = BpfObject<{
  maps: { samples: HashMap<number, Samples> }
  programs: { first: BpfProgram; second: BpfProgram }
  globals: Record<never, never>
}>

export const loadSamples = (): Promise<PerfObject> =>
  loadObject(fixture('hooks-perf-event')) as unknown as Promise<PerfObject>

export async function withSamples(
  body: (scene: { object: PerfObject; target: Target }) => Promise<void>,
): Promise<void> {
  await using target = await Target.start()
  await using object = await loadSamples()
  await body({ object, target })
}

export const pids = (object: PerfObject): number[] => [...object.maps.samples.keys()].map(Number)

/** Keeps the target busy until it was sampled, however slow the machine is. */
export async function spinUntilSampled(object: PerfObject, target: Target): Promise<void> {
  await until('a sample of the target', async () => {
    await target.ask('spin', 20)
    return object.maps.samples.has(target.pid)
  })
}
