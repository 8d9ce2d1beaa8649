/** Sockets and network namespaces: what their links tell, who else is there, and what cannot be done. */
import { closeSync, fstatSync, openSync, readdirSync, statSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { attachClassicFilter } from '../../../lib/classic-filter.ts'
import { flowDissector, skLookup } from '../../../lib/hooks/network-namespace.ts'
import { reuseport, socketFilter } from '../../../lib/hooks/socket.ts'
import type { NetnsLinkInfo } from '../../../lib/link-info.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import { openProgram } from '../../../lib/open-program.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { query } from '../../../lib/query.ts'
import { Actor, type SharedSocket } from '../../support/actor.ts'
import { builtPackage, run } from '../../support/child.ts'
import { fixture } from '../../support/fixtures.ts'
import { NodeSockets } from '../../support/node-sockets.ts'
import { rejection, until } from '../../support/wait.ts'

interface Fixture {
  programs: Record<string, BpfProgram>
  globals: { port: number }
}

const PORT = 4400

let actor: Actor
let sockets: BpfObject<Fixture>
let namespaces: BpfObject<Fixture>

beforeAll(async () => {
  actor = await Actor.start()
  sockets = await loadObject<Fixture>(fixture('hooks-socket'))
  namespaces = await loadObject<Fixture>(fixture('hooks-network-namespace'), { globals: { port: PORT } })
})

afterAll(async () => {
  await Promise.all([sockets, namespaces].map((object) => object?.close()))
  await actor?.[Symbol.asyncDispose]()
})

afterEach(async () => {
  await actor.run('kept.clear()')
})

const descriptors = (): number => readdirSync('/proc/self/fd').length

const receiver = (): Promise<SharedSocket> => actor.share(`kept['receiver'] = udp(${PORT}); share(kept['receiver'])`)

const arrives = (): Promise<string | null> =>
  actor.run(`
    udp().sendto(b'packet', (LOCAL, ${PORT}))
    return received(kept['receiver'])`)

describe('a socket of Node', () => {
  test('has its filters by itself, without its descriptor', async () => {
    await using opened = new NodeSockets()
    const [datagrams, sender] = [await opened.datagrams(), await opened.datagrams()]
    const { port } = datagrams.address()
    const packets: string[] = []
    datagrams.on('message', (packet) => packets.push(String(packet)))
    const send = async (): Promise<string[]> => {
      for (const packet of ['packet', 'last']) {
        await new Promise((resolve) => sender.send(packet, port, '127.0.0.1', resolve))
      }
      await until('the last packet is here', () => packets.includes('las') || packets.includes('last'))
      return packets.splice(0)
    }
    const link = await sockets.programs.filter_first!.attach(socketFilter(datagrams))
    expect(await send()).toEqual(['pac', 'las'])
    await link.close()
    const [loadByte, jumpIfEqual, give] = [0x30, 0x15, 0x06]
    // Behind the UDP header: what begins with 'p' is dropped.
    const classic = await attachClassicFilter(datagrams, [
      { code: loadByte, k: 8 },
      { code: jumpIfEqual, jf: 1, k: 0x70 },
      { code: give, k: 0 },
      { code: give, k: -1 },
    ])
    expect(await send()).toEqual(['last'])
    await classic.close()
    expect(await send()).toEqual(['packet', 'last'])
  })
})

describe('a filter of a socket', () => {
  test('takes the place of another one, and is taken away with either', async () => {
    await using socket = await receiver()
    await using one = await sockets.programs.filter_first!.attach(socketFilter(socket.fd))
    expect(await arrives()).toBe('pac')
    await using two = await sockets.programs.filter_second!.attach(socketFilter(socket.fd))
    expect(await arrives()).toBeNull()
    await two.close()
    expect(await arrives()).toBe('packet')
    await one.close()
  })

  test('can be detached, and leaves the socket to its owner', async () => {
    await using socket = await receiver()
    await using link = await sockets.programs.filter_second!.attach(socketFilter(socket.fd))
    await link.detach()
    expect(await arrives()).toBe('packet')
    await link.close()
    expect(() => fstatSync(socket.fd)).not.toThrow()
  })

  test('does not keep the socket open, and goes with it', async () => {
    const socket = await receiver()
    await using link = await sockets.programs.filter_second!.attach(socketFilter(socket.fd))
    await socket[Symbol.asyncDispose]()
    await actor.run('kept.pop("receiver").close()')
    // The port is free, although the link was not closed.
    await using other = await receiver()
    expect(await arrives()).toBe('packet')
    await link.close()
    expect(await arrives()).toBe('packet')
    expect(other.fd).toBeGreaterThan(2)
  })

  test('goes when its object is closed', async () => {
    await using socket = await receiver()
    await using own = await loadObject<Fixture>(fixture('hooks-socket'))
    await own.programs.filter_second!.attach(socketFilter(socket.fd))
    expect(await arrives()).toBeNull()
    await own.close()
    expect(await arrives()).toBe('packet')
  })

  test('cannot be on what is no socket', async () => {
    const before = descriptors()
    const filter = sockets.programs.filter_first!
    expect(await rejection(filter.attach(socketFilter(9999)))).toMatchObject({
      code: 'EBADF',
      program: 'filter_first',
      link: 'socket filter of fd 9999',
    })
    const fd = openSync('/dev/null', 'r')
    try {
      expect(await rejection(filter.attach(socketFilter(fd)))).toMatchObject({ code: 'ENOTSOCK' })
      expect(await rejection(filter.attach(reuseport(fd)))).toMatchObject({ code: 'ENOTSOCK' })
    } finally {
      closeSync(fd)
    }
    expect(descriptors()).toBe(before)
  })

  test('is of the right type, and not closed', async () => {
    await using socket = await receiver()
    await using maps = await loadObject(fixture('hooks-sockmap'))
    for (const hook of [socketFilter(socket.fd), reuseport(socket.fd)]) {
      const error = await rejection(maps.programs.msg_verdict_first!.attach(hook))
      expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    }
    const opened = openProgram({ id: sockets.programs.filter_first!.id })
    opened.close()
    expect(await rejection(opened.attach(socketFilter(socket.fd)))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })

  test('of a group needs a socket that shares its address', async () => {
    await using socket = await receiver()
    for (const name of ['index_first', 'select_first']) {
      expect(await rejection(sockets.programs[name]!.attach(reuseport(socket.fd)))).toMatchObject({ code: 'EINVAL' })
    }
  })
})

describe('a classic filter', () => {
  /** Keeps packets that carry text which begins with this letter. */
  const begins = (letter: string) => [
    { code: 0x30, k: 8 }, // BPF_LD | BPF_B | BPF_ABS: after the UDP header
    { code: 0x15, jf: 1, k: letter.charCodeAt(0) }, // BPF_JMP | BPF_JEQ | BPF_K
    { code: 0x06, k: -1 }, // BPF_RET | BPF_K: all
    { code: 0x06, k: 0 },
  ]

  test('reads packets, takes the place of another one, and is taken away', async () => {
    await using socket = await receiver()
    await using one = await attachClassicFilter(socket.fd, begins('x'))
    expect(await arrives()).toBeNull()
    await using two = await attachClassicFilter(socket.fd, begins('p'))
    expect(await arrives()).toBe('packet')
    await using three = await sockets.programs.filter_first!.attach(socketFilter(socket.fd))
    expect(await arrives()).toBe('pac')
    for (const link of [three, two, one]) await link.close()
    expect(await arrives()).toBe('packet')
  })

  test('goes with its socket', async () => {
    const socket = await receiver()
    await using link = await attachClassicFilter(socket.fd, begins('x'))
    await socket[Symbol.asyncDispose]()
    await actor.run('kept.pop("receiver").close()')
    await using _other = await receiver()
    await link.close()
    expect(await arrives()).toBe('packet')
  })

  test('needs no privilege, and takes a socket of Node', async () => {
    // A process without capabilities, in a network namespace of its own.
    const drop = 'ip link set lo up && exec setpriv --inh-caps=-all --bounding-set=-all -- "$@"'
    const { code, stdout, stderr } = await run(
      `
      import { createSocket } from 'node:dgram'
      import { once } from 'node:events'
      import { readFileSync } from 'node:fs'
      import { attachClassicFilter } from ${JSON.stringify(builtPackage())}
      const socket = createSocket('udp4')
      socket.bind(0, '127.0.0.1')
      await once(socket, 'listening')
      const link = await attachClassicFilter(socket._handle.fd, [{ code: 6, k: 11 }])
      const exchange = async () => {
        socket.send('packet', socket.address().port, '127.0.0.1')
        const [message] = await once(socket, 'message')
        return String(message)
      }
      const cut = await exchange()
      await link.close()
      const capabilities = /CapEff:\\s*(\\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]
      console.log([cut, await exchange(), Number(capabilities)].join())
      socket.close()`,
      { timeoutMs: 100_000, flags: ['--no-deprecation'], prefix: ['unshare', '--net', 'sh', '-c', drop, 'sh'] },
    )
    expect({ code, stdout: stdout.trim(), stderr }).toEqual({ code: 0, stdout: 'pac,packet,0', stderr: '' })
  })

  test('that the kernel does not take is EINVAL, with what it takes', async () => {
    await using socket = await receiver()
    const endless = [{ code: 0x30, k: 8 }]
    const unknown = [{ code: 0xffff }, { code: 0x06 }]
    const outside = [{ code: 0x15, jt: 9, jf: 9, k: 1 }, { code: 0x06 }]
    for (const instructions of [endless, unknown, outside]) {
      expect(await rejection(attachClassicFilter(socket.fd, instructions))).toMatchObject({
        code: 'EINVAL',
        link: `classic filter of fd ${socket.fd}`,
        hint: expect.stringContaining('forward'),
      })
    }
    expect(await rejection(attachClassicFilter(socket.fd, [{ code: 0x06 }], { reuseport: true }))).toMatchObject({
      code: 'EINVAL',
      hint: expect.stringContaining('SO_REUSEPORT'),
    })
    expect(await arrives()).toBe('packet')
  })

  test('needs a socket, and instructions', async () => {
    const before = descriptors()
    const accept = [{ code: 0x06, k: 1 }]
    expect(await rejection(attachClassicFilter(9999, accept))).toMatchObject({ code: 'EBADF' })
    const fd = openSync('/dev/null', 'r')
    try {
      expect(await rejection(attachClassicFilter(fd, accept))).toMatchObject({ code: 'ENOTSOCK' })
    } finally {
      closeSync(fd)
    }
    expect(descriptors()).toBe(before)
    const wrong: unknown[] = [undefined, [], 'ret', [null], [{}], [{ code: -1 }], [{ code: 6, k: 2 ** 32 }]]
    wrong.push(
      [{ code: 6, jt: 256 }],
      [{ code: '6' }],
      [{ code: 6.5 }],
      Array.from({ length: 4097 }, () => accept[0]),
    )
    for (const instructions of wrong) {
      expect(await rejection(attachClassicFilter(0, instructions as never))).toMatchObject({
        code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/),
      })
    }
  })
})

describe('a program of a network namespace', () => {
  test('is known by its link, whatever the namespace was named by', async () => {
    const path = `/proc/${actor.pid}/ns/net`
    const { ino } = statSync(path)
    const fd = openSync(path, 'r')
    try {
      for (const netns of [path, { pid: actor.pid }, { fd }]) {
        for (const [kind, hook] of [
          ['sk_lookup', skLookup({ netns })],
          ['flow_dissector', flowDissector({ netns })],
        ] as const) {
          const program = namespaces.programs[`${kind}_first`]!
          await using link = await program.attach(hook)
          expect(link.info()).toEqual({
            type: 'netns',
            id: link.id,
            programId: program.id,
            attachType: kind,
            netnsInode: ino,
          })
          expect((await query(hook)).entries).toMatchObject([{ programId: program.id }])
        }
      }
      expect(() => fstatSync(fd)).not.toThrow()
    } finally {
      closeSync(fd)
    }
  })

  test('is one of several that choose a socket, in the order in which they came', async () => {
    const hook = skLookup({ netns: { pid: actor.pid } })
    const programs = [namespaces.programs.sk_lookup_first!, namespaces.programs.sk_lookup_second!]
    await using _one = await programs[0]!.attach(hook)
    await using _two = await programs[1]!.attach(hook)
    expect((await query(hook)).entries.map(({ programId }) => programId)).toEqual(programs.map(({ id }) => id))
  })

  test('is the only one that dissects packets', async () => {
    const hook = flowDissector({ netns: { pid: actor.pid } })
    await using _one = await namespaces.programs.flow_dissector_first!.attach(hook)
    const error = await rejection(namespaces.programs.flow_dissector_second!.attach(hook))
    expect(error).toMatchObject({ code: expect.stringMatching(/^(E2BIG|EEXIST)$/), program: 'flow_dissector_second' })
  })

  test('outlives its namespace, without harm', async () => {
    await using short = await Actor.start()
    await using link = await namespaces.programs.sk_lookup_first!.attach(skLookup({ netns: { pid: short.pid } }))
    await short[Symbol.asyncDispose]()
    await until('the kernel has dropped it', () => (link.info() as NetnsLinkInfo).netnsInode === 0)
    const error = await rejection(link.update(namespaces.programs.sk_lookup_second!))
    expect(error).toMatchObject({ code: 'ENOLINK' })
  })

  test('needs a namespace', async () => {
    const before = descriptors()
    const program = namespaces.programs.sk_lookup_first!
    expect(await rejection(program.attach(skLookup({ netns: '/run/netns/no-such' })))).toMatchObject({ code: 'ENOENT' })
    expect(await rejection(program.attach(skLookup({ netns: '/dev/null' })))).toMatchObject({ code: 'EINVAL' })
    expect(await rejection(program.attach(skLookup({ netns: { fd: 9999 } })))).toMatchObject({ code: 'EBADF' })
    const wrong = await rejection(program.attach(flowDissector({ netns: { pid: actor.pid } })))
    expect(wrong).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    expect(descriptors()).toBe(before)
  })
})
