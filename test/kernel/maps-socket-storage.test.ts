import { type Socket, createSocket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import net from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SocketStorage, createMap, struct, u32, u64 } from '../../lib/index.ts'
import { cgroup } from '../../lib/hooks/cgroup.ts'
import { refuses } from '../support/bad-input.ts'
import { Cgroup } from '../support/cgroup.ts'
import { withObject } from '../support/fixtures.ts'
import { withConnections } from '../support/cgroup-connections.ts'

interface Visits {
  count: number
  by: string
}

async function withUdp(body: (socket: Socket) => unknown): Promise<void> {
  const socket = createSocket('udp4')
  try {
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    await body(socket)
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve))
  }
}

describe('the storage of sockets', () => {
  it('is shared with programs', () =>
    withObject('maps-socket-storage', async (object) => {
      await using own = new Cgroup()
      const sockets = object.map('sockets', SocketStorage<Visits>)
      await using link = await object.program('count_sockets').attach(cgroup(own.path))
      expect(link.closed).toBe(false)
      await withConnections(own, async (socket, connect) => {
        expect([sockets.get(socket), sockets.has(socket)]).toEqual([undefined, false])
        await connect()
        expect(sockets.get(socket)).toEqual({ count: 1, by: 'program' })
        expect(sockets.set(socket, { count: 41, by: 'script' })).toBe(true)
        await connect()
        expect(sockets.get(socket)).toEqual({ count: 42, by: 'program' })
        expect([sockets.delete(socket), sockets.delete(socket), sockets.has(socket)]).toEqual([true, false, false])
        const locked = object.map('locked_sockets', SocketStorage<{ count: number }>)
        expect(locked.set(socket, { count: 7 }, { lock: true })).toBe(true)
        await connect()
        expect(locked.get(socket, { lock: true })).toEqual({ count: 8 })
      })
    }))

  it('takes sockets of every kind, and descriptors of them', async () => {
    using sockets = createMap({ type: 'sk_storage', value: u32 })
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
      [net.Socket],
      unknown,
    ]
    expect([sockets.set(server, 1), sockets.set(client, 2), sockets.set(accepted, 3)]).toEqual([true, true, true])
    const { fd } = (client as unknown as { _handle: { fd: number } })._handle
    expect([sockets.get(server), sockets.get({ fd }), sockets.get(accepted)]).toEqual([1, 2, 3])
    client.destroy()
    accepted.destroy()
    await new Promise((resolve) => server.close(resolve))
    expect(() => sockets.get(client)).toThrow(/socket has no descriptor: it is destroyed/)
    await withUdp((socket) => {
      expect(sockets.set(socket, 4, { if: 'present' })).toBe(false)
      expect(sockets.set(socket, 4, { if: 'absent' })).toBe(true)
      expect(sockets.set(socket, 5, { if: 'absent' })).toBe(false)
      expect(sockets.get(socket, { raw: true })).toEqual(Uint8Array.of(4, 0, 0, 0))
    })
  })

  it('survives getters that use it', () =>
    withUdp((socket) => {
      using sockets = createMap({ type: 'sk_storage', value: struct({ a: u32, b: u64 }) })
      sockets.set(socket, {
        a: 1,
        get b() {
          sockets.set(socket, { a: 9, b: 9n })
          sockets.get(socket)
          return 2n
        },
      })
      expect(sockets.get(socket)).toEqual({ a: 1, b: 2n })
    }))

  it('says that a socket has no more room', () =>
    withUdp((socket) => {
      const large = { layout: { kind: 'bytes', size: 60_000 }, alignment: 1 } as never
      const maps: SocketStorage[] = []
      try {
        expect(() => {
          for (let count = 0; count < 64; count++) {
            const map = createMap({ type: 'sk_storage', value: large }) as SocketStorage
            maps.push(map)
            map.set(socket, new Uint8Array(60_000))
          }
        }).toThrowError(expect.objectContaining({ code: 'ENOMEM', message: expect.stringMatching(/optmem_max/) }))
      } finally {
        for (const map of maps) map.close()
      }
    }))

  describe('refuses', () => {
    let sockets: SocketStorage<number>
    let fd: number
    beforeAll(() => {
      fd = openSync('/dev/null', 'r')
      sockets = createMap({ type: 'sk_storage', value: u32 })
    })
    afterAll(() => {
      sockets.close()
      closeSync(fd)
    })
    const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
    refuses([
      {
        name: 'a socket that is not connected',
        act: () => sockets.get(new net.Socket()),
        code: INVALID,
        message: /no descriptor/,
      },
      { name: 'a number', act: () => sockets.get(3 as never), code: INVALID, message: /socket must be/ },
      { name: 'nothing', act: () => sockets.set(null as never, 1), code: INVALID },
      {
        name: 'a descriptor that is no socket',
        act: () => sockets.get({ fd }),
        code: 'ENOTSOCK',
        message: /fd \d+ is no socket/,
      },
      {
        name: 'a descriptor that is not open',
        act: () => sockets.has({ fd: 99_999 }),
        code: 'EBADF',
        message: /fd 99999 is not open/,
      },
      { name: 'deleting of what is no socket', act: () => sockets.delete({ fd }), code: 'ENOTSOCK' },
      { name: 'a value that does not fit', act: () => sockets.set({ fd: 0 }, -1), code: 'ERR_EBPF_OUT_OF_RANGE' },
      {
        name: 'a closed map',
        act: () => {
          const closed = createMap({ type: 'sk_storage', value: u32 })
          closed.close()
          closed.get({ fd: 0 })
        },
        code: 'ERR_EBPF_CLOSED',
      },
    ])
  })
})
