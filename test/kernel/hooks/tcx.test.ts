/** TCX: lists of programs with an order, by links. */
import { closeSync, fstatSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Ordering } from '../../../lib/hooks/anchor.ts'
import { type TcxHook, tcx } from '../../../lib/hooks/tcx.ts'
import type { Link } from '../../../lib/link.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { query } from '../../../lib/query.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { absence } from '../../support/kernel-features.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { cableForTests } from '../../support/cable-for-tests.ts'
import { Cable, ip } from '../../support/netns.ts'
import {
  PORT,
  type PacketObject,
  counted,
  loadPackets,
  expectSeamless,
  packetScene,
  withPackets,
} from '../../support/packets.ts'
import { rejection } from '../../support/wait.ts'

/** `enum tcx_action_base` of linux/bpf.h. */
const TCX_NEXT = -1
const TCX_PASS = 0
const TCX_DROP = 2

const lacking = absence('6.6') !== undefined

/** Relative places, revisions and link ids are what an older libbpf cannot pass on. */
const oldLibbpf = isOlder(libbpfVersion, '1.3')

const cable = cableForTests()

const ingress = (ordering: Ordering = {}): TcxHook => tcx('right0', 'ingress', { netns: cable.right.path, ...ordering })

for (const direction of ['ingress', 'egress'] as const) {
  proveHook({
    hook: `tcx ${direction}`,
    family: 'network',
    since: '6.6',
    link: '6.6',
    update: '6.6',
    async setUp() {
      const object = await loadPackets('hooks-tc')
      const hook = tcx('right0', direction, { netns: cable.right.path })
      const to = direction === 'ingress' ? 'right' : 'left'
      return packetScene({ object, cable, to, attach: (program) => program.attach(hook) })
    },
  })
}

/** Two objects, and so four programs. */
async function withFour(body: (programs: BpfProgram[], objects: PacketObject[]) => Promise<void>): Promise<void> {
  await using one = await loadPackets('hooks-tc')
  await using two = await loadPackets('hooks-tc')
  await body([one.programs.first, one.programs.second, two.programs.first, two.programs.second], [one, two])
}

/** The ids of the programs that are attached, in order. */
async function attachedIds(): Promise<number[]> {
  return (await query(ingress())).entries.map(({ programId }) => programId)
}

describe.skipIf(lacking)('the order of programs', () => {
  test('is that in which they were attached, and is that in which they run', async () => {
    await withPackets('hooks-tc', async (object) => {
      const { first, second } = object.programs
      const links = [await second.attach(ingress()), await first.attach(ingress())]
      expect((await query(ingress())).entries).toMatchObject([
        { programId: second.id, programName: 'second', ...(!oldLibbpf && { linkId: links[0]?.id }) },
        { programId: first.id, programName: 'first', ...(!oldLibbpf && { linkId: links[1]?.id }) },
      ])
      expect(await counted(object, () => cable.left.send(cable.right, PORT, 1))).toEqual({ first: 1, second: 1 })
      expect(object.globals.second_run).toBeLessThan(object.globals.first_run)
    })
  })

  test('can be first and last', async () => {
    await withFour(async ([a, b, c, d]) => {
      await a!.attach(ingress())
      await b!.attach(ingress({ first: true }))
      await c!.attach(ingress({ last: true }))
      await d!.attach(ingress({ first: true, last: false }))
      expect(await attachedIds()).toEqual([d!.id, b!.id, a!.id, c!.id])
    })
  })

  type Naming = (link: Link, program: BpfProgram) => NonNullable<Ordering['before']>
  test.skipIf(oldLibbpf).each<[string, Naming]>([
    ['link', (link) => link],
    ['link id', (link) => ({ linkId: link.id })],
    ['program', (_link, program) => program],
    ['program id', (_link, program) => ({ programId: program.id })],
  ])('can be before and after another, by its %s', async (_what, anchor) => {
    await withFour(async ([a, b, c, d]) => {
      const [linkA, linkB] = [await a!.attach(ingress()), await b!.attach(ingress())]
      await c!.attach(ingress({ before: anchor(linkB, b!) }))
      await d!.attach(ingress({ after: anchor(linkA, a!) }))
      expect(await attachedIds()).toEqual([a!.id, d!.id, c!.id, b!.id])
    })
  })

  test('decides who is asked: the first verdict that is not "next" ends it', async () => {
    await withPackets('hooks-tc', async (object) => {
      const { globals, programs } = object
      await programs.first.attach(ingress())
      await programs.second.attach(ingress())
      const send = (): Promise<unknown> => cable.left.send(cable.right, PORT, 2)
      globals.second_verdict = TCX_DROP
      expect(await counted(object, async () => expect(await send()).toBe(0))).toEqual({ first: 2, second: 2 })
      globals.first_verdict = TCX_PASS
      expect(await counted(object, async () => expect(await send()).toBe(2))).toEqual({ first: 2, second: 0 })
      globals.first_verdict = TCX_NEXT
      globals.second_verdict = TCX_PASS
      expect(await counted(object, async () => expect(await send()).toBe(2))).toEqual({ first: 2, second: 2 })
    })
  })
})

