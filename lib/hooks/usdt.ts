import { integer, nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import { type Binary, checkBinary, describeBinary, resolveBinary } from './binary.ts'
import type { HookFamily } from './family.ts'
import { requireSection } from './probe-section.ts'

/** A static probe that the authors of a program put into it, such as `python:function__entry`. */
export interface UsdtHook {
  kind: 'usdt'
  binary: Binary
  provider: string
  name: string
  /** -1: every process. */
  pid: number
  cookie: bigint
}

export interface UsdtOptions {
  /** Only this process; every process by default, also those that start later. */
  pid?: number
  /** What `bpf_usdt_cookie()` gives the program. */
  cookie?: number | bigint
}

/**
 * A static probe of user space (USDT), at every place in the binary that has it, for a program that includes
 * `bpf/usdt.bpf.h`: it reads the arguments by `bpf_usdt_arg()`, whatever register or memory each place has them in. The
 * probe's semaphore is raised while it is attached (Linux 4.20). A probe of a shared library needs a `pid` before
 * Linux 5.15. The attachment is several of the kernel's, so it has no id and no pin.
 *
 * @param binary path, name such as `libpython3.so`, or `{ pid, library }`: what a process runs
 * @param provider such as `python`
 * @param name such as `function__entry`
 */
export function usdt(binary: Binary, provider: string, name: string, options: UsdtOptions = {}): UsdtHook {
  return {
    kind: 'usdt',
    binary: checkBinary(binary),
    provider: nonEmptyString(provider, 'provider'),
    name: nonEmptyString(name, 'name'),
    pid: integer(optionsObject(options).pid ?? -1, 'pid', -1, 0x7fff_ffff),
    cookie: unsigned64(options.cookie ?? 0n, 'cookie'),
  }
}

export const usdtFamily: HookFamily<UsdtHook> = {
  programTypes: ['kprobe'],
  since: '4.3',
  evidence: 'uprobe_register',
  config: 'CONFIG_UPROBE_EVENTS',
  describe: ({ binary, provider, name }) => `usdt ${describeBinary(binary)}:${provider}:${name}`,
  prepare({ binary, provider, name, pid, cookie }, program) {
    const checked = usdt(binary, provider, name, { pid, cookie })
    requireSection(program, ['usdt'], 'usdt()')
    return { native: { ...checked, binary: resolveBinary(checked.binary) } }
  },
}
