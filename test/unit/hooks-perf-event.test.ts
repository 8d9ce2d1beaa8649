import { describe, expect, test } from 'vitest'
import { describeHook, prepareHook } from '../../lib/hooks/hook.ts'
import {
  breakpoint,
  cacheEvent,
  hardwareEvent,
  nativeEvent,
  rawEvent,
  softwareEvent,
} from '../../lib/hooks/perf-event-source.ts'
import { perfEvent, perfEvents } from '../../lib/hooks/perf-event.ts'
import { onlineCpus } from '../../lib/system/online-cpus.ts'

const invalid = expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
const outOfRange = expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' })
const clock = softwareEvent('cpu-clock')

describe('an event', () => {
  // Numbers of linux/perf_event.h and linux/hw_breakpoint.h.
  test.each([
    [softwareEvent('cpu-clock'), { type: 1, config: 0n }, 'cpu-clock'],
    [softwareEvent('cgroup-switches'), { type: 1, config: 11n }, 'cgroup-switches'],
    [hardwareEvent('instructions'), { type: 0, config: 1n }, 'instructions'],
    [cacheEvent('L1-dcache', 'load', 'miss'), { type: 3, config: 0x10000n }, 'L1-dcache-load-misses'],
    [cacheEvent('iTLB', 'prefetch', 'access'), { type: 3, config: 0x204n }, 'iTLB-prefetches'],
    [rawEvent(0x1cdn), { type: 4, config: 0x1cdn }, 'raw/0x1cd/'],
    [rawEvent(5, { pmu: 'software' }), { type: 1, config: 5n }, 'software/0x5/'],
    [
      rawEvent(1, { config1: 2, config2: 2n ** 64n - 1n }),
      { type: 4, config: 1n, config1: 2n, config2: 2n ** 64n - 1n },
      'raw/0x1,config1=0x2,config2=0xffffffffffffffff/',
    ],
    [
      breakpoint(0x1000, { length: 8, access: 'read-write' }),
      { type: 5, config: 0n, config1: 0x1000n, config2: 8n, breakpointType: 3 },
      'breakpoint 0x1000/8 read-write',
    ],
    [
      breakpoint(0x1001n, { access: 'execute' }),
      { type: 5, config: 0n, config1: 0x1001n, config2: 8n, breakpointType: 4 },
      'breakpoint 0x1001/8 execute',
    ],
  ])('is what the kernel numbers: %o', (event, native, name) => {
    expect(nativeEvent(event)).toEqual({ config1: 0n, config2: 0n, breakpointType: 0, ...native })
    expect(describeHook(perfEvent({ event, period: 1, pid: 5 }))).toBe(`perf_event ${name} of process 5`)
    expect(structuredClone(event)).toEqual(event)
  })

  test.each([
    ['unknown software', () => softwareEvent('cpu-cycles' as never)],
    ['software of every object', () => softwareEvent('constructor' as never)],
    ['unknown hardware', () => hardwareEvent('cpu-clock' as never)],
    ['an unknown cache', () => cacheEvent('L9' as never, 'load', 'miss')],
    ['an unknown operation', () => cacheEvent('LLC', 'read' as never, 'miss')],
    ['an unknown result', () => cacheEvent('LLC', 'load', 'hit' as never)],
    ['a PMU outside of its folder', () => rawEvent(1, { pmu: '../../../etc' })],
    ['a config1 that is a text', () => rawEvent(1, { config1: '2' as never })],
    ['a config2 between', () => rawEvent(1, { config2: 1.5 })],
    ['an odd length', () => breakpoint(0, { length: 3 })],
    ['an address between', () => breakpoint(2, { length: 4 })],
    ['an unknown access', () => breakpoint(0, { access: 'append' as never })],
    ['an address that is a text', () => breakpoint('0' as never)],
  ])('is refused: %s', (_what, build) => {
    expect(build).toThrow(invalid)
  })

  test('of a PMU that this machine lacks is ENOENT, with where they are', () => {
    const hook = perfEvent({ event: rawEvent(1, { pmu: 'no_such_pmu' }), period: 1, cpu: 0 })
    expect(() => prepareHook(hook)).toThrow(
      expect.objectContaining({ code: 'ENOENT', hint: expect.stringContaining('/sys/bus/event_source/devices') }),
    )
  })
})

