/** A kernel function by trampolines: this process asks for its own nice value, and that is counted and refused. */
import { getPriority } from 'node:os'
import { describe, expect, test } from 'vitest'
import { fentry, fexit, fmodRet, fsession } from '../../../lib/hooks/tracing.ts'
import { tpBtf } from '../../../lib/hooks/tp-btf.ts'
import { openObject } from '../../../lib/object-spec.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { query } from '../../../lib/query.ts'
import { fixture } from '../../support/fixtures.ts'
import { type Scene, proveHook } from '../../support/hook-proof.ts'
import { absence, olderThan } from '../../support/kernel-features.ts'
import {
  FUNCTION,
  type TracingObject,
  effectOf,
  loadTracing,
  renice,
  tracingScene,
} from '../../support/tracing-scene.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { hasOverlayModule, makeOverlayFolder } from '../../support/overlay.ts'
import { rejection } from '../../support/wait.ts'

interface TracingFixture {
  nice: number
  result: number
}

interface SessionFixture {
  entries: bigint
  returns: bigint
  carried: bigint
}

const load = (): Promise<TracingObject<TracingFixture>> => loadTracing('hooks-tracing', { cookieSince: '5.19' })

const proof = {
  family: 'tracing',
  since: '5.5',
  gap: 'trampoline',
  link: '5.8',
  update: false,
  // Kernels that can do it, in a guest that may not: see the gap.
  refusal: ['EPERM'],
} as const

proveHook({
  ...proof,
  hook: 'fentry',
  setUp: () => tracingScene(load(), fentry(FUNCTION), renice, { first: 'first_entry', second: 'second_entry' }),
})
proveHook({
  ...proof,
  hook: 'fexit',
  setUp: () => tracingScene(load(), fexit(FUNCTION), renice, { first: 'first_return', second: 'second_return' }),
})
proveHook({ ...proof, hook: 'fmod_ret', since: '5.7', setUp: changeScene })
proveHook({
  ...proof,
  hook: 'fsession',
  since: '7.0',
  refusal: ['ERR_EBPF_KERNEL', 'EPERM'],
  libbpf: '1.7',
  setUp: () => tracingScene(loadTracing('hooks-fsession'), fsession(FUNCTION), renice),
})

async function changeScene(): Promise<Scene> {
  const object = await load()
  const { first_change: first, second_change: second } = object.programs as Record<string, BpfProgram>
  return {
    attach: () => (first as BpfProgram).attach(fmodRet(FUNCTION)),
    observe: () => effectOf(renice()),
    second: second as BpfProgram,
    [Symbol.asyncDispose]: () => object.close(),
  }
}

const missing = absence('5.5', 'trampoline')

