/** What has no link of the kernel is undone where it is: by the last who put something there, and only while that place lasts. */
import { closeSync, openSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attachClassicFilter } from '../../../lib/classic-filter.ts'
import { reuseport, socketFilter } from '../../../lib/hooks/socket.ts'
import { tc } from '../../../lib/hooks/tc.ts'
import { xdp } from '../../../lib/hooks/xdp.ts'
import type { Link } from '../../../lib/link.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { query } from '../../../lib/query.ts'
import type { NetworkNamespace } from '../../../lib/system/netns.ts'
import { Actor, type SharedSocket } from '../../support/actor.ts'
import { fixture } from '../../support/fixtures.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { Cable, ip } from '../../support/netns.ts'
import { rejection, until } from '../../support/wait.ts'

const PORT = 4500

/** Of classic BPF: the packet is as long as this says, UDP header included. */
const RETURN = 6

type Programs = { maps: Record<never, never>; programs: Record<string, BpfProgram>; globals: Record<never, never> }

let sockets: BpfObject<Programs>
let filters: BpfObject<Programs>
let frames: BpfObject<Programs>

beforeAll(async () => {
  sockets = await loadObject<Programs>(fixture('hooks-socket'))
  filters = await loadObject<Programs>(fixture('hooks-tc'))
  frames = await loadObject<Programs>(fixture('hooks-xdp'))
})

afterAll(async () => {
  await Promise.all([sockets, filters, frames].map((object) => object?.close()))
})

const program = (object: BpfObject<Programs>, name: string): BpfProgram => object.programs[name] as BpfProgram

describe('a socket whose program was replaced', () => {
  let actor: Actor
  let socket: SharedSocket

  beforeAll(async () => {
    actor = await Actor.start()
    socket = await actor.share(`kept['receiver'] = udp(${PORT}); share(kept['receiver'])`)
  })

  afterAll(async () => {
    await socket?.[Symbol.asyncDispose]()
    await actor?.[Symbol.asyncDispose]()
  })

  const arrives = (): Promise<string | null> =>
    actor.run(`
      udp().sendto(b'packet', (LOCAL, ${PORT}))
      return received(kept['receiver'])`)

  test.each([
    ['eBPF', () => program(sockets, 'filter_first').attach(socketFilter(socket.fd))],
    ['classic BPF', () => attachClassicFilter(socket.fd, [{ code: RETURN, k: 8 + 3 }])],
  ])('keeps the new one when the link of the old one, of %s, is closed', async (_what, attach: () => Promise<Link>) => {
    const old = await attach()
    expect(await arrives()).toBe('pac')
    const later = await program(sockets, 'filter_second').attach(socketFilter(socket.fd))
    expect(await arrives()).toBeNull()
    await old.close()
    expect(await arrives()).toBeNull()
    await later.close()
    expect(await arrives()).toBe('packet')
  })

  test('takes no other program from the link of the old one, and can be had again', async () => {
    const old = await program(sockets, 'filter_first').attach(socketFilter(socket.fd))
    const later = await attachClassicFilter(socket.fd, [{ code: RETURN, k: 0 }])
    expect(await rejection(old.update(program(sockets, 'filter_first')))).toMatchObject({ code: 'ENOLINK' })
    expect(await arrives()).toBeNull()
    const last = await program(sockets, 'filter_first').attach(socketFilter(socket.fd))
    await later.close()
    await old.close()
    expect(await arrives()).toBe('pac')
    await last.update(program(sockets, 'filter_second'))
    expect(await arrives()).toBeNull()
    await last.close()
    expect(await arrives()).toBe('packet')
  })

  test('keeps the new one also where any socket of a group names the place', async () => {
    const member = (key: number): Promise<SharedSocket> =>
      actor.share(`kept[${key}] = udp(${PORT + 1}, share_port=True); share(kept[${key}])`)
    await using one = await member(0)
    await using other = await member(1)
    const first = await program(sockets, 'index_first').attach(reuseport(one.fd))
    const second = await program(sockets, 'index_second').attach(reuseport(other.fd))
    await first.close()
    const received = await actor.run<number[]>(`
      for sender in [udp() for _ in range(16)]: sender.sendto(b'packet', (LOCAL, ${PORT + 1}))
      counts = [0, 0]
      for key in range(2):
        while received(kept[key]): counts[key] += 1
      return counts`)
    expect(received).toEqual([0, 16])
    await second.close()
  })
})

