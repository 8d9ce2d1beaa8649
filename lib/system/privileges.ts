/** What this process may do. */
import { readFileSync } from 'node:fs'

/** Bits of linux/capability.h. */
const CAPABILITIES = { CAP_BPF: 39n, CAP_PERFMON: 38n, CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n }

const NEEDED =
  'BPF needs CAP_BPF, with CAP_PERFMON for tracing and CAP_NET_ADMIN for networking; opening by id, and Linux before 5.8, need CAP_SYS_ADMIN.'

/** Those for BPF that this process does not have; `undefined` where the kernel does not tell. */
export function missingCapabilities(): string[] | undefined {
  let status: string
  try {
    status = readFileSync('/proc/self/status', 'latin1')
  } catch {
    return undefined
  }
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1]
  if (effective === undefined) return undefined
  const bits = BigInt(`0x${effective}`)
  return Object.entries(CAPABILITIES)
    .filter(([, bit]) => ((bits >> bit) & 1n) === 0n)
    .map(([name]) => name)
}

/** What to say of an EPERM or EACCES when capabilities are missing. */
export function privilegeHint(): string | undefined {
  const missing = missingCapabilities()
  if (missing === undefined || missing.length === 0) return undefined
  return `This process lacks ${missing.join(', ')}: ${NEEDED}`
}

/** What to say of one when nothing but privileges can be the reason. */
export function forbiddenHint(): string {
  const missing = privilegeHint()
  if (missing !== undefined) return missing
  const confined = inUserNamespace()
    ? 'it is in a user namespace of its own, and the kernel asks for those of the first one (or a BPF token).'
    : 'something else forbids it, such as kernel lockdown, seccomp, a container, or a kernel or hypervisor that refuses this kind of program.'
  return `This process has the capabilities that BPF needs: ${confined}`
}

/** The first user namespace maps all ids to themselves. */
function inUserNamespace(): boolean {
  try {
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'latin1'))
  } catch {
    return false
  }
}
