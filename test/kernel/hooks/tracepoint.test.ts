/** Tracepoints: this process calls getppid(2), and test runs of a program end in a tracepoint that may be written to. */
import { describe, expect, test } from 'vitest'
import { rawTracepoint } from '../../../lib/hooks/raw-tracepoint.ts'
import { tpBtf } from '../../../lib/hooks/tp-btf.ts'
import { tracepoint, tracepoints } from '../../../lib/hooks/tracepoint.ts'
import { listTracepoints } from '../../../lib/system/tracefs.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { query } from '../../../lib/query.ts'
import { type Scene, proveHook } from '../../support/hook-proof.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { callGetppid, traceGlobals } from '../../support/trace.ts'
import {
  type LoadChoice,
  type TracingObject,
  effectOf,
  loadTracing,
  tracingScene,
} from '../../support/tracing-scene.ts'
import { rejection } from '../../support/wait.ts'

const load = (choice: LoadChoice = {}): Promise<TracingObject> =>
  loadTracing('hooks-tracepoint', { ...choice, globals: { target_call: traceGlobals.target_call } })

const event = (): void => callGetppid(1)
const GETPPID = ['syscalls', 'sys_enter_getppid'] as const

proveHook({
  hook: 'tracepoint',
  family: 'tracing',
  since: '4.7',
  link: '5.15',
  update: false,
  setUp: () => tracingScene(load(), tracepoint(...GETPPID), event),
})
proveHook({
  hook: 'raw tracepoint',
  family: 'tracing',
  since: '4.17',
  link: '5.8',
  update: false,
  setUp: () => tracingScene(load(), rawTracepoint('sys_enter'), event, { first: 'first_raw', second: 'second_raw' }),
})
proveHook({
  hook: 'tp_btf',
  family: 'tracing',
  since: '5.5',
  link: '5.8',
  update: false,
  setUp: () => tracingScene(load(), tpBtf('sys_enter'), event, { first: 'first_typed', second: 'second_typed' }),
})
proveHook({
  hook: 'raw tracepoint, writable',
  family: 'tracing',
  since: '5.2',
  link: '5.8',
  update: false,
  setUp: writableScene,
})

/** Its programs give the test runs of this process another result. */
async function writableScene(): Promise<Scene> {
  const object = await loadTracing('hooks-raw-writable')
  const { first, second, runs } = object.programs as Record<string, BpfProgram>
  return {
    attach: () => (first as BpfProgram).attach(rawTracepoint('bpf_test_finish')),
    observe: async () => effectOf(await resultOf(runs as BpfProgram)),
    second: second as BpfProgram,
    [Symbol.asyncDispose]: () => object.close(),
  }
}

