import { describe, expect, test } from 'vitest'
import { type Ordering, nativeAnchor, orderingHint, orderingOf } from '../../lib/hooks/anchor.ts'
import { type Hook, describeHook, familyOf, prepareHook } from '../../lib/hooks/hook.ts'
import { netfilter } from '../../lib/hooks/netfilter.ts'
import { netkit } from '../../lib/hooks/netkit.ts'
import { tc } from '../../lib/hooks/tc.ts'
import { tcx } from '../../lib/hooks/tcx.ts'
import { xdp } from '../../lib/hooks/xdp.ts'
import { isOlder } from '../../lib/system/kernel-version.ts'

const invalid = expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
const outOfRange = expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' })

describe('a hook of the network is plain data', () => {
  test.each<[Hook, object, string]>([
    [
      xdp('eth0', { netlink: true, mode: 'generic' }),
      { kind: 'xdp', interface: 'eth0', netns: undefined, mode: 'generic', netlink: true },
      'xdp eth0',
    ],
    [
      tc(3, 'egress', { handle: 2, priority: 7, netns: '/run/netns/blue' }),
      { kind: 'tc', interface: 3, netns: '/run/netns/blue', direction: 'egress', handle: 2, priority: 7 },
      'tc egress 3',
    ],
    [
      tcx('eth0', 'ingress'),
      { kind: 'tcx', interface: 'eth0', netns: undefined, direction: 'ingress', ordering: undefined },
      'tcx ingress eth0',
    ],
    [
      tcx('eth0', 'egress', { before: { linkId: 4 }, expectedRevision: 3, netns: { pid: 1 } }),
      {
        kind: 'tcx',
        interface: 'eth0',
        netns: { pid: 1 },
        direction: 'egress',
        ordering: { before: { linkId: 4 }, expectedRevision: 3n },
      },
      'tcx egress eth0',
    ],
    [
      netkit('nk0', 'peer', { first: true }),
      { kind: 'netkit', interface: 'nk0', netns: undefined, side: 'peer', ordering: { first: true } },
      'netkit peer nk0',
    ],
    [
      netfilter({ family: 'ipv6', hook: 'prerouting', priority: -1, defragment: true }),
      {
        kind: 'netfilter',
        family: 'ipv6',
        hook: 'prerouting',
        priority: -1,
        defragment: true,
        netns: undefined,
      },
      'netfilter ipv6 prerouting -1',
    ],
  ])('with a name: %#', (hook, data, description) => {
    expect(hook).toEqual(data)
    expect(structuredClone(hook)).toEqual(data)
    expect(describeHook(hook)).toBe(description)
  })
})

describe('native code is told', () => {
  const native = (hook: Hook): object => prepareHook(hook).native
  test.each<[Hook, object]>([
    [xdp('a', { netlink: true }), { kind: 'xdp', interface: 'a', netnsFd: -1, flags: 0, netlink: true }],
    [xdp(1, { mode: 'offload', netns: { fd: 9 } }), { interface: 1, netnsFd: 9, flags: 8 }],
    [tc('a', 'ingress'), { kind: 'tc', attachPoint: 1, handle: 0, priority: 0 }],
    [tc('a', 'egress', { handle: 1, priority: 2 }), { attachPoint: 2, handle: 1, priority: 2 }],
    [tcx('a', 'ingress'), { kind: 'tcx', attachType: 46, flags: 0, relative: 0, expectedRevision: 0n }],
    [tcx('a', 'egress', { last: true }), { attachType: 47, flags: 1 << 4 }],
    [netkit('a', 'primary', { first: true }), { kind: 'netkit', attachType: 54, flags: 1 << 3 }],
    [netkit('a', 'peer', { expectedRevision: 9 }), { attachType: 55, expectedRevision: 9n }],
    [
      netfilter({ family: 'ipv4', hook: 'input' }),
      { kind: 'netfilter', family: 2, hook: 1, priority: 0, flags: 0, netnsFd: -1 },
    ],
    [
      netfilter({ family: 'ipv6', hook: 'postrouting', priority: -399, defragment: true }),
      { family: 10, hook: 4, priority: -399, flags: 1 },
    ],
  ])('%#', (hook, expected) => {
    expect(native(hook)).toMatchObject(expected)
  })
})

