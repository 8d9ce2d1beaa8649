import { release } from 'node:os'
import { nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import { ruleError } from '../errors.ts'
import { kernelOlderThan } from '../system/kernel-version.ts'
import type { HookFamily } from './family.ts'

/** A tracepoint whose program gets the arguments with their kernel types. */
export interface TpBtfHook {
  kind: 'tp_btf'
  name: string
  cookie: bigint
}

export interface TpBtfOptions {
  /** What `bpf_get_attach_cookie()` gives the program; Linux 6.10. */
  cookie?: number | bigint
}

/**
 * A BTF-typed raw tracepoint. Linux 5.5, with kernel BTF.
 *
 * The verifier checks the program against this tracepoint, so the target is fixed at load: name it in the section
 * (`SEC("tp_btf/sched_switch")`) or in `spec.programs.<name>.attachTarget` before loading. Attaching elsewhere is refused.
 *
 * @param name without its category, such as `sched_switch`
 */
export function tpBtf(name: string, options: TpBtfOptions = {}): TpBtfHook {
  return {
    kind: 'tp_btf',
    name: nonEmptyString(name, 'name'),
    cookie: unsigned64(optionsObject(options).cookie ?? 0n, 'cookie'),
  }
}

export const tpBtfFamily: HookFamily<TpBtfHook> = {
  programTypes: ['tracing'],
  attachTypes: ['trace_raw_tp'],
  feature: ({ cookie }) => (cookie > 0n ? 'a cookie of tp_btf' : 'tp_btf'),
  since: ({ cookie }) => (cookie > 0n ? '6.10' : '5.5'),
  describe: ({ name }) => `tp_btf ${name}`,
  loadTarget: ({ name }) => name,
  // The kernel does not tell the two kinds of raw tracepoints apart.
  holds: ({ name }, link) => link.type === 'raw_tracepoint' && link.name === name,
  prepare({ name, cookie }) {
    const checked = tpBtf(name, { cookie })
    // The kernel would attach it, and give the program a 0.
    if (checked.cookie > 0n && kernelOlderThan('6.10')) {
      throw ruleError('ERR_EBPF_KERNEL', `a cookie of tp_btf needs Linux 6.10: this is ${release()}`, {
        operation: 'attach',
        link: `tp_btf ${name}`,
      })
    }
    return { native: { kind: 'tracing', cookie: checked.cookie } }
  },
}
