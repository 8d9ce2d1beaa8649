/** Samples of clocks, counters and breakpoints of processes that this test started. */
import { closeSync, existsSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type BreakpointOptions,
  breakpoint,
  cacheEvent,
  hardwareEvent,
  rawEvent,
  softwareEvent,
} from '../../../lib/hooks/perf-event-source.ts'
import { type PerfEventOptions, perfEvent, perfEvents } from '../../../lib/hooks/perf-event.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { openProgram } from '../../../lib/open-program.ts'
import { onlineCpus } from '../../../lib/system/online-cpus.ts'
import { Cgroup } from '../../support/cgroup.ts'
import { fixture } from '../../support/fixtures.ts'
import { type Effect, proveHook } from '../../support/hook-proof.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { type Samples, loadSamples, pids, spinUntilSampled, withSamples } from '../../support/perf-samples.ts'
import { Target } from '../../support/target.ts'
import { rejection, until } from '../../support/wait.ts'

proveHook({
  hook: 'perf_event software',
  family: 'user space',
  since: '4.9',
  link: '5.15',
  update: false,
  setUp: async () => {
    const target = await Target.start()
    const object = await loadSamples()
    return {
      attach: () =>
        object.programs.first.attach(perfEvent({ event: softwareEvent('page-faults'), period: 1, pid: target.pid })),
      async observe(): Promise<Effect> {
        object.maps.samples.clear()
        await target.ask('fault', 8)
        const seen = object.maps.samples.get(target.pid)
        return seen === undefined ? 'none' : seen.first > 0n ? 'first' : 'second'
      },
      second: object.programs.second,
      async [Symbol.asyncDispose]() {
        await object.close()
        await target[Symbol.asyncDispose]()
      },
    }
  },
})

describe('a sample of software', () => {
  test('is taken at each event with a period of 1', async () => {
    await withSamples(async ({ object, target }) => {
      await object.programs.first.attach(perfEvent({ event: softwareEvent('page-faults'), period: 1, pid: target.pid }))
      await target.ask('fault', 50)
      const seen = object.maps.samples.get(target.pid) as Samples
      expect(seen.first).toBeGreaterThanOrEqual(50n)
      expect(seen.period).toBe(1n)
      expect(pids(object)).toEqual([target.pid])
    })
  })

  test('is taken at every tenth event with a period of 10', async () => {
    await withSamples(async ({ object, target }) => {
      const event = softwareEvent('minor-faults')
      await object.programs.first.attach(perfEvent({ event, period: 10, pid: target.pid }))
      await object.programs.second.attach(perfEvent({ event, period: 1, pid: target.pid }))
      await target.ask('fault', 100)
      const { first, second } = object.maps.samples.get(target.pid) as Samples
      expect(first).toBe(second / 10n)
    })
  })

  test.each([
    ['a frequency', { event: softwareEvent('cpu-clock'), frequency: 1000 }],
    ['a period in nanoseconds', { event: softwareEvent('task-clock'), period: 1_000_000n }],
  ] as const)('of a clock is taken with %s, of that process alone', async (_what, options) => {
    await withSamples(async ({ object, target }) => {
      await using other = await Target.start()
      await object.programs.first.attach(perfEvent({ ...options, pid: target.pid }))
      await other.ask('spin', 20)
      await spinUntilSampled(object, target)
      expect(pids(object)).toEqual([target.pid])
    })
  })

  test.skipIf(olderThan('5.15'))('gives the program its cookie', async () => {
    await withSamples(async ({ object, target }) => {
      const cookie = 2n ** 64n - 9n
      await object.programs.first.attach(
        perfEvent({ event: softwareEvent('page-faults'), period: 1, pid: target.pid, cookie }),
      )
      await target.ask('fault', 5)
      expect(object.maps.samples.get(target.pid)?.cookie).toBe(cookie)
    })
  })

  test('of this process is taken with pid 0', async () => {
    await using object = await loadSamples()
    await object.programs.first.attach(perfEvent({ event: softwareEvent('cpu-clock'), frequency: 1000, pid: 0 }))
    await until('a sample of this process', () => {
      const end = process.cpuUsage().user + 20_000
      while (process.cpuUsage().user < end);
      return object.maps.samples.has(process.pid)
    })
    expect(pids(object)).toEqual([process.pid])
  })

  test('is taken of what the process makes only when it is inherited', async () => {
    await withSamples(async ({ object, target }) => {
      const options: PerfEventOptions = { event: softwareEvent('page-faults'), period: 1, pid: target.pid }
      const alone = await object.programs.first.attach(perfEvent(options))
      const stranger = await target.ask('fork-fault', 10)
      expect(pids(object)).not.toContain(stranger)
      await alone.close()
      await object.programs.first.attach(perfEvent({ ...options, inherit: true }))
      const child = await target.ask('fork-fault', 10)
      expect(pids(object)).toContain(child)
      expect(pids(object)).not.toContain(stranger)
    })
  })

  test('is in the information of its link', async () => {
    await withSamples(async ({ object, target }) => {
      if (olderThan('6.6')) return
      const link = await object.programs.first.attach(
        perfEvent({ event: softwareEvent('page-faults'), period: 1, pid: target.pid }),
      )
      expect(link.info()).toMatchObject({ type: 'perf_event', event: 'event', eventType: 1, config: 2n })
    })
  })

  test('can be taken by a program that was opened', async () => {
    await withSamples(async ({ object, target }) => {
      if (olderThan('5.15')) return
      using opened = openProgram({ id: object.programs.first.id })
      const link = await opened.attach(perfEvent({ event: softwareEvent('page-faults'), period: 1, pid: target.pid }))
      await target.ask('fault', 5)
      expect(pids(object)).toEqual([target.pid])
      await link.close()
      object.maps.samples.clear()
      await target.ask('fault', 5)
      expect(pids(object)).toEqual([])
    })
  })
})