describe.skipIf(missing !== undefined)('a trampoline', () => {
  test('gives the arguments, the result and the cookie', async () => {
    await using object = await load()
    const { programs, globals } = object
    const cookie = olderThan('5.19') ? 0n : 0x1234_5678_9abc_def0n
    await (programs.first_entry as BpfProgram).attach(fentry(FUNCTION, { cookie }))
    globals.nice = -99
    renice()
    expect(globals).toMatchObject({ effect: 1, calls: 1n, cookie, nice: getPriority() })
    await (programs.second_return as BpfProgram).attach(fexit(FUNCTION))
    await (programs.first_change as BpfProgram).attach(fmodRet(FUNCTION))
    expect(renice()).toBe('EROFS')
    expect(globals).toMatchObject({ effect: 2, nice: getPriority(), result: -30 })
  })

  test('with a cookie is refused before Linux 5.19', async () => {
    await using object = await load()
    const attaching = (object.programs.first_entry as BpfProgram).attach(fentry(FUNCTION, { cookie: 1 }))
    if (olderThan('5.19'))
      expect(await rejection(attaching)).toMatchObject({ name: 'EbpfError', program: 'first_entry' })
    else await attaching
  })

  test('can be named before loading', async () => {
    const spec = await openObject<{ programs: Record<string, BpfProgram>; globals: Record<string, unknown> }>(
      fixture('hooks-tracing'),
    )
    for (const program of Object.values(spec.programs)) program.autoload = program.name === 'entry_later'
    Object.assign(spec.globals, { target_pid: process.pid })
    const later = spec.programs.entry_later as (typeof spec.programs)[string]
    later.attachTarget = 'no_such_function'
    expect(await rejection(spec.load())).toMatchObject({ name: 'EbpfError', object: 'hooks-tracing' })
    later.attachTarget = FUNCTION
    await using object = await spec.load()
    await (object.programs.entry_later as BpfProgram).attach()
    renice()
    expect(object.globals.calls).toBe(1n)
    const hook = fentry('security_task_getpgid')
    expect(await rejection((object.programs.entry_later as BpfProgram).attach(hook))).toMatchObject({
      code: 'ERR_EBPF_INVALID_ARGUMENT',
    })
  })

  // Modules have BTF since Linux 5.11.
  test.skipIf(!hasOverlayModule() || olderThan('5.11') || isOlder(libbpfVersion, '1.3'))(
    'can be at a function of a module',
    async () => {
      const programs = { entry_later: { autoload: true, attachTarget: 'overlay:ovl_mkdir' } }
      await using object = await loadTracing('hooks-tracing', { programs })
      await (object.programs.entry_later as BpfProgram).attach(fentry('overlay:ovl_mkdir'))
      const asked = makeOverlayFolder()
      expect(object.globals.calls).toBe(BigInt(asked))
    },
  )

  test('is what the program was loaded for, and nothing else', async () => {
    await using object = await load()
    const { first_entry: entry, first_return: end } = object.programs as Record<string, BpfProgram>
    for (const [program, hook] of [
      [entry, fexit(FUNCTION)],
      [entry, fmodRet(FUNCTION)],
      [entry, fsession(FUNCTION)],
      [end, fentry(FUNCTION)],
      [entry, tpBtf(FUNCTION)],
      [entry, fentry('vfs_unlink')],
    ] as const) {
      const error = await rejection((program as BpfProgram).attach(hook))
      expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    }
    renice()
    expect(object.globals.calls).toBe(0n)
  })

  test('twice by the same program is refused, by two is both', async () => {
    await using object = await load()
    const { first_entry: first, second_entry: second } = object.programs as Record<string, BpfProgram>
    await (first as BpfProgram).attach(fentry(FUNCTION))
    await (second as BpfProgram).attach(fentry(FUNCTION))
    expect(await rejection((first as BpfProgram).attach(fentry(FUNCTION)))).toMatchObject({
      code: expect.stringMatching(/EBUSY|EEXIST|ENOENT/),
      hint: expect.stringMatching(/attached/),
    })
    renice()
    expect(object.globals.calls).toBe(2n)
  })
})

describe.skipIf(absence('5.13', 'trampoline') !== undefined)('who is attached', () => {
  test('is told of a function of the kernel', async () => {
    await using object = await load()
    const { first_entry: entry, first_return: end } = object.programs as Record<string, BpfProgram>
    const link = await (entry as BpfProgram).attach()
    await (end as BpfProgram).attach()
    expect(await query(fentry(FUNCTION))).toEqual({
      entries: [{ linkId: link.id, programId: entry?.id, programName: 'first_entry', flags: 0 }],
    })
    expect(await query(fentry('security_task_getpgid'))).toEqual({ entries: [] })
    expect(await rejection(query(fentry('overlay:ovl_open')))).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
  })
})

describe.skipIf(absence('7.0', 'trampoline') !== undefined || isOlder(libbpfVersion, '1.7'))('a session', () => {
  test('runs at the entry and at the return, and carries a value between them', async () => {
    await using object = await loadTracing<SessionFixture>('hooks-fsession-values', { cookieSince: '7.0' })
    const { programs, globals } = object
    await (programs.session as BpfProgram).attach(fsession(FUNCTION, { cookie: 9 }))
    renice()
    expect(globals).toMatchObject({ entries: 1n, returns: 1n, carried: BigInt(1000 + getPriority()), cookie: 9n })
  })
})

describe('bad input', () => {
  test('is refused before the kernel is asked', async () => {
    await using object = await loadTracing('hooks-tracepoint')
    const program = object.programs.first as BpfProgram
    for (const hook of [fentry(FUNCTION), { ...fentry(FUNCTION), cookie: -1 }, { ...fexit(FUNCTION), function: '' }]) {
      expect(await rejection(program.attach(hook as never))).toMatchObject({
        code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/),
      })
    }
  })

  test.each([[5], [''], ['a\0b'], [{}], [{ program: 5, function: 'x' }], [null]])(
    'such as an attachTarget %j',
    async (target) => {
      const spec = await openObject(fixture('hooks-tracing'))
      const later = spec.programs.entry_later as (typeof spec.programs)[string]
      later.attachTarget = target as never
      expect(await rejection(spec.load())).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    },
  )
})
