/** Several hooks at once, the first of several that works, and who is attached where. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NoneAttachedError, attachFirst } from '../../lib/attach-first.ts'
import { cgroup } from '../../lib/hooks/cgroup.ts'
import type { Hook } from '../../lib/hooks/hook.ts'
import { netfilter } from '../../lib/hooks/netfilter.ts'
import { rawTracepoint } from '../../lib/hooks/raw-tracepoint.ts'
import { tc } from '../../lib/hooks/tc.ts'
import { tcx } from '../../lib/hooks/tcx.ts'
import { tpBtf } from '../../lib/hooks/tp-btf.ts'
import { tracepoint } from '../../lib/hooks/tracepoint.ts'
import { xdp } from '../../lib/hooks/xdp.ts'
import { LinkSet } from '../../lib/link-set.ts'
import { query } from '../../lib/query.ts'
import { libbpfVersion } from '../../lib/system/libbpf-version.ts'
import { Cgroup } from '../support/cgroup.ts'
import { absence, olderThan } from '../support/kernel-features.ts'
import { bpfDescriptors } from '../support/kernel-objects.ts'
import { Loopback, loadLinks, withLinks } from '../support/links-fixture.ts'
import { callGetppid, withTrace } from '../support/trace.ts'
import { rejection } from '../support/wait.ts'

let lo: Loopback

beforeAll(async () => {
  lo = await Loopback.start()
})

afterAll(async () => {
  await lo?.[Symbol.asyncDispose]()
})

const hook = (): ReturnType<typeof xdp> => xdp('lo', { netns: lo.netns, mode: 'generic' })
const missing = tracepoint('syscalls', 'sys_enter_no_such_call')
const invalid = { name: 'TypeError', code: 'ERR_EBPF_INVALID_ARGUMENT' }
const closed = { code: 'ERR_EBPF_CLOSED' }

/** With two arguments or more, which the program reads. Before Linux 6.10, a program is at each once. */
const RAW = [
  'sys_enter',
  'sys_exit',
  'sched_switch',
  'sched_migrate_task',
  'sched_pi_setprio',
  'sched_process_fork',
  'sched_process_exec',
  'irq_handler_entry',
  'signal_generate',
  'task_newtask',
  'task_rename',
  'signal_deliver',
]

describe('program.attachAll()', () => {
  const cookies = Array.from({ length: 20 }, (_, cookie) => tpBtf('sys_enter', { cookie }))

  test('attaches to all hooks, in their order', async () => {
    await withTrace(async ({ programs, maps }) => {
      const hooks: Hook[] = RAW.slice(0, 3).map((name) => rawTracepoint(name))
      const set = await programs.on_raw.attachAll(hooks)
      expect(set).toBeInstanceOf(LinkSet)
      expect(set).toMatchObject({ size: 3, closed: false })
      expect([...set]).toEqual(set.links)
      expect(set.links.map(({ name }) => name)).toEqual(RAW.slice(0, 3).map((name) => `raw_tracepoint ${name}`))
      expect(new Set(programs.on_raw.links)).toEqual(new Set(set.links))
      callGetppid(1)
      expect(maps.raw_calls.get(0n)).toBe(1n)
      await Promise.all([set.close(), set.close()])
      await set.close()
      expect(set.closed).toBe(true)
      expect(programs.on_raw.links).toEqual([])
      callGetppid(1)
      expect(maps.raw_calls.get(0n)).toBe(1n)
    })
  })

  test('takes any iterable, and none', async () => {
    await withTrace(async ({ programs }) => {
      const set = await programs.on_raw.attachAll(new Set([rawTracepoint('sys_enter')]))
      expect(set.size).toBe(1)
      set[Symbol.dispose]()
      expect(set.closed).toBe(true)
      await using empty = await programs.on_raw.attachAll([])
      expect(empty).toMatchObject({ size: 0, links: [] })
    })
  })

  test.skipIf(olderThan('6.10') || /^1\.[0-3]\b/.test(libbpfVersion))('gives each its cookie', async () => {
    await withTrace(async ({ programs, maps }) => {
      await using _set = await programs.on_btf.attachAll(cookies)
      callGetppid(1)
      expect([...maps.btf_calls.keys()].sort()).toEqual(cookies.map(({ cookie }) => cookie).sort())
    })
  })

  test.each([0, 1, 7, 11])('attaches to none when hook %d of twelve fails', async (position) => {
    await withTrace(async ({ programs, maps }) => {
      const before = bpfDescriptors()
      const hooks: Hook[] = RAW.map((name) => rawTracepoint(name))
      hooks[position] = rawTracepoint('no_such_tracepoint')
      const error = await rejection(programs.on_raw.attachAll(hooks))
      expect(error).toMatchObject({ name: 'EbpfError', code: 'ENOENT', link: 'raw_tracepoint no_such_tracepoint' })
      expect(programs.on_raw.links).toEqual([])
      expect(bpfDescriptors()).toEqual(before)
      callGetppid(2)
      expect(maps.raw_calls.get(0n)).toBeUndefined()
    })
  })

  test('refuses what is no list of hooks', async () => {
    await withTrace(async ({ programs }) => {
      for (const wrong of [undefined, null, 5, rawTracepoint('sys_enter')]) {
        expect(await rejection(programs.on_raw.attachAll(wrong as never))).toMatchObject(invalid)
      }
      for (const wrong of [[undefined], ['sys_enter'], [rawTracepoint('sys_enter'), {}]]) {
        expect(await rejection(programs.on_raw.attachAll(wrong as never))).toMatchObject(invalid)
      }
      expect(programs.on_raw.links).toEqual([])
    })
  })

  test('ends when its object is closed meanwhile', async () => {
    const object = await loadLinks()
    const hooks = RAW.map((name) => rawTracepoint(name))
    const attaching = rejection(object.programs.raw_first.attachAll(hooks))
    await new Promise(setImmediate)
    await object.close()
    expect(await attaching).toMatchObject(closed)
    expect(bpfDescriptors()).toEqual({})
  })

  test('gives a set that can be updated as a whole', async () => {
    await using group = new Cgroup()
    await using other = new Cgroup()
    await withLinks(async ({ programs }) => {
      const set = await programs.egress_first.attachAll([cgroup(group.path), cgroup(other.path)])
      await set.update(programs.egress_second)
      expect(set.links.map(({ program }) => program)).toEqual(['egress_second', 'egress_second'])
      await set.links[1]!.close()
      expect(await rejection(set.update(programs.egress_first))).toMatchObject(closed)
      expect(set.links.map(({ program }) => program)).toEqual(['egress_second', 'egress_second'])
      await set.close()
    })
  })
})

