import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BpfProgram, enableRunStatistics, openProgram, possibleCpus } from '../../lib/index.ts'
import { withBpffs } from '../support/bpffs.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'

/** The smallest Ethernet frame that the kernel takes. */
const packet = (first: number = 0): Uint8Array => Uint8Array.from({ length: 60 }, (_, at) => (at === 0 ? first : at))

describe('what the kernel knows of a program', () => {
  it('is what was loaded', () =>
    withObject('programs', ({ programs, maps }) => {
      const began = Date.now()
      const info = programs.pass_or_drop!.info()
      expect(info).toMatchObject({ type: 'xdp', name: 'pass_or_drop', gplCompatible: true, createdByUid: 0 })
      expect(info.tag).toMatch(/^[0-9a-f]{16}$/)
      expect(info.id).toBeGreaterThan(0)
      expect(info.btfId).toBeGreaterThan(0)
      expect(info.mapIds).toEqual([maps.runs.id])
      expect(info.instructionCount).toBeGreaterThan(5)
      expect(Number.isInteger(info.instructionCount)).toBe(true)
      if (!olderThan('5.16')) expect(info.verifiedInstructions).toBeGreaterThan(5)
      expect(info.jitedSize).toBeGreaterThan(info.instructionCount)
      expect(Math.abs(info.loadTime.getTime() - began)).toBeLessThan(10_000)
      expect(info.runCount).toBe(0n)
      expect(info.runTimeNs).toBe(0n)
    }))

  it('is its type, section, name and id', () =>
    withObject('programs', ({ programs }) => {
      expect(Object.values(programs).map(({ name, section, type }) => [name, section, type])).toEqual([
        ['pass_or_drop', 'xdp', 'xdp'],
        ['grow', 'xdp', 'xdp'],
        ['shrink', 'xdp', 'xdp'],
        ['mark', 'tc', 'sched_cls'],
        ['which_cpu', 'raw_tp/sched_switch', 'raw_tracepoint'],
        ['never_run', 'tp/sched/sched_switch', 'tracepoint'],
        ['length_of_the_packet', 'socket', 'socket_filter'],
      ])
      for (const program of Object.values(programs)) {
        expect(program.info().type).toBe(program.type)
        expect(program.id).toBe(program.info().id)
        expect(readFileSync(`/proc/self/fdinfo/${program.fd}`, 'utf8')).toMatch(
          new RegExp(`^prog_id:\\s${program.id}$`, 'm'),
        )
      }
    }))

  it('is a shorter name where C has a long one', () =>
    withObject('programs', ({ programs }) => {
      expect(programs.length_of_the_packet!.info().name).toBe('length_of_the_p')
    }))

  it('is the same tag for the same instructions', () =>
    withObject('programs', (one) =>
      withObject('programs', (two) => {
        expect(one.programs.grow!.info().tag).toBe(two.programs.grow!.info().tag)
        expect(one.programs.grow!.info().tag).not.toBe(two.programs.shrink!.info().tag)
        expect(one.programs.grow!.id).not.toBe(two.programs.grow!.id)
      }),
    ))
})

