/** Decoding of what kernels newer and older than this library tell of links. */
import { describe, expect, test } from 'vitest'
import type { NativeLinkInfo } from '../../lib/native-hook.ts'
import { type LinkInfo, linkInfo } from '../../lib/link-info.ts'

const of = (type: number, rest: Partial<NativeLinkInfo> = {}): LinkInfo =>
  linkInfo({ id: 1, programId: 2, type, ...rest })

describe('of a newer kernel', () => {
  test.each([0, 15, 99, 0xffff_ffff])('link type %d stays readable', (type) => {
    expect(of(type)).toEqual({ id: 1, programId: 2, type: `unknown (${type})` })
  })

  test.each([
    [of(3, { attachType: 200, cgroupId: 5n }), { type: 'cgroup', attachType: 'unknown (200)', cgroupId: 5n }],
    [of(4, { targetName: 'cgroup', cgroupId: 5n, cgroupOrder: 77 }), { cgroup: { id: 5n, order: 'unknown (77)' } }],
    [of(7, { perfType: 99, cookie: 1n }), { type: 'perf_event', cookie: 1n }],
    [
      of(10, { netfilter: { family: 5, hook: 9, priority: -1, flags: 1 } }),
      { type: 'netfilter', family: 'unknown (5)', hook: 'unknown (9)', priority: -1, defragment: true },
    ],
    [of(14, { mapId: 4, attachType: 7 }), { type: 'sockmap', mapId: 4, attachType: 'msg_verdict' }],
  ])('numbers stay readable: %#', (info, expected) => {
    expect(info).toMatchObject(expected)
  })
})

describe('of an older kernel', () => {
  test.each([
    [1, { type: 'raw_tracepoint', name: '' }],
    [2, { type: 'tracing', targetObjectId: 0, targetBtfId: 0 }],
    [3, { type: 'cgroup', cgroupId: 0n }],
    [4, { type: 'iter', target: '' }],
    [5, { type: 'netns', netnsInode: 0 }],
    [6, { type: 'xdp', interfaceIndex: 0 }],
    [7, { type: 'perf_event' }],
    [8, { type: 'kprobe_multi' }],
    [9, { type: 'struct_ops', mapId: 0 }],
    [10, { type: 'netfilter', priority: 0 }],
    [11, { type: 'tcx', interfaceIndex: 0 }],
    [12, { type: 'uprobe_multi' }],
    [13, { type: 'netkit', interfaceIndex: 0 }],
    [14, { type: 'sockmap', mapId: 0 }],
  ])('link type %d has what it has', (type, expected) => {
    const info = of(type)
    expect(info).toMatchObject({ id: 1, programId: 2, ...expected })
    for (const value of Object.values(info)) expect(value).toBeDefined()
  })

  test('a perf event without its kind is only that', () => {
    expect(of(7)).toEqual({ id: 1, programId: 2, type: 'perf_event' })
  })
})

describe('in the words of the builders', () => {
  const addresses = BigUint64Array.of(1n, 2n)
  test.each([
    [of(7, { perfType: 5, tracepointName: 'x' }), { event: 'tracepoint', name: 'x' }],
    [
      of(7, { perfType: 4, functionName: 'f', offset: 3n, address: 9n, missed: 1n }),
      { event: 'kretprobe', symbol: 'f', offset: 3n, address: 9n, missed: 1n },
    ],
    [of(7, { perfType: 1, path: '/x', offset: 3n }), { event: 'uprobe', binary: '/x', offset: 3n }],
    [of(7, { perfType: 6, eventType: 1, config: 2n }), { event: 'event', eventType: 1, config: 2n }],
    [of(8, { addresses, flags: 1, missed: 4n }), { addresses, return: true, missed: 4n }],
    [
      of(12, { path: '/x', offsets: addresses, flags: 0, pid: 7 }),
      { binary: '/x', offsets: addresses, return: false, pid: 7 },
    ],
    [of(11, { interfaceIndex: 3, attachType: 47 }), { interfaceIndex: 3, direction: 'egress' }],
    [of(13, { interfaceIndex: 3, attachType: 55 }), { interfaceIndex: 3, side: 'peer' }],
    [of(4, { targetName: 'task', tid: 3 }), { target: 'task', tid: 3 }],
  ])('%#', (info, expected) => {
    expect(info).toMatchObject(expected)
  })
})
