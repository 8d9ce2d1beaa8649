/** What sockets in a map send and receive: TCP connections of a process in its own network namespace. */
import { afterAll, beforeAll } from 'vitest'
import { type SockmapAttachType, sockmap } from '../../../lib/hooks/sockmap.ts'
import type { Link } from '../../../lib/link.ts'
import type { SockHash, SockMap } from '../../../lib/maps/socket-map.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { Actor } from '../../support/actor.ts'
import { fixture } from '../../support/fixtures.ts'
import { type Effect, proveHook } from '../../support/hook-proof.ts'

interface SockmapFixture {
  maps: { sockets: SockMap; hashed: SockHash<number> }
  programs: Record<string, BpfProgram>
  globals: { first_runs: bigint; second_runs: bigint; length: number }
}

let actor: Actor
let object: BpfObject<SockmapFixture>

beforeAll(async () => {
  actor = await Actor.start()
  object = await loadObject<SockmapFixture>(fixture('hooks-sockmap'))
})

afterAll(async () => {
  await object?.close()
  await actor?.[Symbol.asyncDispose]()
})

/** A new connection, one end of which is put into the map: a socket keeps the programs that were there then. */
async function connect(map: SockMap | SockHash<number>, end: 'client' | 'server'): Promise<void> {
  await using socket = await actor.share(`
    kept['client'], kept['server'] = connection()
    share(kept['${end}'])`)
  map.set(0, socket)
}

/** Sends a message that the second programs drop, and one that they do not. */
async function send(map: SockMap | SockHash<number>, end: 'client' | 'server'): Promise<Effect> {
  await connect(map, end)
  const before = object.globals.first_runs
  const received = await actor.run(`
    try:
      kept['client'].send(b'X')
    except PermissionError:
      return 'marker' # and the kernel keeps to it for what is sent after that
    settle()
    kept['client'].send(b'marker')
    return received_until(kept['server'], b'marker')`)
  if (received === 'marker') return 'second'
  if (received !== 'Xmarker') throw new Error(`what arrived is ${received}`)
  return object.globals.first_runs > before ? 'first' : 'none'
}

/** Of four bytes the first parser makes two messages, and the second one makes one. */
async function parse(map: SockMap | SockHash<number>): Promise<Effect> {
  await connect(map, 'server')
  const { first_runs: verdicts, second_runs: parsed } = object.globals
  await actor.run(`
    kept['client'].send(b'ABCD')
    settle()`)
  if (object.globals.second_runs > parsed) return 'second'
  return object.globals.first_runs === verdicts + 2n ? 'first' : 'none'
}

interface Row {
  name: SockmapAttachType
  since: string
  observe(map: SockMap | SockHash<number>): Promise<Effect>
  /** Whether the section leaves it to the hook. */
  named?: boolean
  /** What has to be there besides. */
  together?: string
}

const ROWS: Row[] = [
  { name: 'msg_verdict', since: '4.17', observe: (map) => send(map, 'client') },
  { name: 'stream_verdict', since: '4.14', observe: (map) => send(map, 'server') },
  { name: 'verdict', since: '5.13', observe: (map) => send(map, 'server'), named: true },
  { name: 'stream_parser', since: '4.14', observe: parse, together: 'stream_verdict_first' },
]

for (const kind of ['sockmap', 'sockhash'] as const) {
  for (const { name, since, observe, named = false, together } of ROWS) {
    proveHook({
      hook: `${kind} ${name}`,
      family: 'socket',
      since,
      link: '6.10',
      update: since,
      refusal: ['ERR_EBPF_KERNEL', 'EINVAL', 'EOPNOTSUPP'],
      async setUp() {
        const map = kind === 'sockmap' ? object.maps.sockets : object.maps.hashed
        const links: Link[] = []
        if (together !== undefined) links.push(await object.programs[together]!.attach(sockmap(map)))
        const program = object.programs[`${name}_first`]!
        return {
          attach: () => program.attach(sockmap(map, named ? { attachType: name } : {})),
          second: object.programs[`${name}_second`]!,
          observe: () => observe(map),
          async [Symbol.asyncDispose]() {
            await Promise.all([...links, ...program.links].map((link) => link.close()))
            await actor.run('kept.clear()')
          },
        }
      },
    })
  }
}
