/** Links: what they are, how long they hold, and what ends them. */
import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { rawTracepoint } from '../../lib/hooks/raw-tracepoint.ts'
import { tpBtf } from '../../lib/hooks/tp-btf.ts'
import { tracepoint } from '../../lib/hooks/tracepoint.ts'
import { uprobe } from '../../lib/hooks/uprobe.ts'
import { loadObject, openObject } from '../../lib/object-spec.ts'
import { Link } from '../../lib/link.ts'
import { withBpffs } from '../support/bpffs.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { bpfDescriptors, untilGone } from '../support/kernel-objects.ts'
import { type TraceFixture, callGetppid, traceGlobals, withTrace } from '../support/trace.ts'
import { rejection } from '../support/wait.ts'

const closed = expect.objectContaining({ code: 'ERR_EBPF_CLOSED' })

function loadTrace() {
  return loadObject<TraceFixture>(fixture('trace'), { globals: traceGlobals })
}

describe('a link', () => {
  test('says what it is', async () => {
    await withTrace(async ({ programs }) => {
      const link = await programs.on_raw.attach(rawTracepoint('sys_enter'))
      expect(link).toBeInstanceOf(Link)
      expect(link.info()).toMatchObject({ id: link.id, type: 'raw_tracepoint', programId: programs.on_raw.id })
      expect(link.id).toBeGreaterThan(0)
      expect(statSync(`/proc/self/fd/${link.fd}`)).toBeDefined()
      expect(link).toMatchObject({ name: 'raw_tracepoint sys_enter', program: 'on_raw', closed: false })
      await link.close()
      // Before Linux 6.10, a program is at a tracepoint once.
      const other = await programs.on_raw.attach()
      expect(other.name).toBe('raw_tp/sys_enter')
    })
  })

  test('is listed by its program and its object until it is closed', async () => {
    await withTrace(async (object) => {
      const { on_raw, on_btf } = object.programs
      const first = await on_raw.attach()
      const second = await on_raw.attach(rawTracepoint('sys_exit'))
      const third = await on_btf.attach()
      expect(on_raw.links).toEqual([first, second])
      expect(object.links).toEqual([first, second, third])
      await first.close()
      expect(on_raw.links).toEqual([second])
      expect(object.links).toEqual([second, third])
    })
  })

  test('can be closed twice, and at once from two sides: both wait until it is detached', async () => {
    await withTrace(async ({ maps, programs }) => {
      const link = await programs.on_tracepoint.attach()
      const closings = [link.close(), link.close(), link[Symbol.asyncDispose]()]
      for (const closing of closings.reverse()) {
        await closing
        callGetppid(1)
        expect(maps.tracepoint_calls.get(0n)).toBeUndefined()
      }
      await link.close()
      link[Symbol.dispose]()
      expect(link.closed).toBe(true)
    })
  })

  test('that is closed throws where it is used', async () => {
    await withTrace(async ({ programs }) => {
      const link = await programs.on_raw.attach()
      await link.close()
      expect(() => link.fd).toThrow(closed)
      expect(() => link.id).toThrow(closed)
      expect(() => link.info()).toThrow(closed)
      expect(() => link.pin('/sys/fs/bpf/never')).toThrow(closed)
      expect(() => link.info()).toThrow("link 'raw_tp/sys_enter' of program 'on_raw'")
    })
  })

  test('is detached by `using`, on the spot', async () => {
    await withTrace(async ({ maps, programs }) => {
      {
        using _link = await programs.on_btf.attach()
        callGetppid(2)
      }
      callGetppid(5)
      expect(maps.btf_calls.get(0n)).toBe(2n)
    })
  })

  test('is detached by `await using`', async () => {
    await withTrace(async ({ maps, programs }) => {
      {
        await using _link = await programs.on_tracepoint.attach()
        callGetppid(2)
      }
      callGetppid(5)
      expect(maps.tracepoint_calls.get(0n)).toBe(2n)
    })
  })

  test('stays when its program is closed, and its object still detaches it', async () => {
    const object = await loadTrace()
    const link = await object.programs.on_raw.attach()
    object.programs.on_raw.close()
    callGetppid(3)
    expect(object.maps.raw_calls.get(0n)).toBe(3n)
    expect(link.info().type).toBe('raw_tracepoint')
    const { programId } = link.info()
    await object.close()
    expect(link.closed).toBe(true)
    await untilGone({ programs: [programId] })
  })
})

