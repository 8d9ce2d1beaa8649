/** XDP: what takes the place of links, packets in several pieces, and updates under traffic. */
import { describe, expect, test } from 'vitest'
import { xdp } from '../../../lib/hooks/xdp.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import { query } from '../../../lib/query.ts'
import { fixture } from '../../support/fixtures.ts'
import { absence } from '../../support/kernel-features.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { cableForTests } from '../../support/cable-for-tests.ts'
import { ip } from '../../support/netns.ts'
import { PORT, loadPackets, expectSeamless, packetScene, withPackets } from '../../support/packets.ts'
import { rejection } from '../../support/wait.ts'

/** Of linux/bpf.h. */
const XDP_DROP = 1
const XDP_PASS = 2

const cable = cableForTests()
const jumbo = cableForTests({ mtu: 9000 })

const place = (): { netns: string } => ({ netns: cable.right.path })

proveHook({
  hook: 'xdp',
  family: 'network',
  since: '5.9',
  link: '5.9',
  update: '5.9',
  async setUp() {
    const object = await loadPackets('hooks-xdp')
    return packetScene({ object, cable, attach: (program) => program.attach(xdp('right0', place())) })
  },
})

proveHook({
  hook: 'xdp generic',
  family: 'network',
  since: '5.9',
  link: '5.9',
  update: '5.9',
  async setUp() {
    const object = await loadPackets('hooks-xdp')
    const hook = xdp('right0', { ...place(), mode: 'generic' })
    return packetScene({ object, cable, attach: (program) => program.attach(hook) })
  },
})

proveHook({
  hook: 'xdp by netlink',
  family: 'network',
  since: '4.8',
  link: false,
  update: '5.7',
  async setUp() {
    const object = await loadPackets('hooks-xdp')
    const hook = xdp('right0', { ...place(), netlink: true })
    return packetScene({ object, cable, attach: (program) => program.attach(hook) })
  },
})

proveHook({
  hook: 'xdp.frags',
  family: 'network',
  since: '5.18',
  link: '5.18',
  update: '5.18',
  // The flag of the load is unknown to an older kernel.
  refusal: ['EINVAL', 'ERR_EBPF_KERNEL'],
  async setUp() {
    const object = await loadPackets('hooks-xdp-frags')
    const { left, right } = jumbo
    return packetScene({
      object,
      cable: jumbo,
      attach: (program) => program.attach(xdp('right0', { netns: right.path, mode: 'native' })),
      send: () => left.send(right, PORT, 1, { size: 8000 }),
    })
  },
})

describe.skipIf(absence('5.18') !== undefined)('packets larger than a page', () => {
  test('come whole to a program of xdp.frags', async () => {
    await withPackets('hooks-xdp-frags', async ({ programs, globals }) => {
      const { left, right } = jumbo
      await programs.first.attach(xdp('right0', { netns: right.path, mode: 'native' }))
      expect(await left.send(right, PORT, 3, { size: 8000 })).toBe(3)
      expect(globals.first_packets).toBe(3n)
      // Ethernet, IPv4 and UDP headers.
      expect(globals.longest).toBe(8000n + 14n + 20n + 8n)
    })
  })

  test('are a reason to refuse any other program in the driver', async () => {
    await withPackets('hooks-xdp', async ({ programs }) => {
      const error = await rejection(programs.first.attach(xdp('right0', { netns: jumbo.right.path, mode: 'native' })))
      expect(error).toMatchObject({ code: expect.stringMatching(/^(ERANGE|EINVAL|EOPNOTSUPP)$/), link: 'xdp right0' })
      expect(error.message).toContain('xdp.frags')
    })
  })
})

