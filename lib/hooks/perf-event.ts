import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { boolean, integer, optionsObject, unsigned64 } from '../arguments.ts'
import { invalidArgument, outOfRange } from '../errors.ts'
import { onlineCpus } from '../system/online-cpus.ts'
import {
  type PathOrDescriptor,
  checkPathOrDescriptor,
  describeDescriptor,
  descriptor,
  openDescriptor,
} from './descriptor.ts'
import type { HookFamily, PreparedHook } from './family.ts'
import { type PerfEventSource, checkEvent, describeEvent, nativeEvent } from './perf-event-source.ts'

/** A program that runs each time a counter or a clock of one CPU, process or cgroup has advanced by some steps. */
export interface PerfEventHook {
  kind: 'perf_event'
  /** One of the two is given: an event to be opened, or the descriptor of one that is open. */
  event: PerfEventSource | undefined
  fd: number | undefined
  /** One of the two is given, for an event. */
  frequency: bigint | undefined
  period: bigint | undefined
  /** -1: every process. */
  pid: number
  /** -1: every CPU. */
  cpu: number
  cgroup: PathOrDescriptor | undefined
  inherit: boolean
  excludeUser: boolean
  excludeKernel: boolean
  excludeHypervisor: boolean
  excludeIdle: boolean
  precise: PerfEventPrecision
  cookie: bigint
}

/**
 * How far the registers of a sample may be behind the instruction that made it (`precise_ip`): 0 any distance, 1 always the
 * same, 2 none if possible, 3 none. Above 0 only for counters of the CPU, where it can (PEBS, IBS).
 */
export type PerfEventPrecision = 0 | 1 | 2 | 3

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
  /** Not while the CPU runs user space, or the kernel, or a hypervisor, or has nothing to do; all four by default. */
  excludeUser?: boolean
  excludeKernel?: boolean
  excludeHypervisor?: boolean
  excludeIdle?: boolean
  /** 0 by default. */
  precise?: PerfEventPrecision
  /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
  cookie?: number | bigint
}

export interface PerfEventOptions extends PerfEventsOptions {
  /** Only while that CPU is used; every CPU by default, which the kernel takes only with a `pid`. */
  cpu?: number
}

/** An event that was opened elsewhere, with its own period, process and CPU. */
export interface OpenPerfEventOptions {
  /**
   * Its descriptor, which stays the caller's. The event is enabled by the attach, and neither disabled nor closed by the link:
   * that takes away the program alone. Linux 5.15.
   */
  fd: number
  /** What `bpf_get_attach_cookie()` gives the program. */
  cookie?: number | bigint
}

/** The kernel refuses a period with the highest bit (`perf_event_open` of kernel/events/core.c). */
const MAX_PERIOD = 2n ** 63n - 1n

/** Runs a program of `SEC("perf_event")` at samples of an event: one that is opened for it, or `{ fd }`. Linux 4.9. */
export function perfEvent(options: PerfEventOptions | OpenPerfEventOptions): PerfEventHook {
  const isOpen = (optionsObject(options) as Partial<OpenPerfEventOptions>).fd !== undefined
  return isOpen ? openEvent(options as OpenPerfEventOptions) : newEvent(options as PerfEventOptions)
}

function openEvent(options: OpenPerfEventOptions): PerfEventHook {
  const { fd, cookie = 0n, ...others } = options
  const other = Object.entries(others).find(([, value]) => value !== undefined)?.[0]
  if (other !== undefined) throw invalidArgument(`fd excludes ${other}: the event of a descriptor is open already`)
  return {
    kind: 'perf_event',
    event: undefined,
    fd: descriptor(fd, 'fd'),
    frequency: undefined,
    period: undefined,
    pid: -1,
    cpu: -1,
    cgroup: undefined,
    inherit: false,
    excludeUser: false,
    excludeKernel: false,
    excludeHypervisor: false,
    excludeIdle: false,
    precise: 0,
    cookie: unsigned64(cookie, 'cookie'),
  }
}

