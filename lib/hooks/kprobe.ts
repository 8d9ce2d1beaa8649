import { constants } from 'node:os'
import { nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import type { NativeHook } from '../native-hook.ts'
import { invalidArgument, kernelError, ruleError } from '../errors.ts'
import type { LinkInfo } from '../link-info.ts'
import { globExpression, listTraceableFunctions, unprobeableNames } from '../system/tracefs.ts'
import type { HookFamily } from './family.ts'
import { type ProbeMode, checkProbeMode, nativeProbeMode } from './probe-mode.ts'

/** The entry of a kernel function, an instruction of it, or its return. */
export interface KprobeHook {
  kind: 'kprobe' | 'kretprobe'
  /** As in /proc/kallsyms; `module:function` where a module's is meant. */
  symbol: string
  /** Bytes from the function's start; 0 for a return. */
  offset: bigint
  cookie: bigint
  mode: ProbeMode | undefined
}

/** Entry or return of a system call, by its name alone. */
export interface KsyscallHook {
  kind: 'ksyscall' | 'kretsyscall'
  name: string
  cookie: bigint
}

export interface KretprobeOptions {
  /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
  cookie?: number | bigint
  /** How the kernel is asked for it; the newest way that it has by default. libbpf 1.2. */
  mode?: ProbeMode
}

export interface KprobeOptions extends KretprobeOptions {
  /** Bytes from the function's start, of an instruction's first byte. 0 by default. */
  offset?: number | bigint
}

export interface KsyscallOptions {
  /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
  cookie?: number | bigint
}

/**
 * Entry of a kernel function, or any instruction of it. Linux 4.1, with CONFIG_KPROBE_EVENTS.
 *
 * What cannot be probed (it is inlined, or the kernel forbids it) is answered with ENOENT or EINVAL, a name that several
 * functions have with EADDRNOTAVAIL (Linux 6.6), an offset inside an instruction with EILSEQ.
 *
 * @param symbol as in /proc/kallsyms, such as `vfs_unlink`; `module:function` for a module's
 */
export function kprobe(symbol: string, options: KprobeOptions = {}): KprobeHook {
  return probe('kprobe', symbol, options)
}

/**
 * Return of a kernel function. Linux 4.1, with CONFIG_KPROBE_EVENTS.
 *
 * @param symbol as in /proc/kallsyms, such as `vfs_unlink`; `module:function` for a module's
 */
export function kretprobe(symbol: string, options: KretprobeOptions = {}): KprobeHook {
  return probe('kretprobe', symbol, options)
}

/**
 * A kprobe for each function that fits, for `program.attachAll`: where the kernel has it, one link of `kprobeMulti` is a
 * thousand times faster to attach than a thousand of these. Left out is what a kprobe cannot be placed on: names that
 * several functions have, and functions that the kernel does not let be probed.
 *
 * @param pattern with `*` and `?`, over tracefs' `available_filter_functions`
 * @throws EbpfError ENOENT when no function fits
 */
export function kprobes(pattern: string, options: KretprobeOptions = {}): KprobeHook[] {
  return fitting(pattern).map((symbol) => probe('kprobe', symbol, options))
}

/** The same as {@link kprobes}, for the returns. */
export function kretprobes(pattern: string, options: KretprobeOptions = {}): KprobeHook[] {
  return fitting(pattern).map((symbol) => probe('kretprobe', symbol, options))
}

/**
 * Entry of a system call: the kprobe on whatever this kernel and architecture call its function, such as
 * `__x64_sys_openat`. The program reads the arguments by libbpf's `BPF_KSYSCALL`. Linux 4.1, with CONFIG_KPROBE_EVENTS.
 *
 * @param name such as `openat`
 */
export function ksyscall(name: string, options: KsyscallOptions = {}): KsyscallHook {
  return systemCall('ksyscall', name, options)
}

/**
 * Return of a system call. Linux 4.1, with CONFIG_KPROBE_EVENTS.
 *
 * @param name such as `openat`
 */
export function kretsyscall(name: string, options: KsyscallOptions = {}): KsyscallHook {
  return systemCall('kretsyscall', name, options)
}

function probe(kind: KprobeHook['kind'], symbol: unknown, options: KprobeOptions): KprobeHook {
  const offset = unsigned64(optionsObject(options).offset ?? 0n, 'offset')
  if (kind === 'kretprobe' && offset !== 0n) {
    throw invalidArgument('a function has its return nowhere else: kretprobe() takes no offset')
  }
  return {
    kind,
    symbol: nonEmptyString(symbol, 'symbol'),
    offset,
    cookie: unsigned64(options.cookie ?? 0n, 'cookie'),
    mode: checkProbeMode(options.mode),
  }
}

function systemCall(kind: KsyscallHook['kind'], name: unknown, options: KsyscallOptions): KsyscallHook {
  return { kind, name: nonEmptyString(name, 'name'), cookie: unsigned64(optionsObject(options).cookie ?? 0n, 'cookie') }
}

function fitting(pattern: unknown): string[] {
  const glob = nonEmptyString(pattern, 'pattern')
  const expression = globExpression(glob)
  const functions = listTraceableFunctions().filter(({ name }) => expression.test(name))
  const unprobeable = functions.length === 0 ? new Set<string>() : unprobeableNames()
  const symbols = functions
    .filter(({ name, module }) => module !== undefined || !unprobeable.has(name))
    .map(({ name, module }) => (module === undefined ? name : `${module}:${name}`))
  const counts = new Map<string, number>()
  for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  const unique = symbols.filter((symbol) => counts.get(symbol) === 1)
  if (unique.length > 0) return unique
  throw kernelError(-constants.errno.ENOENT, {
    operation: `looking for kernel functions that fit '${glob}'`,
    hint: 'Those that can be probed are listed in /sys/kernel/tracing/available_filter_functions.',
  })
}

/** A cookie, and a probe that is a link, need the links of perf events. */
const needsLink = (hook: { cookie: bigint; mode?: ProbeMode | undefined }): boolean =>
  hook.cookie > 0n || hook.mode === 'link'

/** @throws EbpfError ERR_EBPF_KERNEL where the kernel does not tell what the link is of */
function probeOf(link: LinkInfo, event: KprobeHook['kind'], is: (symbol: string, offset: bigint) => boolean): boolean {
  if (link.type !== 'perf_event') return false
  if (link.event === undefined) {
    throw ruleError('ERR_EBPF_KERNEL', `what link ${link.id} is of is told since Linux 6.6`, { operation: 'query' })
  }
  return link.event === event && is(link.symbol ?? '', link.offset)
}

const common = {
  programTypes: ['kprobe'],
  feature: (hook: KprobeHook | KsyscallHook) => (needsLink(hook) ? `a cookie or link of ${hook.kind}` : hook.kind),
  since: (hook: KprobeHook | KsyscallHook) => (needsLink(hook) ? '5.15' : '4.1'),
  evidence: (hook: KprobeHook | KsyscallHook) =>
    needsLink(hook) ? ['perf_kprobe_init', 'bpf_perf_link_release'] : 'perf_kprobe_init',
  config: 'CONFIG_KPROBE_EVENTS',
}

/** What the kernel means by its errno where it refuses a probe (kernel/kprobes.c, kernel/trace/trace_kprobe.c). */
const REFUSALS = new Map<number, string>([
  [constants.errno.ENOENT, 'The kernel has no such function: /proc/kallsyms lists all that are not inlined.'],
  [constants.errno.EADDRNOTAVAIL, 'Several functions have this name, and the kernel cannot tell which is meant.'],
  [constants.errno.EILSEQ, 'The offset is not the first byte of an instruction.'],
  [constants.errno.EINVAL, 'The kernel does not let this function be probed: /sys/kernel/debug/kprobes/blacklist.'],
])

const refusalHint = (errno: number): string | undefined => REFUSALS.get(-errno)

export const kprobeFamily: HookFamily<KprobeHook> = {
  ...common,
  hint: (_hook, errno) => refusalHint(errno),
  describe: ({ kind, symbol, offset }) => `${kind} ${symbol}${offset === 0n ? '' : `+0x${offset.toString(16)}`}`,
  holds: (hook, link) => probeOf(link, hook.kind, (symbol, offset) => symbol === hook.symbol && offset === hook.offset),
  prepare(hook) {
    const { symbol, offset, cookie, mode } = probe(hook.kind, hook.symbol, givenOf(hook))
    const isReturn = hook.kind === 'kretprobe'
    return { native: { kind: 'kprobe', return: isReturn, symbol, offset, cookie, mode: nativeProbeMode(mode) } }
  },
}

function givenOf({ offset, cookie, mode }: KprobeHook): KprobeOptions {
  return { offset, cookie, ...(mode !== undefined && { mode }) }
}

export const ksyscallFamily: HookFamily<KsyscallHook> = {
  ...common,
  hint: (_hook, errno) => refusalHint(errno),
  describe: ({ kind, name }) => `${kind} ${name}`,
  // What comes before `_sys_` is the architecture's.
  holds: ({ kind, name }, link) =>
    probeOf(link, kind === 'ksyscall' ? 'kprobe' : 'kretprobe', (symbol) => symbol.endsWith(`_sys_${name}`)),
  prepare(hook) {
    const { name, cookie } = systemCall(hook.kind, hook.name, hook)
    const native: NativeHook = { kind: 'ksyscall', return: hook.kind === 'kretsyscall', name, cookie }
    return { native }
  },
}