describe('an ordering', () => {
  test.each<[Ordering, object]>([
    [{}, { flags: 0, relative: 0, expectedRevision: 0n }],
    [{ first: true }, { flags: 8, relative: 0, expectedRevision: 0n }],
    [
      { last: true, first: false },
      { flags: 16, relative: 0, expectedRevision: 0n },
    ],
    [{ before: { programId: 5 } }, { flags: 8 | 32, relative: 5, expectedRevision: 0n }],
    [{ after: { linkId: 6 } }, { flags: 16 | 32 | (1 << 13), relative: 6, expectedRevision: 0n }],
    [{ expectedRevision: 7 }, { flags: 0, relative: 0, expectedRevision: 7n }],
  ])('%j becomes flags of the kernel', (ordering, expected) => {
    expect(nativeAnchor(ordering)).toEqual(expected)
  })

  test('that says nothing is none', () => {
    expect(orderingOf({})).toBeUndefined()
    expect(orderingOf({ first: false, last: false })).toBeUndefined()
    expect(nativeAnchor(undefined)).toEqual({ flags: 0, relative: 0, expectedRevision: 0n })
  })

  test.each<[Ordering | undefined, number, RegExp | undefined]>([
    [{}, -116, /revision/],
    [{ before: { linkId: 1 } }, -2, /not attached/],
    [{}, -2, undefined],
    [undefined, -34, /64/],
    [{ before: { linkId: 1 } }, -22, /another kind/],
    [{}, -22, undefined],
  ])('explains a refusal: %j, %i', (ordering, errno, expected) => {
    const hint = orderingHint(ordering, errno)
    if (expected === undefined) expect(hint).toBeUndefined()
    else expect(hint).toMatch(expected)
  })
})

describe('a builder refuses', () => {
  test.each([
    ['netlink that is no boolean', () => xdp('a', { netlink: 1 as never })],
    ['a direction that is none', () => tc('a', 'in' as never)],
    ['no direction', () => tcx('a', undefined as never)],
    ['a side that is none', () => netkit('a', 'ingress' as never)],
    ['an interface that is none', () => tcx({} as never, 'ingress')],
    ['an interface with a NUL', () => tc('a\0b', 'ingress')],
    ['a handle that is a text', () => tc('a', 'ingress', { handle: '1' as never })],
    ['a fraction of a priority', () => tc('a', 'ingress', { priority: 1.5 })],
    ['a namespace that is none', () => tcx('a', 'ingress', { netns: {} as never })],
    ['two places', () => tcx('a', 'ingress', { first: true, last: true })],
    ['a place and an anchor', () => tcx('a', 'ingress', { first: true, before: { linkId: 1 } })],
    ['two anchors', () => netkit('a', 'peer', { before: { linkId: 1 }, after: { linkId: 2 } })],
    ['a place that is no boolean', () => tcx('a', 'ingress', { first: 'yes' as never })],
    ['an anchor that is a number', () => tcx('a', 'ingress', { before: 5 as never })],
    ['an anchor that is null', () => tcx('a', 'ingress', { before: null as never })],
    ['an anchor that names nothing', () => tcx('a', 'ingress', { after: {} as never })],
    ['an anchor that only looks like a link', () => tcx('a', 'ingress', { after: { fd: 5, program: 'x' } as never })],
    ['an id that is a text', () => tcx('a', 'ingress', { after: { linkId: '5' as never } })],
    ['a revision that is a text', () => tcx('a', 'ingress', { expectedRevision: '5' as never })],
    ['no netfilter options', () => netfilter({} as never)],
    ['a family that is none', () => netfilter({ family: 'inet' as never, hook: 'input' })],
    ['a family that every object has', () => netfilter({ family: 'toString' as never, hook: 'input' })],
    ['a hook that is none', () => netfilter({ family: 'ipv4', hook: 'ingress' as never })],
    ['defragment that is no boolean', () => netfilter({ family: 'ipv4', hook: 'input', defragment: 1 as never })],
  ])('%s', (_what, build) => {
    expect(build).toThrow(invalid)
  })

  test.each([
    ['interface 0', () => tcx(0, 'ingress')],
    ['a negative handle', () => tc('a', 'ingress', { handle: -1 })],
    ['a priority of 17 bits', () => tc('a', 'ingress', { priority: 65536 })],
    ['link id 0', () => tcx('a', 'ingress', { before: { linkId: 0 } })],
    ['program id -1', () => tcx('a', 'ingress', { before: { programId: -1 } })],
    ['revision 0', () => tcx('a', 'ingress', { expectedRevision: 0 })],
    ['a negative revision', () => tcx('a', 'ingress', { expectedRevision: -1n })],
    ['a revision of 65 bits', () => tcx('a', 'ingress', { expectedRevision: 2n ** 64n })],
    ["the kernel's first priority", () => netfilter({ family: 'ipv4', hook: 'input', priority: -(2 ** 31) })],
    ["the kernel's last priority", () => netfilter({ family: 'ipv4', hook: 'input', priority: 2 ** 31 - 1 })],
    [
      'whole packets before there are any',
      () => netfilter({ family: 'ipv4', hook: 'input', priority: -400, defragment: true }),
    ],
  ])('%s', (_what, build) => {
    expect(build).toThrow(outOfRange)
  })
})

