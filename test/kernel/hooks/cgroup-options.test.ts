/** Where in a cgroup a program goes, who else is there, and what cannot be done. */
import { closeSync, existsSync, fstatSync, openSync, readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CgroupOptions, cgroup } from '../../../lib/hooks/cgroup.ts'
import type { CgroupLinkInfo } from '../../../lib/link-info.ts'
import type { Link } from '../../../lib/link.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import { openProgram } from '../../../lib/open-program.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { query } from '../../../lib/query.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { Actor } from '../../support/actor.ts'
import { type CgroupFixture, PORT } from '../../support/cgroup-fixture.ts'
import { Cgroup, mountPoint } from '../../support/cgroup.ts'
import { fixture } from '../../support/fixtures.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { rejection, until } from '../../support/wait.ts'

let actor: Actor
let parent: Cgroup
let child: Cgroup
let sibling: Cgroup
let object: BpfObject<CgroupFixture>

beforeAll(async () => {
  parent = new Cgroup()
  child = new Cgroup(parent)
  sibling = new Cgroup(parent)
  actor = await Actor.start()
  child.add(actor.pid)
  object = await loadObject<CgroupFixture>(fixture('hooks-cgroup'), { globals: { port: PORT } })
})

afterAll(async () => {
  await object?.close()
  await actor?.[Symbol.asyncDispose]()
  for (const group of [sibling, child, parent]) await group?.[Symbol.asyncDispose]()
})

const program = (name: string): BpfProgram => object.programs[name]!

/** Sends a packet within the child; gives what arrived of it, and who saw it. */
async function send(): Promise<{ received: string | null; seen: string[] }> {
  const { globals } = object
  const before = { first: globals.first_runs, second: globals.second_runs }
  const received = await actor.run<string | null>(`
    receiver, sender = udp(${PORT}), udp()
    sender.sendto(b'packet', receiver.getsockname())
    return received(receiver)`)
  const runs = [
    { name: 'first', ran: globals.first_runs > before.first, at: globals.first_run },
    { name: 'second', ran: globals.second_runs > before.second, at: globals.second_run },
  ]
  const seen = runs.filter(({ ran }) => ran).toSorted((left, right) => Number(left.at - right.at))
  return { received, seen: seen.map(({ name }) => name) }
}

const first = (group: Cgroup, options?: CgroupOptions): Promise<Link> =>
  program('inet_ingress_first').attach(cgroup(group.path, options))
const second = (group: Cgroup, options?: CgroupOptions): Promise<Link> =>
  program('inet_ingress_second').attach(cgroup(group.path, options))

describe('a program of a cgroup', () => {
  test('sees also those below, and not those beside', async () => {
    await using above = await first(parent)
    await using beside = await second(sibling)
    expect(await send()).toEqual({ received: 'packet', seen: ['first'] })
    expect(above.closed || beside.closed).toBe(false)
  })

  test('can be at several cgroups, and sees what happens below both twice', async () => {
    const { first_runs: before } = object.globals
    await using _above = await first(parent)
    await using _here = await first(child)
    await send()
    expect(object.globals.first_runs).toBe(before + 2n)
  })

  test('by a descriptor of the folder, which stays the caller’s', async () => {
    const fd = openSync(child.path, 'r')
    try {
      await using link = await program('inet_ingress_first').attach(cgroup({ fd }))
      expect((await send()).seen).toEqual(['first'])
      await link.close()
      expect(() => fstatSync(fd)).not.toThrow()
    } finally {
      closeSync(fd)
    }
  })

  test('is known by its link', async () => {
    await using link = await program('inet4_connect_first').attach(cgroup(child.path))
    expect(link.info()).toEqual({
      type: 'cgroup',
      id: link.id,
      programId: program('inet4_connect_first').id,
      attachType: 'inet4_connect',
      cgroupId: child.id,
    })
  })

  test('is detached for all who hold the link', async () => {
    await using link = await second(child)
    expect((await send()).received).toBeNull()
    await link.detach()
    expect((await send()).received).toBe('packet')
  })

  test('outlives its cgroup, without harm', async () => {
    const short = new Cgroup()
    await using link = await first(short)
    await short[Symbol.asyncDispose]()
    await until('the kernel has dropped it', () => (link.info() as CgroupLinkInfo).cgroupId === 0n)
    expect(await rejection(link.update(program('inet_ingress_second')))).toMatchObject({ code: 'ENOLINK' })
  })

  test('is replaced under traffic without a packet that no program saw', async () => {
    await using link = await first(child)
    await actor.run(`kept['receiver'], kept['sender'] = udp(${PORT}), udp()`)
    const { first_runs, second_runs } = object.globals
    const programs = [program('inet_ingress_second'), program('inet_ingress_first')]
    const sending = actor.run<number>(`
      for _ in range(2000):
        kept['sender'].sendto(b'packet', kept['receiver'].getsockname())
        received(kept['receiver'])
      return 2000`)
    for (let turn = 0; turn < 20; turn++) await link.update(programs[turn % 2]!)
    const sent = BigInt(await sending)
    expect(object.globals.first_runs - first_runs + (object.globals.second_runs - second_runs)).toBe(sent)
    await actor.run('kept.clear()')
  })
})