describe('a pinned link', () => {
  const hooks = (
    [
      ['raw tracepoint', 'on_raw', 'raw_calls', rawTracepoint('sys_enter')],
      ['tracepoint', 'on_tracepoint', 'tracepoint_calls', tracepoint('syscalls', 'sys_enter_getppid')],
      ['BTF-typed tracepoint', 'on_btf', 'btf_calls', tpBtf('sys_enter')],
    ] as const
  ).filter(([kind]) => kind !== 'tracepoint' || !olderThan('5.15'))
  test.each(hooks)('of a %s outlives its object until the file is removed', async (_kind, name, map, hook) => {
    await withBpffs(async (folder) => {
      const path = join(folder, 'link')
      const object = await loadTrace()
      const program = object.programs[name]
      const calls = object.maps[map]
      const mapPath = join(folder, 'calls')
      calls.pin(mapPath)
      const programId = program.id
      const link = await program.attach(hook)
      link.pin(path)
      expect(existsSync(path)).toBe(true)
      await link.close()
      callGetppid(2)
      expect(calls.get(0n)).toBe(2n)
      await object.close()

      await using later = await loadObject<TraceFixture>(fixture('trace'), { maps: { [map]: { pinPath: mapPath } } })
      callGetppid(2)
      expect(later.maps[map].get(0n)).toBe(4n)
      rmSync(path)
      await untilGone({ programs: [programId] })
      callGetppid(2)
      expect(later.maps[map].get(0n)).toBe(4n)
    })
  })

  test('can be closed in the blocking way, too', async () => {
    await withBpffs(async (folder) => {
      await withTrace(async ({ maps, programs }) => {
        const [program, calls] = olderThan('5.15')
          ? [programs.on_raw, maps.raw_calls]
          : [programs.on_tracepoint, maps.tracepoint_calls]
        const link = await program.attach()
        link.pin(join(folder, 'link'))
        link[Symbol.dispose]()
        callGetppid(1)
        expect(calls.get(0n)).toBe(1n)
      })
    })
  })

  test('cannot be where a file is, nor outside of a BPF file system', async () => {
    await withBpffs(async (folder) => {
      await withTrace(async ({ programs }) => {
        const link = await programs.on_raw.attach()
        link.pin(join(folder, 'link'))
        expect(() => link.pin(join(folder, 'link'))).toThrow(expect.objectContaining({ code: 'EEXIST' }))
        expect(() => link.pin('/tmp/not-bpffs')).toThrow(
          expect.objectContaining({ errno: expect.any(Number), program: 'on_raw', link: 'raw_tp/sys_enter' }),
        )
        expect(() => link.pin('')).toThrow(expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }))
        expect(existsSync('/tmp/not-bpffs')).toBe(false)
      })
    })
  })
})

describe('closing an object', () => {
  test('detaches all of its links, by whatever way they were made', async () => {
    const object = await loadTrace()
    const { on_tracepoint, on_raw, on_btf } = object.programs
    const links = [await on_tracepoint.attach(), await on_raw.attach(rawTracepoint('sys_enter')), await on_btf.attach()]
    const programs = [on_tracepoint.id, on_raw.id, on_btf.id]
    const maps = Object.values(object.maps).map(({ id }) => id)
    await object.close()
    expect(links.map((link) => link.closed)).toEqual([true, true, true])
    await untilGone({ programs, maps })
  })

  test('is over only when its links are detached, also for a second caller', async () => {
    const object = await loadTrace()
    await object.attach()
    const ids = Object.values(object.programs).map(({ id }) => id)
    const second = [object.close(), object.close()][1]
    await second
    expect(bpfDescriptors()).toEqual({})
    await untilGone({ programs: ids })
  })

  test('in the blocking way detaches, too', async () => {
    const object = await loadTrace()
    const { links } = await object.attach()
    const ids = Object.values(object.programs).map(({ id }) => id)
    object[Symbol.dispose]()
    expect(links.every((link) => link.closed)).toBe(true)
    expect(bpfDescriptors()).toEqual({})
    await untilGone({ programs: ids })
  })

  test('while a program is being attached leaves nothing attached', async () => {
    for (let round = 0; round < 8; round++) {
      const object = await loadTrace()
      const ids = Object.values(object.programs).map(({ id }) => id)
      const attaching = Object.values(object.programs).map((program) => rejection(program.attach()))
      if (round % 2 === 1) await new Promise(setImmediate)
      const closing = object.close()
      for (const error of await Promise.all(attaching)) expect(error).toEqual(closed)
      await closing
      expect(bpfDescriptors()).toEqual({})
      await untilGone({ programs: ids })
    }
  })

  test('refuses programs that are attached from then on', async () => {
    const object = await loadTrace()
    await object.programs.on_tracepoint.attach()
    const closing = object.close()
    // The link above takes the kernel many milliseconds: the object is half closed.
    const late = [rejection(object.programs.on_raw.attach()), rejection(object.attach())]
    for (const error of await Promise.all(late)) expect(error).toEqual(closed)
    await closing
    expect(bpfDescriptors()).toEqual({})
  })

  test('while all of it is being attached ends that', async () => {
    let ended = 0
    for (let round = 0; round < 12; round++) {
      const object = await loadTrace()
      let attached = false
      const attaching = object.attach().then(() => {
        attached = true
      })
      const result = Promise.allSettled([attaching])
      for (let turn = 0; turn < round % 4; turn++) await new Promise(setImmediate)
      const tooLate = attached
      await object.close()
      expect(bpfDescriptors()).toEqual({})
      if (tooLate) continue
      expect(await result).toEqual([{ status: 'rejected', reason: closed }])
      ended++
    }
    expect(ended).toBeGreaterThan(0)
  })
})

