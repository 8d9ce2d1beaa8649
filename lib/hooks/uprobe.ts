import { constants } from 'node:os'
import { invalidArgument, outOfRange } from '../errors.ts'
import { integer, nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import type { LinkInfo } from '../link-info.ts'
import { type Binary, checkBinary, describeBinary, isSameFile, resolveBinary } from './binary.ts'
import { functionOffsets } from './binary-functions.ts'
import type { HookFamily } from './family.ts'
import { refuseSection } from './probe-section.ts'
import { type ProbeMode, checkProbeMode, nativeProbeMode } from './probe-mode.ts'

/** An instruction of a user-space binary, in one process or in all. */
export interface UprobeHook {
  kind: 'uprobe' | 'uretprobe'
  binary: Binary
  symbol: string | undefined
  /** Bytes from the symbol, or from the start of the file without one. */
  offset: bigint
  /** -1: every process. */
  pid: number
  referenceCounterOffset: bigint
  cookie: bigint
  mode: ProbeMode | undefined
}

export interface UprobeOptions {
  /** Function name in the binary's symbol tables; of a function with several versions as `name@VERSION`. */
  symbol?: string
  /** Bytes from the symbol's start, or from the file's start without a symbol. 0 by default. */
  offset?: number | bigint
  /** Only this process; every process by default, also those that start later. */
  pid?: number
  /** File offset of a semaphore that the kernel increments while the probe is attached (USDT); Linux 4.20. */
  referenceCounterOffset?: number | bigint
  /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
  cookie?: number | bigint
  /** How the kernel is asked for it; the newest way that it has by default. libbpf 1.2. */
  mode?: ProbeMode
}

/**
 * Entry of a user-space function, or any instruction of a binary. Linux 4.3.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 */
export function uprobe(binary: Binary, options: UprobeOptions): UprobeHook {
  return build('uprobe', binary, options)
}

/**
 * Return of a user-space function. Linux 4.3.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 */
export function uretprobe(binary: Binary, options: UprobeOptions): UprobeHook {
  return build('uretprobe', binary, options)
}

function build(kind: UprobeHook['kind'], binary: Binary, options: UprobeOptions): UprobeHook {
  const checked = checkBinary(binary)
  if (optionsObject(options).symbol === undefined && options.offset === undefined) {
    throw invalidArgument(`${kind}() needs a symbol or an offset in ${describeBinary(checked)}`)
  }
  const mode = checkProbeMode(options.mode)
  const cookie = unsigned64(options.cookie ?? 0n, 'cookie')
  if (cookie !== 0n && mode !== undefined && mode !== 'link') {
    throw invalidArgument(`a cookie is kept by a link: mode must be link, not ${mode}`)
  }
  return {
    kind,
    binary: checked,
    symbol: options.symbol === undefined ? undefined : nonEmptyString(options.symbol, 'symbol'),
    offset: unsigned64(options.offset ?? 0n, 'offset'),
    pid: integer(options.pid ?? -1, 'pid', -1, 0x7fff_ffff),
    referenceCounterOffset: counterOffset(options.referenceCounterOffset ?? 0n),
    cookie,
    mode,
  }
}

/** The kernel's field has 32 bits (`PMU_FORMAT_ATTR(ref_ctr_offset)` of kernel/events/core.c). */
function counterOffset(value: number | bigint): bigint {
  const offset = unsigned64(value, 'referenceCounterOffset')
  if (offset > 0xffff_ffffn) throw outOfRange(`referenceCounterOffset must be from 0 to 2^32 - 1, not ${offset}`)
  return offset
}

/** Programs that are loaded for a link of another type (`expected_attach_type`). */
const OTHERS = [
  'uprobe.multi',
  'uretprobe.multi',
  'uprobe.session',
  'usdt',
  'kprobe.multi',
  'kretprobe.multi',
  'kprobe.session',
]

/** A cookie, and a probe that is a link, need the links of perf events. */
const needsLink = ({ cookie, mode }: UprobeHook): boolean => cookie > 0n || mode === 'link'

async function holds({ kind, binary, symbol, offset }: UprobeHook, link: LinkInfo): Promise<boolean> {
  if (link.type !== 'perf_event' || link.event !== kind) return false
  const path = resolveBinary(binary)
  if (!isSameFile(link.binary, path)) return false
  const starts = symbol === undefined ? [0n] : await functionOffsets(path, { symbols: [symbol] })
  return starts.some((start) => start + offset === link.offset)
}

export const uprobeFamily: HookFamily<UprobeHook> = {
  programTypes: ['kprobe'],
  feature: (hook) => (needsLink(hook) ? `a cookie or link of ${hook.kind}` : hook.kind),
  since: (hook) => (needsLink(hook) ? '5.15' : '4.3'),
  evidence: (hook) => (needsLink(hook) ? ['uprobe_register', 'bpf_perf_link_release'] : 'uprobe_register'),
  config: 'CONFIG_UPROBE_EVENTS',
  describe: ({ kind, binary, symbol, offset }) =>
    `${kind} ${describeBinary(binary)}:${symbol ?? `0x${offset.toString(16)}`}`,
  holds,
  hint: ({ symbol, pid }, errno) =>
    errno === -constants.errno.ESRCH && symbol !== undefined && pid === -1
      ? `Several functions of the binary are named ${symbol}: name one by its version, such as ${symbol}@VERSION, or by its offset.`
      : undefined,
  prepare(hook, program) {
    const { kind, binary, symbol, mode, ...rest } = hook
    const checked = build(kind, binary, {
      ...rest,
      ...(symbol !== undefined && { symbol }),
      ...(mode !== undefined && { mode }),
    })
    refuseSection(program, OTHERS, `${kind}()`)
    return {
      native: {
        ...checked,
        kind: 'uprobe',
        return: kind === 'uretprobe',
        binary: resolveBinary(checked.binary),
        mode: nativeProbeMode(checked.mode),
      },
    }
  },
}
