/** Kernel timestamps as dates. */
import { describe, expect, test } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { bootTimeToDate, monotonicToDate } from '../../lib/system/clocks.ts'
import { emit, take, withRing } from '../support/ring.ts'

const HOUR = 3_600_000_000_000n

describe('a monotonic timestamp', () => {
  test('of a record is the date at which it was submitted', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      const before = Date.now()
      await emit(programs.submit, 1)
      const after = Date.now()
      const [record] = await take(events, 1)
      const date = monotonicToDate(record?.time as bigint).getTime()
      // The date is cut to whole milliseconds.
      expect(date).toBeGreaterThanOrEqual(before - 2)
      expect(date).toBeLessThanOrEqual(after + 2)
    })
  })

  test.each([
    // Less than an hour where the machine was booted just now.
    ['the past', -binding.clock(1) / 2n],
    ['the future', HOUR],
  ])('in %s is that far away', (_when, distance) => {
    const date = monotonicToDate(binding.clock(1) + distance)
    expect(Math.abs(date.getTime() - Date.now() - Number(distance / 1_000_000n))).toBeLessThan(1000)
  })

  test('may be a number', () => {
    const now = binding.clock(1)
    expect(Math.abs(monotonicToDate(Number(now)).getTime() - monotonicToDate(now).getTime())).toBeLessThanOrEqual(2)
  })
})

test('a boot-time timestamp is the date at which a program was loaded', async () => {
  const before = Date.now()
  await withRing(({ programs }) => {
    const { loadTime } = programs.submit.info()
    expect(loadTime).toBeInstanceOf(Date)
    expect(loadTime.getTime()).toBeGreaterThanOrEqual(before - 2)
    expect(loadTime.getTime()).toBeLessThanOrEqual(Date.now() + 2)
  })
  expect(Math.abs(bootTimeToDate(binding.clock(7)).getTime() - Date.now())).toBeLessThan(1000)
})

test.each([[Number.NaN], [1.5], [-1n], ['1'], [null], [2n ** 64n]])('%s is no timestamp', (value) => {
  const refused = expect.objectContaining({ code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/) })
  expect(() => monotonicToDate(value as never)).toThrow(refused)
  expect(() => bootTimeToDate(value as never)).toThrow(refused)
})
