/** Hooks of netfilter, on packets that come, go and are forwarded. */
import { beforeAll, describe, expect, test } from 'vitest'
import { binding } from '../../../lib/binding.ts'
import type { PreparedQuery } from '../../../lib/hooks/family.ts'
import { prepareQuery } from '../../../lib/hooks/hook.ts'
import { type NetfilterHook, type NetfilterOptions, netfilter } from '../../../lib/hooks/netfilter.ts'
import { query } from '../../../lib/query.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { absence } from '../../support/kernel-features.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { cableForTests, routeToNobody } from '../../support/cable-for-tests.ts'
import { Cable } from '../../support/netns.ts'
import { PORT, counted, loadPackets, packetScene, withPackets } from '../../support/packets.ts'
import { rejection } from '../../support/wait.ts'

/** Of linux/netfilter.h. */
const NF_DROP = 0

/** An address that both ends have a route to, by each other: packets to it are forwarded by the right one. */
const BEYOND = '10.97.0.1'

const FIXTURE = 'hooks-netfilter'
const lacking = absence('6.4') !== undefined || isOlder(libbpfVersion, '1.3')

const cable = cableForTests()

beforeAll(() => routeToNobody(cable, BEYOND))

/** What the right end does with what comes in. */
const input = (options: Partial<NetfilterOptions> = {}): NetfilterHook =>
  netfilter({ family: 'ipv4', hook: 'input', netns: cable.right.path, ...options })

/** Whether the kernel is asked who is there: links do not tell their network namespace. */
async function tellsNamespace(): Promise<boolean> {
  const { native, release } = prepareQuery(input(), false) as PreparedQuery
  try {
    return (await binding.hookQuery(native)).errno === 0
  } finally {
    release?.()
  }
}

for (const hook of ['prerouting', 'input', 'output', 'postrouting'] as const) {
  proveHook({
    hook: `netfilter ${hook}`,
    family: 'network',
    since: '6.4',
    libbpf: '1.3',
    refusal: ['ERR_EBPF_KERNEL', 'EINVAL'],
    link: '6.4',
    update: false,
    async setUp() {
      const object = await loadPackets(FIXTURE)
      const { left, right } = cable
      const netns = hook === 'prerouting' || hook === 'input' ? right.path : left.path
      return packetScene({
        object,
        cable,
        attach: (program) => program.attach(netfilter({ family: 'ipv4', hook, netns })),
      })
    },
  })
}

proveHook({
  hook: 'netfilter forward',
  family: 'network',
  since: '6.4',
  libbpf: '1.3',
  refusal: ['ERR_EBPF_KERNEL', 'EINVAL'],
  link: '6.4',
  update: false,
  async setUp() {
    const object = await loadPackets(FIXTURE)
    const { left, right } = cable
    return packetScene({
      object,
      cable,
      attach: (program) => program.attach(netfilter({ family: 'ipv4', hook: 'forward', netns: right.path })),
      // In the order of the cable: when the second has arrived, the first was forwarded.
      async send() {
        await left.post(BEYOND, PORT, 1)
        await left.send(right, PORT + 1, 1)
      },
    })
  },
})

