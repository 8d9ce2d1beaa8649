import { describe, expect, test } from 'vitest'
import { freplace } from '../../lib/hooks/freplace.ts'
import { describeHook, familyOf, prepareHook } from '../../lib/hooks/hook.ts'
import { kprobeMulti, kprobeSession, kretprobeMulti } from '../../lib/hooks/kprobe-multi.ts'
import { kprobe, kretprobe, kretsyscall, ksyscall } from '../../lib/hooks/kprobe.ts'
import { lsm, lsmCgroup } from '../../lib/hooks/lsm.ts'
import { tracepoints } from '../../lib/hooks/tracepoint.ts'
import { fentry, fexit, fmodRet, fsession } from '../../lib/hooks/tracing.ts'
import { globExpression } from '../../lib/system/tracefs.ts'

const invalid = expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
const outOfRange = expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' })

describe('a hook is plain data', () => {
  test.each([
    [
      kprobe('vfs_unlink', { offset: 5, cookie: 7, mode: 'perf' }),
      { kind: 'kprobe', symbol: 'vfs_unlink', offset: 5n, cookie: 7n, mode: 'perf' },
      'kprobe vfs_unlink+0x5',
    ],
    [
      kretprobe('overlay:ovl_open'),
      { kind: 'kretprobe', symbol: 'overlay:ovl_open', offset: 0n, cookie: 0n, mode: undefined },
      'kretprobe overlay:ovl_open',
    ],
    [ksyscall('openat'), { kind: 'ksyscall', name: 'openat', cookie: 0n }, 'ksyscall openat'],
    [kretsyscall('openat', { cookie: 1n }), { kind: 'kretsyscall', name: 'openat', cookie: 1n }, 'kretsyscall openat'],
    [
      kprobeMulti('vfs_*', { uniqueMatch: true }),
      { kind: 'kprobe_multi', functions: 'vfs_*', cookies: undefined, uniqueMatch: true },
      'kprobe_multi vfs_*',
    ],
    [
      kretprobeMulti({ symbols: ['a', 'b', 'c', 'd', 'e'] }, { cookies: [1, 2n, 3, 4, 5] }),
      {
        kind: 'kretprobe_multi',
        functions: { symbols: ['a', 'b', 'c', 'd', 'e'] },
        cookies: [1n, 2n, 3n, 4n, 5n],
        uniqueMatch: false,
      },
      'kretprobe_multi a, b, c and 2 more',
    ],
    [
      kprobeSession({ addresses: BigUint64Array.of(0xffff_ffff_8100_0000n) }, { cookies: BigUint64Array.of(9n) }),
      {
        kind: 'kprobe_session',
        functions: { addresses: [0xffff_ffff_8100_0000n] },
        cookies: [9n],
        uniqueMatch: false,
      },
      'kprobe_session 0xffffffff81000000',
    ],
    [fentry('vfs_unlink'), { kind: 'fentry', function: 'vfs_unlink', cookie: 0n }, 'fentry vfs_unlink'],
    [fexit('vfs_unlink', { cookie: 3 }), { kind: 'fexit', function: 'vfs_unlink', cookie: 3n }, 'fexit vfs_unlink'],
    [fmodRet('security_x'), { kind: 'fmod_ret', function: 'security_x', cookie: 0n }, 'fmod_ret security_x'],
    [fsession('vfs_unlink'), { kind: 'fsession', function: 'vfs_unlink', cookie: 0n }, 'fsession vfs_unlink'],
    [lsm('file_open', { cookie: 2 }), { kind: 'lsm', name: 'file_open', cookie: 2n }, 'lsm file_open'],
    [
      lsmCgroup('socket_create', '/sys/fs/cgroup/a'),
      { kind: 'lsm_cgroup', name: 'socket_create', cgroup: '/sys/fs/cgroup/a' },
      'lsm_cgroup socket_create of /sys/fs/cgroup/a',
    ],
  ])('with a name: %#', (hook, data, description) => {
    expect(hook).toEqual(data)
    expect(structuredClone(hook)).toEqual(data)
    expect(describeHook(hook)).toBe(description)
    expect(familyOf(hook).attachTypes ?? []).not.toContain('')
  })
})

