import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { boolean, integer, optionsObject, unsigned64 } from '../arguments.ts'
import { invalidArgument, outOfRange } from '../errors.ts'
import { onlineCpus } from '../system/online-cpus.ts'
import { type PathOrDescriptor, checkPathOrDescriptor, describeDescriptor, openDescriptor } from './descriptor.ts'
import type { HookFamily } from './family.ts'
import { type PerfEventSource, checkEvent, describeEvent, nativeEvent } from './perf-event-source.ts'

/** A program that runs each time a counter or a clock of one CPU, process or cgroup has advanced by some steps. */
export interface PerfEventHook {
  kind: 'perf_event'
  event: PerfEventSource
  /** One of the two is given. */
  frequency: bigint | undefined
  period: bigint | undefined
  /** -1: every process. */
  pid: number
  /** -1: every CPU. */
  cpu: number
  cgroup: PathOrDescriptor | undefined
  inherit: boolean
  cookie: bigint
}

export interface PerfEventsOptions {
  /** What is counted, such as `softwareEvent('cpu-clock')`. */
  event: PerfEventSource
  /** Samples a second; the kernel takes at most /proc/sys/kernel/perf_event_max_sample_rate. */
  frequency?: number | bigint
  /** A sample each time that this many events have happened, or nanoseconds of a clock have passed; 1 for breakpoints. */
  period?: number | bigint
  /**
   * Only this thread; by the pid of a process its first thread, 0 for this process's. Every process by default. Threads that
   * it makes later belong to it with `inherit`.
   */
  pid?: number
  /** Only processes in this cgroup and below: a path, or a descriptor. Needs a `cpu`. */
  cgroup?: PathOrDescriptor
  /** Also the threads and processes that are made from now on by the one that is watched. */
  inherit?: boolean
  /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
  cookie?: number | bigint
}

export interface PerfEventOptions extends PerfEventsOptions {
  /** Only while that CPU is used; every CPU by default, which the kernel takes only with a `pid`. */
  cpu?: number
}

/** The kernel refuses a period with the highest bit (`perf_event_open` of kernel/events/core.c). */
const MAX_PERIOD = 2n ** 63n - 1n

/** Runs a program of `SEC("perf_event")` at samples of an event. Linux 4.9. */
export function perfEvent(options: PerfEventOptions): PerfEventHook {
  const { pid = -1, cpu = -1, cgroup, inherit = false, cookie = 0n } = optionsObject(options)
  const event = checkEvent(options.event)
  const hook: PerfEventHook = {
    kind: 'perf_event',
    event,
    ...sampling(options, event),
    pid: integer(pid, 'pid', -1, 0x7fff_ffff),
    cpu: integer(cpu, 'cpu', -1, 0x7fff_ffff),
    cgroup: cgroup === undefined ? undefined : checkPathOrDescriptor(cgroup, 'cgroup'),
    inherit: boolean(inherit, 'inherit'),
    cookie: unsigned64(cookie, 'cookie'),
  }
  if (hook.cgroup !== undefined && hook.pid !== -1) throw invalidArgument('cgroup and pid exclude each other')
  if (hook.cpu === -1 && hook.pid === -1) {
    throw invalidArgument('a perf event is of one CPU, or of one process: name a cpu or a pid, or use perfEvents()')
  }
  return hook
}

/**
 * The same event on every CPU that is online now: hooks for `program.attachAll(hooks)`.
 *
 * @throws TypeError or RangeError like {@link perfEvent}
 */
export function perfEvents(options: PerfEventsOptions): PerfEventHook[] {
  const checked = optionsObject(options)
  return onlineCpus().map((cpu) => perfEvent({ ...checked, cpu }))
}

