/** One program on many functions of a process that this test started. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { type UprobeMultiOptions, uprobeMulti, uprobeSession, uretprobeMulti } from '../../../lib/hooks/uprobe-multi.ts'
import { uprobe } from '../../../lib/hooks/uprobe.ts'
import type { HashMap } from '../../../lib/maps/hash-map.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import { query } from '../../../lib/query.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { functionOffset } from '../../support/elf.ts'
import { fixture } from '../../support/fixtures.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { Target, semaphoreOffset, targetLibrary, targetProgram } from '../../support/target.ts'
import { type Runs, targetScene, withTarget } from '../../support/user-space-scene.ts'
import { rejection } from '../../support/wait.ts'

interface MultiMaps {
  cookies: HashMap<bigint, bigint>
}

interface MultiGlobals {
  last_result: bigint
  last_pid: number
}

type MultiObject = BpfObject<{
  maps: MultiMaps
  programs: Record<string, BpfProgram>
  globals: Runs & MultiGlobals
}>

const program = targetProgram()
const symbols = ['target_one', 'target_two', 'target_three']
const offsets = symbols.map((symbol) => functionOffset(program, symbol))

async function callAll(target: Target): Promise<void> {
  await target.ask('one', 1)
  await target.ask('two', 2)
  await target.ask('three', 3)
}

proveHook({
  hook: 'uprobe.multi',
  family: 'user space',
  since: '6.6',
  libbpf: '1.3',
  link: '6.6',
  update: false,
  setUp: () => targetScene('hooks-uprobe-multi', () => uprobeMulti(program, { symbols }), callAll),
})

proveHook({
  hook: 'uretprobe.multi',
  family: 'user space',
  since: '6.6',
  libbpf: '1.3',
  link: '6.6',
  update: false,
  setUp: () =>
    targetScene('hooks-uprobe-multi', () => uretprobeMulti(program, { symbols }), callAll, {
      first: 'first_return',
      second: 'second_return',
    }),
})

proveHook({
  hook: 'uprobe.session',
  family: 'user space',
  since: '6.13',
  libbpf: '1.6',
  link: '6.13',
  update: false,
  setUp: () => targetScene('hooks-uprobe-session', () => uprobeSession(program, { symbols }), callAll),
})

const lacksMulti = olderThan('6.6') || isOlder(libbpfVersion, '1.3')
const lacksSession = olderThan('6.13') || isOlder(libbpfVersion, '1.6')

const withMulti = (body: (scene: { object: MultiObject; target: Target }) => Promise<void>): Promise<void> =>
  withTarget<MultiGlobals, MultiMaps>('hooks-uprobe-multi', body)

const first = (object: MultiObject): BpfProgram => object.programs.first as BpfProgram

describe.skipIf(lacksMulti)('a uprobe on several functions', () => {
  const places: [string, UprobeMultiOptions, bigint][] = [
    ['all that fit a pattern', { pattern: 'target_*' }, 6n],
    ['those whose names differ in some characters', { pattern: 'target_t?o' }, 2n],
    ['those that are named', { symbols: ['target_one', 'target_three'] }, 4n],
    ['offsets in the file', { offsets: offsets.slice(1) }, 5n],
  ]
  test.each(places)('is on %s', async (_what, options, runs) => {
    await withMulti(async ({ object, target }) => {
      const link = await first(object).attach(uprobeMulti(program, options))
      expect(link.info()).toMatchObject({ type: 'uprobe_multi', programId: first(object).id })
      await callAll(target)
      expect(object.globals).toMatchObject({ first_runs: runs, last_pid: target.pid })
      await link.close()
      await callAll(target)
      expect(object.globals.first_runs).toBe(runs)
    })
  })

  test('gives the program the cookie of each', async () => {
    await withMulti(async ({ object, target }) => {
      const cookies = [11n, 2n ** 64n - 1n, 33]
      const link = await first(object).attach(uprobeMulti(program, { symbols, cookies }))
      await callAll(target)
      expect(Object.fromEntries(object.maps.cookies)).toEqual({ 11: 1n, [String(2n ** 64n - 1n)]: 2n, 33: 3n })
      if (!olderThan('6.8')) {
        expect(link.info()).toMatchObject({
          binary: program,
          return: false,
          offsets: BigUint64Array.from(offsets, BigInt),
          cookies: BigUint64Array.from(cookies, BigInt),
        })
      }
    })
  })

  test('by offset gives the program the cookie of each', async () => {
    await withMulti(async ({ object, target }) => {
      await first(object).attach(uprobeMulti({ pid: target.pid }, { offsets, cookies: [1, 2, 3] }))
      await callAll(target)
      expect(Object.fromEntries(object.maps.cookies)).toEqual({ 1: 1n, 2: 2n, 3: 3n })
    })
  })

  test.each([{ symbols }, { pattern: 'target_*' }, { offsets }])(
    'of a pid sees that process alone: %j',
    async (options) => {
      await withMulti(async ({ object, target }) => {
        await using other = await Target.start()
        await first(object).attach(uprobeMulti(program, { ...options, pid: target.pid }))
        await callAll(other)
        await target.ask('two', 4)
        expect(object.globals).toMatchObject({ first_runs: 4n, last_pid: target.pid })
      })
    },
  )

  test.skipIf(olderThan('6.8'))('is found by a query of one of its functions', async () => {
    await withMulti(async ({ object }) => {
      const link = await first(object).attach(uprobeMulti(program, { symbols: symbols.slice(1) }))
      const queries: [UprobeMultiOptions, boolean][] = [
        [{ symbols }, true],
        [{ symbols: ['target_one'] }, false],
        [{ pattern: 'target_t*' }, true],
        [{ pattern: 'target_o?e' }, false],
        [{ offsets: offsets.slice(2) }, true],
      ]
      for (const [options, isFound] of queries) {
        const { entries } = await query(uprobeMulti(program, options))
        expect(entries.map(({ linkId }) => linkId)).toEqual(isFound ? [link.id] : [])
      }
      expect((await query(uretprobeMulti(program, { symbols }))).entries).toEqual([])
    })
  })

  test('sees processes that start later', async () => {
    await withMulti(async ({ object }) => {
      await first(object).attach(uprobeMulti(program, { symbols }))
      await using later = await Target.start()
      await callAll(later)
      expect(object.globals).toMatchObject({ first_runs: 6n, last_pid: later.pid })
    })
  })

  test('is found in a library by its name, also by symbols', async () => {
    await withMulti(async ({ object }) => {
      const options = { symbols: ['getppid', 'getpriority'], pid: process.pid }
      await first(object).attach(uprobeMulti('libc.so.6', options))
      void process.ppid
      expect(object.globals).toMatchObject({ first_runs: 1n, last_pid: process.pid })
    })
  })

  test('at the return sees the results', async () => {
    await withMulti(async ({ object, target }) => {
      await (object.programs.first_return as BpfProgram).attach(uretprobeMulti(program, { pattern: 'target_*' }))
      await target.ask('three', 3)
      expect(object.globals).toMatchObject({ first_runs: 3n, last_result: 5n })
    })
  })

  test('raises the counters of static probes', async () => {
    await withMulti(async ({ object, target }) => {
      const referenceCounterOffsets = offsets.map(semaphoreOffset)
      const link = await first(object).attach(uprobeMulti(program, { offsets, referenceCounterOffsets }))
      expect(await target.ask('semaphore')).toBe(offsets.length)
      await link.close()
      expect(await target.ask('semaphore')).toBe(0)
    })
  })

  test('is found in a stripped library, also by symbols', async () => {
    const folder = mkdtempSync(`${tmpdir()}/ebpf-multi-`)
    const stripped = `${folder}/libtarget.so`
    try {
      execFileSync('strip', ['-o', stripped, targetLibrary()])
      await using target = await Target.start(['env', `LD_PRELOAD=${stripped}`])
      await withMulti(async ({ object }) => {
        await first(object).attach(uprobeMulti(stripped, { symbols: ['library_call'], cookies: [7] }))
        await target.ask('library', 2)
        expect(Object.fromEntries(object.maps.cookies)).toEqual({ 7: 2n })
        const missing = uprobeMulti(stripped, { symbols: ['library_call', 'no_such_function'] })
        const error = await rejection(first(object).attach(missing))
        expect(error).toMatchObject({ code: 'ENOENT' })
        expect(error.message).toContain("'no_such_function'")
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  const missing: [string, UprobeMultiOptions, string][] = [
    ['no function fits the pattern', { pattern: 'no_such_*' }, 'ENOENT'],
    ['one function is missing', { symbols: ['target_one', 'no_such_function'] }, 'ENOENT'],
    ['an offset is outside of the file', { offsets: [offsets[0] as number, 2 ** 40] }, 'EINVAL'],
    ['an offset is negative to the kernel', { offsets: [2n ** 64n - 1n] }, 'EINVAL'],
    ['the process does not exist', { symbols, pid: 0x7fff_fff0 }, 'ESRCH'],
  ]
  test.each(missing)('is nowhere when %s', async (_what, options, code) => {
    await withMulti(async ({ object, target }) => {
      const error = await rejection(first(object).attach(uprobeMulti(program, options)))
      expect(error).toMatchObject({ code, program: 'first', object: 'hooks-uprobe-multi' })
      await callAll(target)
      expect(object.globals.first_runs).toBe(0n)
      expect(first(object).links).toEqual([])
    })
  })

  test('that is no binary, or is not there, is an error', async () => {
    await withMulti(async ({ object }) => {
      const attach = (binary: string): Promise<Error> =>
        rejection(first(object).attach(uprobeMulti(binary, { offsets: [16] })))
      expect(await attach('/etc/passwd')).toMatchObject({ code: 'ENOEXEC' })
      expect(await attach('/no/such/file')).toMatchObject({ code: 'ENOENT', program: 'first' })
      expect(await attach('libnosuch.so')).toMatchObject({ code: 'ENOENT' })
    })
  })

  test('can be on a thousand functions at once', async () => {
    await withMulti(async ({ object }) => {
      const link = await first(object).attach(uprobeMulti('libc.so.6', { pattern: 's*', pid: process.pid }))
      await link.close()
    })
  })

  test('takes no program that was loaded for one function, nor the other way round', async () => {
    await withMulti(async ({ object }) => {
      const single = await loadObject(fixture('hooks-uprobe'))
      const attempts = [
        (single.programs.first as BpfProgram).attach(uprobeMulti(program, { symbols })),
        first(object).attach(uprobe(program, { symbol: 'target_one' })),
      ]
      for (const error of await Promise.all(attempts.map(rejection))) {
        expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT', message: expect.stringContaining('SEC(') })
      }
      await single.close()
    })
  })
})

describe.skipIf(lacksSession)('a session', () => {
  test('runs at the entry, and at the return when the program says so', async () => {
    await withTarget('hooks-uprobe-session', async ({ object, target }) => {
      await (object.programs.first as BpfProgram).attach(uprobeSession(program, { symbols }))
      await (object.programs.second as BpfProgram).attach(uprobeSession(program, { symbols }))
      await target.ask('two', 5)
      expect(object.globals).toMatchObject({ first_runs: 10n, second_runs: 5n })
    })
  })

  test('keeps what the entry left for the return', async () => {
    await using object = await loadObject(fixture('hooks-uprobe-session-cookie'))
    await using target = await Target.start()
    await (object.programs.both as BpfProgram).attach(uprobeSession(program, { symbols, cookies: [1, 2, 3] }))
    await target.ask('three', 8)
    expect(object.globals).toMatchObject({
      entries: 8n,
      returns: 8n,
      argument_at_return: 7n,
      result: 10n,
      attach_cookie: 3n,
    })
  })
})
