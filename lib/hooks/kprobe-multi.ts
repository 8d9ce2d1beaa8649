import { constants } from 'node:os'
import { boolean, inspectBriefly, nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import { invalidArgument, ruleError } from '../errors.ts'
import type { LinkInfo } from '../link-info.ts'
import { kernelSymbols } from '../system/kernel-symbols.ts'
import { globExpression } from '../system/tracefs.ts'
import type { HookFamily } from './family.ts'

/** Which functions: a pattern with `*` and `?`, or names, or addresses. */
export type KernelFunctions =
  | string
  | { symbols: readonly string[] }
  | { addresses: readonly (number | bigint)[] | BigUint64Array }

/** Many kernel functions by one link. */
export interface KprobeMultiHook {
  kind: 'kprobe_multi' | 'kretprobe_multi' | 'kprobe_session'
  functions: string | { symbols: string[] } | { addresses: bigint[] }
  /** One for each name or address. */
  cookies: bigint[] | undefined
  uniqueMatch: boolean
}

export interface KprobeMultiOptions {
  /** What `bpf_get_attach_cookie()` gives the program, one for each name or address; not with a pattern. */
  cookies?: readonly (number | bigint)[] | BigUint64Array
  /** Refuses a pattern that more than one function fits. libbpf 1.6. */
  uniqueMatch?: boolean
}

/**
 * Entries of many kernel functions by one link, attached in one call. Linux 5.18, with CONFIG_FPROBE.
 *
 * The program is loaded for it: `SEC("kprobe.multi")`. No function is ENOENT or ESRCH.
 *
 * @param functions a pattern with `*` and `?` such as `vfs_*`, or `{ symbols }`, or `{ addresses }`
 */
export function kprobeMulti(functions: KernelFunctions, options: KprobeMultiOptions = {}): KprobeMultiHook {
  return build('kprobe_multi', functions, options)
}

/** The same as {@link kprobeMulti}, for the returns. `SEC("kretprobe.multi")`. */
export function kretprobeMulti(functions: KernelFunctions, options: KprobeMultiOptions = {}): KprobeMultiHook {
  return build('kretprobe_multi', functions, options)
}

/**
 * Entries and returns of many kernel functions: the program runs twice for each call, tells them apart by the kfunc
 * `bpf_session_is_return()`, and skips the return by returning 1 at the entry. Linux 6.10, with CONFIG_FPROBE; libbpf 1.5.
 *
 * The program is loaded for it: `SEC("kprobe.session")`.
 */
export function kprobeSession(functions: KernelFunctions, options: KprobeMultiOptions = {}): KprobeMultiHook {
  return build('kprobe_session', functions, options)
}

function build(kind: KprobeMultiHook['kind'], functions: unknown, options: KprobeMultiOptions): KprobeMultiHook {
  const checked = checkFunctions(functions)
  const uniqueMatch = boolean(optionsObject(options).uniqueMatch ?? false, 'uniqueMatch')
  const cookies = options.cookies === undefined ? undefined : integers(options.cookies, 'cookies')
  if (typeof checked === 'string') {
    if (cookies !== undefined) throw invalidArgument('cookies belong to symbols or addresses, not to a pattern')
    return { kind, functions: checked, cookies, uniqueMatch }
  }
  if (uniqueMatch) throw invalidArgument('uniqueMatch is for a pattern, not for symbols or addresses')
  const count = 'symbols' in checked ? checked.symbols.length : checked.addresses.length
  if (cookies !== undefined && cookies.length !== count) {
    throw invalidArgument(`cookies must be as many as the functions, ${count}, not ${cookies.length}`)
  }
  return { kind, functions: checked, cookies, uniqueMatch }
}

function checkFunctions(functions: unknown): KprobeMultiHook['functions'] {
  if (typeof functions === 'string') return nonEmptyString(functions, 'pattern')
  if (typeof functions === 'object' && functions !== null) {
    if ('symbols' in functions && !('addresses' in functions)) {
      const symbols = nonEmptyList(functions.symbols, 'symbols')
      return { symbols: symbols.map((symbol, index) => nonEmptyString(symbol, `symbols[${index}]`)) }
    }
    if ('addresses' in functions && !('symbols' in functions)) {
      return { addresses: integers(functions.addresses, 'addresses') }
    }
  }
  throw invalidArgument(`functions must be a pattern, { symbols } or { addresses }, not ${inspectBriefly(functions)}`)
}

function integers(values: unknown, argument: string): bigint[] {
  return nonEmptyList(values, argument).map((value, index) => unsigned64(value, `${argument}[${index}]`))
}

function nonEmptyList(values: unknown, argument: string): unknown[] {
  const list = values instanceof BigUint64Array ? Array.from(values) : values
  if (!Array.isArray(list) || list.length === 0) {
    throw invalidArgument(`${argument} must be an array with something in it, not ${inspectBriefly(values)}`)
  }
  return list
}

function describe({ kind, functions }: KprobeMultiHook): string {
  if (typeof functions === 'string') return `${kind} ${functions}`
  if ('symbols' in functions) return `${kind} ${brief(functions.symbols)}`
  return `${kind} ${brief(functions.addresses.map((address) => `0x${address.toString(16)}`))}`
}

function brief(names: string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
}

/**
 * Whether one of the link's functions is one of the hook's.
 *
 * @throws EbpfError ERR_EBPF_KERNEL where the kernel does not tell which they are
 */
function holds(hook: KprobeMultiHook, link: LinkInfo): boolean {
  if (link.type !== 'kprobe_multi') return false
  const { addresses } = link
  if (addresses === undefined || addresses.includes(0n)) {
    const message = `which functions link ${link.id} is at is told since Linux 6.6, to who may see kernel addresses`
    throw ruleError('ERR_EBPF_KERNEL', message, { operation: 'query' })
  }
  if (link.return !== (hook.kind === 'kretprobe_multi')) return false
  const { functions } = hook
  if (typeof functions === 'object' && 'addresses' in functions) {
    return functions.addresses.some((address) => addresses.includes(address))
  }
  const names = [...addresses].map((address) => kernelSymbols.resolve(address)?.name ?? '')
  if (typeof functions === 'object') return functions.symbols.some((symbol) => names.includes(symbol))
  const expression = globExpression(functions)
  return names.some((name) => expression.test(name))
}

const NO_FUNCTION_HINT = 'What can be traced so is listed in /sys/kernel/tracing/available_filter_functions.'

export const kprobeMultiFamily: HookFamily<KprobeMultiHook> = {
  programTypes: ['kprobe'],
  attachTypes: ['trace_kprobe_multi'],
  since: '5.18',
  evidence: 'register_fprobe_ips',
  config: 'CONFIG_FPROBE',
  hint: (_hook, errno) =>
    errno === -constants.errno.ENOENT || errno === -constants.errno.ESRCH ? NO_FUNCTION_HINT : undefined,
  describe,
  holds,
  prepare(hook) {
    const { kind, functions, cookies, uniqueMatch } = build(hook.kind, hook.functions, {
      uniqueMatch: hook.uniqueMatch,
      ...(hook.cookies !== undefined && { cookies: hook.cookies }),
    })
    return {
      native: {
        kind: 'kprobe_multi',
        return: kind === 'kretprobe_multi',
        session: kind === 'kprobe_session',
        pattern: typeof functions === 'string' ? functions : undefined,
        symbols: typeof functions === 'object' && 'symbols' in functions ? functions.symbols : undefined,
        addresses:
          typeof functions === 'object' && 'addresses' in functions
            ? BigUint64Array.from(functions.addresses)
            : undefined,
        cookies: cookies === undefined ? undefined : BigUint64Array.from(cookies),
        uniqueMatch,
      },
    }
  },
}

export const kprobeSessionFamily: HookFamily<KprobeMultiHook> = {
  ...kprobeMultiFamily,
  attachTypes: ['trace_kprobe_session'],
  since: '6.10',
  evidence: ['register_fprobe_ips', 'bpf_session_is_return'],
}
