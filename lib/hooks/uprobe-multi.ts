import { constants } from 'node:os'
import { inspectBriefly, integer, nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import type { NativeHook } from '../native-hook.ts'
import { invalidArgument } from '../errors.ts'
import type { LinkInfo } from '../link-info.ts'
import { type Binary, checkBinary, describeBinary, isSameFile, resolveBinary } from './binary.ts'
import { functionOffsets } from './binary-functions.ts'
import type { HookFamily, HookedProgram } from './family.ts'
import { requireSection } from './probe-section.ts'

/** Many functions of one binary, by one link. */
export interface UprobeMultiHook {
  kind: 'uprobe_multi' | 'uretprobe_multi' | 'uprobe_session'
  binary: Binary
  /** One of the three is given. */
  pattern: string | undefined
  symbols: string[] | undefined
  offsets: bigint[] | undefined
  cookies: bigint[] | undefined
  referenceCounterOffsets: bigint[] | undefined
  /** -1: every process. */
  pid: number
}

/** Which functions: exactly one of `pattern`, `symbols` and `offsets`. */
export interface UprobeMultiOptions {
  /** Names of functions, with the wildcards `*` and `?`. */
  pattern?: string
  /** Names of functions; of one with several versions as `name@VERSION`. */
  symbols?: readonly string[]
  /** Bytes from the start of the file. */
  offsets?: readonly (number | bigint)[]
  /** What `bpf_get_attach_cookie()` gives the program at each; as many as symbols or offsets. */
  cookies?: readonly (number | bigint)[]
  /** File offsets of semaphores that the kernel increments while the probe is attached (USDT); as many as symbols or offsets. */
  referenceCounterOffsets?: readonly (number | bigint)[]
  /** Only this process; every process by default, also those that start later. */
  pid?: number
}

/** MAX_UPROBE_MULTI_CNT of kernel/trace/bpf_trace.c. */
const MAX_PLACES = 1 << 20

/**
 * Entries of many user-space functions at once, for a program of `SEC("uprobe.multi")`: much faster to attach and to detach
 * than one {@link uprobe} each. Linux 6.6, libbpf 1.3.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 */
export function uprobeMulti(binary: Binary, options: UprobeMultiOptions): UprobeMultiHook {
  return build('uprobe_multi', binary, options)
}

/**
 * Returns of many user-space functions at once, for a program of `SEC("uretprobe.multi")`. Linux 6.6, libbpf 1.3.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 */
export function uretprobeMulti(binary: Binary, options: UprobeMultiOptions): UprobeMultiHook {
  return build('uretprobe_multi', binary, options)
}

/**
 * Entries and returns of user-space functions, for one program of `SEC("uprobe.session")`: what it returns at the entry says
 * whether it runs at the return (0: yes), and both runs share 8 bytes (`bpf_session_cookie`). Linux 6.13, libbpf 1.6.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 */
export function uprobeSession(binary: Binary, options: UprobeMultiOptions): UprobeMultiHook {
  return build('uprobe_session', binary, options)
}

function build(kind: UprobeMultiHook['kind'], binary: Binary, options: UprobeMultiOptions): UprobeMultiHook {
  const checked = checkBinary(binary)
  const { pattern, symbols, offsets, cookies, referenceCounterOffsets, pid } = optionsObject(options)
  if ([pattern, symbols, offsets].filter((given) => given !== undefined).length !== 1) {
    throw invalidArgument(`${kind} needs exactly one of pattern, symbols and offsets in ${describeBinary(checked)}`)
  }
  const places = symbols ?? offsets
  return {
    kind,
    binary: checked,
    pattern: pattern === undefined ? undefined : nonEmptyString(pattern, 'pattern'),
    symbols: symbols === undefined ? undefined : different(list(symbols, 'symbols', nonEmptyString)),
    offsets: offsets === undefined ? undefined : list(offsets, 'offsets', unsigned64),
    cookies: forEachPlace(cookies, 'cookies', places),
    referenceCounterOffsets: forEachPlace(referenceCounterOffsets, 'referenceCounterOffsets', places),
    pid: integer(pid ?? -1, 'pid', -1, 0x7fff_ffff),
  }
}

function list<T>(values: unknown, argument: string, check: (value: unknown, argument: string) => T): T[] {
  if (!Array.isArray(values)) throw invalidArgument(`${argument} must be an array, not ${inspectBriefly(values)}`)
  integer(values.length, `the length of ${argument}`, 1, MAX_PLACES)
  // A hole of a sparse array is a value, too: undefined.
  return Array.from(values, (value, index) => check(value, `${argument}[${index}]`))
}

/** One function would be probed twice, with two cookies, and nobody means that. */
function different(symbols: string[]): string[] {
  const seen = new Set<string>()
  const twice = symbols.find((symbol) => seen.size === seen.add(symbol).size)
  if (twice !== undefined) throw invalidArgument(`symbols has ${inspectBriefly(twice)} twice`)
  return symbols
}

function forEachPlace(values: unknown, argument: string, places: readonly unknown[] | undefined): bigint[] | undefined {
  if (values === undefined) return undefined
  if (places === undefined) throw invalidArgument(`${argument} cannot be given for a pattern: the order is not known`)
  const checked = list(values, argument, unsigned64)
  if (checked.length === places.length) return checked
  throw invalidArgument(`${argument} must be as many as the functions, ${places.length}, not ${checked.length}`)
}

/** Where the program is loaded for entries as for returns. */
const SECTIONS = {
  uprobe_multi: ['uprobe.multi', 'uretprobe.multi'],
  uretprobe_multi: ['uprobe.multi', 'uretprobe.multi'],
  uprobe_session: ['uprobe.session'],
}

function prepare(hook: UprobeMultiHook, program?: HookedProgram): { native: NativeHook } {
  const { kind, binary, ...options } = hook
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const { pattern, symbols, offsets, cookies, referenceCounterOffsets, pid } = build(kind, binary, given)
  requireSection(program, SECTIONS[kind], kind)
  const path = resolveBinary(binary)
  const numbers = (values: bigint[] | undefined): BigUint64Array | undefined => values && BigUint64Array.from(values)
  return {
    native: {
      kind: 'uprobe_multi',
      return: kind === 'uretprobe_multi',
      session: kind === 'uprobe_session',
      binary: path,
      pid,
      pattern,
      symbols,
      offsets: numbers(offsets),
      cookies: numbers(cookies),
      referenceCounterOffsets: numbers(referenceCounterOffsets),
    },
  }
}

function describe({ kind, binary, pattern, symbols, offsets }: UprobeMultiHook): string {
  const names = pattern ?? (symbols ?? offsets?.map((offset) => `0x${offset.toString(16)}`) ?? []).slice(0, 3).join(',')
  const more = ((symbols ?? offsets)?.length ?? 0) > 3 ? ',…' : ''
  return `${kind} ${describeBinary(binary)}:${names}${more}`
}

/** Whether the link is at one of the functions at least. */
async function holds({ kind, binary, pattern, symbols, offsets }: UprobeMultiHook, link: LinkInfo): Promise<boolean> {
  if (link.type !== 'uprobe_multi' || link.binary === undefined || link.offsets === undefined) return false
  const path = resolveBinary(binary)
  if (link.return !== (kind === 'uretprobe_multi') || !isSameFile(link.binary, path)) return false
  const taken = new Set(link.offsets)
  const names = pattern === undefined ? { symbols: symbols ?? [] } : { pattern }
  return (offsets ?? (await functionOffsets(path, names))).some((offset) => taken.has(offset))
}

function hint({ symbols, pid }: UprobeMultiHook, errno: number): string | undefined {
  return errno === -constants.errno.ESRCH && symbols !== undefined && pid === -1
    ? 'Several functions of the binary have one of these names: name one by its version, such as name@VERSION, or by its offset.'
    : undefined
}

export const uprobeMultiFamily: HookFamily<UprobeMultiHook> = {
  programTypes: ['kprobe'],
  since: '6.6',
  evidence: 'bpf_uprobe_multi_link_attach',
  config: 'CONFIG_UPROBES',
  describe,
  prepare,
  hint,
  holds,
}

export const uprobeSessionFamily: HookFamily<UprobeMultiHook> = {
  programTypes: ['kprobe'],
  since: '6.13',
  describe,
  prepare,
  hint,
  holds,
}