describe('what native code is told', () => {
  test.each([
    [kretprobe('f', { cookie: 1 }), { kind: 'kprobe', return: true, symbol: 'f', offset: 0n, cookie: 1n, mode: 0 }],
    [kprobe('f', { mode: 'legacy' }), { kind: 'kprobe', return: false, symbol: 'f', offset: 0n, cookie: 0n, mode: 1 }],
    [kretsyscall('getpid'), { kind: 'ksyscall', return: true, name: 'getpid', cookie: 0n }],
    [fexit('f', { cookie: 5 }), { kind: 'tracing', cookie: 5n }],
    [
      kprobeSession('f*'),
      {
        kind: 'kprobe_multi',
        return: false,
        session: true,
        pattern: 'f*',
        symbols: undefined,
        addresses: undefined,
        cookies: undefined,
        uniqueMatch: false,
      },
    ],
    [
      kretprobeMulti({ addresses: [1, 2n] }, { cookies: [3n, 4] }),
      {
        kind: 'kprobe_multi',
        return: true,
        session: false,
        pattern: undefined,
        symbols: undefined,
        addresses: BigUint64Array.of(1n, 2n),
        cookies: BigUint64Array.of(3n, 4n),
        uniqueMatch: false,
      },
    ],
  ])('of %#', (hook, native) => {
    expect(prepareHook(hook).native).toEqual(native)
  })
})

describe('a builder refuses', () => {
  test.each([
    ['no symbol', () => kprobe(undefined as never)],
    ['an empty symbol', () => kretprobe('')],
    ['a NUL in a symbol', () => kprobe('vfs\0unlink')],
    ['an unknown mode', () => kprobe('f', { mode: 'fast' as never })],
    ['a mode that every object has', () => kprobe('f', { mode: 'constructor' as never })],
    ['an offset of a return', () => kretprobe('f', { offset: 4 } as never)],
    ['an offset that is a text', () => kprobe('f', { offset: '4' as never })],
    ['no system call', () => ksyscall('')],
    ['a cookie that is a fraction', () => kretsyscall('getpid', { cookie: 0.5 })],
    ['no functions', () => kprobeMulti(undefined as never)],
    ['an empty pattern', () => kprobeMulti('')],
    ['an empty list', () => kprobeMulti({ symbols: [] })],
    ['a list that is none', () => kprobeMulti({ symbols: 'vfs_unlink' as never })],
    ['an empty name', () => kretprobeMulti({ symbols: ['a', ''] })],
    ['no addresses', () => kprobeSession({ addresses: new BigUint64Array() })],
    ['addresses that are none', () => kprobeSession({ addresses: [{}] as never })],
    ['both', () => kprobeMulti({ symbols: ['a'], addresses: [1] } as never)],
    ['cookies of a pattern', () => kprobeMulti('a*', { cookies: [1] })],
    ['too few cookies', () => kprobeMulti({ symbols: ['a', 'b'] }, { cookies: [1] })],
    ['a unique match of names', () => kprobeMulti({ symbols: ['a'] }, { uniqueMatch: true })],
    ['a unique match that is no boolean', () => kprobeMulti('a', { uniqueMatch: 1 as never })],
    ['no function', () => fentry('')],
    ['a function that is none', () => fsession(5 as never)],
    ['no security hook', () => lsm(undefined as never)],
    ['no cgroup', () => lsmCgroup('file_open', undefined as never)],
    ['an empty cgroup', () => lsmCgroup('file_open', '')],
    ['no target', () => freplace(undefined as never)],
    ['a target without program', () => freplace({ function: 'f' } as never)],
    ['a target whose program is none', () => freplace({ program: { fd: 3 }, function: 'f' } as never)],
    ['an empty category', () => tracepoints('', '*')],
    ['an empty pattern of names', () => tracepoints('sched', '')],
  ])('%s', (_what, build) => {
    expect(build).toThrow(invalid)
  })

  test.each([
    ['a negative offset', () => kprobe('f', { offset: -1 })],
    ['a cookie of 65 bits', () => fentry('f', { cookie: 2n ** 64n })],
    ['a negative address', () => kprobeMulti({ addresses: [-1n] })],
    ['a negative cookie among them', () => kprobeMulti({ symbols: ['a'] }, { cookies: [-1] })],
    ['a negative descriptor', () => lsmCgroup('file_open', { fd: -1 })],
  ])('%s', (_what, build) => {
    expect(build).toThrow(outOfRange)
  })
})

describe('a pattern', () => {
  test.each([
    ['vfs_*', 'vfs_unlink', true],
    ['vfs_*', 'do_vfs_unlink', false],
    ['*unlink', 'vfs_unlink', true],
    ['vfs_unlin?', 'vfs_unlink', true],
    ['vfs_unlink?', 'vfs_unlink', false],
    ['*', '', true],
    ['a.b', 'axb', false],
    ['a+(b)[c]', 'a+(b)[c]', true],
    ['__x64_sys_*.cold', '__x64_sys_x.cold', true],
  ])('%s of %s: %s', (pattern, name, fits) => {
    expect(globExpression(pattern).test(name)).toBe(fits)
  })
})
