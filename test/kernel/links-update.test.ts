/** Putting another program in the place of one that is attached. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cgroup } from '../../lib/hooks/cgroup.ts'
import { rawTracepoint } from '../../lib/hooks/raw-tracepoint.ts'
import { tc } from '../../lib/hooks/tc.ts'
import { tracepoint } from '../../lib/hooks/tracepoint.ts'
import { xdp } from '../../lib/hooks/xdp.ts'
import { openLink } from '../../lib/open-link.ts'
import { openProgram } from '../../lib/open-program.ts'
import { builtPackage } from '../support/child.ts'
import { Cgroup } from '../support/cgroup.ts'
import { bpfDescriptors, untilGone } from '../support/kernel-objects.ts'
import { type LinksObject, Loopback, loadLinks, withLinks } from '../support/links-fixture.ts'
import { rejection } from '../support/wait.ts'
import { TestWorker } from '../support/worker.ts'

let lo: Loopback

beforeAll(async () => {
  lo = await Loopback.start()
})

afterAll(async () => {
  await lo?.[Symbol.asyncDispose]()
})

const hook = (): ReturnType<typeof xdp> => xdp('lo', { netns: lo.netns, mode: 'generic' })

const invalid = { name: 'TypeError', code: 'ERR_EBPF_INVALID_ARGUMENT' }
const closed = { code: 'ERR_EBPF_CLOSED' }

describe('link.update()', () => {
  test('puts another program in the place, and the link names it', async () => {
    await withLinks(async (object) => {
      const { xdp_first, xdp_second } = object.programs
      const link = await xdp_first.attach(hook())
      const { id } = link
      expect(await lo.traffic(object)).toEqual({ first: 3, second: 0 })
      await link.update(xdp_second)
      expect(await lo.traffic(object)).toEqual({ first: 0, second: 3 })
      expect(link).toMatchObject({ program: 'xdp_second', id, closed: false })
      expect(link.info()).toMatchObject({ type: 'xdp', programId: xdp_second.id })
      expect([xdp_first.links, xdp_second.links]).toEqual([[], [link]])
      await link.update(xdp_second)
      await link.update(xdp_first)
      expect(xdp_first.links).toEqual([link])
      expect(await lo.traffic(object)).toEqual({ first: 3, second: 0 })
    })
  })

  test('happens in the order of the calls', async () => {
    await withLinks(async (object) => {
      const { xdp_first, xdp_second } = object.programs
      const link = await xdp_first.attach(hook())
      const updates = Array.from({ length: 20 }, (_, index) => link.update(index % 2 === 0 ? xdp_second : xdp_first))
      await Promise.all([...updates, link.update(xdp_second)])
      expect(link.program).toBe('xdp_second')
      expect(link.info().programId).toBe(xdp_second.id)
      expect(await lo.traffic(object)).toEqual({ first: 0, second: 3 })
    })
  })

  test('with `expected` happens only when that program is there', async () => {
    await withLinks(async (object) => {
      const { xdp_first, xdp_second } = object.programs
      const link = await xdp_first.attach(hook())
      expect(await rejection(link.update(xdp_second, { expected: xdp_second }))).toMatchObject({
        name: 'EbpfError',
        errno: expect.any(Number),
        hint: "Another program than 'xdp_second' is attached there.",
      })
      expect(link.program).toBe('xdp_first')
      await link.update(xdp_second, { expected: xdp_first })
      expect(link.program).toBe('xdp_second')
    })
  })

  test('of a cgroup works the same', async () => {
    await using group = new Cgroup()
    await withLinks(async ({ programs }) => {
      const link = await programs.egress_first.attach(cgroup(group.path))
      await link.update(programs.egress_second, { expected: programs.egress_first })
      expect(link.info()).toMatchObject({ type: 'cgroup', programId: programs.egress_second.id, cgroupId: group.id })
      await link.close()
    })
  })

  test('takes a program of another object, and holds that one from then on', async () => {
    const first = await loadLinks()
    const second = await loadLinks()
    const link = await first.programs.xdp_first.attach(hook())
    await link.update(second.programs.xdp_second)
    expect([first.links, second.links]).toEqual([[], [link]])
    await first.close()
    expect(link.closed).toBe(false)
    expect(await lo.traffic(second)).toEqual({ first: 0, second: 3 })
    const { id } = second.programs.xdp_second
    await second.close()
    expect(link.closed).toBe(true)
    await untilGone({ programs: [id] })
    expect(bpfDescriptors()).toEqual({})
  })

  test('takes a program that was opened', async () => {
    await withLinks(async (object) => {
      const link = await object.programs.xdp_first.attach(hook())
      using opened = openProgram({ id: object.programs.xdp_second.id })
      await link.update(opened)
      expect(opened.links).toEqual([link])
      expect(await lo.traffic(object)).toEqual({ first: 0, second: 3 })
      // It belongs to no object now.
      await link.close()
    })
  })

  test('of a tc filter, which is no link, works, too', async () => {
    await withLinks(async (object) => {
      const { tc_first, tc_second } = object.programs
      const link = await tc_first.attach(tc('lo', 'ingress', { netns: lo.netns }))
      expect(await lo.traffic(object)).toEqual({ first: 3, second: 0 })
      await link.update(tc_second)
      expect(link.program).toBe('tc_second')
      expect(await lo.traffic(object)).toEqual({ first: 0, second: 3 })
      expect(await rejection(link.update(object.programs.xdp_first))).toMatchObject(invalid)
    })
  })
})

describe('what the kernel cannot update', () => {
  const cases = [
    ['a raw tracepoint', 'raw_first', 'raw_second', rawTracepoint('sys_enter')],
    ['a tracepoint', 'tracepoint_first', 'tracepoint_first', tracepoint('syscalls', 'sys_enter_getppid')],
  ] as const
  test.each(cases)('%s answers ERR_EBPF_NOT_UPDATABLE', async (_what, first, second, where) => {
    await withLinks(async ({ programs }) => {
      const link = await programs[first].attach(where)
      const before = bpfDescriptors()
      expect(await rejection(link.update(programs[second]))).toMatchObject({
        name: 'EbpfError',
        code: 'ERR_EBPF_NOT_UPDATABLE',
        operation: 'bpf_link_update',
        program: second,
        link: link.name,
        hint: expect.stringContaining('xdp (Linux 5.9)'),
      })
      expect(link).toMatchObject({ closed: false, program: first })
      expect(programs[first].links).toEqual([link])
      expect(bpfDescriptors()).toEqual(before)
    })
  })
})

describe('link.update() refuses', () => {
  test('a program of another type, and what is none', async () => {
    await withLinks(async (object) => {
      const { programs } = object
      const link = await programs.xdp_first.attach(hook())
      expect(await rejection(link.update(programs.tc_first))).toMatchObject({
        ...invalid,
        message: expect.stringContaining(
          "program 'tc_first' of type sched_cls cannot take the place of program 'xdp_first'",
        ),
      })
      for (const wrong of [
        undefined,
        null,
        5,
        'xdp_first',
        {},
        { fd: 3 },
        link,
        object,
        { borrow: () => 1, name: 'x' },
      ]) {
        expect(await rejection(link.update(wrong as never))).toMatchObject(invalid)
        if (wrong === undefined) continue
        expect(await rejection(link.update(programs.xdp_second, { expected: wrong as never }))).toMatchObject(invalid)
        if (typeof wrong !== 'object' || wrong === null)
          expect(await rejection(link.update(programs.xdp_second, wrong as never))).toMatchObject(invalid)
      }
      expect(link.program).toBe('xdp_first')
      expect(await lo.traffic(object)).toEqual({ first: 3, second: 0 })
    })
  })

  test('a program of another type also where the link was opened', async () => {
    await withLinks(async ({ programs }) => {
      const link = await programs.xdp_first.attach(hook())
      await using opened = openLink({ id: link.id })
      expect(await rejection(opened.update(programs.tc_first))).toMatchObject({
        code: 'EINVAL',
        hint: expect.stringContaining('same type'),
      })
    })
  })

  test('what is closed', async () => {
    const object = await loadLinks()
    const link = await object.programs.xdp_first.attach(hook())
    object.programs.xdp_second.close()
    expect(await rejection(link.update(object.programs.xdp_second))).toMatchObject(closed)
    await link.close()
    expect(await rejection(link.update(object.programs.xdp_first))).toMatchObject(closed)
    await object.close()
    expect(await rejection(link.update(object.programs.xdp_first))).toMatchObject(closed)
  })

  test('an expected program that is closed', async () => {
    await withLinks(async ({ programs }) => {
      const link = await programs.xdp_first.attach(hook())
      programs.xdp_first.close()
      expect(await rejection(link.update(programs.xdp_second, { expected: programs.xdp_first }))).toMatchObject(closed)
      await link.update(programs.xdp_second)
      expect(link.program).toBe('xdp_second')
    })
  })
})

describe('while an update runs', () => {
  const rounds = 12
  const turns = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
  }

  async function untouched(object: LinksObject): Promise<void> {
    expect(await lo.traffic(object)).toEqual({ first: 0, second: 0 })
  }

  test('closing the link waits, and nothing stays attached', async () => {
    await withLinks(async (object) => {
      const { xdp_first, xdp_second } = object.programs
      for (let round = 0; round < rounds; round++) {
        const link = await xdp_first.attach(hook())
        const updates = Promise.allSettled([link.update(xdp_second), link.update(xdp_first)])
        await turns(round % 4)
        await link.close()
        for (const result of await updates) {
          if (result.status === 'rejected') expect(result.reason).toMatchObject(closed)
        }
        await untouched(object)
        expect([xdp_first.links, xdp_second.links]).toEqual([[], []])
      }
    })
  })

  test('closing it in the blocking way ends it', async () => {
    await withLinks(async (object) => {
      const { xdp_first, xdp_second } = object.programs
      for (let round = 0; round < rounds; round++) {
        const link = await xdp_first.attach(hook())
        const update = Promise.allSettled([link.update(xdp_second)])
        await turns(round % 3)
        link[Symbol.dispose]()
        await update
        await untouched(object)
        expect([xdp_first.links, xdp_second.links]).toEqual([[], []])
      }
    })
  })

  test.each(['close', 'dispose'])('the new program’s object may end: %s', async (way) => {
    await withLinks(async (object) => {
      for (let round = 0; round < rounds; round++) {
        const other = await loadLinks()
        const { id } = other.programs.xdp_second
        const link = await object.programs.xdp_first.attach(hook())
        const update = Promise.allSettled([link.update(other.programs.xdp_second)])
        await turns(round % 4)
        if (way === 'close') await other.close()
        else other[Symbol.dispose]()
        const [result] = await update
        // Either the other program was attached, and its object took the link with it, or it never was.
        if (result.status === 'rejected') expect(result.reason).toMatchObject(closed)
        else expect(link.closed).toBe(true)
        await link.close()
        await untilGone({ programs: [id] })
      }
      await untouched(object)
      expect(bpfDescriptors()['bpf-link']).toBeUndefined()
    })
  })

  test('its worker may end', async () => {
    const { worker, message } = await TestWorker.start<{ programs: number[] }>(`
      const { xdp } = await import(${JSON.stringify(builtPackage())})
      const object = await load('links')
      const { xdp_first, xdp_second } = object.programs
      const link = await xdp_first.attach(xdp('lo', { netns: { pid: ${lo.pid} }, mode: 'generic' }))
      parentPort.postMessage(ids(object))
      for (;;) {
        link.update(xdp_second).catch(() => {})
        await link.update(xdp_first)
      }
    `)
    await worker.terminate()
    await untilGone(message)
  })
})