describe.skipIf(lacking || oldLibbpf)('an anchor', () => {
  test('that is attached nowhere is ENOENT, and says so', async () => {
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      const error = await rejection(first.attach(ingress({ before: second })))
      expect(error).toMatchObject({ code: 'ENOENT', program: 'first', link: 'tcx ingress right0' })
      expect(error.message).toMatch(/before or after/)
      await using elsewhere = await second.attach(tcx('right0', 'egress', { netns: cable.right.path }))
      expect(await rejection(first.attach(ingress({ after: elsewhere })))).toMatchObject({ code: 'ENOENT' })
      expect(await attachedIds()).toEqual([])
    })
  })

  test('that is an id of nothing is an error', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      for (const before of [{ programId: 0xffff_fff0 }, { linkId: 0xffff_fff0 }]) {
        expect(await rejection(first.attach(ingress({ before })))).toMatchObject({ code: 'ENOENT' })
      }
    })
  })

  test('that was closed is refused before the kernel is asked', async () => {
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      const link = await second.attach(ingress())
      await link.close()
      expect(await rejection(first.attach(ingress({ before: link })))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
      second.close()
      expect(await rejection(first.attach(ingress({ after: second })))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    })
  })
})

describe.skipIf(lacking || !oldLibbpf)('with an older libbpf', () => {
  test('a relative place and a revision are refused, and nothing is attached', async () => {
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      await using link = await second.attach(ingress())
      for (const ordering of [{ before: link }, { after: { programId: second.id } }, { expectedRevision: 1 }]) {
        expect(await rejection(first.attach(ingress(ordering)))).toMatchObject({ code: 'ERR_EBPF_LIBBPF' })
      }
      expect(await attachedIds()).toEqual([second.id])
    })
  })
})

describe.skipIf(lacking || oldLibbpf)('the revision', () => {
  test('grows with every attach, update and detach', async () => {
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      const revision = async (): Promise<bigint> => (await query(ingress())).revision ?? 0n
      const seen = [await revision()]
      const link = await first.attach(ingress())
      seen.push(await revision())
      await link.update(second)
      seen.push(await revision())
      await using _keeps = await first.attach(ingress())
      seen.push(await revision())
      await link.close()
      seen.push(await revision())
      expect(seen.every((value, index) => index === 0 || value > (seen[index - 1] as bigint))).toBe(true)
    })
  })

  test('that was expected lets the program in; another is ESTALE, and attaches nothing', async () => {
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      await using _link = await first.attach(ingress())
      const { revision = 0n } = await query(ingress())
      for (const stale of [revision - 1n, revision + 1n]) {
        const error = await rejection(second.attach(ingress({ expectedRevision: stale })))
        expect(error).toMatchObject({ code: 'ESTALE', program: 'second' })
        expect(error.message).toContain('query')
      }
      expect(await attachedIds()).toEqual([first.id])
      await using _second = await second.attach(ingress({ expectedRevision: revision, first: true }))
      expect(await attachedIds()).toEqual([second.id, first.id])
    })
  })
})

