/** What a perf event counts, in the words of `perf list`. */
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { inspectBriefly, integer, nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import { invalidArgument, kernelError } from '../errors.ts'

/** `enum perf_sw_ids` of linux/perf_event.h, without those that never give a sample. */
const SOFTWARE = {
  'cpu-clock': 0,
  'task-clock': 1,
  'page-faults': 2,
  'context-switches': 3,
  'cpu-migrations': 4,
  'minor-faults': 5,
  'major-faults': 6,
  'alignment-faults': 7,
  'emulation-faults': 8,
  'cgroup-switches': 11,
} as const

/** `enum perf_hw_id`. */
const HARDWARE = {
  'cpu-cycles': 0,
  instructions: 1,
  'cache-references': 2,
  'cache-misses': 3,
  'branch-instructions': 4,
  'branch-misses': 5,
  'bus-cycles': 6,
  'stalled-cycles-frontend': 7,
  'stalled-cycles-backend': 8,
  'ref-cycles': 9,
} as const

/** `enum perf_hw_cache_id`. */
const CACHES = { 'L1-dcache': 0, 'L1-icache': 1, LLC: 2, dTLB: 3, iTLB: 4, branch: 5, node: 6 } as const

/** `enum perf_hw_cache_op_id`. */
const OPERATIONS = { load: 0, store: 1, prefetch: 2 } as const

/** `enum perf_hw_cache_op_result_id`. */
const RESULTS = { access: 0, miss: 1 } as const

/** `HW_BREAKPOINT_*` of linux/hw_breakpoint.h. x86 has no `read` alone. */
const ACCESSES = { read: 1, write: 2, 'read-write': 3, execute: 4 } as const

/** `enum perf_type_id`. */
const TYPES = { hardware: 0, software: 1, cache: 3, raw: 4, breakpoint: 5 } as const

/** A clock or counter that the kernel keeps; `cgroup-switches` since Linux 5.13. */
export type SoftwareEvent = keyof typeof SOFTWARE
/** A counter of the CPU under the kernel's general name for it. */
export type HardwareEvent = keyof typeof HARDWARE
export type CacheLevel = keyof typeof CACHES
export type CacheOperation = keyof typeof OPERATIONS
export type CacheResult = keyof typeof RESULTS
export type BreakpointAccess = keyof typeof ACCESSES

/** What a perf event counts: made by {@link softwareEvent}, {@link hardwareEvent}, {@link cacheEvent}, {@link rawEvent} or {@link breakpoint}. */
export type PerfEventSource =
  | { type: 'software'; name: SoftwareEvent }
  | { type: 'hardware'; name: HardwareEvent }
  | { type: 'cache'; level: CacheLevel; operation: CacheOperation; result: CacheResult }
  | { type: 'raw'; config: bigint; config1: bigint; config2: bigint; pmu: string | undefined }
  | { type: 'breakpoint'; address: bigint; length: number; access: BreakpointAccess }

/** A clock or counter of the kernel; needs no hardware. */
export function softwareEvent(name: SoftwareEvent): PerfEventSource {
  return { type: 'software', name: oneOf(SOFTWARE, name, 'name') }
}

/** A counter of the CPU. ENOENT where the CPU, or the virtual machine, has none. */
export function hardwareEvent(name: HardwareEvent): PerfEventSource {
  return { type: 'hardware', name: oneOf(HARDWARE, name, 'name') }
}

/** Accesses to a cache, or those that missed it. ENOENT where the CPU, or the virtual machine, does not count them. */
export function cacheEvent(level: CacheLevel, operation: CacheOperation, result: CacheResult): PerfEventSource {
  return {
    type: 'cache',
    level: oneOf(CACHES, level, 'level'),
    operation: oneOf(OPERATIONS, operation, 'operation'),
    result: oneOf(RESULTS, result, 'result'),
  }
}

export interface RawEventOptions {
  /** A unit of /sys/bus/event_source/devices, such as `power`; the CPU's own by default. */
  pmu?: string
  /** What some units want beside `config`, as the files in `format` of their folder tell. 0 by default. */
  config1?: number | bigint
  config2?: number | bigint
}

/** A counter by the number that its maker's manual gives it, in `config` and, for some, in `config1` and `config2`. */
export function rawEvent(config: number | bigint, options: RawEventOptions = {}): PerfEventSource {
  const { config1 = 0n, config2 = 0n } = optionsObject(options)
  const pmu = options.pmu === undefined ? undefined : nonEmptyString(options.pmu, 'pmu')
  if (pmu !== undefined && !/^\w[\w.-]*$/.test(pmu)) {
    throw invalidArgument(`pmu must be a name of /sys/bus/event_source/devices, not ${inspectBriefly(pmu)}`)
  }
  return {
    type: 'raw',
    config: unsigned64(config, 'config'),
    config1: unsigned64(config1, 'config1'),
    config2: unsigned64(config2, 'config2'),
    pmu,
  }
}

export interface BreakpointOptions {
  /** Bytes that are watched: 1, 2, 4 or 8, of which the address must be a multiple. 4 by default; 8 for `execute`. */
  length?: number
  /** `write` by default. */
  access?: BreakpointAccess
}

/**
 * A debug register of the CPU: a sample at each access to an address of the process that is watched, or of the kernel (see
 * `kernelSymbols`).
 */
export function breakpoint(address: number | bigint, options: BreakpointOptions = {}): PerfEventSource {
  const access = oneOf(ACCESSES, optionsObject(options).access ?? 'write', 'access')
  const length = integer(options.length ?? (access === 'execute' ? 8 : 4), 'length', 1, 8)
  if (![1, 2, 4, 8].includes(length)) throw invalidArgument(`length must be 1, 2, 4 or 8, not ${length}`)
  const checked = unsigned64(address, 'address')
  if (access !== 'execute' && checked % BigInt(length) !== 0n) {
    throw invalidArgument(`address must be a multiple of the length ${length}, not 0x${checked.toString(16)}`)
  }
  return { type: 'breakpoint', address: checked, length, access }
}

function oneOf<T extends object>(names: T, value: unknown, argument: string): keyof T {
  if (typeof value === 'string' && Object.hasOwn(names, value)) return value as keyof T
  throw invalidArgument(`${argument} must be one of ${Object.keys(names).join(', ')}, not ${inspectBriefly(value)}`)
}

/** @throws TypeError unless it is what one of the constructors makes. */
export function checkEvent(event: PerfEventSource | undefined): PerfEventSource {
  switch (event?.type) {
    case 'software':
      return softwareEvent(event.name)
    case 'hardware':
      return hardwareEvent(event.name)
    case 'cache':
      return cacheEvent(event.level, event.operation, event.result)
    case 'raw':
      return rawEvent(event.config, {
        ...(event.pmu !== undefined && { pmu: event.pmu }),
        ...(event.config1 !== undefined && { config1: event.config1 }),
        ...(event.config2 !== undefined && { config2: event.config2 }),
      })
    case 'breakpoint':
      return breakpoint(event.address, event)
    default:
      throw invalidArgument("event must be made by a constructor, such as softwareEvent('cpu-clock')")
  }
}

const PLURALS: Record<CacheOperation, string> = { load: 'loads', store: 'stores', prefetch: 'prefetches' }

/** As `perf list` writes it, such as `L1-dcache-load-misses`. */
export function describeEvent(event: PerfEventSource): string {
  switch (event.type) {
    case 'cache':
      return `${event.level}-${event.result === 'miss' ? `${event.operation}-misses` : PLURALS[event.operation]}`
    case 'raw':
      return `${event.pmu ?? 'raw'}/${describeConfigs(event)}/`
    case 'breakpoint':
      return `breakpoint 0x${event.address.toString(16)}/${event.length} ${event.access}`
    default:
      return event.name
  }
}

function describeConfigs({ config, config1, config2 }: Extract<PerfEventSource, { type: 'raw' }>): string {
  const more = Object.entries({ config1, config2 }).filter(([, value]) => value !== 0n)
  return [`0x${config.toString(16)}`, ...more.map(([name, value]) => `${name}=0x${value.toString(16)}`)].join(',')
}

/** The fields of `struct perf_event_attr`. */
export interface NativeEvent {
  type: number
  config: bigint
  config1: bigint
  config2: bigint
  breakpointType: number
}

/** @throws EbpfError ENOENT when there is no PMU of that name. */
export function nativeEvent(event: PerfEventSource): NativeEvent {
  const native = { type: TYPES[event.type] as number, config: 0n, config1: 0n, config2: 0n, breakpointType: 0 }
  switch (event.type) {
    case 'software':
      return { ...native, config: BigInt(SOFTWARE[event.name]) }
    case 'hardware':
      return { ...native, config: BigInt(HARDWARE[event.name]) }
    case 'cache': {
      const { level, operation, result } = event
      const config = CACHES[level] | (OPERATIONS[operation] << 8) | (RESULTS[result] << 16)
      return { ...native, config: BigInt(config) }
    }
    case 'raw': {
      const { config, config1, config2, pmu } = event
      return { ...native, type: pmu === undefined ? native.type : pmuType(pmu), config, config1, config2 }
    }
    case 'breakpoint': {
      // Of one place in the struct: bp_addr is config1, bp_len is config2.
      const { address, length, access } = event
      return { ...native, config1: address, config2: BigInt(length), breakpointType: ACCESSES[access] }
    }
  }
}

/** The kernel numbers PMUs in the order in which it finds them. */
function pmuType(name: string): number {
  try {
    return Number.parseInt(readFileSync(`/sys/bus/event_source/devices/${name}/type`, 'latin1'), 10)
  } catch {
    throw kernelError(-constants.errno.ENOENT, {
      operation: `looking for the PMU '${name}'`,
      hint: 'Those of this machine are listed in /sys/bus/event_source/devices.',
    })
  }
}