async function resultOf(program: BpfProgram): Promise<string | undefined> {
  try {
    expect(await program.testRun({ data: new Uint8Array(64) })).toMatchObject({ returnValue: 7 })
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}

const PROGRAMS = ['first', 'second', 'first_raw', 'second_raw', 'first_typed', 'second_typed']

describe('a cookie', () => {
  test.each([
    ['tracepoint', '5.15', 'first', tracepoint(...GETPPID, { cookie: 2n ** 64n - 1n })],
    ['raw tracepoint', '6.10', 'first_raw', rawTracepoint('sys_enter', { cookie: 3 })],
    ['tp_btf', '6.10', 'first_typed', tpBtf('sys_enter', { cookie: 4n })],
  ] as const)('of a %s is given since Linux %s', async (_name, cookieSince, program, hook) => {
    // The kernel refuses the helper to the others of them for longer.
    const programs = Object.fromEntries(PROGRAMS.map((name) => [name, { autoload: name === program }]))
    await using object = await load({ cookieSince, programs })
    const attaching = (object.programs[program] as BpfProgram).attach(hook)
    const lacksLibbpf = cookieSince === '6.10' && isOlder(libbpfVersion, '1.4')
    if (lacksLibbpf || olderThan(cookieSince)) {
      const codes = [
        ...(lacksLibbpf ? ['ERR_EBPF_LIBBPF'] : []),
        ...(olderThan(cookieSince) ? ['ERR_EBPF_KERNEL'] : []),
      ]
      expect(codes).toContain((await rejection(attaching)).code)
      return
    }
    await attaching
    event()
    expect(object.globals.cookie).toBe(hook.cookie)
  })
})

describe('tracepoints that fit a pattern', () => {
  test('are hooks for attachAll, in both names', async () => {
    expect(tracepoints('syscalls', 'sys_enter_getppid')).toEqual([tracepoint(...GETPPID)])
    const hooks = tracepoints('sysc?lls', 'sys_*_getppid', { cookie: 5 })
    expect(hooks).toHaveLength(2)
    expect(new Set(hooks)).toContainEqual(tracepoint('syscalls', 'sys_exit_getppid', { cookie: 5 }))
    await using object = await load()
    const links = await (object.programs.first as BpfProgram).attachAll(tracepoints('syscalls', 'sys_*_getppid'))
    event()
    expect(object.globals.calls).toBe(2n)
    await links.close()
    event()
    expect(object.globals.calls).toBe(2n)
  })

  test('take the characters of other patterns as they are', () => {
    for (const pattern of ['sys_enter_getppi[d]', 'sys_enter_.*', '(sys_enter_getppid)', 'SYS_ENTER_GETPPID']) {
      expect(() => tracepoints('syscalls', pattern)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    }
    expect(() => tracepoints('no_such_category', '*')).toThrow(/no_such_category/)
  })

  test('are those that tracefs has', () => {
    expect(tracepoints('*', '*')).toHaveLength(listTracepoints().length)
    expect(listTracepoints()).toContainEqual({ category: 'bpf_test_run', name: 'bpf_test_finish' })
  })
})

describe('a writable raw tracepoint', () => {
  test('lets a program write no more than it has', async () => {
    await using object = await loadTracing('hooks-raw-writable', { programs: { beyond: { autoload: true } } })
    const { beyond } = object.programs as Record<string, BpfProgram>
    const hook = rawTracepoint('bpf_test_finish')
    expect(await rejection((beyond as BpfProgram).attach(hook))).toMatchObject({ code: 'EINVAL', program: 'beyond' })
  })

  test('refuses a program that reads more arguments than it has', async () => {
    await using object = await load()
    const hook = rawTracepoint('bpf_test_finish')
    const error = await rejection((object.programs.first_raw as BpfProgram).attach(hook))
    expect(error).toMatchObject({ code: 'EINVAL', program: 'first_raw' })
  })
})

describe('who is attached', () => {
  test('is told of a tracepoint', async () => {
    await using object = await load()
    const { first, second } = object.programs as Record<string, BpfProgram>
    const hook = tracepoint('syscalls', 'sys_exit_getppid')
    const idsAt = async (): Promise<number[]> => (await query(hook)).entries.map(({ programId }) => programId)
    const before = await idsAt()
    await (first as BpfProgram).attach(hook)
    const link = await (second as BpfProgram).attach(hook)
    expect(await idsAt()).toEqual([...before, first?.id, second?.id])
    await link.close()
    expect(await idsAt()).toEqual([...before, first?.id])
  })

  test('is told of a raw tracepoint, also of programs with typed arguments', async () => {
    await using object = await load()
    const { first_raw: raw, first_typed: typed } = object.programs as Record<string, BpfProgram>
    const links = [
      await (raw as BpfProgram).attach(rawTracepoint('sys_enter')),
      await (typed as BpfProgram).attach(tpBtf('sys_enter')),
    ]
    for (const hook of [rawTracepoint('sys_enter'), tpBtf('sys_enter')]) {
      const { entries } = await query(hook)
      for (const link of links) expect(entries).toContainEqual(expect.objectContaining({ linkId: link.id }))
    }
    const { entries } = await query(rawTracepoint('sys_exit'))
    expect(entries.map(({ linkId }) => linkId)).not.toContain(links[0]?.id)
  })
})

describe('bad input', () => {
  test.each([
    ['first', tracepoint('syscalls', 'sys_enter_no_such_call')],
    ['first', tracepoint('no_such_category', 'sys_enter_getppid')],
    ['first_raw', rawTracepoint('no_such_tracepoint')],
    ['first_raw', rawTracepoint('x'.repeat(1000))],
    ['first', tracepoint('../syscalls', 'sys_enter_getppid/../../..')],
  ] as const)('such as a tracepoint that does not exist: %#', async (program, hook) => {
    await using object = await load()
    const error = await rejection((object.programs[program] as BpfProgram).attach(hook))
    expect(error).toMatchObject({ name: 'EbpfError', program, object: 'hooks-tracepoint' })
    expect((object.programs[program] as BpfProgram).links).toHaveLength(0)
  })

  test('such as a program that was loaded for another', async () => {
    await using object = await load()
    const error = await rejection((object.programs.first_typed as BpfProgram).attach(tpBtf('sys_exit')))
    expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    expect(error.message).toMatch(/sys_enter.*sys_exit/s)
  })

  test('such as a program of another type', async () => {
    await using object = await load()
    const { first, first_raw: raw, first_typed: typed } = object.programs as Record<string, BpfProgram>
    for (const [program, hook] of [
      [first, rawTracepoint('sys_enter')],
      [first, tpBtf('sys_enter')],
      [raw, tracepoint(...GETPPID)],
      [typed, rawTracepoint('sys_enter')],
    ] as const) {
      expect(await rejection((program as BpfProgram).attach(hook))).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    }
  })
})