function sampling(
  { frequency, period }: PerfEventOptions,
  event: PerfEventSource,
): Pick<PerfEventHook, 'frequency' | 'period'> {
  if (frequency !== undefined && period !== undefined) throw invalidArgument('frequency and period exclude each other')
  if (frequency !== undefined) return { frequency: positive(frequency, 'frequency'), period: undefined }
  if (period !== undefined) return { frequency: undefined, period: positive(period, 'period') }
  if (event.type === 'breakpoint') return { frequency: undefined, period: 1n }
  throw invalidArgument('a perf event needs a frequency in hertz, or a period in events')
}

function positive(value: number | bigint, argument: string): bigint {
  const big = unsigned64(value, argument)
  if (big < 1n || big > MAX_PERIOD) throw outOfRange(`${argument} must be from 1 to 2^63 - 1, not ${big}`)
  return big
}

function describe({ event, pid, cpu, cgroup }: PerfEventHook): string {
  const scope = [
    pid === -1 ? '' : ` of process ${pid}`,
    cgroup === undefined ? '' : ` of cgroup ${describeDescriptor(cgroup)}`,
    cpu === -1 ? '' : ` on CPU ${cpu}`,
  ]
  return `perf_event ${describeEvent(event)}${scope.join('')}`
}

function hint({ event, frequency, cpu, cgroup }: PerfEventHook, errno: number): string | undefined {
  const { ENOENT, EOPNOTSUPP, EINVAL, ENOSPC, ENODEV } = constants.errno
  const isCounter = event.type === 'hardware' || event.type === 'cache' || event.type === 'raw'
  if (isCounter && (errno === -ENOENT || errno === -EOPNOTSUPP)) {
    return "This CPU has no such counter that the kernel knows; virtual machines often have none at all. softwareEvent('cpu-clock') is everywhere."
  }
  if (cgroup !== undefined && errno === -ENOENT) {
    // cgroup_propagate_control of kernel/cgroup/cgroup.c.
    return 'The kernel counts in cgroups of version 2 from the first time on that a controller is enabled in the cgroup.subtree_control of their root.'
  }
  if (event.type === 'breakpoint' && errno === -ENOSPC) {
    return 'All debug registers of a CPU are in use; x86 and arm64 have four of them.'
  }
  // Beyond the numbers of CPUs that the kernel knows it says EINVAL.
  if (cpu !== -1 && (errno === -ENODEV || (errno === -EINVAL && !onlineCpus().includes(cpu)))) {
    return `CPU ${cpu} does not exist or is offline.`
  }
  const limit = frequency === undefined ? undefined : setting('perf_event_max_sample_rate')
  if (errno === -EINVAL && limit !== undefined && (frequency as bigint) > BigInt(limit)) {
    return `The frequency is above ${limit}, the limit of /proc/sys/kernel/perf_event_max_sample_rate.`
  }
  return undefined
}

function setting(name: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(`/proc/sys/kernel/${name}`, 'latin1'), 10)
  } catch {
    return undefined
  }
}

export const perfEventFamily: HookFamily<PerfEventHook> = {
  programTypes: ['perf_event'],
  feature: ({ cookie }) => (cookie > 0n ? 'a cookie of perf_event' : 'perf_event'),
  since: ({ cookie }) => (cookie > 0n ? '5.15' : '4.9'),
  config: 'CONFIG_PERF_EVENTS',
  describe,
  hint,
  prepare(hook) {
    const { frequency, period, cgroup, ...rest } = hook
    const checked = perfEvent({
      ...rest,
      ...(frequency !== undefined && { frequency }),
      ...(period !== undefined && { period }),
      ...(cgroup !== undefined && { cgroup }),
    })
    const event = nativeEvent(checked.event)
    const opened = checked.cgroup === undefined ? undefined : openDescriptor(checked.cgroup, 'cgroup', true)
    return {
      native: {
        kind: 'perf_event',
        ...event,
        sample: checked.frequency ?? checked.period ?? 1n,
        isFrequency: checked.frequency !== undefined,
        pid: checked.pid,
        cpu: checked.cpu,
        cgroupFd: opened?.fd ?? -1,
        inherit: checked.inherit,
        cookie: checked.cookie,
      },
      ...(opened && { release: opened.release }),
    }
  },
}