describe('the CPU of a sample', () => {
  const cpus = onlineCpus()
  const last = cpus.at(-1) as number

  test('is the one that was named', async () => {
    await using target = await Target.start(['taskset', '--cpu-list', String(last)])
    await using object = await loadSamples()
    await object.programs.first.attach(perfEvent({ event: softwareEvent('cpu-clock'), frequency: 1000, cpu: last }))
    await spinUntilSampled(object, target)
    for (const { cpus: seen } of object.maps.samples.values()) expect(seen).toBe(1n << BigInt(last))
  })

  test.skipIf(cpus.length < 2)('is not another one', async () => {
    await using target = await Target.start(['taskset', '--cpu-list', String(last)])
    await using object = await loadSamples()
    const elsewhere = cpus[0] as number
    await object.programs.first.attach(
      perfEvent({ event: softwareEvent('cpu-clock'), frequency: 1000, cpu: elsewhere, pid: target.pid }),
    )
    await target.ask('spin', 50)
    expect(pids(object)).toEqual([])
  })

  test('is any of them with perfEvents(), which have one hook each', async () => {
    await withSamples(async ({ object, target }) => {
      const hooks = perfEvents({ event: softwareEvent('cpu-clock'), frequency: 1000 })
      expect(hooks.map(({ cpu }) => cpu)).toEqual(cpus)
      const links = await object.programs.first.attachAll(hooks)
      expect(links.size).toBe(cpus.length)
      await spinUntilSampled(object, target)
      await links.close()
      object.maps.samples.clear()
      await target.ask('spin', 50)
      expect(pids(object)).toEqual([])
    })
  })

  test('that does not exist is an error that says so', async () => {
    await using object = await loadSamples()
    const hook = perfEvent({ event: softwareEvent('cpu-clock'), frequency: 1000, cpu: 4000 })
    const error = await rejection(object.programs.first.attach(hook))
    expect(error).toMatchObject({ code: expect.stringMatching(/^(ENODEV|EINVAL)$/), program: 'first' })
  })
})

/**
 * On a machine where nobody has enabled a controller of cgroups yet, as systemd does, the kernel has not handed perf_event
 * down from the root either.
 */
