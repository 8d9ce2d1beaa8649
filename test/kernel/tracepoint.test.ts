/** Tracepoints, raw tracepoints and BTF-typed ones: by section and by builder, on real system calls. */
import { describe, expect, test } from 'vitest'
import { rawTracepoint } from '../../lib/hooks/raw-tracepoint.ts'
import { tpBtf } from '../../lib/hooks/tp-btf.ts'
import { tracepoint } from '../../lib/hooks/tracepoint.ts'
import { isOlder } from '../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../lib/system/libbpf-version.ts'
import { openObject } from '../../lib/object-spec.ts'
import { fixture } from '../support/fixtures.ts'
import { type TraceFixture, callGetppid, traceGlobals, withTrace } from '../support/trace.ts'
import { rejection } from '../support/wait.ts'
import { olderThan } from '../support/kernel-features.ts'

const COOKIE = 0xfeed_0000_0000_0001n

/** Such links of the kernel, and so cookies. */
const cookies = !olderThan('5.15')

/** Older ones know no cookies of raw and of BTF-typed tracepoints. */
const oldLibbpf = isOlder(libbpfVersion, '1.4')
const rawCookies = !oldLibbpf && !olderThan('6.10')
const needsLibbpf = { code: 'ERR_EBPF_LIBBPF', message: expect.stringContaining('1.4') }

describe('a tracepoint', () => {
  test('is attached by its section, and sees each call exactly once', async () => {
    await withTrace(async ({ maps, programs }) => {
      const link = await programs.on_tracepoint.attach()
      if (cookies) expect(link.info()).toMatchObject({ type: 'perf_event', programId: programs.on_tracepoint.id })
      callGetppid(25)
      expect([...maps.tracepoint_calls]).toEqual([[0n, 25n]])
    })
  })

  test.runIf(cookies)('is attached by name, with a cookie that the program reads', async () => {
    await withTrace(async ({ maps, programs }) => {
      await programs.on_tracepoint.attach(tracepoint('syscalls', 'sys_enter_getppid', { cookie: COOKIE }))
      callGetppid(3)
      expect([...maps.tracepoint_calls]).toEqual([[COOKIE, 3n]])
    })
  })

  test('does not take the same program twice', async () => {
    await withTrace(async ({ maps, programs }) => {
      await programs.on_tracepoint.attach(tracepoint('syscalls', 'sys_enter_getppid', cookies ? { cookie: 1 } : {}))
      const error = await rejection(programs.on_tracepoint.attach())
      expect(error).toMatchObject({ code: 'EEXIST', program: 'on_tracepoint' })
      expect(programs.on_tracepoint.links).toHaveLength(1)
      callGetppid(2)
      expect([...maps.tracepoint_calls]).toEqual([[cookies ? 1n : 0n, 2n]])
    })
  })

  test('no longer sees anything once its link is closed', async () => {
    await withTrace(async ({ maps, programs }) => {
      const link = await programs.on_tracepoint.attach()
      callGetppid(1)
      await link.close()
      callGetppid(10)
      expect(maps.tracepoint_calls.get(0n)).toBe(1n)
    })
  })

  test.each([
    ['syscalls', 'no_such_tracepoint'],
    ['no_such_category', 'sys_enter_getppid'],
  ])('that this kernel does not have is ENOENT, and says which: %s/%s', async (category, name) => {
    await withTrace(async ({ programs }) => {
      const error = await rejection(programs.on_tracepoint.attach(tracepoint(category, name)))
      expect(error).toMatchObject({ code: 'ENOENT', errno: -2, program: 'on_tracepoint', object: 'trace' })
      expect(error.message).toContain(name)
      expect(programs.on_tracepoint.links).toEqual([])
    })
  })

  test('that the section names, and this kernel does not have, is ENOENT', async () => {
    const spec = await openObject(fixture('trace'))
    for (const program of Object.values(spec.programs)) program.autoload = program.name === 'on_missing'
    await using object = await spec.load()
    const error = await rejection(object.programs.on_missing?.attach() as Promise<unknown>)
    expect(error).toMatchObject({ code: 'ENOENT', program: 'on_missing' })
    expect(error.message).toContain('sys_enter_no_such_call')
  })
})

