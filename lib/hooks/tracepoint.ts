import { constants } from 'node:os'
import { nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import { kernelError } from '../errors.ts'
import { globExpression, listTracepoints } from '../system/tracefs.ts'
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
    cookie: unsigned64(optionsObject(options).cookie ?? 0n, 'cookie'),
  }
}

/**
 * A hook for each tracepoint that fits, for `program.attachAll`.
 *
 * @param category such as `syscalls`; both may be patterns with `*` and `?`
 * @param pattern such as `sys_enter_*`
 * @throws EbpfError ENOENT when no tracepoint fits, or tracefs is not mounted
 */
export function tracepoints(category: string, pattern: string, options: TracepointOptions = {}): TracepointHook[] {
  const categories = globExpression(nonEmptyString(category, 'category'))
  const names = globExpression(nonEmptyString(pattern, 'pattern'))
  const found = listTracepoints().filter((event) => categories.test(event.category) && names.test(event.name))
  if (found.length > 0) return found.map((event) => tracepoint(event.category, event.name, options))
  throw kernelError(-constants.errno.ENOENT, {
    operation: `looking for tracepoints that fit '${category}/${pattern}'`,
    hint: 'All are listed in /sys/kernel/tracing/available_events.',
  })
}

export const tracepointFamily: HookFamily<TracepointHook> = {
  programTypes: ['tracepoint'],
  feature: ({ cookie }) => (cookie > 0n ? 'a cookie of tracepoint' : 'tracepoint'),
  since: ({ cookie }) => (cookie > 0n ? '5.15' : '4.7'),
  evidence: ({ cookie }) => (cookie > 0n ? 'bpf_perf_link_release' : undefined),
  describe: ({ category, name }) => `tracepoint ${category}/${name}`,
  prepare: ({ category, name, cookie }) => ({ native: tracepoint(category, name, { cookie }) }),
  query({ category, name }) {
    const checked = tracepoint(category, name)
    return { native: { kind: 'tracepoint', category: checked.category, name: checked.name } }
  },
}
