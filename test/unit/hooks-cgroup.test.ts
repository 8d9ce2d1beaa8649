import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { cgroup, cgroupFamily } from '../../lib/hooks/cgroup.ts'
import type { HookedProgram } from '../../lib/hooks/family.ts'
import { describeHook } from '../../lib/hooks/hook.ts'
import { ATTACH_TYPES } from '../../lib/kernel-enums.ts'

const invalid = expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
const outOfRange = expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' })

/** As they come from libbpf. */
const program = (type: string, expectedAttachType: string, section = ''): HookedProgram => ({
  name: 'p',
  section,
  type,
  expectedAttachType,
})

describe('a hook of a cgroup', () => {
  test('is plain data', () => {
    const hook = cgroup('/sys/fs/cgroup/a')
    const data = {
      kind: 'cgroup',
      cgroup: '/sys/fs/cgroup/a',
      attachType: undefined,
      ordering: undefined,
      preorder: false,
    }
    expect(hook).toEqual(data)
    expect(structuredClone(hook)).toEqual(data)
    expect(describeHook(hook)).toBe('cgroup /sys/fs/cgroup/a')
    expect(describeHook(cgroup({ fd: 5 }, { attachType: 'device' }))).toBe('cgroup fd 5 device')
  })

  test.each([
    [[''], invalid],
    [['a\0b'], invalid],
    [[7], invalid],
    [[null], invalid],
    [[{}], invalid],
    [[{ fd: '3' }], invalid],
    [[{ fd: -1 }], outOfRange],
    [['/a', { attachType: 'ingress' }], invalid],
    [['/a', { attachType: 'cgroup_inet_ingress' }], invalid],
    [['/a', { attachType: 'toString' }], invalid],
    [['/a', { attachType: 3 }], invalid],
    [['/a', { preorder: 1 }], invalid],
    [['/a', { first: true, last: true }], invalid],
    [['/a', { before: 'it' }], invalid],
    [['/a', { before: { programId: 3 } }], invalid],
    [['/a', { after: {} }], invalid],
    [['/a', { expectedRevision: -1 }], outOfRange],
  ])('is refused: %j', (given, error) => {
    expect(() => cgroup(...(given as Parameters<typeof cgroup>))).toThrow(error)
  })

  test('that was made by hand is checked when it is used', () => {
    const hook = cgroup('/a', { attachType: 'device' })
    for (const wrong of [
      { cgroup: 7 },
      { attachType: 'x' },
      { preorder: 'yes' },
      { ordering: { before: 1 } },
      { ordering: { before: { programId: 1 } } },
      { cgroup: { fd: 1.5 } },
    ]) {
      expect(() => cgroupFamily.prepare({ ...hook, ...wrong } as never, program('cgroup_device', ''))).toThrow(invalid)
    }
  })
})

