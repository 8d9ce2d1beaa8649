/** Sockets of Node in maps of sockets, and what programs redirect between them. */
import { closeSync, openSync } from 'node:fs'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SockHash, SockMap, type SocketMap, char, createMap, openMap, sockmap, u32 } from '../../lib/index.ts'
import type { SocketOrDescriptor } from '../../lib/system/socket-descriptor.ts'
import { Actor } from '../support/actor.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { NodeSockets } from '../support/node-sockets.ts'
import { until } from '../support/wait.ts'

const made = (): SockMap => createMap({ type: 'sockmap', maxEntries: 4 })
const hashed = (): SockHash<string> => createMap({ type: 'sockhash', key: char(16), maxEntries: 2 })

async function next(socket: Socket): Promise<string> {
  const [data] = await once(socket, 'data')
  return String(data)
}

describe('a map of sockets', () => {
  it('redirects what one socket receives to another one', () =>
    withObject('maps-sockets', async (object) => {
      await using sockets = new NodeSockets()
      const map = object.map('sockets', SockMap)
      await object.programs.forward!.attach(sockmap(map))
      const [from, to] = [await sockets.connection(), await sockets.connection()]
      expect([map.set(0, from.server), map.set(3, to.server)]).toEqual([true, true])
      object.globals.place = 3
      const arrived = next(to.client)
      from.client.write('over here')
      expect(await arrived).toBe('over here')
      // Back to who sent it.
      object.globals.place = 0
      const back = next(from.client)
      from.client.write('and back')
      expect(await back).toBe('and back')
    }))

  it('by a key of any type: redirects what one socket sends to another one', () =>
    withObject('maps-sockets', async (object) => {
      await using sockets = new NodeSockets()
      const map = object.map('named', SockHash)
      await object.programs.deliver!.attach(sockmap(map))
      const [from, to] = [await sockets.connection(), await sockets.connection()]
      map.set({ text: 'from' }, from.client)
      map.set({ text: 'to' }, to.client)
      object.globals.wanted = { text: 'to' }
      const arrived = next(to.client)
      from.client.write('by name')
      expect(await arrived).toBe('by name')
    }))

  it('is read as cookies, the kernel’s own names of sockets', async () => {
    await using actor = await Actor.start()
    await using socket = await actor.share(`kept['client'], kept['server'] = connection(); share(kept['server'])`)
    const cookie = await actor.run<string>(`
      return str(int.from_bytes(kept['server'].getsockopt(socket.SOL_SOCKET, 57, 8), 'little'))`)
    using map = made()
    expect([map.get(1), map.has(1), map.length, map.count(), [...map]]).toEqual([undefined, false, 4, 0, []])
    map.set(1, socket)
    expect([map.get(1), map.has(1), map.count()]).toEqual([BigInt(cookie), true, 1])
    expect([...map]).toEqual([[1, BigInt(cookie)]])
    expect([...map.keys()]).toEqual([1])
    expect([map.delete(1), map.delete(1), map.has(1)]).toEqual([true, false, false])
  })

  it('forgets sockets that are closed', async () => {
    await using sockets = new NodeSockets()
    using map = made()
    using names = hashed()
    const { client, server } = await sockets.connection()
    map.set(0, client)
    map.set(2, server)
    names.set('server', server)
    expect(map.get(2)).toBe(names.get('server'))
    expect(map.get(2)).not.toBe(map.get(0))
    server.destroy()
    await until('the socket is gone', () => !map.has(2) && names.count() === 0)
    expect([...map.keys()]).toEqual([0])
    expect(map.clear()).toBe(1)
    expect(map.count()).toBe(0)
  })

  it('writes on condition', async () => {
    await using sockets = new NodeSockets()
    using map = made()
    using names = hashed()
    const { client, server } = await sockets.connection()
    expect([map.set(0, client, { if: 'present' }), names.set('a', client, { if: 'present' })]).toEqual([false, false])
    expect([map.set(0, client, { if: 'absent' }), names.set('a', client, { if: 'absent' })]).toEqual([true, true])
    expect([map.set(0, server, { if: 'absent' }), names.set('a', server, { if: 'absent' })]).toEqual([false, false])
    const before = map.get(0)
    expect([map.set(0, server, { if: 'present' }), names.set('a', server, { if: 'present' })]).toEqual([true, true])
    expect(map.get(0)).not.toBe(before)
    expect(map.get(0)).toBe(names.get('a'))
  })

  it('takes servers, and on newer kernels UDP', async () => {
    await using sockets = new NodeSockets()
    using map = made()
    const server = await sockets.listening()
    const datagrams = await sockets.datagrams()
    map.set(0, server)
    if (!olderThan('5.13')) map.set(1, datagrams)
    expect(map.count()).toBe(olderThan('5.13') ? 1 : 2)
  })

  it('is iterated, emptied, and opened again', async () => {
    await using sockets = new NodeSockets()
    using names = hashed()
    const { client, server } = await sockets.connection()
    names.set('client', client)
    names.set('server', server)
    const entries = [...names.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1))
    expect(entries).toEqual([
      ['client', names.get('client')],
      ['server', names.get('server')],
    ])
    expect([...names.keys()].toSorted()).toEqual(['client', 'server'])
    using again = openMap({ id: names.id }, SockHash, { key: char(16) })
    expect(again.get('client')).toBe(names.get('client'))
    expect(() => names.set('third', client)).toThrowError(/E2BIG.*\n.*The map is full: it holds 2 entries/)
    expect([names.clear(), names.clear(), again.count()]).toEqual([2, 0, 0])
  })

  it('is iterated while entries go', async () => {
    await using sockets = new NodeSockets()
    using names = createMap({ type: 'sockhash', key: u32, maxEntries: 600 })
    const { client } = await sockets.connection()
    for (let key = 0; key < 600; key++) names.set(key, client)
    const seen: unknown[] = []
    for (const [key] of names) {
      seen.push(key)
      names.delete(key)
    }
    expect([seen.length, new Set(seen).size, names.count()]).toEqual([600, 600, 0])
  })

  it('says so when it is closed while it is iterated', async () => {
    await using sockets = new NodeSockets()
    using map = createMap({ type: 'sockmap', maxEntries: 600 })
    const { client } = await sockets.connection()
    for (let index = 0; index < 600; index++) map.set(index, client)
    let seen = 0
    const iterate = (): void => {
      for (const _ of map) if (++seen === 1) map.close()
    }
    expect(iterate).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
    expect(seen).toBeGreaterThan(0)
  })

  it('with values of 4 bytes takes sockets, and says how they can be read', () =>
    withObject('maps-sockets', async (object) => {
      await using sockets = new NodeSockets()
      const { client, server } = await sockets.connection()
      const [map, names] = [object.map('small', SockMap), object.map('small_hashed', SockHash)]
      map.set(2, client)
      names.set(7, client)
      names.set(8, server)
      const unreadable = expect.objectContaining({
        name: 'EbpfError',
        code: 'ERR_EBPF_INVALID_ARGUMENT',
        message: expect.stringMatching(/cannot be read.*\n.*declare the value as __u64, not of 4 bytes/),
      })
      for (const one of [map, names]) {
        expect(() => one.get(7 % 4)).toThrowError(unreadable)
        expect(() => one.has(2)).toThrowError(unreadable)
        expect(() => [...one]).toThrowError(unreadable)
      }
      expect(() => map.count()).toThrowError(unreadable)
      // The keys of a hash are there even so.
      expect([names.count(), [...names.keys()].toSorted()]).toEqual([2, [7, 8]])
      expect([names.delete(7), names.delete(7), map.delete(2), map.delete(2)]).toEqual([true, false, true, false])
      expect(names.clear()).toBe(1)
    }))
})

