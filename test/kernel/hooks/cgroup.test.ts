/** What processes of a cgroup do: counted, changed and denied, for a process of this test in a cgroup of this test. */
import { afterAll, beforeAll } from 'vitest'
import { cgroup } from '../../../lib/hooks/cgroup.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import { Actor } from '../../support/actor.ts'
import { Cgroup } from '../../support/cgroup.ts'
import { type CgroupFixture, PORT } from '../../support/cgroup-fixture.ts'
import { fixture } from '../../support/fixtures.ts'
import { type Effect, proveHook } from '../../support/hook-proof.ts'

let actor: Actor
let group: Cgroup
let object: BpfObject<CgroupFixture>

beforeAll(async () => {
  group = new Cgroup()
  actor = await Actor.start()
  group.add(actor.pid)
  object = await loadObject<CgroupFixture>(fixture('hooks-cgroup'), { globals: { port: PORT } })
})

afterAll(async () => {
  await object?.close()
  await actor?.[Symbol.asyncDispose]()
  await group?.[Symbol.asyncDispose]()
})

/** What a snippet gives, or the code of the error that it fails with. */
async function ask(source: string): Promise<unknown> {
  try {
    return await actor.run(source)
  } catch (error) {
    return (error as { code?: string }).code ?? error
  }
}

/** An event, and which program each of its outcomes is the effect of. */
function changes(source: string, outcomes: Record<string, Effect>): () => Promise<Effect> {
  return async () => {
    const outcome = String(await ask(source))
    const effect = outcomes[outcome]
    if (effect === undefined) throw new Error(`the actor's answer is ${outcome}`)
    return effect
  }
}

/** An event that the first program counts, and the second counts or denies, which is the outcome `denied`. */
function counts(source: string, denied: string): () => Promise<Effect> {
  return async () => {
    const { first_runs: first, second_runs: second } = object.globals
    const outcome = String(await ask(source))
    if (outcome === denied || object.globals.second_runs > second) return 'second'
    return object.globals.first_runs > first ? 'first' : 'none'
  }
}

const FAMILIES = [
  { name: 'inet4', udp: 'udp4', family: 'socket.AF_INET', address: 'LOCAL' },
  { name: 'inet6', udp: 'udp6', family: 'socket.AF_INET6', address: 'LOCAL6' },
]

const byPort: Record<string, Effect> = { [PORT]: 'none', [PORT + 1]: 'first', [PORT + 2]: 'second', EPERM: 'second' }

const exchange = `
  receiver, sender = udp(${PORT}), udp()
  sender.sendto(b'packet', receiver.getsockname())
  return received(receiver)`

const scenes: Record<string, () => Promise<Effect>> = {
  inet_ingress: counts(exchange, 'null'),
  inet_egress: counts(exchange, 'EPERM'),
  inet_sock_create: changes(
    'return socket.socket(type=socket.SOCK_DGRAM).getsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY)',
    {
      0: 'none',
      3: 'first',
      EPERM: 'second',
    },
  ),
  inet_sock_release: counts('udp().close()', 'never'),
  sock_ops: changes(
    `
    listener = socket.socket()
    listener.bind((LOCAL, 0))
    listener.listen()
    with socket.create_connection(listener.getsockname()) as client:
      return client.getsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY)`,
    { 0: 'none', 3: 'first', 4: 'second' },
  ),
  device: counts(`open('/dev/zero', 'rb').close()`, 'EPERM'),
  sysctl: changes(
    `
    with open('/proc/sys/net/ipv4/ip_default_ttl', 'rb+', buffering=0) as sysctl:
      try:
        sysctl.write(b'66')
      except PermissionError:
        return 'unwritable'
      sysctl.seek(0)
      return sysctl.read().decode().strip()`,
    // Not by a new value in place of what is written: kernels such as 6.18.15 forget it.
    { 66: 'none', unwritable: 'first', EPERM: 'second' },
  ),
  getsockopt: changes('return udp().getsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY)', {
    0: 'none',
    3: 'first',
    EPERM: 'second',
  }),
  setsockopt: changes(
    `
    created = udp()
    created.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, 1)
    return created.getsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY)`,
    { 1: 'none', 3: 'first', EPERM: 'second' },
  ),
}

for (const { name, udp, family, address } of FAMILIES) {
  Object.assign(scenes, {
    [`${name}_bind`]: changes(`return udp(${PORT}, ${family}).getsockname()[1]`, byPort),
    [`${name}_post_bind`]: counts(`udp(${PORT}, ${family})`, 'EPERM'),
    [`${name}_connect`]: changes(
      `
      client = udp(family=${family})
      client.connect((${address}, ${PORT}))
      return client.getpeername()[1]`,
      byPort,
    ),
    [`${udp}_sendmsg`]: changes(
      `
      receivers = [udp(port, ${family}) for port in (${PORT}, ${PORT + 1})]
      udp(family=${family}).sendto(b'packet', (${address}, ${PORT}))
      return next(receiver.getsockname()[1] for receiver in receivers if received(receiver))`,
      byPort,
    ),
    [`${udp}_recvmsg`]: changes(
      `
      receiver = udp(family=${family})
      udp(${PORT}, ${family}).sendto(b'packet', receiver.getsockname())
      settle()
      return receiver.recvfrom(100, socket.MSG_DONTWAIT)[1][1]`,
      byPort,
    ),
    [`${name}_getpeername`]: changes(
      `
      client = udp(family=${family})
      client.connect((${address}, ${PORT}))
      return client.getpeername()[1]`,
      byPort,
    ),
    [`${name}_getsockname`]: changes(`return udp(${PORT}, ${family}).getsockname()[1]`, byPort),
  })
}

for (const [name, observe] of Object.entries(scenes)) {
  proveHook({
    hook: `cgroup ${name}`,
    family: 'cgroup',
    since: name.endsWith('name') ? '5.8' : name === 'inet_sock_release' ? '5.9' : '5.7',
    link: '5.7',
    update: '5.7',
    async setUp() {
      const program = object.programs[`${name}_first`]!
      return {
        attach: () => program.attach(cgroup(group.path)),
        observe,
        second: object.programs[`${name}_second`]!,
        async [Symbol.asyncDispose]() {
          await Promise.all(program.links.map((link) => link.close()))
        },
      }
    },
  })
}
