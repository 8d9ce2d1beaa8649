/** Sockets of a group that shares an address, in a map from which a program selects one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ReuseportSocketArray, createMap, reuseport, u32 } from '../../lib/index.ts'
import { Actor, type SharedSocket } from '../support/actor.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { NodeSockets } from '../support/node-sockets.ts'
import { until } from '../support/wait.ts'

const PORT = 4210
const PACKETS = 12

let actor: Actor
beforeAll(async () => {
  actor = await Actor.start()
})
afterAll(async () => {
  await actor?.[Symbol.asyncDispose]()
})

const made = (): ReuseportSocketArray => createMap({ type: 'reuseport_sockarray', maxEntries: 4 })

/** One more socket of the group. */
const member = (name: string): Promise<SharedSocket> =>
  actor.share(`kept['${name}'] = udp(${PORT}, share_port=True); share(kept['${name}'])`)

/** How many of the packets each of two sockets got. */
const send = (): Promise<number[]> =>
  actor.run<number[]>(`
    for sender in [udp() for _ in range(${PACKETS})]:
      sender.sendto(b'packet', (LOCAL, ${PORT}))
    counts = [0, 0]
    for index, name in enumerate(('one', 'two')):
      while received(kept[name]): counts[index] += 1
    return counts`)

describe('an array of sockets that share an address', () => {
  it('has those that a program selects', () =>
    withObject('maps-sockets', async (object) => {
      await using one = await member('one')
      await using two = await member('two')
      const array = object.map('group', ReuseportSocketArray)
      expect([array.length, array.count(), array.get(0), [...array]]).toEqual([4, 0, undefined, []])
      array.set(0, one)
      array.set(3, two)
      await object.programs.choose!.attach(reuseport(one))
      object.globals.place = 0
      expect(await send()).toEqual([PACKETS, 0])
      object.globals.place = 3
      expect(await send()).toEqual([0, PACKETS])
      const cookie = await actor.run<string>(`
        return str(int.from_bytes(kept['two'].getsockopt(socket.SOL_SOCKET, 57, 8), 'little'))`)
      expect([array.get(3), array.has(3), array.has(2)]).toEqual([BigInt(cookie), true, false])
      expect([...array.keys()]).toEqual([0, 3])
      expect([array.delete(3), array.delete(3)]).toEqual([true, false])
      // What is selected and not there is nobody's.
      expect(await send()).toEqual([0, 0])
      expect([array.clear(), array.count()]).toEqual([1, 0])
      await actor.run('kept.clear()')
    }))

  it('takes servers of TCP, and writes on condition', async () => {
    using array = made()
    await using server = await actor.share(`kept['tcp'] = listening(share_port=True); share(kept['tcp'])`)
    expect(array.set(1, server, { if: 'present' })).toBe(false)
    expect(array.set(1, server, { if: 'absent' })).toBe(true)
    expect(array.set(1, server, { if: 'absent' })).toBe(false)
    expect(array.count()).toBe(1)
    await actor.run('kept.clear()')
  })

  it('forgets sockets that are closed', async () => {
    using array = made()
    {
      await using one = await member('one')
      array.set(2, one)
      expect(array.has(2)).toBe(true)
    }
    await actor.run(`kept.pop('one').close()`)
    await until('the socket is gone', () => array.count() === 0)
  })

  it('with values of 4 bytes takes sockets, and says how they can be read', async () => {
    using array = createMap({ type: 'reuseport_sockarray', value: u32, maxEntries: 1 })
    await using one = await member('one')
    array.set(0, one)
    expect(() => array.get(0)).toThrowError(/declare the value as __u64/)
    expect([array.delete(0), array.delete(0)]).toEqual([true, false])
    await actor.run('kept.clear()')
  })
})

describe('refuses', () => {
  let array: ReuseportSocketArray
  let sockets: NodeSockets
  beforeAll(() => {
    array = made()
    sockets = new NodeSockets()
  })
  afterAll(async () => {
    await sockets?.[Symbol.asyncDispose]()
    array?.close()
  })

  refuses([
    { name: 'an index past the end', act: () => array.set(4, { fd: 0 }), code: 'ERR_EBPF_OUT_OF_RANGE' },
    { name: 'text for a socket', act: () => array.set(0, 'udp' as never), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    {
      name: 'a socket that does not share its address',
      act: async () => array.set(0, await sockets.datagrams()),
      code: 'EINVAL',
      message: /share their address by SO_REUSEPORT/,
    },
    {
      name: 'a connection',
      act: async () => array.set(0, (await sockets.connection()).client),
      code: 'EINVAL',
      message: /TCP sockets that listen/,
    },
    {
      name: 'a socket that is in one already',
      act: async () => {
        using other = made()
        await using socket = await member('one')
        other.set(0, socket)
        array.set(0, socket)
      },
      code: 'EBUSY',
      message: /one place of one map only/,
    },
    {
      name: 'a closed array',
      act: () => {
        const closed = made()
        closed.close()
        closed.set(0, { fd: 0 })
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'a foreign this',
      act: () => ReuseportSocketArray.prototype.delete.call({} as never, 0),
      type: TypeError,
      code: undefined,
    },
  ])
  it('and is empty after all of that', () => expect([...array]).toEqual([]))
})