describe('attachFirst()', () => {
  test('gives the first that works, and says why not the others', async () => {
    await withLinks(async ({ programs }) => {
      const before = bpfDescriptors()
      const { link, passedOver } = await programs.tracepoint_first.attachFirst([
        missing,
        tracepoint('syscalls', 'sys_enter_getppid'),
        tracepoint('syscalls', 'sys_enter_getpid'),
      ])
      expect(link).toMatchObject({ program: 'tracepoint_first', name: 'tracepoint syscalls/sys_enter_getppid' })
      expect(passedOver).toEqual([
        {
          program: 'tracepoint_first',
          hook: 'tracepoint syscalls/sys_enter_no_such_call',
          reason: expect.stringContaining('ENOENT'),
          error: expect.objectContaining({ name: 'EbpfError', code: 'ENOENT' }),
        },
      ])
      expect(programs.tracepoint_first.links).toEqual([link])
      await link.close()
      expect(bpfDescriptors()).toEqual(before)
    })
  })

  test('of several programs passes over one that was not loaded', async () => {
    await withLinks(async ({ programs }) => {
      const { link, passedOver } = await attachFirst([
        [undefined, tpBtf('sys_enter')],
        [undefined],
        [programs.tracepoint_first, missing],
        [programs.raw_first],
      ])
      expect(link).toMatchObject({ program: 'raw_first', name: 'raw_tp/sys_enter' })
      expect(
        passedOver.map(({ program, hook: where, reason }) => [program, where, reason.includes('not loaded')]),
      ).toEqual([
        [undefined, 'tp_btf sys_enter', true],
        [undefined, 'its section', true],
        ['tracepoint_first', 'tracepoint syscalls/sys_enter_no_such_call', false],
      ])
    })
  })

  test('that gives none lists every reason', async () => {
    await withLinks(async ({ programs }) => {
      await using _there = await programs.xdp_first.attach(hook())
      const error = await rejection(
        attachFirst([[undefined], [programs.xdp_second, hook()], [programs.tracepoint_first, missing]]),
      )
      expect(error).toBeInstanceOf(NoneAttachedError)
      expect(error).toMatchObject({ code: 'ERR_EBPF_NONE_ATTACHED', operation: 'attachFirst' })
      expect((error as NoneAttachedError).passedOver).toHaveLength(3)
      for (const reason of ['not loaded', 'EBUSY', 'ENOENT', 'xdp_second', 'tracepoint_first']) {
        expect(error.message).toContain(reason)
      }
      expect(await rejection(attachFirst([]))).toMatchObject({ code: 'ERR_EBPF_NONE_ATTACHED' })
    })
  })

  test('refuses mistakes at once, before anything is attached', async () => {
    const object = await loadLinks()
    const { raw_first, xdp_first } = object.programs
    const wrong = [
      [[raw_first], 5],
      [[raw_first], ['raw_first']],
      [[raw_first], [{}, hook()]],
      [[raw_first], [xdp_first, { kind: 'nothing' }]],
      undefined,
      null,
    ]
    for (const choices of wrong) expect(await rejection(attachFirst(choices as never))).toMatchObject(invalid)
    // A hook that cannot be this program's is a mistake, too, but known only when its turn comes.
    expect(await rejection(attachFirst([[xdp_first, rawTracepoint('sys_enter')], [raw_first]]))).toMatchObject(invalid)
    expect(object.links).toEqual([])
    await object.close()
    expect(await rejection(attachFirst([[raw_first]]))).toMatchObject(closed)
  })
})

