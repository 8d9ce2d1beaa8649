/** Filters of the clsact qdisc, without links. */
import { describe, expect, test } from 'vitest'
import { type TcOptions, type TcHook, tc } from '../../../lib/hooks/tc.ts'
import { openProgram } from '../../../lib/open-program.ts'
import { query } from '../../../lib/query.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { cableForTests } from '../../support/cable-for-tests.ts'
import { Cable, ip } from '../../support/netns.ts'
import { PORT, counted, loadPackets, expectSeamless, packetScene, withPackets } from '../../support/packets.ts'
import { rejection } from '../../support/wait.ts'

/** Of linux/pkt_cls.h. */
const TC_ACT_OK = 0
const TC_ACT_SHOT = 2

/** A filter for every packet, that no program is part of. */
const THEIRS = 'prio 5 protocol ip u32 match u32 0 0 flowid 1:1'.split(' ')

const cable = cableForTests()

const ingress = (options: TcOptions = {}): TcHook => tc('right0', 'ingress', { netns: cable.right.path, ...options })

for (const direction of ['ingress', 'egress'] as const) {
  proveHook({
    hook: `tc ${direction}`,
    family: 'network',
    since: '4.5',
    link: false,
    update: '4.5',
    async setUp() {
      const object = await loadPackets('hooks-tc')
      const hook = tc('right0', direction, { netns: cable.right.path })
      const to = direction === 'ingress' ? 'right' : 'left'
      return packetScene({ object, cable, to, attach: (program) => program.attach(hook) })
    },
  })
}

describe('a filter', () => {
  test('decides what becomes of a packet', async () => {
    await withPackets('hooks-tc', async ({ programs: { first }, globals }) => {
      await using _link = await first.attach(ingress())
      expect(await cable.left.send(cable.right, PORT, 2)).toBe(2)
      globals.first_verdict = TC_ACT_SHOT
      expect(await cable.left.send(cable.right, PORT, 2)).toBe(0)
      expect(await cable.left.send(cable.right, PORT + 1, 2)).toBe(2)
      expect(globals.first_packets).toBe(4n)
    })
  })

  test('sees one direction only', async () => {
    await withPackets('hooks-tc', async ({ programs: { first }, globals }) => {
      await using _link = await first.attach(tc('right0', 'egress', { netns: cable.right.path }))
      await cable.left.send(cable.right, PORT, 2)
      expect(globals.first_packets).toBe(0n)
      await cable.right.send(cable.left, PORT, 2)
      expect(globals.first_packets).toBe(2n)
    })
  })

  test('runs in the order of priorities, and the query tells that order', async () => {
    await withPackets('hooks-tc', async (object) => {
      const { first, second } = object.programs
      await using _late = await second.attach(ingress({ priority: 20, handle: 7 }))
      await using _early = await first.attach(ingress({ priority: 10, handle: 9 }))
      const { revision, entries } = await query(ingress())
      expect(revision).toBeUndefined()
      expect(entries).toMatchObject([
        { programId: first.id, programName: 'first', priority: 10, handle: 9 },
        { programId: second.id, programName: 'second', priority: 20, handle: 7 },
      ])
      expect(await counted(object, () => cable.left.send(cable.right, PORT, 1))).toEqual({ first: 1, second: 1 })
      expect(object.globals.first_run).toBeLessThan(object.globals.second_run)
      object.globals.first_verdict = TC_ACT_OK
      expect(await counted(object, () => cable.left.send(cable.right, PORT, 1))).toEqual({ first: 1, second: 0 })
    })
  })

  test('without a priority goes before those that are there', async () => {
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      await using _one = await first.attach(ingress())
      await using _two = await second.attach(ingress())
      const { entries } = await query(ingress())
      expect(entries).toMatchObject([{ programId: second.id }, { programId: first.id }])
    })
  })

  test('with a number that another has is EEXIST, and the other goes on', async () => {
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      await using _link = await first.attach(ingress({ priority: 1, handle: 1 }))
      expect(await rejection(second.attach(ingress({ priority: 1, handle: 1 })))).toMatchObject({ code: 'EEXIST' })
      expect((await query(ingress())).entries).toMatchObject([{ programId: first.id }])
    })
  })

  test('is gone with its object', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      await first.attach(ingress())
      expect((await query(ingress())).entries).toHaveLength(1)
    })
    expect((await query(ingress())).entries).toEqual([])
    expect(cable.right.tc('filter', 'show', 'ingress')).toBe('')
  })

  test('can be a program that was opened by its id, and outlives that handle', async () => {
    await withPackets('hooks-tc', async (object) => {
      const opened = openProgram({ id: object.programs.first.id })
      await using _link = await opened.attach(ingress())
      opened.close()
      expect(await counted(object, () => cable.left.send(cable.right, PORT, 1))).toEqual({ first: 1, second: 0 })
    })
  })

  test('is not attached by its section, which names no interface', async () => {
    await withPackets('hooks-tc', async (object) => {
      expect(await object.attach()).toEqual({ links: [], skipped: ['first', 'second'] })
      expect((await rejection(object.programs.first.attach())).message).toContain('names no target')
    })
  })

  test('has neither id nor pin', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      await using link = await first.attach(ingress())
      expect(() => link.id).toThrow()
      expect(() => link.pin('/sys/fs/bpf/ebpf_test_tc')).toThrow()
      expect(() => link.fd).toThrow()
    })
  })
})

