/** Options that are none, of builders and of hooks made by hand: said in words, with a code, as of any wrong argument. */
import { describe, expect, test } from 'vitest'
import { attachClassicFilter } from '../../lib/classic-filter.ts'
import { cgroup } from '../../lib/hooks/cgroup.ts'
import { type Hook, prepareHook } from '../../lib/hooks/hook.ts'
import { iterator } from '../../lib/hooks/iterator.ts'
import { kprobe, kretprobe, kretsyscall, ksyscall } from '../../lib/hooks/kprobe.ts'
import { kprobeMulti, kprobeSession, kretprobeMulti } from '../../lib/hooks/kprobe-multi.ts'
import { lsm } from '../../lib/hooks/lsm.ts'
import { netfilter } from '../../lib/hooks/netfilter.ts'
import { netkit } from '../../lib/hooks/netkit.ts'
import { flowDissector, skLookup } from '../../lib/hooks/network-namespace.ts'
import { breakpoint, rawEvent } from '../../lib/hooks/perf-event-source.ts'
import { perfEvent, perfEvents } from '../../lib/hooks/perf-event.ts'
import { rawTracepoint } from '../../lib/hooks/raw-tracepoint.ts'
import { tc } from '../../lib/hooks/tc.ts'
import { tcx } from '../../lib/hooks/tcx.ts'
import { tpBtf } from '../../lib/hooks/tp-btf.ts'
import { tracepoint } from '../../lib/hooks/tracepoint.ts'
import { fentry, fexit, fmodRet, fsession } from '../../lib/hooks/tracing.ts'
import { uprobeMulti, uprobeSession, uretprobeMulti } from '../../lib/hooks/uprobe-multi.ts'
import { uprobe, uretprobe } from '../../lib/hooks/uprobe.ts'
import { usdt } from '../../lib/hooks/usdt.ts'
import { xdp } from '../../lib/hooks/xdp.ts'

const builders: Record<string, (options: never) => unknown> = {
  tracepoint: (options) => tracepoint('sched', 'sched_switch', options),
  rawTracepoint: (options) => rawTracepoint('sys_enter', options),
  tpBtf: (options) => tpBtf('sys_enter', options),
  kprobe: (options) => kprobe('vfs_read', options),
  kretprobe: (options) => kretprobe('vfs_read', options),
  ksyscall: (options) => ksyscall('read', options),
  kretsyscall: (options) => kretsyscall('read', options),
  kprobeMulti: (options) => kprobeMulti('vfs_*', options),
  kretprobeMulti: (options) => kretprobeMulti('vfs_*', options),
  kprobeSession: (options) => kprobeSession('vfs_*', options),
  fentry: (options) => fentry('vfs_read', options),
  fexit: (options) => fexit('vfs_read', options),
  fmodRet: (options) => fmodRet('vfs_read', options),
  fsession: (options) => fsession('vfs_read', options),
  lsm: (options) => lsm('file_open', options),
  uprobe: (options) => uprobe('libc.so.6', options),
  uretprobe: (options) => uretprobe('libc.so.6', options),
  uprobeMulti: (options) => uprobeMulti('libc.so.6', options),
  uretprobeMulti: (options) => uretprobeMulti('libc.so.6', options),
  uprobeSession: (options) => uprobeSession('libc.so.6', options),
  usdt: (options) => usdt('libc.so.6', 'libc', 'probe', options),
  perfEvent: (options) => perfEvent(options),
  perfEvents: (options) => perfEvents(options),
  xdp: (options) => xdp('eth0', options),
  tc: (options) => tc('eth0', 'ingress', options),
  tcx: (options) => tcx('eth0', 'ingress', options),
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
  expect(() => build('x' as never)).toThrow(refusal('"x"'))
})

const demanding = ['netfilter', 'perfEvent', 'perfEvents', 'uprobe', 'uretprobe', 'uprobeMulti', 'uretprobeMulti']
test.each([...demanding, 'uprobeSession'])('%s() needs options', (name) => {
  expect(() => builders[name]?.(undefined as never)).toThrow(refusal('undefined'))
})

describe.each([
  ['tcx', { ...tcx('lo', 'ingress') }],
  ['netkit', { ...netkit('lo', 'primary') }],
  ['cgroup', { ...cgroup('/sys/fs/cgroup', { attachType: 'inet_ingress' }) }],
])('the ordering of %s() that was made by hand', (_name, hook) => {
  const prepare = (ordering: unknown) => (): unknown => prepareHook({ ...hook, ordering } as Hook)

  test.each([null, 3, 'first', true])('is refused when it is no object: %j', (ordering) => {
    expect(prepare(ordering)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        code: 'ERR_EBPF_INVALID_ARGUMENT',
        message: expect.stringContaining(`ordering must be an object, not ${JSON.stringify(ordering)}`),
      }),
    )
  })

  test.each([
    { before: null },
    { after: 5 },
    { before: {} },
    { after: { linkId: '1' } },
    { before: { linkId: 1 }, after: { linkId: 2 } },
    { first: 1 },
    { last: null },
    { first: true, last: true },
    { expectedRevision: '7' },
    { expectedRevision: null },
    { expectedRevision: 1.5 },
  ])('is refused when its values are wrong: %j', (ordering) => {
    expect(prepare(ordering)).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_EBPF_INVALID_ARGUMENT' }))
  })

  test.each([
    { after: { linkId: 0 } },
    { before: { linkId: 2 ** 32 } },
    { expectedRevision: 0 },
    { expectedRevision: -1n },
  ])('is refused when its values are out of range: %o', (ordering) => {
    expect(prepare(ordering)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' }))
  })
})

test('attachClassicFilter() refuses options that are none', async () => {
  await expect(attachClassicFilter(0, [{ code: 6 }], null as never)).rejects.toThrow(refusal('null'))
})