function handDownControllers(cgroup: Cgroup): void {
  const root = dirname(cgroup.path)
  const enabled = readFileSync(`${root}/cgroup.subtree_control`, 'latin1').trim()
  const [controller] = readFileSync(`${root}/cgroup.controllers`, 'latin1').trim().split(' ')
  if (enabled !== '' || controller === '') return
  for (const sign of '+-') writeFileSync(`${root}/cgroup.subtree_control`, `${sign}${controller}`)
}

describe('the cgroup of a sample', () => {
  test.each(['path', 'descriptor'])('is the one that was named by its %s, and those below', async (by) => {
    await using cgroup = new Cgroup()
    handDownControllers(cgroup)
    await using below = new Cgroup(cgroup)
    await using outside = await Target.start()
    await using inside = await Target.start()
    below.add(inside.pid)
    await using object = await loadSamples()
    const fd = openSync(cgroup.path, 'r')
    try {
      const named = by === 'path' ? cgroup.path : { fd }
      const hooks = perfEvents({ event: softwareEvent('cpu-clock'), frequency: 1000, cgroup: named })
      const links = await object.programs.first.attachAll(hooks)
      await outside.ask('spin', 20)
      await spinUntilSampled(object, inside)
      expect(pids(object)).toEqual([inside.pid])
      await links.close()
    } finally {
      closeSync(fd)
    }
  })

  test('that is none is an error', async () => {
    await using object = await loadSamples()
    const attach = (cgroup: string | { fd: number }): Promise<Error> =>
      rejection(
        object.programs.first.attach(perfEvent({ event: softwareEvent('cpu-clock'), frequency: 99, cpu: 0, cgroup })),
      )
    const before = readdirSync('/proc/self/fd').length
    expect(await attach('/no/such/cgroup')).toMatchObject({ code: 'ENOENT' })
    expect(await attach('/etc/passwd')).toMatchObject({ code: 'ENOTDIR' })
    expect(await attach('/tmp')).toMatchObject({ code: 'EBADF', program: 'first' })
    expect(await attach({ fd: 9999 })).toMatchObject({ code: 'EBADF', program: 'first' })
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })
})

describe('a breakpoint', () => {
  const cases: [string, BreakpointOptions, bigint][] = [
    ['write', { access: 'write', length: 4 }, 7n],
    ['read-write', { access: 'read-write', length: 4 }, 7n],
    ['default', {}, 7n],
  ]
  test.each(cases)('on a variable of a process: %s', async (_what, options, writes) => {
    await withSamples(async ({ object, target }) => {
      await object.programs.first.attach(perfEvent({ event: breakpoint(target.watched, options), pid: target.pid }))
      await target.ask('write', Number(writes))
      expect(object.maps.samples.get(target.pid)).toMatchObject({ first: writes, address: target.watched })
      expect(pids(object)).toEqual([target.pid])
    })
  })

  test('on writing is not on reading', async () => {
    await withSamples(async ({ object, target }) => {
      await object.programs.first.attach(perfEvent({ event: breakpoint(target.watched), pid: target.pid }))
      await object.programs.second.attach(
        perfEvent({ event: breakpoint(target.watched, { access: 'read-write' }), pid: target.pid }),
      )
      await target.ask('read', 3)
      expect(object.maps.samples.get(target.pid)).toMatchObject({ first: 0n, second: 3n })
    })
  })

  test('on an instruction of a process', async () => {
    await withSamples(async ({ object, target }) => {
      const event = breakpoint(target.function, { access: 'execute' })
      const link = await object.programs.first.attach(perfEvent({ event, pid: target.pid }))
      await target.ask('one', 4)
      expect(object.maps.samples.get(target.pid)).toMatchObject({ first: 4n, address: target.function })
      await link.close()
      await target.ask('one', 4)
      expect(object.maps.samples.get(target.pid)).toMatchObject({ first: 4n })
    })
  })

  test('finds the debug registers in use: a hint', async () => {
    await withSamples(async ({ object, target }) => {
      const attach = (index: number): Promise<unknown> =>
        object.programs.first.attach(
          perfEvent({ event: breakpoint(target.watched + BigInt(index * 8)), pid: target.pid }),
        )
      for (let index = 0; index < 4; index++) await attach(index)
      const error = await rejection(attach(4))
      expect(error).toMatchObject({ code: 'ENOSPC', program: 'first' })
      expect(error.message).toContain('debug registers')
    })
  })
})