describe('a perf event', () => {
  test('is plain data', () => {
    const hook = perfEvent({ event: clock, frequency: 99, cpu: 1, cgroup: '/sys/fs/cgroup/x', cookie: 3 })
    expect(hook).toEqual({
      kind: 'perf_event',
      event: { type: 'software', name: 'cpu-clock' },
      fd: undefined,
      frequency: 99n,
      period: undefined,
      pid: -1,
      cpu: 1,
      cgroup: '/sys/fs/cgroup/x',
      inherit: false,
      excludeUser: false,
      excludeKernel: false,
      excludeHypervisor: false,
      excludeIdle: false,
      precise: 0,
      cookie: 3n,
    })
    expect(structuredClone(hook)).toEqual(hook)
    expect(describeHook(hook)).toBe('perf_event cpu-clock of cgroup /sys/fs/cgroup/x on CPU 1')
  })

  test('says native code what is left out, and how exact the rest is', () => {
    const exclusions = { excludeUser: true, excludeHypervisor: true, excludeIdle: true }
    const event = rawEvent(1, { config1: 2, config2: 3 })
    const hook = perfEvent({ event, period: 1, cpu: 0, precise: 2, ...exclusions })
    expect(structuredClone(hook)).toEqual(hook)
    expect(prepareHook(hook).native).toEqual({
      kind: 'perf_event',
      type: 4,
      config: 1n,
      config1: 2n,
      config2: 3n,
      breakpointType: 0,
      sample: 1n,
      isFrequency: false,
      pid: -1,
      cpu: 0,
      cgroupFd: -1,
      inherit: false,
      ...exclusions,
      excludeKernel: false,
      precise: 2,
      cookie: 0n,
    })
    const other = perfEvents({ event, period: 1, excludeKernel: true })[0]
    expect(prepareHook(other as never).native).toMatchObject({ excludeUser: false, excludeKernel: true, precise: 0 })
  })

  test('can be one that is open', () => {
    const hook = perfEvent({ fd: 5, cookie: 7 })
    expect(structuredClone(hook)).toEqual(hook)
    expect(describeHook(hook)).toBe('perf_event of fd 5')
    expect(prepareHook(hook).native).toEqual({ kind: 'open_perf_event', fd: 5, cookie: 7n })
    expect(() => prepareHook({ ...hook, fd: -1 })).toThrow(outOfRange)
    expect(() => prepareHook({ ...hook, fd: '5' as never })).toThrow(invalid)
    expect(() => prepareHook({ ...hook, cookie: null as never })).toThrow(invalid)
    expect(() => prepareHook({ ...hook, event: clock, period: 1n })).toThrow(invalid)
    expect(() => prepareHook({ ...hook, fd: undefined })).toThrow(invalid)
  })

  test('of a breakpoint is taken each time', () => {
    expect(perfEvent({ event: breakpoint(8), cpu: 0 }).period).toBe(1n)
  })

  test('of every CPU is one hook each', () => {
    const hooks = perfEvents({ event: clock, frequency: 99 })
    expect(hooks.map(({ cpu }) => cpu)).toEqual(onlineCpus())
    expect(onlineCpus().length).toBeGreaterThan(0)
  })

  test.each([
    ['no options', () => perfEvent(undefined as never)],
    ['no event', () => perfEvent({ frequency: 99, cpu: 0 } as never)],
    ['an event of no constructor', () => perfEvent({ event: 'cpu-clock' as never, frequency: 99, cpu: 0 })],
    ['an unknown type', () => perfEvent({ event: { type: 'tracepoint' } as never, frequency: 99, cpu: 0 })],
    ['neither frequency nor period', () => perfEvent({ event: clock, cpu: 0 })],
    ['frequency and period', () => perfEvent({ event: clock, frequency: 1, period: 1, cpu: 0 })],
    ['everything everywhere', () => perfEvent({ event: clock, frequency: 1 })],
    ['a cgroup without a CPU', () => perfEvent({ event: clock, frequency: 1, cgroup: '/x' })],
    ['a cgroup and a process', () => perfEvent({ event: clock, frequency: 1, cgroup: '/x', cpu: 0, pid: 1 })],
    ['an inherit that is a number', () => perfEvent({ event: clock, frequency: 1, cpu: 0, inherit: 1 as never })],
    [
      'an exclusion that is a number',
      () => perfEvent({ event: clock, frequency: 1, cpu: 0, excludeKernel: 1 as never }),
    ],
    ['an exclusion that is null', () => perfEvent({ event: clock, frequency: 1, cpu: 0, excludeIdle: 'no' as never })],
    [
      'the exclusion of everything',
      () =>
        perfEvent({ event: clock, period: 1, cpu: 0, excludeUser: true, excludeKernel: true, excludeHypervisor: true }),
    ],
    ['a precision that is a boolean', () => perfEvent({ event: clock, frequency: 1, cpu: 0, precise: true as never })],
    ['a descriptor that is a text', () => perfEvent({ fd: '5' as never })],
    ['a descriptor and an event', () => perfEvent({ fd: 5, event: clock } as never)],
    ['a descriptor and a process', () => perfEvent({ fd: 5, pid: 0 } as never)],
    ['a cgroup that is a number', () => perfEvent({ event: clock, frequency: 1, cpu: 0, cgroup: 5 as never })],
    ['a frequency that is a text', () => perfEvent({ event: clock, frequency: '99' as never, cpu: 0 })],
  ])('is refused: %s', (_what, build) => {
    expect(build).toThrow(invalid)
  })

  test.each([
    ['frequency 0', () => perfEvent({ event: clock, frequency: 0, cpu: 0 })],
    ['period 0', () => perfEvent({ event: clock, period: 0n, cpu: 0 })],
    ['a period of 64 bits', () => perfEvent({ event: clock, period: 2n ** 63n, cpu: 0 })],
    ['CPU -2', () => perfEvent({ event: clock, period: 1, cpu: -2 })],
    ['precision 4', () => perfEvent({ event: clock, period: 1, cpu: 0, precise: 4 as never })],
    ['a negative config1', () => rawEvent(1, { config1: -1 })],
    ['descriptor -1', () => perfEvent({ fd: -1 })],
    ['a length of 16', () => breakpoint(0, { length: 16 })],
  ])('is refused as out of range: %s', (_what, build) => {
    expect(build).toThrow(outOfRange)
  })
})