test('a sysctl that may not be read is not read', async () => {
  const read = `return open('/proc/sys/net/ipv4/ip_default_ttl').read().strip()`
  await using link = await program('sysctl_second').attach(cgroup(child.path))
  expect(await actor.code(read)).toBe('EPERM')
  await link.close()
  expect(await actor.code(read)).toBe('')
})

describe('the attach type', () => {
  test('of packets is named where the section leaves it open', async () => {
    const either = program('either_second')
    {
      await using _in = await either.attach(cgroup(child.path, { attachType: 'inet_ingress' }))
      expect((await send()).received).toBeNull()
    }
    {
      await using _out = await either.attach(cgroup(child.path, { attachType: 'inet_egress' }))
      expect(await rejection(send())).toMatchObject({ code: 'EPERM' })
    }
    const error = await rejection(either.attach(cgroup(child.path)))
    expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    expect(error.message).toContain("'either_second'")
  })

  test('is named for a program that was opened', async () => {
    using opened = openProgram({ id: program('inet4_bind_second').id })
    const error = await rejection(opened.attach(cgroup(child.path)))
    expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    await using link = await opened.attach(cgroup(child.path, { attachType: 'inet4_bind' }))
    expect(link.info()).toMatchObject({ attachType: 'inet4_bind' })
    expect(await actor.code(`udp(${PORT})`)).toBe('EPERM')
    // What it was loaded for is known only to the kernel.
    const other = await rejection(opened.attach(cgroup(child.path, { attachType: 'inet6_bind' })))
    expect(other).toMatchObject({ code: 'EINVAL' })
  })

  test('cannot be one of another type of programs, nor another one than it was loaded for', async () => {
    const wrong: [string, CgroupOptions][] = [
      ['inet_ingress_first', { attachType: 'device' }],
      ['device_first', { attachType: 'inet_ingress' }],
      ['inet4_bind_first', { attachType: 'inet4_connect' }],
      ['getsockopt_first', { attachType: 'setsockopt' }],
    ]
    for (const [name, options] of wrong) {
      const error = await rejection(program(name).attach(cgroup(child.path, options)))
      expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
      expect(error.message).toContain(`'${name}'`)
    }
  })
})

test('who is there is told in the order in which they run', async () => {
  const here = cgroup(child.path, { attachType: 'inet_ingress' })
  expect((await query(here)).entries).toEqual([])
  await using one = await first(child)
  await using two = await second(child)
  // The kernel tells the links of a cgroup only by their programs.
  expect((await query(here)).entries).toMatchObject([
    { programId: program('inet_ingress_first').id, programName: 'inet_ingress_fi' },
    { programId: program('inet_ingress_second').id, programName: 'inet_ingress_se' },
  ])
  expect((await query(cgroup(parent.path, { attachType: 'inet_ingress' }))).entries).toEqual([])
  expect((await query(cgroup(child.path, { attachType: 'inet_egress' }))).entries).toEqual([])
  expect([one.closed, two.closed]).toEqual([false, false])
  await rejection(query(cgroup(child.path))).then((error) => {
    expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
  })
})

