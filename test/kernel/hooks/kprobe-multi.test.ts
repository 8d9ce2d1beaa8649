/** Many kernel functions by one link: this process asks for its own nice value and scheduling policy. */
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { kprobeMulti, kprobeSession, kretprobeMulti } from '../../../lib/hooks/kprobe-multi.ts'
import type { Link } from '../../../lib/link.ts'
import { query } from '../../../lib/query.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { absence, olderThan } from '../../support/kernel-features.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { FUNCTION, type TracingObject, loadTracing, renice, tracingScene } from '../../support/tracing-scene.ts'
import { rejection } from '../../support/wait.ts'

interface MultiGlobals {
  seen: bigint[]
}

interface SessionGlobals {
  entries: bigint
  returns: bigint
  skip_return: number
}

const load = (): Promise<TracingObject<MultiGlobals>> => loadTracing('hooks-kprobe-multi', { cookieSince: '5.18' })

const proof = {
  family: 'tracing',
  since: '5.18',
  gap: 'fprobe',
  link: '5.18',
  update: false,
} as const

/** Asked by every mkdir(2). */
const MKDIR = 'security_path_mkdir'

function makeFolder(): void {
  rmdirSync(mkdtempSync(join(tmpdir(), 'ebpf-test-')))
}

proveHook({
  ...proof,
  hook: 'kprobe.multi',
  setUp: () => tracingScene(load(), kprobeMulti({ symbols: [FUNCTION] }), renice),
})
proveHook({
  ...proof,
  hook: 'kretprobe.multi',
  setUp: () => tracingScene(load(), kretprobeMulti({ symbols: [FUNCTION] }), renice),
})
proveHook({
  ...proof,
  hook: 'kprobe.session',
  since: '6.10',
  link: '6.10',
  libbpf: '1.5',
  setUp: () => tracingScene(loadTracing('hooks-kprobe-session'), kprobeSession({ symbols: [FUNCTION] }), renice),
})

const missing = absence('5.18', 'fprobe')

async function withMulti(body: (object: TracingObject<MultiGlobals>, program: BpfProgram) => unknown): Promise<void> {
  await using object = await load()
  await body(object, object.programs.first as BpfProgram)
}

/** As the kernel tells this process. */
function addressOf(symbol: string): bigint {
  const line = readFileSync('/proc/kallsyms', 'latin1')
    .split('\n')
    .find((row) => row.endsWith(` ${symbol}`))
  return BigInt(`0x${line?.split(' ')[0]}`)
}

function makeBoth({ globals }: TracingObject<MultiGlobals>): bigint[] {
  globals.calls = 0n
  globals.seen = globals.seen.map(() => 0n)
  renice()
  makeFolder()
  return globals.seen.slice(0, Number(globals.calls))
}

