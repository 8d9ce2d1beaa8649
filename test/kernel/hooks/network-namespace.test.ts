/** Programs of a whole network namespace, which is that of a process of this test. */
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { flowDissector, skLookup } from '../../../lib/hooks/network-namespace.ts'
import type { SockMap } from '../../../lib/maps/socket-map.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { Actor } from '../../support/actor.ts'
import { fixture } from '../../support/fixtures.ts'
import { type Effect, proveHook } from '../../support/hook-proof.ts'

interface NamespaceFixture {
  maps: { sockets: SockMap }
  programs: {
    sk_lookup_first: BpfProgram
    sk_lookup_second: BpfProgram
    flow_dissector_first: BpfProgram
    flow_dissector_second: BpfProgram
  }
  globals: { port: number; first_runs: bigint; second_runs: bigint; protocol: number }
}

const PORT = 4300

let actor: Actor
let object: BpfObject<NamespaceFixture>

beforeAll(async () => {
  actor = await Actor.start()
  object = await loadObject<NamespaceFixture>(fixture('hooks-network-namespace'), { globals: { port: PORT } })
})

afterAll(async () => {
  await object?.close()
  await actor?.[Symbol.asyncDispose]()
})

beforeEach(async () => {
  await actor.run('kept.clear()')
})

proveHook({
  hook: 'sk_lookup',
  family: 'socket',
  since: '5.9',
  link: '5.9',
  update: '5.9',
  async setUp() {
    await actor.run(`kept['asked'] = listening(${PORT})`)
    {
      await using other = await actor.share(`kept['other'] = listening(${PORT + 1}); share(kept['other'])`)
      object.maps.sockets.set(0, other)
    }
    const { sk_lookup_first: first, sk_lookup_second: second } = object.programs
    return {
      attach: () => first.attach(skLookup({ netns: { pid: actor.pid } })),
      second,
      async observe() {
        const connections = await actor
          .run<number[]>(`
            client = socket.create_connection((LOCAL, ${PORT}))
            return [accepted(kept['asked']), accepted(kept['other'])]`)
          .catch((error: { code?: string }) => [error.code])
        const effects: Record<string, Effect> = { '1,0': 'none', '0,1': 'first', ECONNREFUSED: 'second' }
        return effects[connections.join()]!
      },
      async [Symbol.asyncDispose]() {
        await Promise.all(first.links.map((link) => link.close()))
      },
    }
  },
})

proveHook({
  hook: 'flow_dissector',
  family: 'network',
  since: '5.8',
  link: '5.8',
  update: '5.8',
  async setUp() {
    const { flow_dissector_first: first, flow_dissector_second: second } = object.programs
    return {
      attach: () => first.attach(flowDissector({ netns: { pid: actor.pid } })),
      second,
      async observe() {
        const { first_runs: before, second_runs: beforeSecond } = object.globals
        // The kernel looks for the transport header of what comes from a packet socket.
        await actor.run(`
          ethernet = bytes(12) + b'\\x08\\x00'
          ip = bytes.fromhex('4500001c00000000401100007f0000017f000001')
          packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
          packets.bind(('lo', 0x0800))
          packets.send(ethernet + ip + bytes(8))`)
        if (object.globals.second_runs > beforeSecond) return 'second'
        return object.globals.first_runs > before ? 'first' : 'none'
      },
      async [Symbol.asyncDispose]() {
        await Promise.all(first.links.map((link) => link.close()))
      },
    }
  },
})
