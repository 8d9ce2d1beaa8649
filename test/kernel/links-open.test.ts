/** Links that are in the kernel already: opened, listed, pinned and unpinned, detached for everybody. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cgroup } from '../../lib/hooks/cgroup.ts'
import { rawTracepoint } from '../../lib/hooks/raw-tracepoint.ts'
import { tc } from '../../lib/hooks/tc.ts'
import { tracepoint } from '../../lib/hooks/tracepoint.ts'
import { xdp } from '../../lib/hooks/xdp.ts'
import { listLinks, openLink } from '../../lib/open-link.ts'
import { withBpffs } from '../support/bpffs.ts'
import { Cgroup } from '../support/cgroup.ts'
import { olderThan } from '../support/kernel-features.ts'
import { bpfDescriptors, untilGone } from '../support/kernel-objects.ts'
import { Loopback, loadLinks, withLinks } from '../support/links-fixture.ts'
import { callGetppid, withTrace } from '../support/trace.ts'
import { rejection, until } from '../support/wait.ts'

let lo: Loopback

beforeAll(async () => {
  lo = await Loopback.start()
})

afterAll(async () => {
  await lo?.[Symbol.asyncDispose]()
})

const hook = (): ReturnType<typeof xdp> => xdp('lo', { netns: lo.netns, mode: 'generic' })

const invalid = expect.objectContaining({ name: 'TypeError', code: 'ERR_EBPF_INVALID_ARGUMENT' })

describe('openLink()', () => {
  test('opens by pin, id and descriptor', async () => {
    await withBpffs(async (folder) => {
      await withLinks(async ({ programs }) => {
        const link = await programs.xdp_first.attach(hook())
        const path = join(folder, 'link')
        link.pin(path)
        const before = bpfDescriptors()
        for (const target of [path, { id: link.id }, { fd: link.fd }]) {
          const opened = openLink(target)
          expect(opened.info()).toEqual(link.info())
          expect(opened).toMatchObject({ id: link.id, program: 'xdp_first', closed: false })
          expect(opened.name).toBe(typeof target === 'string' ? path : `id ${link.id}`)
          expect(opened.fd).not.toBe(link.fd)
          await opened.close()
          expect(() => opened.info()).toThrow(`link '${opened.name}' of program 'xdp_first' is closed`)
        }
        expect(bpfDescriptors()).toEqual(before)
        expect(programs.xdp_first.links).toEqual([link])
        link.unpin(path)
      })
    })
  })

  test('holds the link: it stays attached until the last holder closes it', async () => {
    const object = await loadLinks()
    const { id } = object.programs.xdp_first
    const link = await object.programs.xdp_first.attach(hook())
    const opened = openLink({ id: link.id })
    await object.close()
    expect(link.closed).toBe(true)
    expect(opened.info()).toMatchObject({ type: 'xdp', interfaceIndex: 1, programId: id })
    await using other = await loadLinks()
    expect(await rejection(other.programs.xdp_first.attach(hook()))).toMatchObject({ code: 'EBUSY' })
    await opened.close()
    await untilGone({ programs: [id] })
    await other.programs.xdp_first.attach(hook())
  })

  test.skipIf(olderThan('5.15'))('of a pinned tracepoint may be closed: the pin keeps it attached', async () => {
    await withBpffs(async (folder) => {
      await withTrace(async ({ maps, programs }) => {
        const path = join(folder, 'link')
        const link = await programs.on_tracepoint.attach()
        link.pin(path)
        await link.close()
        const calls = (): bigint | undefined => {
          callGetppid(1)
          const count = maps.tracepoint_calls.get(0n)
          maps.tracepoint_calls.delete(0n)
          return count
        }
        expect(calls()).toBe(1n)
        const opened = openLink(path)
        await opened.close()
        expect(calls()).toBe(1n)
        openLink(path)[Symbol.dispose]()
        expect(calls()).toBe(1n)
        const last = openLink(path)
        last.unpin(path)
        expect(calls()).toBe(1n)
        await last.close()
        expect(calls()).toBeUndefined()
      })
    })
  })

  test('refuses what is no link, in words', async () => {
    await withBpffs(async (folder) => {
      await withLinks(async ({ programs }) => {
        const before = bpfDescriptors()
        const code = (wanted: string): unknown => expect.objectContaining({ name: 'EbpfError', code: wanted })
        expect(() => openLink('/sys/fs/bpf/nowhere')).toThrow(code('ENOENT'))
        expect(() => openLink({ id: 0xffff_fff0 })).toThrow(code('ENOENT'))
        expect(() => openLink({ fd: programs.xdp_first.fd })).toThrow(code('EINVAL'))
        expect(() => openLink({ fd: 1_000_000 })).toThrow(code('EBADF'))
        const pin = join(folder, 'program')
        programs.xdp_first.pin(pin)
        expect(() => openLink(pin)).toThrow(expect.objectContaining({ name: 'EbpfError' }))
        for (const wrong of [undefined, null, 3, '', 'a\0b', {}, { id: '1' }, { fd: 0.5 }]) {
          expect(() => openLink(wrong as never)).toThrow(invalid)
        }
        expect(() => openLink({ id: -1 })).toThrow(expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' }))
        expect(bpfDescriptors()).toEqual(before)
      })
    })
  })
})

describe('listLinks()', () => {
  test('lists what is attached, of all processes, in the order of their ids', async () => {
    await withLinks(async ({ programs }) => {
      const before = bpfDescriptors()
      const first = await programs.xdp_first.attach(hook())
      const second = await programs.raw_first.attach()
      const listed = listLinks()
      const ids = listed.map(({ id }) => id)
      expect(ids).toEqual([...ids].sort((a, b) => a - b))
      expect(listed).toContainEqual(first.info())
      expect(listed).toContainEqual(second.info())
      await first.close()
      expect(listLinks()).not.toContainEqual(expect.objectContaining({ id: ids.at(-2) }))
      await second.close()
      expect(bpfDescriptors()).toEqual(before)
    })
  })

  test('survives links that come and go meanwhile', async () => {
    await withLinks(async ({ programs }) => {
      let running = true
      const churn = (async () => {
        while (running) await (await programs.raw_first.attach()).close()
      })()
      try {
        for (let round = 0; round < 50; round++) {
          for (const link of listLinks()) expect(link.id).toBeGreaterThan(0)
          await new Promise(setImmediate)
        }
      } finally {
        running = false
        await churn
      }
    })
  })
})

describe('link.unpin()', () => {
  test('removes a pin of this link only', async () => {
    await withBpffs(async (folder) => {
      await withLinks(async ({ programs }) => {
        const link = await programs.raw_first.attach()
        const other = await programs.raw_second.attach()
        const [path, otherPath, programPath] = ['link', 'other', 'program'].map((name) => join(folder, name)) as [
          string,
          string,
          string,
        ]
        link.pin(path)
        other.pin(otherPath)
        programs.raw_first.pin(programPath)
        const before = bpfDescriptors()
        expect(() => link.unpin(otherPath)).toThrow(invalid)
        expect(() => link.unpin(programPath)).toThrow(invalid)
        expect(() => link.unpin('/etc/hostname')).toThrow(invalid)
        expect(() => link.unpin(undefined as never)).toThrow(invalid)
        expect(() => link.unpin(join(folder, 'nothing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }))
        expect(existsSync(otherPath)).toBe(true)
        expect(existsSync('/etc/hostname')).toBe(true)
        expect(bpfDescriptors()).toEqual(before)
        link.unpin(path)
        expect(existsSync(path)).toBe(false)
        link.pin(path)
        link.unpin(path)
        await link.close()
        expect(() => link.unpin(path)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
      })
    })
  })

  test('lets close() detach again', async () => {
    await withBpffs(async (folder) => {
      await withTrace(async ({ maps, programs }) => {
        for (const [name, calls] of [
          ['on_tracepoint', maps.tracepoint_calls],
          ['on_raw', maps.raw_calls],
        ] as const) {
          if (name === 'on_tracepoint' && olderThan('5.15')) continue
          const path = join(folder, name)
          const link = await programs[name].attach()
          link.pin(path)
          link.unpin(path)
          callGetppid(1)
          expect(calls.get(0n)).toBe(1n)
          await link.close()
          // The kernel lets go of what a removed pin held some time after.
          await until('it is detached', () => {
            const before = calls.get(0n)
            callGetppid(1)
            return calls.get(0n) === before
          })
        }
      })
    })
  })

  test('is not needed where the file is removed by others', async () => {
    await withBpffs(async (folder) => {
      const object = await loadLinks()
      const link = await object.programs.xdp_first.attach(hook())
      const { id } = object.programs.xdp_first
      link.pin(join(folder, 'link'))
      rmSync(join(folder, 'link'))
      await object.close()
      await untilGone({ programs: [id] })
    })
  })
})

describe.skipIf(olderThan('5.9'))('link.detach()', () => {
  test('detaches also what others hold and pin; the handle stays until it is closed', async () => {
    await withBpffs(async (folder) => {
      await withLinks(async (object) => {
        const { xdp_first, xdp_second } = object.programs
        const link = await xdp_first.attach(hook())
        await using holder = openLink({ id: link.id })
        link.pin(join(folder, 'link'))
        expect(await lo.traffic(object)).toEqual({ first: 3, second: 0 })
        await holder.detach()
        expect(await lo.traffic(object)).toEqual({ first: 0, second: 0 })
        expect(link).toMatchObject({ closed: false, id: holder.id })
        expect(link.info()).toMatchObject({ interfaceIndex: 0 })
        expect(xdp_first.links).toEqual([link])
        // The kernel does not mind a second time, and lets nobody update it.
        await link.detach()
        expect(await rejection(link.update(xdp_second))).toMatchObject({ name: 'EbpfError', code: 'ENOLINK' })
        const next = await xdp_second.attach(hook())
        expect(await lo.traffic(object)).toEqual({ first: 0, second: 3 })
        await next.close()
        await link.close()
        expect(await rejection(link.detach())).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
      })
    })
  })

  test('detaches from a cgroup', async () => {
    await using group = new Cgroup()
    await withLinks(async ({ programs }) => {
      const link = await programs.egress_first.attach(cgroup(group.path))
      await link.detach()
      expect(link.info()).toMatchObject({ type: 'cgroup', cgroupId: 0n })
      await link.detach()
      await link.close()
    })
  })

  test('detaches what is no link of the kernel', async () => {
    await withLinks(async (object) => {
      const link = await object.programs.tc_first.attach(tc('lo', 'ingress', { netns: lo.netns }))
      expect(await lo.traffic(object)).toEqual({ first: 3, second: 0 })
      await link.detach()
      expect(await lo.traffic(object)).toEqual({ first: 0, second: 0 })
      await link.close()
    })
  })

  test.each([
    ['a raw tracepoint', 'raw_first', rawTracepoint('sys_enter')],
    ['a tracepoint', 'tracepoint_first', tracepoint('syscalls', 'sys_enter_getppid')],
  ] as const)('of %s is refused, in words', async (_what, name, where) => {
    await withLinks(async ({ programs }) => {
      const link = await programs[name].attach(where)
      expect(await rejection(link.detach())).toMatchObject({
        name: 'EbpfError',
        code: expect.stringMatching(/^(EOPNOTSUPP|EINVAL)$/),
        program: name,
        hint: expect.stringMatching(/last holder|nothing but close/),
      })
      expect(link.closed).toBe(false)
    })
  })

  test('and close() at once', async () => {
    await withLinks(async (object) => {
      for (let round = 0; round < 8; round++) {
        const link = await object.programs.xdp_first.attach(hook())
        const detaching = Promise.allSettled([link.detach(), link.detach()])
        if (round % 2 === 1) await new Promise(setImmediate)
        await link.close()
        await detaching
        await until('it is detached', async () => (await lo.traffic(object)).first === 0)
      }
    })
  })
})