describe.skipIf(missing !== undefined)('kprobe.multi', () => {
  test('gives each of the functions its own cookie', async () => {
    await withMulti(async (object, program) => {
      const cookies = [5n, 2n ** 64n - 1n]
      const hooks = [
        kprobeMulti({ symbols: [FUNCTION, MKDIR] }, { cookies }),
        kprobeMulti({ symbols: [FUNCTION, MKDIR] }, { cookies: BigUint64Array.from(cookies) }),
        kretprobeMulti({ addresses: [addressOf(FUNCTION), addressOf(MKDIR)] }, { cookies }),
        kprobeMulti({ addresses: BigUint64Array.of(addressOf(FUNCTION), addressOf(MKDIR)) }, { cookies }),
      ]
      for (const hook of hooks) {
        const link = await program.attach(hook)
        expect(makeBoth(object)).toEqual(cookies)
        await link.close()
      }
      expect(makeBoth(object)).toEqual([])
    })
  })

  test('without cookies gives 0', async () => {
    await withMulti(async (object, program) => {
      await program.attach(kprobeMulti({ symbols: [MKDIR, FUNCTION] }))
      expect(makeBoth(object)).toEqual([0n, 0n])
    })
  })

  test('by a pattern is on all that fits', async () => {
    await withMulti(async (object, program) => {
      const link = await program.attach(kprobeMulti('security_*'))
      const { calls } = object.globals
      makeBoth(object)
      expect(object.globals.calls).toBeGreaterThan(calls + 2n)
      expect(link.info()).toMatchObject({ type: 'kprobe_multi', programId: program.id })
    })
  })

  test('is one function where only one may fit', async () => {
    await withMulti(async (object, program) => {
      const hook = kprobeMulti('security_task_*', { uniqueMatch: true })
      if (isOlder(libbpfVersion, '1.6')) {
        expect(await rejection(program.attach(hook))).toMatchObject({ code: 'ERR_EBPF_LIBBPF' })
        return
      }
      expect(await rejection(program.attach(hook))).toMatchObject({ code: 'EINVAL' })
      await program.attach(kprobeMulti('security_task_setn*', { uniqueMatch: true }))
      renice()
      expect(object.globals.calls).toBe(1n)
    })
  })

  test('of what does not exist is an error', async () => {
    await withMulti(async (_object, program) => {
      const hooks = [
        kprobeMulti('no_such_function_*'),
        kprobeMulti('no_such_function_of_the_kernel'),
        kprobeMulti({ symbols: [FUNCTION, 'no_such_function_of_the_kernel'] }),
        kretprobeMulti({ addresses: [1n] }),
        kprobeMulti({ addresses: [0x5555_5555_0000n, 0x7fff_0000_0000n] }),
      ]
      for (const hook of hooks) {
        const error = await rejection(program.attach(hook))
        expect(error).toMatchObject({ code: expect.stringMatching(/ENOENT|ESRCH|EINVAL|EILSEQ/), program: 'first' })
        expect(error.message).toContain(hook.kind)
      }
      expect(program.links).toHaveLength(0)
    })
  })

  test('is told to who asks, where the kernel tells', async () => {
    await withMulti(async (_object, program) => {
      const link = await program.attach(kretprobeMulti({ symbols: [FUNCTION, MKDIR] }))
      const entries = [{ linkId: link.id, programId: program.id, programName: 'first', flags: 0 }]
      if (olderThan('6.6')) {
        expect(await rejection(query(kretprobeMulti(MKDIR)))).toMatchObject({ code: 'ERR_EBPF_KERNEL' })
        return
      }
      for (const functions of ['security_path_mkdi?', { symbols: [MKDIR] }, { addresses: [...addressesOf(link)] }]) {
        expect(await query(kretprobeMulti(functions))).toEqual({ entries })
      }
      expect(await query(kprobeMulti(MKDIR))).toEqual({ entries: [] })
      expect(await query(kretprobeMulti('security_path_unlin?'))).toEqual({ entries: [] })
    })
  })
})

function addressesOf(link: Link): BigUint64Array {
  const info = link.info()
  if (info.type !== 'kprobe_multi' || info.addresses === undefined) throw new Error('the kernel tells no addresses')
  return info.addresses
}

describe.skipIf(absence('6.10', 'fprobe') !== undefined || isOlder(libbpfVersion, '1.5'))('kprobe.session', () => {
  test('runs at the entry and at the return, unless the entry says not to', async () => {
    await using object = await loadTracing<SessionGlobals>('hooks-kprobe-session-values', { cookieSince: '6.10' })
    const { programs, globals } = object
    await (programs.session as BpfProgram).attach(kprobeSession({ symbols: [FUNCTION] }, { cookies: [6] }))
    renice()
    expect(globals).toMatchObject({ entries: 1n, returns: 1n, cookie: 6n })
    globals.skip_return = 1
    renice()
    expect(globals).toMatchObject({ entries: 2n, returns: 1n })
  })
})

describe('bad input', () => {
  test('such as a program that was loaded for another kind', async () => {
    await using plain = await loadTracing('hooks-kprobe')
    const error = await rejection((plain.programs.first as BpfProgram).attach(kprobeMulti(FUNCTION)))
    expect(error.message).toMatch(/kprobe_multi/)
    await withMulti(async (_object, program) => {
      expect(await rejection(program.attach(kprobeSession(FUNCTION)))).toMatchObject({
        code: 'ERR_EBPF_INVALID_ARGUMENT',
      })
    }).catch((error: Error) => {
      // Before 5.18 the kernel does not load the programs.
      if (missing === undefined) throw error
    })
  })

  test('is refused before the kernel is asked', async () => {
    await using plain = await loadTracing('hooks-kprobe')
    const program = plain.programs.first as BpfProgram
    const good = kprobeMulti({ symbols: [FUNCTION] })
    for (const hook of [
      { ...good, functions: 5 },
      { ...good, functions: { symbols: [] } },
      { ...good, functions: { symbols: [''] } },
      { ...good, functions: { addresses: ['1'] } },
      { ...good, cookies: [1n, 2n] },
      { ...good, uniqueMatch: 1 },
    ]) {
      expect(await rejection(program.attach(hook as never))).toMatchObject({
        code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/),
      })
    }
  })
})