describe('attaching all of an object', () => {
  test('attaches each program where its section says', async () => {
    await withTrace(async (object) => {
      const { links, skipped } = await object.attach()
      expect(skipped).toEqual([])
      expect(links.map(({ program }) => program).sort()).toEqual(['on_btf', 'on_raw', 'on_tracepoint'])
      callGetppid(2)
      const counts = Object.values(object.maps).map((calls) => calls.get(0n))
      expect(counts).toEqual([2n, 2n, 2n])
    })
  })

  test('attaches none when one fails', async () => {
    const spec = await openObject<TraceFixture>(fixture('trace'))
    Object.assign(spec.globals, traceGlobals)
    for (const program of Object.values(spec.programs)) program.autoload ||= program.name === 'on_missing'
    await using object = await spec.load()
    const before = bpfDescriptors()
    const error = await rejection(object.attach())
    expect(error).toMatchObject({ code: 'ENOENT', program: 'on_missing', object: 'trace' })
    expect(object.links).toEqual([])
    expect(bpfDescriptors()).toEqual(before)
    callGetppid(3)
    expect(Object.values(object.maps).map((calls) => calls.get(0n))).toEqual([undefined, undefined, undefined])
  })
})

describe('a hook', () => {
  test('that does not fit the program is an error that names both', async () => {
    await withTrace(async ({ programs }) => {
      const before = bpfDescriptors()
      const error = await rejection(programs.on_raw.attach(tracepoint('syscalls', 'sys_enter_getppid')))
      expect(error).toMatchObject({
        code: 'ERR_EBPF_INVALID_ARGUMENT',
        message:
          "program 'on_raw' is of type raw_tracepoint, which cannot be attached to tracepoint syscalls/sys_enter_getppid",
      })
      await rejection(programs.on_tracepoint.attach(rawTracepoint('sys_enter')))
      await rejection(programs.on_tracepoint.attach(tpBtf('sys_enter')))
      expect(bpfDescriptors()).toEqual(before)
    })
  })

  test.each([[null], ['sched_switch'], [{}], [{ kind: 'probe', symbol: 'x' }], [{ kind: '__proto__' }], [42]])(
    'that no builder makes is refused: %j',
    async (hook) => {
      await withTrace(async ({ programs }) => {
        expect(await rejection(programs.on_raw.attach(hook as never))).toMatchObject({
          name: 'TypeError',
          code: 'ERR_EBPF_INVALID_ARGUMENT',
        })
      })
    },
  )

  test('made by hand is checked like one of a builder', async () => {
    await withTrace(async ({ programs }) => {
      const cookie = -1n
      const hooks = [
        { ...tracepoint('syscalls', 'sys_enter_getppid'), name: '' },
        { ...rawTracepoint('sys_enter'), cookie },
        { ...uprobe('/bin/true', { offset: 0 }), pid: 1.5 },
      ]
      for (const hook of hooks) {
        expect(await rejection(programs.on_raw.attach(hook))).toMatchObject({
          code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/),
        })
      }
    })
  })
})
