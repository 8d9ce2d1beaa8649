/** Unix sockets of processes in a cgroup: their addresses changed, and calls denied. */
import { afterAll, beforeAll } from 'vitest'
import { type CgroupAttachType, cgroup } from '../../../lib/hooks/cgroup.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { Actor } from '../../support/actor.ts'
import { Cgroup } from '../../support/cgroup.ts'
import { fixture } from '../../support/fixtures.ts'
import { type Effect, proveHook } from '../../support/hook-proof.ts'

interface UnixFixture {
  maps: Record<never, never>
  programs: Record<string, BpfProgram>
  globals: Record<never, never>
}

let actor: Actor
let group: Cgroup

beforeAll(async () => {
  group = new Cgroup()
  actor = await Actor.start()
  group.add(actor.pid)
})

afterAll(async () => {
  await actor?.[Symbol.asyncDispose]()
  await group?.[Symbol.asyncDispose]()
})

/** Abstract addresses: `wanted` is the one that is used, and `first` and `second` are what programs make of it. */
const sockets = `
  def bound(name):
    created = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    created.bind('\\0' + name)
    return created
  def name(address):
    return address.decode().strip('\\0')
  client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
  wanted, first = bound('wanted'), bound('first')`

const EVENTS = {
  unix_connect: `
  client.connect('\\0wanted')
  return name(client.getpeername())`,
  unix_sendmsg: `
  client.sendto(b'packet', '\\0wanted')
  return next(name(receiver.getsockname()) for receiver in (wanted, first) if received(receiver))`,
  unix_recvmsg: `
  wanted.sendto(b'packet', '\\0first')
  return name(first.recvfrom(100, socket.MSG_DONTWAIT)[1])`,
  unix_getpeername: `
  client.connect('\\0wanted')
  return name(client.getpeername())`,
  unix_getsockname: `
  return name(wanted.getsockname())`,
} satisfies Partial<Record<CgroupAttachType, string>>

const EFFECTS: Record<string, Effect> = { wanted: 'none', first: 'first', second: 'second', EPERM: 'second' }

async function observe(event: string): Promise<Effect> {
  const outcome = await actor.run<string>(`${sockets}${event}`).catch((error: { code?: string }) => String(error.code))
  const effect = EFFECTS[outcome]
  if (effect === undefined) throw new Error(`the actor's answer is ${outcome}`)
  return effect
}

async function load(name: string): Promise<BpfObject<UnixFixture>> {
  const programs = Object.keys(EVENTS)
    .filter((other) => other !== name)
    .flatMap((other) => [`${other}_first`, `${other}_second`])
  return await loadObject<UnixFixture>(fixture('hooks-cgroup-unix'), {
    programs: Object.fromEntries(programs.map((program) => [program, { autoload: false }])),
  })
}

for (const [name, event] of Object.entries(EVENTS)) {
  proveHook({
    hook: `cgroup ${name}`,
    family: 'cgroup',
    since: '6.7',
    libbpf: '1.3',
    // libbpf looks for the kernel's functions that the programs call before it loads any.
    refusal: ['ERR_EBPF_KERNEL', 'EINVAL', 'ESRCH'],
    link: '6.7',
    update: '6.7',
    async setUp() {
      const object = await load(name)
      const { [`${name}_first`]: first, [`${name}_second`]: second } = object.programs
      return {
        attach: () => first!.attach(cgroup(group.path)),
        observe: () => observe(event),
        second: second!,
        [Symbol.asyncDispose]: () => object.close(),
      }
    },
  })
}