describe('a raw tracepoint', () => {
  test('is attached by its section', async () => {
    await withTrace(async ({ maps, programs }) => {
      const link = await programs.on_raw.attach()
      expect(link.info().type).toBe('raw_tracepoint')
      callGetppid(7)
      expect([...maps.raw_calls]).toEqual([[0n, 7n]])
    })
  })

  test('is attached by name', async () => {
    await withTrace(async ({ maps, programs }) => {
      await programs.on_raw.attach(rawTracepoint('sys_enter'))
      callGetppid(4)
      expect([...maps.raw_calls]).toEqual([[0n, 4n]])
    })
  })

  test.runIf(rawCookies)('can have one program twice, told apart by the cookie', async () => {
    await withTrace(async ({ maps, programs }) => {
      await programs.on_raw.attach(rawTracepoint('sys_enter'))
      await programs.on_raw.attach(rawTracepoint('sys_enter', { cookie: COOKIE }))
      callGetppid(4)
      expect(maps.raw_calls.get(0n)).toBe(4n)
      expect(maps.raw_calls.get(COOKIE)).toBe(4n)
    })
  })

  test('that this kernel does not have is ENOENT', async () => {
    await withTrace(async ({ programs }) => {
      for (const cookie of rawCookies ? [0, 1] : [0]) {
        const error = await rejection(programs.on_raw.attach(rawTracepoint('no_such_tracepoint', { cookie })))
        expect(error).toMatchObject({ code: 'ENOENT', program: 'on_raw' })
      }
    })
  })
})

describe('a BTF-typed tracepoint', () => {
  test('is attached by its section', async () => {
    await withTrace(async ({ maps, programs }) => {
      const link = await programs.on_btf.attach()
      expect(link.info()).toMatchObject({ type: 'raw_tracepoint', programId: programs.on_btf.id })
      callGetppid(6)
      expect([...maps.btf_calls]).toEqual([[0n, 6n]])
    })
  })

  test.runIf(rawCookies)('is attached by name, with a cookie', async () => {
    await withTrace(async ({ maps, programs }) => {
      await programs.on_btf.attach(tpBtf('sys_enter', { cookie: COOKIE }))
      callGetppid(2)
      expect([...maps.btf_calls]).toEqual([[COOKIE, 2n]])
    })
  })

  test.runIf(oldLibbpf)('takes no cookie, nor does a raw tracepoint, where libbpf is too old', async () => {
    await withTrace(async ({ programs }) => {
      expect(await rejection(programs.on_btf.attach(tpBtf('sys_enter', { cookie: 1 })))).toMatchObject(needsLibbpf)
      expect(await rejection(programs.on_raw.attach(rawTracepoint('sys_enter', { cookie: 1 })))).toMatchObject(
        needsLibbpf,
      )
    })
  })

  test('is refused where the program was not loaded for it', async () => {
    await withTrace(async ({ maps, programs }) => {
      const error = await rejection(programs.on_btf.attach(tpBtf('sys_exit')))
      expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT', program: 'on_btf' })
      expect(error.message).toContain('sys_enter')
      expect(error.message).toContain('sys_exit')
      callGetppid(1)
      expect([...maps.btf_calls]).toEqual([])
    })
  })

  describe('whose section names no target', () => {
    async function load(attachTarget?: string) {
      const spec = await openObject<TraceFixture & { programs: { on_btf_later: unknown } }>(fixture('trace'))
      Object.assign(spec.globals, traceGlobals)
      for (const program of Object.values(spec.programs)) program.autoload = program.name === 'on_btf_later'
      if (attachTarget !== undefined) spec.programs.on_btf_later.attachTarget = attachTarget
      return await spec.load()
    }

    test('takes the one that was given before loading', async () => {
      await using object = await load('sys_enter')
      const program = object.programs.on_btf_later as typeof object.programs.on_btf
      await program.attach(tpBtf('sys_enter'))
      callGetppid(8)
      expect(object.maps.btf_calls.get(0n)).toBe(8n)
    })

    test('is attached with its object where that was given before loading', async () => {
      await using object = await load('sys_enter')
      expect(await object.attach()).toMatchObject({ links: [{ program: 'on_btf_later' }], skipped: [] })
      callGetppid(3)
      expect([...object.maps.btf_calls.values()]).toEqual([3n])
    })

    test('is refused at another one than was given before loading', async () => {
      await using object = await load('sys_enter')
      const program = object.programs.on_btf_later as typeof object.programs.on_btf
      expect(await rejection(program.attach(tpBtf('sys_exit')))).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
      expect(program.links).toEqual([])
    })

    test('cannot be loaded without one', async () => {
      expect(await rejection(load())).toMatchObject({ program: 'on_btf_later' })
    })

    test('cannot be loaded for one that this kernel does not have', async () => {
      const error = await rejection(load('no_such_tracepoint'))
      expect(error).toMatchObject({ code: 'ESRCH', program: 'on_btf_later', object: 'trace' })
      expect(error.message).toContain('this kernel')
    })
  })
})
