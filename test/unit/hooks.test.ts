import { describe, expect, test } from 'vitest'
import { describeHook, prepareHook } from '../../lib/hooks/hook.ts'
import { rawTracepoint } from '../../lib/hooks/raw-tracepoint.ts'
import { tpBtf } from '../../lib/hooks/tp-btf.ts'
import { tracepoint } from '../../lib/hooks/tracepoint.ts'
import { uprobe, uretprobe } from '../../lib/hooks/uprobe.ts'
import { xdp } from '../../lib/hooks/xdp.ts'

const invalid = expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
const outOfRange = expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' })

describe('a hook is plain data', () => {
  test.each([
    [
      tracepoint('sched', 'sched_switch', { cookie: 5 }),
      { kind: 'tracepoint', category: 'sched', name: 'sched_switch', cookie: 5n },
      'tracepoint sched/sched_switch',
    ],
    [rawTracepoint('sys_enter'), { kind: 'raw_tracepoint', name: 'sys_enter', cookie: 0n }, 'raw_tracepoint sys_enter'],
    [tpBtf('sys_enter', { cookie: 1n }), { kind: 'tp_btf', name: 'sys_enter', cookie: 1n }, 'tp_btf sys_enter'],
    [
      uprobe('libc.so.6', { symbol: 'malloc', pid: 7 }),
      {
        kind: 'uprobe',
        binary: 'libc.so.6',
        symbol: 'malloc',
        offset: 0n,
        pid: 7,
        referenceCounterOffset: 0n,
        cookie: 0n,
      },
      'uprobe libc.so.6:malloc',
    ],
    [
      uretprobe('/bin/x', { offset: 0x1234 }),
      {
        kind: 'uretprobe',
        binary: '/bin/x',
        symbol: undefined,
        offset: 0x1234n,
        pid: -1,
        referenceCounterOffset: 0n,
        cookie: 0n,
      },
      'uretprobe /bin/x:0x1234',
    ],
    [xdp('eth0'), { kind: 'xdp', interface: 'eth0', mode: undefined, netns: undefined }, 'xdp eth0'],
    [
      xdp(3, { mode: 'generic', netns: { pid: 1 } }),
      { kind: 'xdp', interface: 3, mode: 'generic', netns: { pid: 1 } },
      'xdp 3',
    ],
  ])('with a name: %#', (hook, data, description) => {
    expect(hook).toEqual(data)
    expect(structuredClone(hook)).toEqual(data)
    expect(describeHook(hook)).toBe(description)
  })
})

describe('a builder refuses', () => {
  test.each([
    ['an empty category', () => tracepoint('', 'x')],
    ['an empty name', () => rawTracepoint('')],
    ['a name with a NUL', () => tpBtf('sched\0switch')],
    ['a fraction as a cookie', () => rawTracepoint('x', { cookie: 1.5 })],
    ['neither symbol nor offset', () => uprobe('libc.so.6', {})],
    ['no options', () => uprobe('libc.so.6', undefined as never)],
    ['an empty symbol', () => uprobe('libc.so.6', { symbol: '' })],
    ['an empty binary', () => uprobe('', { symbol: 'main' })],
    ['a pid that is a text', () => uprobe('x', { symbol: 'main', pid: '1' as never })],
    ['an unknown mode', () => xdp('eth0', { mode: 'fast' as never })],
    ['a mode that every object has', () => xdp('eth0', { mode: 'toString' as never })],
    ['an empty interface', () => xdp('')],
    ['no interface', () => xdp(undefined as never)],
  ])('%s', (_what, build) => {
    expect(build).toThrow(invalid)
  })

  test.each([
    ['a negative cookie', () => tracepoint('a', 'b', { cookie: -1 })],
    ['a cookie of 65 bits', () => tpBtf('a', { cookie: 2n ** 64n })],
    ['a negative offset', () => uprobe('x', { offset: -1 })],
    ['a pid below -1', () => uprobe('x', { symbol: 'main', pid: -2 })],
    ['interface 0', () => xdp(0)],
    ['a negative interface', () => xdp(-1)],
  ])('%s', (_what, build) => {
    expect(build).toThrow(outOfRange)
  })
})

describe('a network namespace that is none is refused', () => {
  test.each([[''], [{ pid: 0 }], [{ pid: '1' }], [{ fd: -1 }], [{ fd: 1.5 }], [{}], [null], [5], ['a\0b']])(
    '%j',
    (netns) => {
      expect(() => prepareHook(xdp('eth0', { netns: netns as never }))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/) }),
      )
    },
  )
})
