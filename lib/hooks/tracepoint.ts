import { nonEmptyString, unsigned64 } from '../arguments.ts'
import type { HookFamily } from './family.ts'

/** A static tracepoint of the kernel, as listed in tracefs under `events/<category>/<name>`. */
export interface TracepointHook {
  kind: 'tracepoint'
  category: string
  name: string
  cookie: bigint
}

export interface TracepointOptions {
  /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
  cookie?: number | bigint
}

/**
 * A static tracepoint. Linux 4.7.
 *
 * @param category such as `sched` or `syscalls`
 * @param name such as `sched_process_exec` or `sys_enter_openat`
 */
export function tracepoint(category: string, name: string, options: TracepointOptions = {}): TracepointHook {
  return {
    kind: 'tracepoint',
    category: nonEmptyString(category, 'category'),
    name: nonEmptyString(name, 'name'),
    cookie: unsigned64(options.cookie ?? 0n, 'cookie'),
  }
}

export const tracepointFamily: HookFamily<TracepointHook> = {
  programTypes: ['tracepoint'],
  since: '4.7',
  describe: ({ category, name }) => `tracepoint ${category}/${name}`,
  prepare: ({ category, name, cookie }) => ({ native: tracepoint(category, name, { cookie }) }),
}
