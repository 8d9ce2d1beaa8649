/** Builders whose options are none: said in words, with a code, as of any wrong argument. */
import { expect, test } from 'vitest'
import { attachClassicFilter } from '../../lib/classic-filter.ts'
import { cgroup } from '../../lib/hooks/cgroup.ts'
import { iterator } from '../../lib/hooks/iterator.ts'
import { kprobe, kretprobe, ksyscall } from '../../lib/hooks/kprobe.ts'
import { kprobeMulti } from '../../lib/hooks/kprobe-multi.ts'
import { lsm } from '../../lib/hooks/lsm.ts'
import { netfilter } from '../../lib/hooks/netfilter.ts'
import { netkit } from '../../lib/hooks/netkit.ts'
import { flowDissector, skLookup } from '../../lib/hooks/network-namespace.ts'
import { breakpoint, rawEvent } from '../../lib/hooks/perf-event-source.ts'
import { rawTracepoint } from '../../lib/hooks/raw-tracepoint.ts'
import { tpBtf } from '../../lib/hooks/tp-btf.ts'
import { tracepoint } from '../../lib/hooks/tracepoint.ts'
import { fentry, fexit } from '../../lib/hooks/tracing.ts'
import { usdt } from '../../lib/hooks/usdt.ts'

const builders: Record<string, (options: never) => unknown> = {
  tracepoint: (options) => tracepoint('sched', 'sched_switch', options),
  rawTracepoint: (options) => rawTracepoint('sys_enter', options),
  tpBtf: (options) => tpBtf('sys_enter', options),
  kprobe: (options) => kprobe('vfs_read', options),
  kretprobe: (options) => kretprobe('vfs_read', options),
  ksyscall: (options) => ksyscall('read', options),
  kprobeMulti: (options) => kprobeMulti('vfs_*', options),
  fentry: (options) => fentry('vfs_read', options),
  fexit: (options) => fexit('vfs_read', options),
  lsm: (options) => lsm('file_open', options),
  usdt: (options) => usdt('libc.so.6', 'libc', 'probe', options),
  cgroup: (options) => cgroup('/sys/fs/cgroup', options),
  netfilter: (options) => netfilter(options),
  netkit: (options) => netkit('nk0', 'primary', options),
  skLookup: (options) => skLookup(options),
  flowDissector: (options) => flowDissector(options),
  iterator: (options) => iterator(options),
  rawEvent: (options) => rawEvent(1, options),
  breakpoint: (options) => breakpoint(8, options),
}

const refusal = (given: string): unknown =>
  expect.objectContaining({
    name: 'TypeError',
    code: 'ERR_EBPF_INVALID_ARGUMENT',
    message: `options must be an object, not ${given}`,
  })

test.each(Object.entries(builders))('%s() refuses options that are none', (_name, build) => {
  expect(() => build(null as never)).toThrow(refusal('null'))
  expect(() => build(3 as never)).toThrow(refusal('3'))
})

test('netfilter() needs options', () => {
  expect(() => netfilter(undefined as never)).toThrow(refusal('undefined'))
})

test('attachClassicFilter() refuses options that are none', async () => {
  await expect(attachClassicFilter(0, [{ code: 6 }], null as never)).rejects.toThrow(refusal('null'))
})