describe.skipIf(lacking)('a program of netfilter', () => {
  test('decides what becomes of a packet', async () => {
    await withPackets(FIXTURE, async ({ programs: { first }, globals }) => {
      await using _link = await first.attach(input())
      expect(await cable.left.send(cable.right, PORT, 2)).toBe(2)
      globals.first_verdict = NF_DROP
      expect(await cable.left.send(cable.right, PORT, 2)).toBe(0)
      expect(await cable.left.send(cable.right, PORT + 1, 2)).toBe(2)
    })
  })

  test('sees packets of its family only', async () => {
    await withPackets(FIXTURE, async (object) => {
      await using _link = await object.programs.first.attach(input({ family: 'ipv6' }))
      const { left, right } = cable
      expect(await counted(object, () => left.send(right, PORT, 2))).toEqual({ first: 0, second: 0 })
      expect(await counted(object, () => left.send(right, PORT, 2, { ipv6: true }))).toEqual({ first: 2, second: 0 })
      object.globals.first_verdict = NF_DROP
      expect(await left.send(right, PORT, 2, { ipv6: true })).toBe(0)
    })
  })

  test('sees packets of its network namespace only', async () => {
    await withPackets(FIXTURE, async (object) => {
      await using _link = await object.programs.first.attach(input({ netns: cable.left.path }))
      expect(await counted(object, () => cable.left.send(cable.right, PORT, 1))).toEqual({ first: 0, second: 0 })
      expect(await counted(object, () => cable.right.send(cable.left, PORT, 1))).toEqual({ first: 1, second: 0 })
    })
  })

  test('runs in the order of priorities', async () => {
    await withPackets(FIXTURE, async (object) => {
      const { first, second } = object.programs
      await using _late = await first.attach(input({ priority: 10 }))
      await using _early = await second.attach(input({ priority: -10 }))
      const { entries } = await query(input())
      const ours = entries.filter(({ programId }) => programId === first.id || programId === second.id)
      expect(ours).toMatchObject([
        { programId: second.id, priority: -10 },
        { programId: first.id, priority: 10 },
      ])
      expect(await counted(object, () => cable.left.send(cable.right, PORT, 1))).toEqual({ first: 1, second: 1 })
      expect(object.globals.second_run).toBeLessThan(object.globals.first_run)
      object.globals.second_verdict = NF_DROP
      expect(await counted(object, () => cable.left.send(cable.right, PORT, 1))).toEqual({ first: 0, second: 1 })
    })
  })

  test('is the only one of its priority', async () => {
    await withPackets(FIXTURE, async ({ programs: { first, second } }) => {
      await using _link = await first.attach(input({ priority: 7 }))
      const error = await rejection(second.attach(input({ priority: 7 })))
      expect(error).toMatchObject({ code: 'EBUSY', link: 'netfilter ipv4 input 7' })
      expect(error.message).toContain('priority 7')
    })
  })

  test('is found by a query, and tells where it is', async () => {
    await withPackets(FIXTURE, async ({ programs: { first } }) => {
      await using link = await first.attach(input({ priority: 5 }))
      expect(link.info()).toMatchObject({
        type: 'netfilter',
        family: 'ipv4',
        hook: 'input',
        priority: 5,
        defragment: false,
      })
      const { entries } = await query(input())
      expect(entries).toContainEqual(expect.objectContaining({ linkId: link.id, programId: first.id }))
      const elsewhere = await query(input({ hook: 'output' }))
      expect(elsewhere.entries).not.toContainEqual(expect.objectContaining({ linkId: link.id }))
    })
  })

  test('is not found by a query for another network namespace, where the kernel can tell', async () => {
    await withPackets(FIXTURE, async ({ programs: { first, second } }) => {
      await using right = await first.attach(input({ priority: -7 }))
      await using left = await second.attach(input({ netns: cable.left.path, priority: 0 }))
      const { entries } = await query(input())
      expect(entries).toContainEqual({
        programId: first.id,
        programName: 'first',
        linkId: right.id,
        flags: 0,
        priority: -7,
      })
      if (!(await tellsNamespace())) return
      expect(entries).toHaveLength(1)
      expect(await query(input({ netns: cable.left.path }))).toEqual({
        entries: [{ programId: second.id, programName: 'second', linkId: left.id, flags: 0, priority: 0 }],
      })
      expect(await query(input({ family: 'ipv6' }))).toEqual({ entries: [] })
    })
  })

  test('that is in two network namespaces is found in both, where nobody can tell the links apart', async () => {
    await withPackets(FIXTURE, async ({ programs: { first } }) => {
      const hooks = [input(), input({ netns: cable.left.path })]
      await using _links = await first.attachAll(hooks)
      if (!(await tellsNamespace())) return
      for (const hook of hooks) {
        expect(await query(hook)).toEqual({
          entries: [{ programId: first.id, programName: 'first', flags: 0, priority: 0 }],
        })
      }
    })
  })

  test('ends by detaching', async () => {
    await withPackets(FIXTURE, async (object) => {
      await using link = await object.programs.first.attach(input())
      await link.detach()
      expect(await counted(object, () => cable.left.send(cable.right, PORT, 1))).toEqual({ first: 0, second: 0 })
    })
  })

  test('outlives its network namespace, without effect', async () => {
    const own = new Cable()
    await withPackets(FIXTURE, async ({ programs: { first } }) => {
      const link = await first.attach(input({ netns: own.right.path }))
      await own[Symbol.asyncDispose]()
      expect(link.info()).toMatchObject({ type: 'netfilter', hook: 'input' })
      await link.close()
    })
  })
})

describe.skipIf(lacking || absence('6.6') !== undefined)('fragments', () => {
  const size = 4000

  test('come one by one without defragmentation, and whole with it', async () => {
    await withPackets(FIXTURE, async ({ programs: { first }, globals }) => {
      const hook = { hook: 'prerouting', priority: -300 } as const
      const link = await first.attach(input(hook))
      expect(await cable.left.send(cable.right, PORT, 1, { size })).toBe(1)
      expect(globals.longest).toBeLessThanOrEqual(1500n)
      await link.close()
      await using whole = await first.attach(input({ ...hook, defragment: true }))
      expect(whole.info()).toMatchObject({ defragment: true })
      expect(await cable.left.send(cable.right, PORT, 1, { size })).toBe(1)
      // IPv4 and UDP headers.
      expect(globals.longest).toBe(BigInt(size + 20 + 8))
    })
  })
})

describe('what cannot be is an error that names the hook', () => {
  test('a program of another type', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      expect(await rejection(first.attach(input()))).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    })
  })

  test.skipIf(lacking)('a network namespace that is not there', async () => {
    await withPackets(FIXTURE, async ({ programs: { first } }) => {
      const error = await rejection(first.attach(input({ netns: '/run/netns/no-such' })))
      expect(error.message).toContain('/run/netns/no-such')
    })
  })
})