describe('by netlink', () => {
  test('what is there already is not replaced, and goes on', async () => {
    await withPackets('hooks-xdp', async (object) => {
      const { first, second } = object.programs
      object.globals.first_verdict = XDP_DROP
      const hook = xdp('right0', { ...place(), netlink: true })
      const link = await first.attach(hook)
      expect(await rejection(second.attach(hook))).toMatchObject({ code: 'EBUSY' })
      expect(await rejection(second.attach(xdp('right0', place())))).toMatchObject({ code: 'EBUSY' })
      expect(await cable.left.send(cable.right, PORT, 2)).toBe(0)
      await link.close()
      expect(cable.right.xdpMode).toBeUndefined()
    })
  })

  test('a link is not replaced either', async () => {
    await withPackets('hooks-xdp', async ({ programs: { first, second } }) => {
      await using link = await first.attach(xdp('right0', place()))
      const error = await rejection(second.attach(xdp('right0', { ...place(), netlink: true })))
      expect(error).toMatchObject({ code: 'EBUSY' })
      expect(link.info()).toMatchObject({ programId: first.id })
    })
  })

  test('another program that somebody else put there is left alone when it is closed', async () => {
    await using other = await loadPackets('hooks-xdp')
    await withPackets('hooks-xdp', async ({ programs: { first } }) => {
      const hook = xdp('right0', { ...place(), netlink: true })
      const link = await first.attach(hook)
      // Somebody takes ours away, and sets its own.
      ip('-n', cable.right.namespace, 'link', 'set', 'dev', 'right0', 'xdp', 'off')
      await using theirs = await other.programs.second.attach(hook)
      await link.close().catch(() => {})
      expect((await query(hook)).entries).toMatchObject([{ programId: other.programs.second.id }])
      await theirs.close()
    })
    expect(cable.right.xdpMode).toBeUndefined()
  })

  test('is in the mode that was asked for', async () => {
    for (const [mode, shown] of [
      ['native', 'xdp'],
      ['generic', 'xdpgeneric'],
    ] as const) {
      await withPackets('hooks-xdp', async ({ programs: { first } }) => {
        await first.attach(xdp('right0', { ...place(), mode, netlink: true }))
        expect(cable.right.xdpMode).toBe(shown)
      })
      expect(cable.right.xdpMode).toBeUndefined()
    }
  })
})

describe('the query', () => {
  test('tells the program, by link and by netlink, and nothing where there is none', async () => {
    await withPackets('hooks-xdp', async ({ programs: { first } }) => {
      expect((await query(xdp('right0', place()))).entries).toEqual([])
      for (const netlink of [false, true]) {
        const hook = xdp('right0', { ...place(), netlink })
        await using link = await first.attach(hook)
        const { entries } = await query(hook)
        expect(entries).toMatchObject([{ programId: first.id, programName: 'first' }])
        await link.close()
      }
      expect((await query(xdp('right0', place()))).entries).toEqual([])
    })
  })

  test('of an interface that is not there is ENODEV', async () => {
    expect(await rejection(query(xdp('nosuch0', place())))).toMatchObject({ code: 'ENODEV' })
  })
})

describe.each([
  ['a link', false],
  ['netlink', true],
])('an update in place, by %s', (_how, netlink) => {
  test('loses no packet, and lets none through unseen', async () => {
    await withPackets('hooks-xdp', async (object) => {
      const { first, second } = object.programs
      const link = await first.attach(xdp('right0', { ...place(), netlink }))
      await expectSeamless(object, cable, async () => {
        for (let update = 0; update < 100; update++) await link.update(update % 2 === 0 ? second : first)
      })
      await link.close()
    })
  })

  test('changes what happens to packets', async () => {
    await withPackets('hooks-xdp', async ({ programs: { first, second }, globals }) => {
      globals.second_verdict = XDP_DROP
      await using link = await first.attach(xdp('right0', { ...place(), netlink }))
      expect(await cable.left.send(cable.right, PORT, 3)).toBe(3)
      await link.update(second)
      expect(await cable.left.send(cable.right, PORT, 3)).toBe(0)
      globals.second_verdict = XDP_PASS
      expect(await cable.left.send(cable.right, PORT, 3)).toBe(3)
    })
  })
})

describe('offload', () => {
  test('to an interface that is no such card is refused when the program, or a map, is loaded', async () => {
    for (const offload of ['lo', 1]) {
      const program = await rejection(loadObject(fixture('hooks-xdp'), { programs: { first: { offload } } }))
      expect(program).toMatchObject({ object: 'hooks-xdp', code: expect.stringMatching(/^(EINVAL|EOPNOTSUPP)$/) })
      const map = await rejection(loadObject(fixture('maps'), { maps: { counts: { offload } } }))
      expect(map).toMatchObject({ object: 'maps', code: expect.stringMatching(/^(EINVAL|EOPNOTSUPP|ENOTSUPP)$/) })
    }
  })

  test('to an interface that is not there is ENODEV', async () => {
    const error = await rejection(loadObject(fixture('hooks-xdp'), { programs: { first: { offload: 'nosuch0' } } }))
    expect(error).toMatchObject({ code: 'ENODEV' })
    expect(error.message).toContain('nosuch0')
  })

  test.each([[''], ['..'], ['a/b'], [0], [-1], [1.5], [{}], [null]])('to %j is no such thing', async (offload) => {
    const edit = { programs: { first: { offload: offload as never } } }
    expect(await rejection(loadObject(fixture('hooks-xdp'), edit))).toMatchObject({
      code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/),
    })
  })
})