describe('a test run', () => {
  it('gives the verdict, and the packet as it was', () =>
    withObject('programs', async ({ programs, maps }) => {
      const result = await programs.pass_or_drop!.testRun({ data: packet() })
      expect(result.returnValue).toBe(2)
      expect(result.data).toEqual(packet())
      expect(result.durationNs).toBeTypeOf('number')
      expect((await programs.pass_or_drop!.testRun({ data: packet(0xff) })).returnValue).toBe(1)
      expect(maps.runs.get(0)).toBe(2n)
    }))

  it('runs as often as it is told', () =>
    withObject('programs', async ({ programs, maps }) => {
      const { durationNs } = await programs.pass_or_drop!.testRun({ data: packet(), repeat: 10_000 })
      expect(maps.runs.get(0)).toBe(10_000n)
      expect(durationNs).toBeLessThan(1_000_000)
    }))

  it('gives a packet that has grown, or shrunk', () =>
    withObject('programs', async ({ programs }) => {
      const grown = await programs.grow!.testRun({ data: packet() })
      expect(grown.returnValue).toBe(3)
      expect(grown.data).toEqual(Uint8Array.from([...Array(64).keys(), ...packet()]))
      const shrunk = await programs.shrink!.testRun({ data: packet() })
      expect(shrunk.returnValue).toBe(2)
      expect(shrunk.data).toEqual(packet().slice(0, 50))
    }))

  it('takes packets up to what fits a page, and gives them whole', () =>
    withObject('programs', async ({ programs }) => {
      const large = Uint8Array.from({ length: 3000 }, (_, at) => at)
      expect((await programs.grow!.testRun({ data: large })).data).toEqual(
        Uint8Array.from([...Array(64).keys(), ...large]),
      )
    }))

  it('gives the context as the program left it', () =>
    withObject('programs', async ({ programs }) => {
      const ctx = new Uint8Array(184)
      ctx[8] = 41 // mark, the third word of struct __sk_buff
      const result = await programs.mark!.testRun({ data: packet(), ctx })
      expect(result.returnValue).toBe(60)
      // Of __sk_buff, which has grown.
      expect(result.ctx.length).toBeGreaterThanOrEqual(184)
      expect(result.ctx[8]).toBe(42)
      expect(ctx[8], 'the one that was given stays as it is').toBe(41)
    }))

  it('takes the first fields of a context, and gives all of it', () =>
    withObject('programs', async ({ programs }) => {
      const { ctx } = await programs.mark!.testRun({
        data: packet(),
        ctx: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0),
      })
      expect(ctx.length).toBeGreaterThanOrEqual(184)
      expect(ctx[8]).toBe(10)
    }))

  it.skipIf(olderThan('5.14'))('gives the context of a syscall program, too', () =>
    withObject('syscall', async ({ programs }) => {
      const ctx = new Uint8Array(Uint32Array.of(6, 3_000_000_000, 0, 0).buffer)
      const result = await programs.multiply!.testRun({ ctx })
      expect(result.returnValue).toBe(7)
      expect(new BigUint64Array(result.ctx.buffer)[1]).toBe(18_000_000_000n)
      expect(ctx[8]).toBe(0)
    }),
  )

  it('runs on the CPU that it is told', () =>
    withObject('programs', async ({ programs }) => {
      const BPF_F_TEST_RUN_ON_CPU = 1
      for (let cpu = 0; cpu < possibleCpus(); cpu++) {
        const { returnValue } = await programs.which_cpu!.testRun({
          ctx: new Uint8Array(24),
          flags: BPF_F_TEST_RUN_ON_CPU,
          cpu,
        })
        expect(returnValue).toBe(cpu)
      }
    }))

  it('of a program that the kernel cannot run so says it', () =>
    withObject('programs', async ({ programs }) => {
      await expect(programs.never_run!.testRun()).rejects.toMatchObject({
        name: 'EbpfError',
        code: 'ENOTSUPP',
        errno: -524,
        operation: 'bpf_prog_test_run_opts',
        program: 'never_run',
        object: 'programs',
      })
    }))

  it('may go on while the program is closed, and several may run at once', () =>
    withObject('programs', async ({ programs, maps }) => {
      const running = Array.from({ length: 8 }, () => programs.pass_or_drop!.testRun({ data: packet(), repeat: 5000 }))
      programs.pass_or_drop!.close()
      expect((await Promise.all(running)).map(({ returnValue }) => returnValue)).toEqual(Array(8).fill(2))
      expect(maps.runs.get(0)).toBe(40_000n)
    }))

  it.each([
    ['data that is no Uint8Array', { data: [1, 2, 3] as unknown as Uint8Array }, 'ERR_EBPF_INVALID_ARGUMENT'],
    ['a context that is no Uint8Array', { ctx: 'text' as unknown as Uint8Array }, 'ERR_EBPF_INVALID_ARGUMENT'],
    ['no runs', { data: packet(), repeat: 0 }, 'ERR_EBPF_OUT_OF_RANGE'],
    ['half a run', { data: packet(), repeat: 1.5 }, 'ERR_EBPF_INVALID_ARGUMENT'],
    ['too many runs', { data: packet(), repeat: 2 ** 31 }, 'ERR_EBPF_OUT_OF_RANGE'],
    ['negative flags', { data: packet(), flags: -1 }, 'ERR_EBPF_OUT_OF_RANGE'],
    ['a negative CPU', { data: packet(), cpu: -1 }, 'ERR_EBPF_OUT_OF_RANGE'],
    ['a context that cannot be', { data: packet(), ctx: new Uint8Array(24).fill(0xff) }, 'EINVAL'],
  ])('with %s is refused', (_, options, code) =>
    withObject('programs', async ({ programs }) => {
      await expect(programs.pass_or_drop!.testRun(options)).rejects.toMatchObject({ code })
    }),
  )

  // Linux 5.10 passes over all of these.
  it.skipIf(olderThan('6.1')).each([
    ['an empty packet', { data: new Uint8Array(0) }],
    ['no packet', {}],
    ['flags that do not exist', { data: packet(), flags: 1 << 20 }],
  ])('with %s is refused', (_, options) =>
    withObject('programs', async ({ programs }) => {
      await expect(programs.pass_or_drop!.testRun(options)).rejects.toMatchObject({ code: 'EINVAL' })
    }),
  )
})