describe('the attach type', () => {
  const at = (hook: ReturnType<typeof cgroup>, given?: HookedProgram): unknown => {
    const { native, release } = cgroupFamily.prepare(hook, given)
    release?.()
    return (native as { attachType: number }).attachType
  }
  const here = cgroup({ fd: 0 })

  test.each([
    [program('cgroup_sock_addr', 'cgroup_inet4_connect', 'cgroup/connect4'), 'cgroup_inet4_connect'],
    [program('cgroup_sock_addr', 'cgroup_unix_sendmsg'), 'cgroup_unix_sendmsg'],
    [program('cgroup_sock', 'cgroup_inet_sock_create', 'cgroup/sock'), 'cgroup_inet_sock_create'],
    [program('cgroup_skb', 'cgroup_inet_egress', 'cgroup_skb/egress'), 'cgroup_inet_egress'],
    [program('cgroup_skb', 'cgroup_inet_ingress', 'cgroup_skb/ingress'), 'cgroup_inet_ingress'],
    [program('cgroup_skb', 'cgroup_inet_ingress', '?cgroup_skb/ingress'), 'cgroup_inet_ingress'],
    // Types that have one only need no section.
    [program('cgroup_device', ''), 'cgroup_device'],
    [program('sock_ops', ''), 'cgroup_sock_ops'],
    [program('cgroup_sysctl', ''), 'cgroup_sysctl'],
  ] as const)('follows from the program: %j', (given, name) => {
    expect(at(here, given)).toBe(ATTACH_TYPES[name])
  })

  test('can be named, for packets also against the section', () => {
    const egress = cgroup({ fd: 0 }, { attachType: 'inet_egress' })
    expect(at(egress, program('cgroup_skb', 'cgroup_inet_ingress', 'cgroup/skb'))).toBe(1)
    expect(at(egress, program('cgroup_skb', 'cgroup_inet_ingress', 'cgroup_skb/ingress'))).toBe(1)
    expect(at(cgroup({ fd: 0 }, { attachType: 'inet4_bind' }), program('cgroup_sock_addr', ''))).toBe(8)
  })

  test.each([
    program('cgroup_skb', 'cgroup_inet_ingress', 'cgroup/skb'),
    program('cgroup_sock_addr', ''),
    program('cgroup_sockopt', ''),
  ])('has to be named where the program does not say it: %j', (given) => {
    expect(() => at(here, given)).toThrow(/needs an attachType.*'p' of type \w+ does not say it/)
  })

  test('cannot contradict the program', () => {
    const bind = cgroup({ fd: 0 }, { attachType: 'inet4_bind' })
    expect(() => at(bind, program('cgroup_skb', 'cgroup_inet_egress'))).toThrow(
      "attach type inet4_bind takes programs of type cgroup_sock_addr, and 'p' is of type cgroup_skb",
    )
    expect(() => at(bind, program('cgroup_sock_addr', 'cgroup_inet4_connect'))).toThrow(
      "program 'p' was loaded for inet4_connect, and cannot be attached for inet4_bind",
    )
  })

  test('is needed to ask who is there', () => {
    expect(() => cgroupFamily.query?.(here)).toThrow(invalid)
    const asked = cgroupFamily.query?.(cgroup({ fd: 0 }, { attachType: 'sysctl' }))
    expect(asked?.native).toEqual({ kind: 'descriptor', fd: 0, attachType: 18, flags: 0 })
  })
})

describe('the folder', () => {
  const device = program('cgroup_device', '')

  test('is opened for the call, and closed after it', () => {
    const folder = mkdtempSync(`${tmpdir()}/ebpf-`)
    try {
      const { native, release } = cgroupFamily.prepare(cgroup(folder), device)
      expect(native).toMatchObject({
        kind: 'cgroup',
        attachType: 6,
        cgroupFd: expect.any(Number),
        flags: 0,
        relative: 0,
      })
      expect(release).toBeTypeOf('function')
      release?.()
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('that does not exist, or is a file, is the error of opening it', () => {
    expect(() => cgroupFamily.prepare(cgroup('/no/such/cgroup'), device)).toThrow(/ENOENT.*\/no\/such\/cgroup/)
    expect(() => cgroupFamily.prepare(cgroup('/proc/version'), device)).toThrow(/ENOTDIR.*\/proc\/version/)
  })

  test('is not opened by what is refused before', () => {
    const hook = { ...cgroup('/no/such/cgroup', { attachType: 'device' }), preorder: 3 as never }
    expect(() => cgroupFamily.prepare(hook, device)).toThrow(invalid)
  })
})

test('the flags say where among the others', () => {
  const flags = (options: Parameters<typeof cgroup>[1]): unknown =>
    cgroupFamily.prepare(cgroup({ fd: 0 }, options), program('cgroup_device', '')).native
  expect(flags({})).toMatchObject({ flags: 0 })
  expect(flags({ first: true })).toMatchObject({ flags: 1 << 3 })
  // So that kernels that count no revisions refuse it.
  expect(flags({ expectedRevision: 3 })).toMatchObject({ flags: 1 << 4, expectedRevision: 3n })
  expect(flags({ last: true, preorder: true })).toMatchObject({ flags: (1 << 4) | (1 << 6) })
  expect(flags({ after: { linkId: 9 } })).toMatchObject({ flags: (1 << 4) | (1 << 5) | (1 << 13), relative: 9 })
  expect(flags({ before: { linkId: 9 }, expectedRevision: 3 })).toMatchObject({
    flags: (1 << 3) | (1 << 5) | (1 << 13),
    relative: 9,
    expectedRevision: 3n,
  })
})
