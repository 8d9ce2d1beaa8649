/** The security modules that the kernel was booted with. */
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { binding } from '../binding.ts'

const LIST = '/sys/kernel/security/lsm'

/** Their names, in the kernel's order and words; `undefined` where securityfs is not mounted. */
export function securityModules(): string | undefined {
  try {
    return readFileSync(LIST, 'latin1').trim()
  } catch {
    return undefined
  }
}

/** Whether BPF is one of them; `undefined` where that cannot be known: before Linux 6.8 without securityfs. */
export function hasBpfModule(): boolean | undefined {
  const found = binding.hasBpfSecurityModule()
  if (found >= 0) return found === 1
  return securityModules()?.split(',').includes('bpf')
}

/** What to do about a kernel of which {@link hasBpfModule} does not say yes. */
export function bpfModuleHint(): string {
  const modules = securityModules()
  if (modules !== undefined) return `Boot it with lsm=${modules},bpf`
  if (hasBpfModule() === false) return `Boot it with bpf at the end of the list of the option lsm=`
  return `Linux ${release()} tells only where securityfs is mounted: mount -t securityfs securityfs /sys/kernel/security`
}
