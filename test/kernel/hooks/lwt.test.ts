/** Programs of lightweight tunnels: loaded and pinned here, attached by routes, which only iproute2 can make. */
import { execFileSync } from 'node:child_process'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { withBpffs } from '../../support/bpffs.ts'
import { fixture } from '../../support/fixtures.ts'
import { cableForTests, routeToNobody } from '../../support/cable-for-tests.ts'
import type { End } from '../../support/netns.ts'
import { PORT } from '../../support/packets.ts'
import { rejection } from '../../support/wait.ts'
import { tcx } from '../../../lib/hooks/tcx.ts'

interface LwtFixture {
  maps: Record<never, never>
  programs: Record<'on_in' | 'on_out' | 'on_xmit' | 'on_seg6local', BpfProgram>
  globals: { port: number; in_packets: bigint; out_packets: bigint; xmit_packets: bigint; seg6local_packets: bigint }
}

/** An address that both ends have a route to, by each other: packets to it are forwarded by the right one. */
const BEYOND = '10.97.0.1'

const cable = cableForTests()

beforeAll(() => routeToNobody(cable, BEYOND))

async function withLwt(body: (object: BpfObject<LwtFixture>, pin: string) => Promise<void>): Promise<void> {
  await using object = await loadObject<LwtFixture>(fixture('hooks-lwt'), { globals: { port: PORT } })
  await withBpffs((folder) => body(object, `${folder}/program`))
}

/** Not `ip -n`, which sees another /sys, without the pins. */
function route(end: End, ...args: string[]): void {
  const family = args[1]?.includes(':') ? '-6' : '-4'
  execFileSync('nsenter', [`--net=${end.path}`, 'ip', family, 'route', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

describe('a program of a lightweight tunnel', () => {
  test('is loaded as such', async () => {
    await withLwt(async ({ programs }) => {
      const types = Object.values(programs).map(({ type }) => type)
      expect(types.sort()).toEqual(['lwt_in', 'lwt_out', 'lwt_seg6local', 'lwt_xmit'])
      expect(programs.on_xmit.info()).toMatchObject({ type: 'lwt_xmit', name: 'on_xmit' })
    })
  })

  test('is no program for an interface', async () => {
    await withLwt(async ({ programs }) => {
      const hook = tcx('left0', 'egress', { netns: cable.left.path })
      expect(await rejection(programs.on_xmit.attach(hook))).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
      expect((await rejection(programs.on_xmit.attach())).message).toContain('on_xmit')
    })
  })

  test('sees what leaves by its route, and drops it, for as long as the route is', async () => {
    await withLwt(async ({ programs, globals }, pin) => {
      const { left, right } = cable
      programs.on_xmit.pin(pin)
      const to = `${right.address}/32`
      route(left, 'add', to, 'encap', 'bpf', 'xmit', 'pinned', pin, 'dev', 'left0')
      expect(await left.send(right, PORT, 3)).toBe(0)
      expect(await left.send(right, PORT + 1, 3)).toBe(3)
      expect(globals.xmit_packets).toBe(3n)
      route(left, 'del', to)
      expect(await left.send(right, PORT, 3)).toBe(3)
      expect(globals.xmit_packets).toBe(3n)
    })
  })

  test('sees what leaves before the rest of the stack does', async () => {
    await withLwt(async ({ programs, globals }, pin) => {
      const { left, right } = cable
      programs.on_out.pin(pin)
      route(left, 'add', `${right.address}/32`, 'encap', 'bpf', 'out', 'pinned', pin, 'dev', 'left0')
      expect(await left.send(right, PORT, 3)).toBe(3)
      route(left, 'del', `${right.address}/32`)
      expect(globals.out_packets).toBe(3n)
    })
  })

  test('sees what comes in and is forwarded by its route', async () => {
    await withLwt(async ({ programs, globals }, pin) => {
      const { left, right } = cable
      programs.on_in.pin(pin)
      route(right, 'replace', `${BEYOND}/32`, 'encap', 'bpf', 'in', 'pinned', pin, 'via', left.address, 'dev', 'right0')
      await left.post(BEYOND, PORT, 3)
      // In the order of the cable: when this has arrived, those before were forwarded.
      await left.send(right, PORT + 1, 1)
      route(right, 'replace', `${BEYOND}/32`, 'via', left.address, 'dev', 'right0')
      expect(globals.in_packets).toBe(3n)
    })
  })

  test('sees what comes in for its segment of a route over IPv6', async () => {
    await withLwt(async ({ programs, globals }, pin) => {
      const { left, right } = cable
      programs.on_seg6local.pin(pin)
      const [segment, end] = ['fd97::1', 'fd96::1']
      route(left, 'add', segment, 'via', right.address6, 'dev', 'left0')
      // Around every packet one that visits the segment first.
      route(left, 'add', end, 'encap', 'seg6', 'mode', 'encap', 'segs', `${segment},${end}`, 'dev', 'left0')
      const action = ['encap', 'seg6local', 'action', 'End.BPF', 'endpoint', 'pinned', pin]
      route(right, 'add', segment, ...action, 'dev', 'right0')
      await left.post(end, PORT, 2)
      await left.send(right, PORT + 1, 1)
      // And the marker that follows them.
      expect(globals.seg6local_packets).toBe(3n)
      route(right, 'del', segment)
      await left.post(end, PORT, 2)
      await left.send(right, PORT + 1, 1)
      expect(globals.seg6local_packets).toBe(3n)
    })
  })
})