describe.skipIf(lacking)('an update in place', () => {
  test('loses no packet, and lets none through unseen', async () => {
    await withPackets('hooks-tc', async (object) => {
      const { first, second } = object.programs
      await using link = await first.attach(ingress())
      const { id } = link
      await expectSeamless(object, cable, async () => {
        for (let update = 0; update < 100; update++) await link.update(update % 2 === 0 ? second : first)
      })
      expect(link.info()).toMatchObject({ id, programId: first.id, direction: 'ingress' })
    })
  })

  test('keeps the place among the others', async () => {
    await withFour(async ([a, b, c, d]) => {
      const links = [await a!.attach(ingress()), await b!.attach(ingress()), await c!.attach(ingress())]
      await links[1]!.update(d!)
      expect(await attachedIds()).toEqual([a!.id, d!.id, c!.id])
    })
  })

  test('to a program that is there already is EEXIST, and changes nothing', async () => {
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      await using link = await first.attach(ingress())
      await using _second = await second.attach(ingress())
      expect(await rejection(link.update(second))).toMatchObject({ code: 'EEXIST' })
      expect(await attachedIds()).toEqual([first.id, second.id])
    })
  })
})

describe.skipIf(lacking)('a link', () => {
  test('tells interface and direction', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      await using link = await first.attach(tcx(cable.right.index, 'egress', { netns: cable.right.path }))
      expect(link.info()).toMatchObject({
        type: 'tcx',
        programId: first.id,
        interfaceIndex: cable.right.index,
        direction: 'egress',
      })
    })
  })

  test('of a program that is there already is EEXIST', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      await using _link = await first.attach(ingress())
      expect(await rejection(first.attach(ingress()))).toMatchObject({ code: 'EEXIST' })
    })
  })

  test('that was detached attaches nothing any more, and can still be closed', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const link = await first.attach(ingress())
      await link.detach()
      expect(await attachedIds()).toEqual([])
      expect(link.info()).toMatchObject({ type: 'tcx', interfaceIndex: 0 })
      await link.close()
    })
  })

  test('outlives the name of its interface', async () => {
    await using own = new Cable()
    await withPackets('hooks-tc', async (object) => {
      const { namespace, path, index } = own.right
      const { first } = object.programs
      await using link = await first.attach(tcx('right0', 'ingress', { netns: path }))
      ip('-n', namespace, 'link', 'set', 'right0', 'down')
      ip('-n', namespace, 'link', 'set', 'right0', 'name', 'renamed0')
      ip('-n', namespace, 'link', 'set', 'renamed0', 'up')
      expect(link.info()).toMatchObject({ interfaceIndex: index })
      expect((await query(tcx('renamed0', 'ingress', { netns: path }))).entries).toMatchObject([
        { programId: first.id },
      ])
      expect(await rejection(query(tcx('right0', 'ingress', { netns: path })))).toMatchObject({ code: 'ENODEV' })
    })
  })

  test('follows its interface into another network namespace', async () => {
    await using own = new Cable()
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const { left, right } = own
      await using _link = await first.attach(tcx('right0', 'ingress', { netns: right.path }))
      ip('-n', right.namespace, 'link', 'set', 'right0', 'netns', left.namespace)
      expect((await query(tcx('right0', 'ingress', { netns: left.path }))).entries).toMatchObject([
        { programId: first.id },
      ])
    })
  })

  test('outlives its interface, and its network namespace, without effect', async () => {
    const own = new Cable()
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      const gone = await first.attach(tcx('right0', 'ingress', { netns: own.right.path }))
      ip('-n', own.right.namespace, 'link', 'del', 'right0')
      expect(gone.info()).toMatchObject({ type: 'tcx', interfaceIndex: 0 })
      expect(await rejection(gone.update(second))).toMatchObject({ code: 'ENOLINK' })
      await gone.close()
    })
    await own[Symbol.asyncDispose]()
  })
})