describe.skipIf(!olderThan('5.14'))('a syscall program', () => {
  it('is one of a newer kernel', async () => {
    await expect(withObject('syscall', () => {})).rejects.toMatchObject({
      code: 'ERR_EBPF_KERNEL',
      program: 'multiply',
      message: expect.stringContaining('Linux 5.14'),
    })
  })
})

describe('run statistics', () => {
  it('count runs and time while they are on', () =>
    withObject('programs', async ({ programs }) => {
      const program = programs.pass_or_drop!
      const statistics = enableRunStatistics()
      await program.testRun({ data: packet(), repeat: 1000 })
      statistics.close()
      const { runCount, runTimeNs } = program.info()
      expect(runCount).toBe(1000n)
      expect(runTimeNs).toBeGreaterThan(0n)
      statistics.close()
      expect(statistics.closed).toBe(true)
      await program.testRun({ data: packet(), repeat: 1000 })
      expect(program.info().runCount, 'off again').toBe(1000n)
    }))
})

describe('a pinned program', () => {
  it('outlives its object, and can be opened by path, id and descriptor', () =>
    withBpffs(async (folder) => {
      const path = `${folder}/decide`
      const { id, program } = await withObject('programs', ({ programs }) => {
        programs.pass_or_drop!.pin(path)
        expect(() => programs.pass_or_drop!.pin(path)).toThrowError(expect.objectContaining({ code: 'EEXIST' }))
        return { id: programs.pass_or_drop!.id, program: openProgram({ fd: programs.pass_or_drop!.fd }) }
      })
      using byFd = program
      using byPath = openProgram(path)
      using byId = openProgram({ id })
      await withObject('programs', ({ programs }) => {
        expect(() => programs.grow!.unpin(path)).toThrowError(
          expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }),
        )
      })
      for (const opened of [byFd, byPath, byId]) {
        expect(opened).toBeInstanceOf(BpfProgram)
        expect([opened.id, opened.type, opened.name]).toEqual([id, 'xdp', 'pass_or_drop'])
        expect((await opened.testRun({ data: packet() })).returnValue).toBe(2)
      }
      byPath.unpin(path)
      expect(() => openProgram(path)).toThrowError(expect.objectContaining({ code: 'ENOENT' }))
    }))

  it('is gone with its last pin and descriptor', () =>
    withBpffs(async (folder) => {
      const id = await withObject('programs', ({ programs }) => {
        programs.grow!.pin(`${folder}/grow`)
        programs.grow!.unpin(`${folder}/grow`)
        return programs.grow!.id
      })
      // The kernel frees it after a grace period.
      await expect.poll(() => outcome(() => openProgram({ id }).close()), { timeout: 10_000 }).toBe('ENOENT')
    }))

  it.each([
    ['no path', '', 'ERR_EBPF_INVALID_ARGUMENT'],
    ['a path with a NUL', '/sys/fs/bpf/a\0b', 'ERR_EBPF_INVALID_ARGUMENT'],
    ['a path outside of a bpffs', '/tmp/ebpf-no-bpffs', 'EPERM'],
    ['a folder that is not there', '/sys/fs/bpf/no/such/folder', 'ENOENT'],
  ])('cannot have %s', (_, path, code) =>
    withObject('programs', ({ programs }) => {
      expect(() => programs.grow!.pin(path)).toThrowError(expect.objectContaining({ code }))
    }),
  )
})

function outcome(act: () => void): string {
  try {
    act()
    return 'done'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('opening as a program', () => {
  it('what is none is refused', () =>
    withObject('programs', ({ maps, programs }) => {
      expect(() => openProgram({ fd: maps.runs.fd })).toThrowError(expect.objectContaining({ code: 'EINVAL' }))
      expect(() => openProgram({ fd: 0 })).toThrowError(expect.objectContaining({ code: 'EINVAL' }))
      expect(() => openProgram({ fd: 99_999 })).toThrowError(expect.objectContaining({ code: 'EBADF' }))
      expect(() => openProgram({ id: 0xffff_ffff })).toThrowError(expect.objectContaining({ code: 'ENOENT' }))
      expect(() => openProgram('/sys/fs/bpf/none')).toThrowError(expect.objectContaining({ code: 'ENOENT' }))
      expect(() => openProgram(programs as never)).toThrowError(
        expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }),
      )
    }))
})