describe('a hook that was made by hand is checked when it is used', () => {
  test.each([
    [{ ...tcx('a', 'ingress'), direction: 'up' }],
    [{ ...tcx('a', 'ingress'), ordering: { first: true, last: true } }],
    [{ ...tcx('a', 'ingress'), interface: '' }],
    [{ ...tc('a', 'ingress'), handle: 'x' }],
    [{ ...netkit('a', 'peer'), side: 'left' }],
    [{ ...netfilter({ family: 'ipv4', hook: 'input' }), hook: 'nowhere' }],
    [{ ...netfilter({ family: 'ipv4', hook: 'input' }), netns: 7 }],
    [{ ...xdp('a'), netns: 7 }],
    [{ ...xdp('a'), mode: 'fast' }],
    [{ ...xdp('a'), netlink: 'yes' }],
  ])('%#', (hook) => {
    expect(() => prepareHook(hook as never)).toThrow(invalid)
  })

  test.each([
    [{ ...tcx('a', 'ingress'), direction: 'up' }],
    [{ ...netkit('a', 'peer'), side: 'left' }],
    [{ ...tc('a', 'ingress'), direction: 'up' }],
    [{ ...xdp('a'), interface: '' }],
  ])('also in a query: %#', (hook) => {
    expect(() => familyOf(hook as Hook).query?.(hook as never)).toThrow(invalid)
  })
})

describe('what a refusal means', () => {
  const hint = (hook: Hook, errno: number): string | undefined => familyOf(hook).hint?.(hook, errno)
  test.each<[Hook, number, RegExp | undefined]>([
    [xdp('a'), -16, /query/],
    [xdp('a'), -34, /xdp\.frags/],
    [xdp('a', { mode: 'native' }), -95, /generic/],
    [xdp('a'), -95, undefined],
    [xdp('a', { mode: 'offload' }), -22, /offload/],
    [xdp('a'), -22, undefined],
    [tc('a', 'ingress', { handle: 4, priority: 5 }), -17, /handle 4 and priority 5/],
    [netkit('a', 'peer'), -6, /not a netkit device/],
    [netkit('a', 'peer'), -13, /primary/],
    [netkit('a', 'peer'), -116, /revision/],
    [netfilter({ family: 'ipv4', hook: 'input', priority: 3 }), -16, /priority 3/],
    [netfilter({ family: 'ipv4', hook: 'input' }), -22, undefined],
  ])('%#', (hook, errno, expected) => {
    if (expected === undefined) expect(hint(hook, errno)).toBeUndefined()
    else expect(hint(hook, errno)).toMatch(expected)
  })
})

describe('a link of the system is at a netfilter hook', () => {
  const hook = netfilter({ family: 'ipv4', hook: 'input', priority: 1 })
  const link = { id: 1, programId: 2, type: 'netfilter', family: 'ipv4', hook: 'input', priority: 9, defragment: false }
  test.each([
    [link, true],
    [{ ...link, family: 'ipv6' }, false],
    [{ ...link, hook: 'output' }, false],
    [{ ...link, type: 'xdp' }, false],
  ])('%#', (info, expected) => {
    expect(familyOf(hook).holds?.(hook, info as never)).toBe(expected)
  })
})

describe('versions', () => {
  test.each([
    ['6.1.0-44-amd64', '6.6', true],
    ['6.6', '6.6', false],
    ['6.6.1', '6.6', false],
    ['6.12.107+deb13-amd64', '6.6', false],
    ['5.10', '5.10.1', true],
    ['1.1.2', '1.3', true],
    ['1.7.0', '1.3', false],
    ['10.0', '9.9', false],
  ])('%s is older than %s: %s', (had, wanted, expected) => {
    expect(isOlder(had, wanted)).toBe(expected)
  })
})
