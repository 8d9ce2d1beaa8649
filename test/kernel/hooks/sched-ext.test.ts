/** sched_ext: a scheduler of the test's own, for a process of the test's own that asks for it. */
import { expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import type { StructOpsMap } from '../../../lib/maps/struct-ops.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import { Actor } from '../../support/actor.ts'
import { fixture } from '../../support/fixtures.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { absence } from '../../support/kernel-features.ts'
import { rejection } from '../../support/wait.ts'

interface SchedulerFixture {
  maps: { first: StructOpsMap; second: StructOpsMap }
  globals: { target_pid: number; first_runs: bigint; second_runs: bigint }
}

/** SCHED_EXT of linux/sched.h. */
const SCHED_EXT = 7

const load = (): ReturnType<typeof loadObject<SchedulerFixture>> =>
  loadObject<SchedulerFixture>(fixture('hooks-sched-ext'))

proveHook({
  hook: 'sched_ext',
  family: 'other',
  since: '6.12',
  gap: 'sched_ext',
  libbpf: '1.2',
  link: '6.12',
  update: false,
  async setUp() {
    const object = await load()
    const { maps, globals } = object
    const actor = await Actor.start()
    globals.target_pid = actor.pid
    return {
      attach: async () => {
        const link = await maps.first.attach()
        await actor.run(`os.sched_setscheduler(0, ${SCHED_EXT}, os.sched_param(0))`)
        return link
      },
      update: (link) => link.update(maps.second),
      async observe() {
        const before = globals.first_runs
        // It sleeps, and so is scheduled anew.
        await actor.run(`import time\nfor _ in range(20): time.sleep(0.001)`)
        expect(globals.second_runs).toBe(0n)
        return globals.first_runs > before ? 'first' : 'none'
      },
      async [Symbol.asyncDispose]() {
        await actor[Symbol.asyncDispose]()
        await object.close()
      },
    }
  },
})

test.skipIf(absence('6.12', 'sched_ext') !== undefined)('there is one scheduler at a time', async () => {
  await using object = await load()
  const { first, second } = object.maps
  const link = await first.attach()
  expect(readFileSync('/sys/kernel/sched_ext/root/ops', 'latin1').trim()).toMatch(/^ebpf_first/)
  expect(await rejection(second.attach())).toMatchObject({ code: 'EBUSY', map: 'second' })
  await link.close()
  expect(readFileSync('/sys/kernel/sched_ext/state', 'latin1').trim()).toBe('disabled')
})