describe('query()', () => {
  test('tells who is at an interface', async () => {
    await withLinks(async ({ programs }) => {
      expect(await query(hook())).toEqual({ entries: [] })
      const link = await programs.xdp_first.attach(hook())
      const { entries } = await query(hook())
      expect(entries).toEqual([expect.objectContaining({ programId: programs.xdp_first.id, programName: 'xdp_first' })])
      await link.close()
      expect(await query(hook())).toEqual({ entries: [] })
    })
  })

  test.skipIf(olderThan('6.6') || /^1\.[012]\b/.test(libbpfVersion))(
    'tells the order, and counts revisions',
    async () => {
      await withLinks(async ({ programs }) => {
        const where = tcx('lo', 'ingress', { netns: lo.netns })
        const before = await query(where)
        expect(before.entries).toEqual([])
        const second = await programs.tc_second.attach(where)
        const first = await programs.tc_first.attach(tcx('lo', 'ingress', { netns: lo.netns, before: second }))
        const { revision, entries } = await query(where)
        expect(revision).toBeGreaterThan(before.revision ?? 0n)
        expect(entries.map(({ linkId, programName }) => [linkId, programName])).toEqual([
          [first.id, 'tc_first'],
          [second.id, 'tc_second'],
        ])
      })
    },
  )

  test('tells of tc filters their handle and priority, in the order in which they run', async () => {
    await withLinks(async ({ programs }) => {
      const at = (priority: number): ReturnType<typeof tc> => tc('lo', 'egress', { netns: lo.netns, priority })
      await programs.tc_second.attach(at(20))
      await programs.tc_first.attach(at(10))
      const { entries, revision } = await query(at(10))
      expect(revision).toBeUndefined()
      expect(entries).toEqual([
        expect.objectContaining({ programId: programs.tc_first.id, priority: 10, handle: expect.any(Number) }),
        expect.objectContaining({ programId: programs.tc_second.id, priority: 20, handle: expect.any(Number) }),
      ])
      expect(entries[0]).not.toHaveProperty('linkId')
    })
  })

  test('tells who is at a cgroup', async () => {
    await using group = new Cgroup()
    await withLinks(async ({ programs }) => {
      const where = cgroup(group.path, { attachType: 'inet_egress' })
      expect((await query(where)).entries).toEqual([])
      const first = await programs.egress_first.attach(where)
      const second = await programs.egress_second.attach(where)
      const { entries } = await query(where)
      expect(entries.map(({ programId }) => programId)).toEqual([programs.egress_first.id, programs.egress_second.id])
      await Promise.all([first.close(), second.close()])
    })
  })

  test.skipIf(absence('6.4') !== undefined || /^1\.[012]\b/.test(libbpfVersion))(
    'looks through all links where the kernel cannot be asked',
    async () => {
      await withLinks(async ({ programs }) => {
        const at = (priority: number): ReturnType<typeof netfilter> =>
          netfilter({ family: 'ipv4', hook: 'input', priority, netns: lo.netns })
        expect(await query(at(-123456))).toEqual({ entries: [] })
        const link = await programs.netfilter_first.attach(at(-123456))
        expect(await query(at(-123456))).toEqual({
          entries: [
            {
              programId: programs.netfilter_first.id,
              programName: 'netfilter_first',
              linkId: link.id,
              flags: 0,
              priority: -123456,
            },
          ],
        })
        await link.close()
      }, 'netfilter_first')
    },
  )

  test('refuses what is no hook, or has no answer, and leaks nothing', async () => {
    const before = bpfDescriptors()
    for (const wrong of [undefined, null, 'xdp', {}, { kind: 'nothing' }]) {
      expect(await rejection(query(wrong as never))).toMatchObject(invalid)
    }
    expect(await rejection(query(xdp('no-such-if', { netns: lo.netns })))).toMatchObject({
      name: 'EbpfError',
      code: 'ENODEV',
    })
    expect(await rejection(query(xdp('lo', { netns: '/no/such/namespace' })))).toMatchObject({ code: 'ENOENT' })
    expect(bpfDescriptors()).toEqual(before)
  })
})