describe('refuses', () => {
  let map: SockMap
  let names: SockHash<string>
  let sockets: NodeSockets
  let connected: Socket
  beforeAll(async () => {
    map = made()
    names = hashed()
    sockets = new NodeSockets()
    connected = (await sockets.connection()).client
  })
  afterAll(async () => {
    await sockets?.[Symbol.asyncDispose]()
    map?.close()
    names?.close()
  })

  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  const RANGE = 'ERR_EBPF_OUT_OF_RANGE'
  const CLOSED = 'ERR_EBPF_CLOSED'
  /** A socket whose descriptor closes a map while it is read. */
  const closing = (target: SocketMap): SocketOrDescriptor => ({
    get fd() {
      target.close()
      return 0
    },
  })
  refuses([
    { name: 'an index past the end', act: () => map.set(4, connected), code: RANGE, message: /index.*0 to 3/ },
    { name: 'a negative index', act: () => map.get(-1), code: RANGE },
    { name: 'half an index', act: () => map.delete(0.5), code: INVALID },
    { name: 'text for an index', act: () => map.has('0' as never), code: INVALID },
    { name: 'a number for a socket', act: () => map.set(0, 3 as never), code: INVALID, message: /or \{ fd \}, not 3/ },
    { name: 'an object that is no socket', act: () => map.set(0, {} as never), code: INVALID },
    { name: 'a socket that was never connected', act: () => map.set(0, new Socket()), code: INVALID, message: /never/ },
    {
      name: 'a destroyed socket',
      act: () => map.set(0, new Socket().destroy()),
      code: INVALID,
      message: /socket has no descriptor: it is destroyed/,
    },
    {
      name: 'a descriptor that is not open',
      act: () => map.set(0, { fd: 99_999 }),
      code: 'EBADF',
      message: /no open descriptor 99999/,
    },
    {
      name: 'a descriptor of a file',
      act: () => {
        const fd = openSync('/dev/null', 'r')
        try {
          map.set(0, { fd })
        } finally {
          closeSync(fd)
        }
      },
      code: 'ENOTSOCK',
      message: /is not one of a socket/,
    },
    {
      name: 'a socket that neither listens nor is connected',
      act: async () => {
        await using actor = await Actor.start()
        await using socket = await actor.share(`kept['idle'] = socket.socket(); share(kept['idle'])`)
        map.set(0, socket)
      },
      code: 'EOPNOTSUPP',
      message: /TCP sockets that are connected or listen/,
    },
    {
      name: 'a condition that there is none of',
      act: () => map.set(0, connected, { if: 'new' as never }),
      code: INVALID,
    },
    { name: 'a key that is too long', act: () => names.set('x'.repeat(17), connected), code: RANGE },
    { name: 'a key of another type', act: () => names.get(1 as never), code: INVALID },
    {
      name: 'a socket that closes the map when it is read',
      act: () => {
        const closed = made()
        closed.set(0, closing(closed))
      },
      code: CLOSED,
    },
    {
      name: 'a socket that closes the map when it is read, after it was used',
      act: () => {
        const closed = hashed()
        closed.get('a')
        closed.set('a', closing(closed))
      },
      code: CLOSED,
    },
    {
      name: 'a closed map',
      act: () => {
        const closed = made()
        closed.get(0)
        closed.close()
        closed.get(0)
      },
      code: CLOSED,
    },
    {
      name: 'to iterate a closed map',
      act: () => {
        const closed = hashed()
        closed.close()
        return [...closed]
      },
      code: CLOSED,
    },
    { name: 'a foreign this', act: () => SockMap.prototype.get.call({} as never, 0), code: undefined, type: TypeError },
    {
      name: 'a foreign this, to set',
      act: () => SockHash.prototype.set.call({} as never, 0, connected),
      code: undefined,
      type: TypeError,
    },
    { name: 'a map of another class', act: () => openMap({ id: map.id }, SockHash), code: 'ERR_EBPF_MAP_CLASS' },
    {
      name: 'keys that are longer than a sockhash’s',
      act: () => createMap({ type: 'sockhash', key: char(4096), maxEntries: 1 }),
      code: /E2BIG|EINVAL/,
    },
    {
      name: 'values of other sizes',
      act: () => createMap({ type: 'sockmap', value: char(5), maxEntries: 1 }),
      code: INVALID,
      message: /4 or 8 bytes/,
    },
  ])

  it('and is as before after all of that', () => {
    expect([map.count(), names.count()]).toEqual([0, 0])
  })
})