describe('a counter of hardware', () => {
  const devices = '/sys/bus/event_source/devices'
  const events = [
    hardwareEvent('cpu-cycles'),
    cacheEvent('L1-dcache', 'load', 'miss'),
    rawEvent(0x00c0n),
    rawEvent(1, { pmu: 'no_such_pmu' }),
  ]
  test.skipIf(existsSync(`${devices}/cpu`)).each(events)(
    'that this machine lacks is ENOENT, with a hint: %o',
    async (event) => {
      await withSamples(async ({ object, target }) => {
        const error = await rejection(object.programs.first.attach(perfEvent({ event, period: 1000, pid: target.pid })))
        expect(error).toMatchObject({ code: 'ENOENT', hint: expect.any(String) })
      })
    },
  )

  test.skipIf(!existsSync(`${devices}/cpu`))('is sampled', async () => {
    await withSamples(async ({ object, target }) => {
      await object.programs.first.attach(
        perfEvent({ event: hardwareEvent('instructions'), period: 100_000, pid: target.pid }),
      )
      await spinUntilSampled(object, target)
      expect(pids(object)).toEqual([target.pid])
    })
  })

  test('can be one of a PMU by its name', async () => {
    await withSamples(async ({ object, target }) => {
      // The PMU of software events; 2 is page-faults.
      await object.programs.first.attach(
        perfEvent({ event: rawEvent(2, { pmu: 'software' }), period: 1, pid: target.pid }),
      )
      await target.ask('fault', 5)
      expect(pids(object)).toEqual([target.pid])
    })
  })
})

describe('a perf event that cannot be', () => {
  test('is too often: the hint names the limit', async () => {
    await withSamples(async ({ object, target }) => {
      const limit = readFileSync('/proc/sys/kernel/perf_event_max_sample_rate', 'latin1').trim()
      const hook = perfEvent({ event: softwareEvent('cpu-clock'), frequency: 2 ** 40, pid: target.pid })
      const error = await rejection(object.programs.first.attach(hook))
      expect(error).toMatchObject({ code: 'EINVAL', program: 'first' })
      expect(error.message).toContain(limit)
    })
  })

  test('is of a process that is gone', async () => {
    await using object = await loadSamples()
    const hook = perfEvent({ event: softwareEvent('cpu-clock'), frequency: 99, pid: 0x7fff_fff0 })
    expect(await rejection(object.programs.first.attach(hook))).toMatchObject({ code: 'ESRCH', program: 'first' })
  })

  test('is for a program of another type', async () => {
    await using object = await loadObject(fixture('hooks-uprobe'))
    const hook = perfEvent({ event: softwareEvent('cpu-clock'), frequency: 99, pid: process.pid })
    expect(await rejection((object.programs.first as BpfProgram).attach(hook))).toMatchObject({
      code: 'ERR_EBPF_INVALID_ARGUMENT',
    })
  })

  test('is left out by object.attach(), whose section says no event', async () => {
    await using object = await loadSamples()
    expect(await object.attach()).toMatchObject({ skipped: ['first', 'second'] })
  })

  test('leaves no descriptor behind', async () => {
    await withSamples(async ({ object, target }) => {
      const before = readdirSync('/proc/self/fd').length
      for (let round = 0; round < 20; round++) {
        const hook = perfEvent({ event: softwareEvent('cpu-clock'), frequency: 2 ** 40, pid: target.pid })
        await rejection(object.programs.first.attach(hook))
      }
      expect(readdirSync('/proc/self/fd').length).toBe(before)
    })
  })
})
