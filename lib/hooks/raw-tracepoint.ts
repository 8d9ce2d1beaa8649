import { nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import type { HookFamily } from './family.ts'

/** A tracepoint whose program reads the kernel's raw arguments. */
export interface RawTracepointHook {
  kind: 'raw_tracepoint'
  name: string
  cookie: bigint
}

export interface RawTracepointOptions {
  /** What `bpf_get_attach_cookie()` gives the program; Linux 6.10 and libbpf 1.4. */
  cookie?: number | bigint
}

/**
 * A raw tracepoint: no argument conversion, so cheaper than {@link tracepoint}. Linux 4.17.
 *
 * @param name without its category, such as `sched_switch` or `sys_enter`
 */
export function rawTracepoint(name: string, options: RawTracepointOptions = {}): RawTracepointHook {
  return {
    kind: 'raw_tracepoint',
    name: nonEmptyString(name, 'name'),
    cookie: unsigned64(optionsObject(options).cookie ?? 0n, 'cookie'),
  }
}

export const rawTracepointFamily: HookFamily<RawTracepointHook> = {
  programTypes: ['raw_tracepoint', 'raw_tracepoint_writable'],
  feature: ({ cookie }) => (cookie > 0n ? 'a cookie of raw_tracepoint' : 'raw_tracepoint'),
  since: ({ cookie }) => (cookie > 0n ? '6.10' : '4.17'),
  describe: ({ name }) => `raw_tracepoint ${name}`,
  // The kernel does not tell the two kinds of raw tracepoints apart.
  holds: ({ name }, link) => link.type === 'raw_tracepoint' && link.name === name,
  prepare: ({ name, cookie }) => ({ native: rawTracepoint(name, { cookie }) }),
}
