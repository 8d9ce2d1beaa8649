/** Programs of single sockets and of groups that share an address: sockets of a process in its own network namespace. */
import { afterAll, beforeAll } from 'vitest'
import { attachClassicFilter } from '../../../lib/classic-filter.ts'
import { reuseport, socketFilter } from '../../../lib/hooks/socket.ts'
import type { ReuseportSocketArray } from '../../../lib/maps/socket-array.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { Actor, type SharedSocket } from '../../support/actor.ts'
import { fixture } from '../../support/fixtures.ts'
import { type Effect, proveHook } from '../../support/hook-proof.ts'

interface SocketFixture {
  maps: { sockets: ReuseportSocketArray }
  programs: Record<string, BpfProgram>
  globals: Record<never, never>
}

const PORT = 4200
/** Enough that a hash spreads them over all sockets of a group. */
const PACKETS = 24

let actor: Actor

beforeAll(async () => {
  actor = await Actor.start()
})

afterAll(async () => {
  await actor?.[Symbol.asyncDispose]()
})

async function load(name: string): Promise<BpfObject<SocketFixture>> {
  return await loadObject<SocketFixture>(fixture(name))
}

/** Closes what a scene opened, and what the actor kept for it. */
async function end(object: BpfObject<SocketFixture>, ...sockets: SharedSocket[]): Promise<void> {
  await object.close()
  await Promise.all(sockets.map((socket) => socket[Symbol.asyncDispose]()))
  await actor.run('kept.clear()')
}

async function sendToOne(): Promise<Effect> {
  const payload = await actor.run(`
    udp().sendto(b'packet', (LOCAL, ${PORT}))
    return received(kept['receiver'])`)
  const effects: Record<string, Effect> = { packet: 'none', pac: 'first', null: 'second' }
  return effects[String(payload)]!
}

/** BPF_RET | BPF_K */
const RETURN = 0x06

proveHook({
  hook: 'socket filter',
  family: 'socket',
  since: '3.19',
  link: false,
  update: '3.19',
  async setUp() {
    const object = await load('hooks-socket')
    const socket = await actor.share(`kept['receiver'] = udp(${PORT}); share(kept['receiver'])`)
    return {
      attach: () => object.programs.filter_first!.attach(socketFilter(socket.fd)),
      second: object.programs.filter_second!,
      observe: sendToOne,
      [Symbol.asyncDispose]: () => end(object, socket),
    }
  },
})

proveHook({
  hook: 'socket filter, classic',
  family: 'socket',
  since: '2.2',
  link: false,
  update: false,
  async setUp() {
    const object = await load('hooks-socket')
    const socket = await actor.share(`kept['receiver'] = udp(${PORT}); share(kept['receiver'])`)
    return {
      // The UDP header, and three bytes.
      attach: () => attachClassicFilter(socket.fd, [{ code: RETURN, k: 8 + 3 }]),
      second: object.programs.filter_second!,
      observe: sendToOne,
      [Symbol.asyncDispose]: () => end(object, socket),
    }
  },
})

/** Three sockets at one port, the last of which is shared; the first two are put into the map. */
async function group(object: BpfObject<SocketFixture>): Promise<SharedSocket> {
  for (const key of [0, 1]) {
    await using socket = await actor.share(`kept[${key}] = udp(${PORT}, share_port=True); share(kept[${key}])`)
    object.maps.sockets.set(key, socket)
  }
  return await actor.share(`kept[2] = udp(${PORT}, share_port=True); share(kept[2])`)
}

/** Which socket of the group got all packets. */
function favourite(received: number[]): Effect {
  if (received[0] === PACKETS) return 'first'
  return received[1] === PACKETS ? 'second' : 'none'
}

async function sendToGroup(): Promise<Effect> {
  const received = await actor.run<number[]>(`
    for sender in [udp() for _ in range(${PACKETS})]:
      sender.sendto(b'packet', (LOCAL, ${PORT}))
    counts = [0, 0, 0]
    for key in range(3):
      while received(kept[key]): counts[key] += 1
    return counts`)
  return favourite(received)
}

for (const { hook, since, programs } of [
  { hook: 'reuseport, by socket_filter', since: '4.5', programs: 'index' },
  { hook: 'reuseport, by sk_reuseport', since: '4.19', programs: 'select' },
]) {
  proveHook({
    hook,
    family: 'socket',
    since,
    link: false,
    update: since,
    async setUp() {
      const object = await load('hooks-socket')
      const socket = await group(object)
      return {
        attach: () => object.programs[`${programs}_first`]!.attach(reuseport(socket.fd)),
        second: object.programs[`${programs}_second`]!,
        observe: sendToGroup,
        [Symbol.asyncDispose]: () => end(object, socket),
      }
    },
  })
}

proveHook({
  hook: 'reuseport, by classic BPF',
  family: 'socket',
  since: '4.5',
  link: false,
  update: false,
  async setUp() {
    const object = await load('hooks-socket')
    const socket = await group(object)
    return {
      attach: () => attachClassicFilter(socket.fd, [{ code: RETURN, k: 0 }], { reuseport: true }),
      second: object.programs.index_second!,
      observe: sendToGroup,
      [Symbol.asyncDispose]: () => end(object, socket),
    }
  },
})

proveHook({
  hook: 'reuseport, by sk_reuseport/migrate',
  family: 'socket',
  since: '5.14',
  link: false,
  update: '5.14',
  // The verifier knows no `migrating_sk` there.
  refusal: ['ERR_EBPF_KERNEL', 'EACCES'],
  async setUp() {
    const object = await load('hooks-reuseport-migrate')
    const listen = (key: number): Promise<SharedSocket> =>
      actor.share(`kept[${key}] = listening(${PORT}, share_port=True); share(kept[${key}])`)
    const heirs = [await listen(1), await listen(2)] as const
    heirs.forEach((heir, index) => {
      object.maps.sockets.set(index + 1, heir)
    })
    return {
      // Whoever holds the listener that is to be closed would keep it open.
      attach: () => object.programs.migrate_first!.attach(reuseport(heirs[0].fd)),
      second: object.programs.migrate_second!,
      async observe() {
        {
          await using socket = await listen(0)
          object.maps.sockets.set(0, socket)
        }
        const connections = await actor.run<number[]>(`
          clients = [socket.create_connection((LOCAL, ${PORT})) for _ in range(${PACKETS})]
          kept.pop(0).close()
          return [accepted(kept[1]), accepted(kept[2])]`)
        return favourite(connections)
      },
      [Symbol.asyncDispose]: () => end(object, ...heirs),
    }
  },
})