describe('an update in place', () => {
  test('loses no packet, and lets none through unseen', async () => {
    await withPackets('hooks-tc', async (object) => {
      const { first, second } = object.programs
      await using link = await first.attach(ingress({ priority: 3, handle: 4 }))
      await expectSeamless(object, cable, async () => {
        for (let update = 0; update < 100; update++) await link.update(update % 2 === 0 ? second : first)
      })
      expect((await query(ingress())).entries).toMatchObject([{ programId: first.id, priority: 3, handle: 4 }])
    })
  })
})

describe('the qdisc', () => {
  const bare = (): Cable & AsyncDisposable => new Cable()

  test('is made where it is missing', async () => {
    await using own = bare()
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      expect(own.right.tc('qdisc', 'show')).not.toContain('clsact')
      await using _link = await first.attach(tc('right0', 'egress', { netns: own.right.path }))
      expect(own.right.tc('qdisc', 'show')).toContain('clsact')
    })
  })

  test('of somebody else stays, with their filters', async () => {
    await using own = bare()
    own.right.tc('qdisc', 'add', 'clsact')
    own.right.tc('filter', 'add', 'ingress', ...THEIRS)
    const before = own.right.tc('filter', 'show', 'ingress')
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const hook = tc('right0', 'ingress', { netns: own.right.path, priority: 9 })
      const link = await first.attach(hook)
      // The query tells of BPF programs only.
      expect((await query(hook)).entries).toMatchObject([{ programId: first.id, priority: 9 }])
      await link.close()
    })
    expect(own.right.tc('qdisc', 'show')).toContain('clsact')
    expect(own.right.tc('filter', 'show', 'ingress')).toBe(before)
  })

  test('that was ours stays as long as somebody else has a filter in it', async () => {
    await using own = bare()
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const link = await first.attach(tc('right0', 'ingress', { netns: own.right.path, priority: 9 }))
      own.right.tc('filter', 'add', 'ingress', ...THEIRS)
      await link.close()
      expect(own.right.tc('filter', 'show', 'ingress')).toContain('u32')
      expect(own.right.tc('filter', 'show', 'ingress')).not.toContain('bpf')
    })
  })
})

describe('what somebody else did meanwhile', () => {
  test('to the filter: closing is fine', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const link = await first.attach(ingress({ priority: 8 }))
      cable.right.tc('filter', 'del', 'ingress', 'prio', '8')
      await link.close()
    })
  })

  test('in its place: their program is left alone', async () => {
    await using other = await loadPackets('hooks-tc')
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const hook = ingress({ priority: 8, handle: 1 })
      const link = await first.attach(hook)
      cable.right.tc('filter', 'del', 'ingress', 'prio', '8')
      await using theirs = await other.programs.second.attach(hook)
      await link.close().catch(() => {})
      expect((await query(hook)).entries).toMatchObject([{ programId: other.programs.second.id }])
      await theirs.close()
    })
  })

  test('to the interface: closing is fine', async () => {
    const own = new Cable()
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const link = await first.attach(tc('right0', 'ingress', { netns: own.right.path }))
      ip('-n', own.right.namespace, 'link', 'del', 'right0')
      await link.close()
    })
    await own[Symbol.asyncDispose]()
  })

  test('to the network namespace: closing is fine', async () => {
    const own = new Cable()
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const link = await first.attach(tc('right0', 'ingress', { netns: own.right.path }))
      await own[Symbol.asyncDispose]()
      await link.close()
    })
  })
})

describe('what cannot be is an error that names the hook', () => {
  test('an interface that is not there', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const error = await rejection(first.attach(tc('nosuch0', 'ingress', { netns: cable.right.path })))
      expect(error).toMatchObject({ code: 'ENODEV', program: 'first', link: 'tc ingress nosuch0' })
      expect(await rejection(query(tc('nosuch0', 'ingress', { netns: cable.right.path })))).toMatchObject({
        code: 'ENODEV',
      })
    })
  })

  test('a program of another type', async () => {
    await withPackets('hooks-xdp', async ({ programs: { first } }) => {
      expect(await rejection(first.attach(ingress()))).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    })
  })

  test('a closed program', async () => {
    const object = await loadPackets('hooks-tc')
    await object.close()
    expect(await rejection(object.programs.first.attach(ingress()))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })
})
