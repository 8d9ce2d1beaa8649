import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { Problem } from './problem.ts'

/** Numbers of linux/capability.h. */
const CAP_SYS_ADMIN = 21n
const CAP_PERFMON = 38n
const CAP_BPF = 39n

const privilege = 'run it as root (in a container: with --privileged), or with CAP_BPF and CAP_PERFMON'

/**
 * What can be known before anything is tried.
 *
 * @throws Problem when the demo cannot work here
 */
export function requireKernel(): void {
  if (process.platform !== 'linux') {
    throw new Problem(`eBPF is part of the Linux kernel, and this is ${process.platform}.`)
  }
  if (!existsSync('/proc/sys/kernel/unprivileged_bpf_disabled')) {
    throw new Problem(`This kernel (${release()}) was built without BPF (CONFIG_BPF_SYSCALL).`)
  }
  if (!existsSync('/sys/kernel/btf/vmlinux')) {
    throw new Problem(`This kernel (${release()}) does not describe its types (CONFIG_DEBUG_INFO_BTF).`)
  }
  if (!has(CAP_SYS_ADMIN) && !(has(CAP_BPF) && has(CAP_PERFMON))) {
    throw new Problem(`Loading BPF programs needs privilege: ${privilege}.`)
  }
}

function has(capability: bigint): boolean {
  const effective = /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return (BigInt(`0x${effective}`) & (1n << capability)) !== 0n
}

/** The sentence for an error that no bug is behind; `undefined` for all others. */
export function explain(error: unknown): string | undefined {
  if (error instanceof Problem) return error.message
  const { code, message } = error as { code?: unknown; message?: string }
  if (code === 'EPERM' || code === 'EACCES') return `The kernel does not allow it (${code}): ${privilege}.`
  // The kernel's codes, such as EINVAL, and those of the package.
  return typeof code === 'string' && /^(E[A-Z0-9]+|ERR_EBPF_\w+)$/.test(code) ? message : undefined
}