describe.skipIf(lacking)('the network namespace', () => {
  test("can be a path, a process in it, or a descriptor that stays the caller's", async () => {
    const fd = openSync(cable.right.path, 'r')
    const { pid } = await cable.right.process()
    try {
      await withPackets('hooks-tc', async (object) => {
        for (const netns of [cable.right.path, { pid }, { fd }]) {
          for (const name of ['right0', cable.right.index]) {
            const hook = tcx(name, 'ingress', { netns })
            await using _link = await object.programs.first.attach(hook)
            expect((await query(hook)).entries).toMatchObject([{ programId: object.programs.first.id }])
            expect(await counted(object, () => cable.left.send(cable.right, PORT, 1))).toMatchObject({ first: 1 })
          }
        }
      })
      expect(() => fstatSync(fd)).not.toThrow()
    } finally {
      closeSync(fd)
    }
  })

  test('that is none is an error, of an attach and of a query', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      for (const [netns, code] of [
        ['/run/netns/no-such', 'ENOENT'],
        ['/dev/null', 'EINVAL'],
        [{ fd: 9999 }, 'EBADF'],
        [{ pid: 2 ** 31 - 1 }, 'ENOENT'],
      ] as const) {
        const hook = tcx('right0', 'ingress', { netns })
        expect(await rejection(first.attach(hook))).toMatchObject({ code })
        expect(await rejection(query(hook))).toMatchObject({ code })
      }
    })
  })
})

describe.skipIf(lacking)('many attaches at once, in several network namespaces', () => {
  test('each go where they belong, and leave every thread of this process where it was', async () => {
    const namespaces = (): string[] => {
      const threads = readdirSync('/proc/self/task')
      return [...new Set(threads.map((thread) => readlinkSync(`/proc/self/task/${thread}/ns/net`)))]
    }
    const before = namespaces()
    await using other = new Cable()
    const ends = [cable.left, cable.right, other.left, other.right]
    await withPackets('hooks-tc', async ({ programs: { first, second } }) => {
      const hooks = ends.flatMap(({ path, interface: name }) =>
        (['ingress', 'egress'] as const).flatMap((direction) => [
          tcx(name, direction, { netns: path }),
          tcx('nosuch0', direction, { netns: path }),
        ]),
      )
      const attempts = hooks.flatMap((hook) => [first.attach(hook), second.attach(hook)])
      const results = await Promise.allSettled(attempts)
      expect(results.map(({ status }) => status)).toEqual(
        hooks.flatMap((hook) => Array(2).fill(hook.interface === 'nosuch0' ? 'rejected' : 'fulfilled')),
      )
      for (const { path, interface: name } of ends) {
        const { entries } = await query(tcx(name, 'egress', { netns: path }))
        expect(entries.map(({ programId }) => programId).sort()).toEqual([first.id, second.id].sort())
      }
      expect(namespaces()).toEqual(before)
    })
    expect(namespaces()).toEqual(before)
    expect(before).toHaveLength(1)
  })
})

describe('what cannot be is an error that names the hook', () => {
  test.skipIf(lacking)('an interface that is not there', async () => {
    await withPackets('hooks-tc', async ({ programs: { first } }) => {
      const hook = tcx('nosuch0', 'ingress', { netns: cable.right.path })
      expect(await rejection(first.attach(hook))).toMatchObject({ code: 'ENODEV', link: 'tcx ingress nosuch0' })
    })
  })

  test('a program of another type', async () => {
    await withPackets('hooks-xdp', async ({ programs: { first } }) => {
      expect(await rejection(first.attach(ingress()))).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    })
  })
})