/** Some older kernels took places over from Linux 6.17; they count revisions, too. */
const root = cgroup(mountPoint(), { attachType: 'inet_ingress' })
const lacksPlaces = olderThan('6.17') && (await query(root)).revision === undefined
const lacksAnchors = /^1\.[0-5]\b/.test(libbpfVersion)

describe.skipIf(!lacksPlaces)('places among the programs of a cgroup', () => {
  test.each([{ first: true }, { last: true }, { preorder: true }])('are refused in words: %j', async (options) => {
    await using _there = await first(child)
    const error = await rejection(second(child, options))
    expect(error).toMatchObject({ code: 'ERR_EBPF_KERNEL' })
    expect(error.message).toContain('6.17')
    expect((await send()).seen).toEqual(['first'])
  })
})

describe.skipIf(!lacksPlaces && !lacksAnchors)('places beside other programs of a cgroup, and at a revision', () => {
  test('are refused in words', async () => {
    await using there = await first(child)
    const code = lacksAnchors ? 'ERR_EBPF_LIBBPF' : 'ERR_EBPF_KERNEL'
    for (const options of [{ before: there }, { after: { linkId: there.id } }, { expectedRevision: 1 }]) {
      expect(await rejection(second(child, options))).toMatchObject({ code })
    }
    expect((await send()).seen).toEqual(['first'])
  })
})