describe.each([
  ['tc', (netns: NetworkNamespace) => program(filters, 'first').attach(tc('right0', 'ingress', { netns }))],
  [
    'netlink XDP',
    (netns: NetworkNamespace) =>
      program(frames, 'first').attach(xdp('right0', { netns, netlink: true, mode: 'generic' })),
  ],
])('the network namespace of %s', (kind, attach: (netns: NetworkNamespace) => Promise<Link>) => {
  const second = (): BpfProgram => program(kind === 'tc' ? filters : frames, 'second')
  const attached = async (cable: Cable): Promise<number> => {
    const place = { netns: cable.right.path }
    const { entries } = await query(kind === 'tc' ? tc('right0', 'ingress', place) : xdp('right0', place))
    return entries.length
  }
  /** One end of a pair goes with the other one, and that with its namespace. */
  const interfaces = (cable: Cable): string => ip('-n', cable.left.namespace, '-o', 'link', 'show')

  test('is not kept by the link', async () => {
    await using cable = new Cable()
    const link = await attach(cable.right.path)
    expect(interfaces(cable)).toContain('left0')
    ip('netns', 'del', cable.right.namespace)
    await until('the end of the namespace', () => !interfaces(cable).includes('left0'))
    expect(await rejection(link.update(second()))).toMatchObject({ code: 'ENOLINK' })
    await link.close()
  })

  test('is entered again by its path, to update and to close', async () => {
    await using cable = new Cable()
    const link = await attach(cable.right.path)
    await link.update(second())
    expect(await attached(cable)).toBe(1)
    await link.close()
    expect(await attached(cable)).toBe(0)
  })

  test('is kept where it was given by a descriptor, until the link is closed', async () => {
    await using cable = new Cable()
    const fd = openSync(cable.right.path, 'r')
    const link = await attach({ fd })
    closeSync(fd)
    ip('netns', 'del', cable.right.namespace)
    expect(interfaces(cable)).toContain('left0')
    await link.update(second())
    await link.close()
    await until('the end of the namespace', () => !interfaces(cable).includes('left0'))
  })

  test('of a process that ends is entered again where others still use it', async () => {
    await using cable = new Cable()
    const { process } = await cable.right.process()
    const link = await attach({ pid: process.pid as number })
    await cable.right.stop()
    expect(await attached(cable)).toBe(1)
    await link.close()
    expect(await attached(cable)).toBe(0)
  })

  // Before, nothing tells two namespaces apart whose inode has the same number.
  test.skipIf(olderThan('5.14'))('is not mistaken for another one of the same name', async () => {
    await using cable = new Cable()
    const before = await attach(cable.right.path)
    ip('netns', 'del', cable.right.namespace)
    await until('the end of the namespace', () => !interfaces(cable).includes('left0'))
    ip('netns', 'add', cable.right.namespace)
    ip(
      '-n',
      cable.left.namespace,
      'link',
      'add',
      'left0',
      'type',
      'veth',
      'peer',
      'right0',
      'netns',
      cable.right.namespace,
    )
    const after = await attach(cable.right.path)
    await before.close()
    expect(await attached(cable)).toBe(1)
    await after.close()
    expect(await attached(cable)).toBe(0)
  })
})

describe('an interface that is no longer where its program was attached by netlink XDP', () => {
  const attach = (cable: Cable): Promise<Link> =>
    program(frames, 'first').attach(xdp('right0', { netns: cable.right.path, netlink: true, mode: 'generic' }))

  test('took the program along when it was moved, and the error says so', async () => {
    await using cable = new Cable()
    const link = await attach(cable)
    ip('-n', cable.right.namespace, 'link', 'set', 'right0', 'netns', cable.left.namespace)
    const error = await rejection(link.close())
    expect(error).toMatchObject({ code: 'ENODEV' })
    expect(error.message).toContain('xdp off')
    expect(ip('-n', cable.left.namespace, 'link', 'show', 'right0')).toContain('xdpgeneric')
  })

  test('took it to the grave when it was deleted, and that is fine', async () => {
    await using cable = new Cable()
    const link = await attach(cable)
    ip('-n', cable.right.namespace, 'link', 'del', 'right0')
    expect(await rejection(link.update(program(frames, 'second')))).toMatchObject({ code: 'ENODEV' })
    await link.close()
  })
})
