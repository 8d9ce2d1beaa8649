/** Which part of a CPU's time a perf event leaves out. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { softwareEvent } from '../../../lib/hooks/perf-event-source.ts'
import { perfEvent, perfEvents } from '../../../lib/hooks/perf-event.ts'
import { type Samples, loadSamples, pids, spinUntilSampled, withSamples } from '../../support/perf-samples.ts'
import type { Target } from '../../support/target.ts'
import { until } from '../../support/wait.ts'

describe('what a sample leaves out', () => {
  const event = softwareEvent('cpu-clock')
  /** Hundredths of a second that CPUs were idle: proc_stat(5). */
  const idleTicks = (): number => Number(/^cpu +\d+ \d+ \d+ (\d+)/.exec(readFileSync('/proc/stat', 'latin1'))?.[1])

  /** Faults keep a process in the kernel, and loops in user space. */
  const both = async (target: Target): Promise<void> => {
    await target.ask('spin', 10)
    await target.ask('fault', 2000)
  }

  test.each([
    ['nothing', {}, ['in_user', 'in_kernel'], []],
    ['the kernel', { excludeKernel: true }, ['in_user'], ['in_kernel']],
    ['user space', { excludeUser: true }, ['in_kernel'], ['in_user']],
  ] as const)('is %s', async (_what, exclusion, seen, unseen) => {
    await withSamples(async ({ object, target }) => {
      await object.programs.first.attach(perfEvent({ event, frequency: 2000, pid: target.pid, ...exclusion }))
      const samples = (): Samples | undefined => object.maps.samples.get(target.pid)
      await until('samples of what is not left out', async () => {
        await both(target)
        return seen.every((side) => (samples()?.[side] ?? 0n) >= 5n)
      })
      for (const side of unseen) expect(samples()?.[side]).toBe(0n)
    })
  })

  test('can be a hypervisor, which this clock does not run in', async () => {
    await withSamples(async ({ object, target }) => {
      const hook = perfEvent({ event, frequency: 1000, pid: target.pid, excludeHypervisor: true })
      await object.programs.first.attach(hook)
      await spinUntilSampled(object, target)
      expect(pids(object)).toEqual([target.pid])
    })
  })

  test('can be the CPU that has nothing to do', async ({ skip }) => {
    await using object = await loadSamples()
    const idle = 0
    const before = idleTicks()
    await object.programs.first.attachAll(perfEvents({ event, frequency: 1000, excludeIdle: true }))
    await object.programs.second.attachAll(perfEvents({ event, frequency: 1000 }))
    const sampled = (): boolean => (object.maps.samples.get(idle)?.second ?? 0n) >= 5n
    try {
      await until('a sample of a CPU that has nothing to do', sampled)
    } catch (error) {
      if (idleTicks() - before < 100) skip('no CPU was idle for a second')
      throw error
    }
    expect(object.maps.samples.get(idle)?.first).toBe(0n)
  })
})