describe.skipIf(lacksPlaces)('the place among the programs of a cgroup', () => {
  test('is the last by default', async () => {
    await using _one = await first(child)
    await using _two = await second(child)
    expect((await send()).seen).toEqual(['first', 'second'])
  })

  test('is the first', async () => {
    await using _one = await first(child)
    await using _two = await second(child, { first: true })
    expect((await send()).seen).toEqual(['second', 'first'])
  })

  test.skipIf(lacksAnchors).each([
    ['before a link', (link: Link) => ({ before: link })],
    ['before a link by id', (link: Link) => ({ before: { linkId: link.id } })],
  ] satisfies [string, (link: Link) => CgroupOptions][])('is chosen: %s', async (_place, options) => {
    await using one = await first(child)
    await using _two = await second(child, options(one))
    expect((await send()).seen).toEqual(['second', 'first'])
    expect((await query(cgroup(child.path, { attachType: 'inet_ingress' }))).entries).toMatchObject([
      { programId: program('inet_ingress_second').id },
      { programId: program('inet_ingress_first').id },
    ])
  })

  test('is the last', async () => {
    await using _one = await first(child)
    await using _two = await second(child, { last: true })
    expect((await send()).seen).toEqual(['first', 'second'])
  })

  test.skipIf(lacksAnchors).each([
    ['after a link', (link: Link) => ({ after: link })],
    ['after a link by id', (link: Link) => ({ after: { linkId: link.id } })],
  ] satisfies [string, (link: Link) => CgroupOptions][])('is chosen: %s', async (_place, options) => {
    await using one = await first(child)
    await using _two = await second(child, options(one))
    expect((await send()).seen).toEqual(['first', 'second'])
  })

  test('is before those further down, when that is asked for', async () => {
    await using _here = await first(child)
    {
      await using _above = await second(parent)
      expect((await send()).seen).toEqual(['first', 'second'])
    }
    await using _before = await second(parent, { preorder: true })
    expect((await send()).seen).toEqual(['second', 'first'])
  })

  test.skipIf(lacksAnchors)('next to what is not there is refused', async () => {
    await using elsewhere = await first(sibling)
    for (const options of [{ before: elsewhere }, { after: elsewhere }, { before: { linkId: 0x7fff_fff0 } }]) {
      expect(await rejection(second(child, options))).toMatchObject({
        code: 'ENOENT',
        hint: expect.stringContaining('not attached there'),
      })
    }
    await using here = await first(child)
    // Of an older kernel that has places nobody can tell that it means this by EINVAL.
    const mixed = olderThan('6.17')
      ? { code: 'ERR_EBPF_KERNEL' }
      : { code: 'EINVAL', hint: expect.stringContaining('preorder') }
    expect(await rejection(second(child, { before: here, preorder: true }))).toMatchObject(mixed)
    await here.close()
    for (const anchor of [program('inet_ingress_first'), { programId: program('inet_ingress_first').id }]) {
      expect(() => cgroup(child.path, { before: anchor as never })).toThrow(/before must be a link/)
    }
    const closed = await first(child)
    await closed.close()
    expect(await rejection(second(child, { before: closed }))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    expect((await query(cgroup(child.path, { attachType: 'inet_ingress' }))).entries).toEqual([])
  })

  test.skipIf(lacksAnchors)('is taken only at the revision that was meant', async () => {
    const here = cgroup(child.path, { attachType: 'inet_ingress' })
    const { revision } = await query(here)
    expect(revision).toBeGreaterThan(0n)
    await using _one = await first(child, { expectedRevision: revision! })
    const now = (await query(here)).revision!
    expect(now).toBeGreaterThan(revision!)
    expect(await rejection(second(child, { expectedRevision: revision! }))).toMatchObject({
      code: 'ESTALE',
      hint: expect.stringContaining('revision'),
    })
    await using _two = await second(child, { expectedRevision: now })
    expect((await send()).seen).toEqual(['first', 'second'])
  })
})

describe('bad input', () => {
  const descriptors = (): number => readdirSync('/proc/self/fd').length

  test('is an error that names the folder, and leaves nothing open', async () => {
    const before = descriptors()
    const device = program('device_first')
    expect(await rejection(device.attach(cgroup('/no/such/cgroup')))).toMatchObject({ code: 'ENOENT' })
    expect(await rejection(device.attach(cgroup('/proc/version')))).toMatchObject({ code: 'ENOTDIR' })
    const error = await rejection(device.attach(cgroup('/tmp')))
    expect(error).toMatchObject({ code: 'EBADF', program: 'device_first', link: 'cgroup /tmp' })
    expect((error as { hint?: string }).hint).toContain('cgroup2')
    expect(await rejection(query(cgroup('/tmp', { attachType: 'device' })))).toMatchObject({ code: 'EBADF' })
    expect(descriptors()).toBe(before)
  })

  test.skipIf(!existsSync('/sys/fs/cgroup/memory/cgroup.procs'))(
    'a cgroup of version 1 is refused in words',
    async () => {
      const error = await rejection(program('device_first').attach(cgroup('/sys/fs/cgroup/memory')))
      expect(error).toMatchObject({ code: 'EBADF', hint: expect.stringContaining('version 2') })
    },
  )

  test('descriptors that are none, or of something else', async () => {
    const device = program('device_first')
    for (const fd of [9999, 0x7fff_ffff]) {
      expect(await rejection(device.attach(cgroup({ fd })))).toMatchObject({ code: 'EBADF' })
    }
    const fd = openSync('/dev/null', 'r')
    try {
      expect(await rejection(device.attach(cgroup({ fd })))).toMatchObject({ code: 'EBADF' })
    } finally {
      closeSync(fd)
    }
  })

  test('a program of another kind, and a closed one', async () => {
    await using other = await loadObject<CgroupFixture>(fixture('xdp'))
    const wrong = await rejection(other.programs.pass!.attach(cgroup(child.path)))
    expect(wrong).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    expect(wrong.message).toContain('xdp')
    const opened = openProgram({ id: program('device_first').id })
    opened.close()
    expect(await rejection(opened.attach(cgroup(child.path)))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })
})
