import { describe, expect, test } from 'vitest'
import { namesTarget, sectionTarget } from '../../lib/hooks/section.ts'

describe('a section that names its target', () => {
  test.each([
    'kprobe/vfs_unlink',
    'kretprobe/vfs_unlink',
    'kprobe.multi/vfs_*',
    'kretprobe.multi/vfs_*',
    'kprobe.session/vfs_*',
    'ksyscall/openat',
    'kretsyscall/openat',
    'uprobe/libc.so.6:malloc',
    'uprobe.s//usr/lib/libc.so.6:malloc',
    'uretprobe/libc.so.6:malloc',
    'uretprobe.s/libc.so.6:malloc',
    'uprobe.multi/libc.so.6:mem*',
    'uprobe.multi.s/libc.so.6:mem*',
    'uretprobe.multi/libc.so.6:mem*',
    'uprobe.session/libc.so.6:mem*',
    'usdt/libc.so.6:libc:setjmp',
    'usdt.s/libc.so.6:libc:setjmp',
    'tp/sched/sched_switch',
    'tracepoint/sched/sched_switch',
    'raw_tp/sched_switch',
    'raw_tracepoint/sched_switch',
    'raw_tp.w/sched_switch',
    'raw_tracepoint.w/sched_switch',
    'tp_btf/sched_switch',
    'fentry/vfs_unlink',
    'fentry.s/vfs_unlink',
    'fexit/vfs_unlink',
    'fmod_ret/vfs_unlink',
    'freplace/other_function',
    'lsm/file_open',
    'lsm.s/file_open',
    'iter/task',
    'iter.s/bpf_map_elem',
    '?tracepoint/sched/sched_switch',
  ])('%s', (section) => {
    expect(namesTarget(section)).toBe(true)
  })
})

describe('a section that names none', () => {
  test.each([
    '',
    'kprobe',
    'kprobe/',
    'uprobe',
    'uretprobe.s',
    'usdt',
    'tracepoint',
    'raw_tp',
    '?tp_btf',
    'fentry',
    'lsm',
    'iter',
    'xdp',
    'xdp/devmap',
    'xdp.frags/cpumap',
    'tc',
    'tcx/ingress',
    'netkit/peer',
    'classifier',
    'cgroup/connect4',
    'cgroup_skb/egress',
    'socket',
    'sk_lookup',
    'sockops',
    'syscall',
    'struct_ops/init',
    'perf_event',
    'lsm_cgroup/socket_bind',
    'kprobes/vfs_unlink',
    'mytracepoint/sched/sched_switch',
  ])('%s', (section) => {
    expect(namesTarget(section)).toBe(false)
  })
})

test.each([
  ['tp_btf/sched_switch', 'sched_switch'],
  ['?tp_btf/sched_switch', 'sched_switch'],
  ['tracepoint/sched/sched_switch', 'sched/sched_switch'],
  ['uprobe//usr/bin/node:main', '/usr/bin/node:main'],
  ['tp_btf/', ''],
  ['tp_btf', ''],
  ['', ''],
])('the target of %j is %j', (section, target) => {
  expect(sectionTarget(section)).toBe(target)
})