function newEvent(options: PerfEventOptions): PerfEventHook {
  const { pid = -1, cpu = -1, cgroup, inherit = false, precise = 0, cookie = 0n } = options
  const event = checkEvent(options.event)
  const hook: PerfEventHook = {
    kind: 'perf_event',
    event,
    fd: undefined,
    ...sampling(options, event),
    pid: integer(pid, 'pid', -1, 0x7fff_ffff),
    cpu: integer(cpu, 'cpu', -1, 0x7fff_ffff),
    cgroup: cgroup === undefined ? undefined : checkPathOrDescriptor(cgroup, 'cgroup'),
    inherit: boolean(inherit, 'inherit'),
    excludeUser: boolean(options.excludeUser ?? false, 'excludeUser'),
    excludeKernel: boolean(options.excludeKernel ?? false, 'excludeKernel'),
    excludeHypervisor: boolean(options.excludeHypervisor ?? false, 'excludeHypervisor'),
    excludeIdle: boolean(options.excludeIdle ?? false, 'excludeIdle'),
    precise: integer(precise, 'precise', 0, 3) as PerfEventPrecision,
    cookie: unsigned64(cookie, 'cookie'),
  }
  if (hook.cgroup !== undefined && hook.pid !== -1) throw invalidArgument('cgroup and pid exclude each other')
  if (hook.cpu === -1 && hook.pid === -1) {
    throw invalidArgument('a perf event is of one CPU, or of one process: name a cpu or a pid, or use perfEvents()')
  }
  if (hook.excludeUser && hook.excludeKernel && hook.excludeHypervisor) {
    throw invalidArgument('nothing is left to sample: user space, kernel and hypervisor are all excluded')
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

function describe({ event, fd, pid, cpu, cgroup }: PerfEventHook): string {
  if (event === undefined) return `perf_event of fd ${fd}`
  const scope = [
    pid === -1 ? '' : ` of process ${pid}`,
    cgroup === undefined ? '' : ` of cgroup ${describeDescriptor(cgroup)}`,
    cpu === -1 ? '' : ` on CPU ${cpu}`,
  ]
  return `perf_event ${describeEvent(event)}${scope.join('')}`
}

function hintOfOpen({ fd }: PerfEventHook, errno: number): string | undefined {
  const { EBADF, EEXIST } = constants.errno
  // perf_event_get of kernel/events/core.c.
  if (errno === -EBADF) return `fd ${fd} must be an event that perf_event_open(2) has opened in this process, and open.`
  return errno === -EEXIST ? `The event of fd ${fd} has a program: it takes one.` : undefined
}

function hint(hook: PerfEventHook, errno: number): string | undefined {
  const { event, frequency, cpu, cgroup, precise } = hook
  if (event === undefined) return hintOfOpen(hook, errno)
  const { ENOENT, EOPNOTSUPP, EINVAL, ENOSPC, ENODEV } = constants.errno
  // x86_pmu_hw_config of arch/x86/events/core.c.
  if (precise > 0 && errno === -EOPNOTSUPP) {
    return `This CPU cannot be that precise for this event: caps/max_precise of its folder in /sys/bus/event_source/devices tells how far it can.`
  }
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

function prepare(hook: PerfEventHook): PreparedHook {
  const { event, fd, cookie } = hook
  if (event === undefined && fd !== undefined) {
    return { native: { kind: 'open_perf_event', fd: descriptor(fd, 'fd'), cookie: unsigned64(cookie, 'cookie') } }
  }
  const { kind: _kind, ...options } = hook
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const { frequency, period, cgroup, ...checked } = perfEvent(given as unknown as PerfEventOptions)
  const source = nativeEvent(checked.event as PerfEventSource)
  const opened = cgroup === undefined ? undefined : openDescriptor(cgroup, 'cgroup', true)
  return {
    native: {
      ...source,
      kind: 'perf_event',
      sample: frequency ?? period ?? 1n,
      isFrequency: frequency !== undefined,
      pid: checked.pid,
      cpu: checked.cpu,
      cgroupFd: opened?.fd ?? -1,
      inherit: checked.inherit,
      excludeUser: checked.excludeUser,
      excludeKernel: checked.excludeKernel,
      excludeHypervisor: checked.excludeHypervisor,
      excludeIdle: checked.excludeIdle,
      precise: checked.precise,
      cookie: checked.cookie,
    },
    ...(opened && { release: opened.release }),
  }
}

/**
 * What only the links of events can do: an event keeps a program without one until its last descriptor is closed, and that of
 * somebody else stays open.
 */
function needOfLink({ fd, cookie }: PerfEventHook): string | undefined {
  if (fd !== undefined) return 'perf_event of a descriptor'
  return cookie > 0n ? 'a cookie of perf_event' : undefined
}

export const perfEventFamily: HookFamily<PerfEventHook> = {
  programTypes: ['perf_event'],
  feature: (hook) => needOfLink(hook) ?? 'perf_event',
  since: (hook) => (needOfLink(hook) === undefined ? '4.9' : '5.15'),
  config: 'CONFIG_PERF_EVENTS',
  describe,
  hint,
  prepare,
}
