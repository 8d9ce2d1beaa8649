/** Netkit devices: pairs whose packets meet programs before they leave. */
import { describe, expect, test } from 'vitest'
import type { Ordering } from '../../../lib/hooks/anchor.ts'
import { type NetkitHook, netkit } from '../../../lib/hooks/netkit.ts'
import { query } from '../../../lib/query.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { absence } from '../../support/kernel-features.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { cableForTests } from '../../support/cable-for-tests.ts'
import { Cable, ip } from '../../support/netns.ts'
import { PORT, counted, loadPackets, expectSeamless, packetScene, withPackets } from '../../support/packets.ts'
import { rejection } from '../../support/wait.ts'

/** `enum netkit_action` of linux/if_link.h. */
const NETKIT_NEXT = -1
const NETKIT_PASS = 0
const NETKIT_DROP = 2

const lacking = absence('6.7', 'netkit') !== undefined

// Where there are no such devices, the refusal is that of another one.
const cable = cableForTests({ kind: lacking ? 'veth' : 'netkit' })

/** The left end is the primary device. */
const primary = (ordering: Ordering = {}): NetkitHook =>
  netkit('left0', 'primary', { netns: cable.left.path, ...ordering })

for (const side of ['primary', 'peer'] as const) {
  proveHook({
    hook: `netkit ${side}`,
    family: 'network',
    since: '6.7',
    gap: 'netkit',
    link: '6.7',
    update: '6.7',
    async setUp() {
      const object = await loadPackets('hooks-tc')
      const hook = netkit('left0', side, { netns: cable.left.path })
      const to = side === 'primary' ? 'right' : 'left'
      return packetScene({ object, cable, to, attach: (program) => program.attach(hook) })
    },
  })
}

describe.skipIf(lacking)('programs of a netkit device', () => {
  test('decide what becomes of a packet, in order', async () => {
    await withPackets('hooks-tc', async (object) => {
      const { globals, programs } = object
      await using _second = await programs.second.attach(primary())
      await using _first = await programs.first.attach(primary({ first: true }))
      expect((await query(primary())).entries).toMatchObject([
        { programId: programs.first.id },
        { programId: programs.second.id },
      ])
      const arrived = async (expected: number): Promise<void> => {
        expect(await cable.left.send(cable.right, PORT, 2)).toBe(expected)
      }
      expect(await counted(object, () => arrived(2))).toEqual({ first: 2, second: 2 })
      expect(globals.first_run).toBeLessThan(globals.second_run)
      globals.second_verdict = NETKIT_DROP
      expect(await counted(object, () => arrived(0))).toEqual({ first: 2, second: 2 })
      globals.first_verdict = NETKIT_PASS
      expect(await counted(object, () => arrived(2))).toEqual({ first: 2, second: 0 })
      globals.first_verdict = NETKIT_NEXT
    })
  })

  test('of one side see what that side sends', async () => {
    await withPackets('hooks-tc', async (object) => {
      await using link = await object.programs.first.attach(netkit('left0', 'peer', { netns: cable.left.path }))
      expect(link.info()).toMatchObject({ type: 'netkit', side: 'peer' })
      expect(await counted(object, () => cable.left.send(cable.right, PORT, 1))).toMatchObject({ first: 0 })
      expect(await counted(object, () => cable.right.send(cable.left, PORT, 1))).toMatchObject({ first: 1 })
    })
  })

  test('are replaced without losing a packet, and without letting one through unseen', async () => {
    await withPackets('hooks-tc', async (object) => {
      const { first, second } = object.programs
      await using link = await first.attach(primary())
      await expectSeamless(object, cable, async () => {
        for (let update = 0; update < 100; update++) await link.update(update % 2 === 0 ? second : first)
      })
    })
  })

  test.skipIf(isOlder(libbpfVersion, '1.3'))('are attached at the revision that was expected only', async () => {
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      await using _link = await first.attach(primary())
      const { revision = 0n } = await query(primary())
      const stale = primary({ expectedRevision: revision + 1n })
      expect(await rejection(second.attach(stale))).toMatchObject({ code: 'ESTALE' })
      await using _second = await second.attach(primary({ expectedRevision: revision }))
      expect((await query(primary())).entries).toHaveLength(2)
    })
  })

  test('go with the device', async () => {
    await using own = new Cable({ kind: 'netkit' })
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      await using link = await first.attach(netkit('left0', 'primary', { netns: own.left.path }))
      ip('-n', own.left.namespace, 'link', 'del', 'left0')
      expect(link.info()).toMatchObject({ type: 'netkit', interfaceIndex: 0 })
    })
  })
})

describe.skipIf(lacking)('a device that cannot be meant is an error that says why', () => {
  test('the peer', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const error = await rejection(first.attach(netkit('right0', 'peer', { netns: cable.right.path })))
      expect(error).toMatchObject({ code: 'EACCES', link: 'netkit peer right0' })
      expect(error.message).toContain('primary device')
    })
  })

  test('another kind of interface', async () => {
    await using veth = new Cable()
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const error = await rejection(first.attach(netkit('left0', 'primary', { netns: veth.left.path })))
      expect(error).toMatchObject({ code: 'ENXIO' })
      expect(error.message).toContain('not a netkit device')
    })
  })
})
