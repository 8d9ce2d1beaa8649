import { invalidArgument } from '../errors.ts'
import { integer, nonEmptyString, unsigned64 } from '../arguments.ts'
import type { HookFamily } from './family.ts'

/** An instruction of a user-space binary, in one process or in all. */
export interface UprobeHook {
  kind: 'uprobe' | 'uretprobe'
  /** Path, or a library name such as `libc.so.6` that libbpf looks up in the usual folders. */
  binary: string
  symbol: string | undefined
  /** Bytes from the symbol, or from the start of the file without one. */
  offset: bigint
  /** -1: every process. */
  pid: number
  referenceCounterOffset: bigint
  cookie: bigint
}

export interface UprobeOptions {
  /** Function name in the binary's symbol table. */
  symbol?: string
  /** Bytes from the symbol's start, or from the file's start without a symbol. 0 by default. */
  offset?: number | bigint
  /** Only this process; every process by default. */
  pid?: number
  /** File offset of a semaphore that the kernel increments while the probe is attached (USDT); Linux 4.20. */
  referenceCounterOffset?: number | bigint
  /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
  cookie?: number | bigint
}

/**
 * Entry of a user-space function, or any instruction of a binary. Linux 4.3.
 *
 * @param binary path, or library name such as `libc.so.6`
 */
export function uprobe(binary: string, options: UprobeOptions): UprobeHook {
  return build('uprobe', binary, options)
}

/**
 * Return of a user-space function. Linux 4.3.
 *
 * @param binary path, or library name such as `libc.so.6`
 */
export function uretprobe(binary: string, options: UprobeOptions): UprobeHook {
  return build('uretprobe', binary, options)
}

function build(kind: UprobeHook['kind'], binary: string, options: UprobeOptions): UprobeHook {
  if (options?.symbol === undefined && options?.offset === undefined) {
    throw invalidArgument(`${kind}() needs a symbol or an offset in ${JSON.stringify(binary)}`)
  }
  return {
    kind,
    binary: nonEmptyString(binary, 'binary'),
    symbol: options.symbol === undefined ? undefined : nonEmptyString(options.symbol, 'symbol'),
    offset: unsigned64(options.offset ?? 0n, 'offset'),
    pid: integer(options.pid ?? -1, 'pid', -1, 0x7fff_ffff),
    referenceCounterOffset: unsigned64(options.referenceCounterOffset ?? 0n, 'referenceCounterOffset'),
    cookie: unsigned64(options.cookie ?? 0n, 'cookie'),
  }
}

export const uprobeFamily: HookFamily<UprobeHook> = {
  programTypes: ['kprobe'],
  since: '4.3',
  describe: ({ kind, binary, symbol, offset }) => `${kind} ${binary}:${symbol ?? `0x${offset.toString(16)}`}`,
  prepare(hook) {
    const { symbol, offset, pid, referenceCounterOffset, cookie } = hook
    const options = { offset, pid, referenceCounterOffset, cookie }
    const checked = build(hook.kind, hook.binary, symbol === undefined ? options : { ...options, symbol })
    return { native: { ...checked, kind: 'uprobe', return: hook.kind === 'uretprobe', mode: 0 } }
  },
}
