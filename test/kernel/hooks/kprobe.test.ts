/** Kernel functions, by kprobes: this process asks for its own nice value, and counts that. */
import { describe, expect, test } from 'vitest'
import { kprobe, kprobes, kretprobe, kretprobes, kretsyscall, ksyscall } from '../../../lib/hooks/kprobe.ts'
import { kernelSymbols } from '../../../lib/system/kernel-symbols.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { query } from '../../../lib/query.ts'
import { listTraceableFunctions } from '../../../lib/system/tracefs.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { absence, olderThan } from '../../support/kernel-features.ts'
import { FUNCTION, type TracingObject, loadTracing, renice, tracingScene } from '../../support/tracing-scene.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { hasOverlayModule, makeOverlayFolder } from '../../support/overlay.ts'
import { callGetppid } from '../../support/trace.ts'
import { rejection } from '../../support/wait.ts'

interface KprobeGlobals {
  address: bigint
  result: number
}

const load = (): Promise<TracingObject<KprobeGlobals>> => loadTracing('hooks-kprobe', { cookieSince: '5.15' })

const proof = {
  family: 'tracing',
  since: '4.1',
  gap: 'kprobe',
  link: '5.15',
  update: false,
} as const

proveHook({ ...proof, hook: 'kprobe', setUp: () => tracingScene(load(), kprobe(FUNCTION), renice) })
proveHook({ ...proof, hook: 'kretprobe', setUp: () => tracingScene(load(), kretprobe(FUNCTION), renice) })
proveHook({
  ...proof,
  hook: 'ksyscall',
  setUp: () => tracingScene(load(), ksyscall('getppid'), () => callGetppid(1)),
})
proveHook({
  ...proof,
  hook: 'kretsyscall',
  setUp: () => tracingScene(load(), kretsyscall('getppid'), () => callGetppid(1)),
})

const missing = absence('4.1', 'kprobe')

async function withKprobe(body: (object: TracingObject<KprobeGlobals>, program: BpfProgram) => unknown): Promise<void> {
  await using object = await load()
  await body(object, object.programs.first as BpfProgram)
}

describe.skipIf(missing !== undefined)('a kprobe', () => {
  test('runs once for each call, and no longer than it is attached', async () => {
    await withKprobe(async ({ globals }, program) => {
      const link = await program.attach(kprobe(FUNCTION))
      for (let call = 0; call < 5; call++) renice()
      expect(globals.calls).toBe(5n)
      await link.close()
      renice()
      expect(globals.calls).toBe(5n)
    })
  })

  test('gives its cookie, where the kernel has cookies', async () => {
    await withKprobe(async ({ globals }, program) => {
      const hooks = [
        kprobe(FUNCTION, { cookie: 0xffff_ffff_ffff_fffen }),
        kretprobe(FUNCTION, { cookie: 7 }),
        ksyscall('setpriority', { cookie: 8 }),
        kretsyscall('setpriority', { cookie: 9 }),
      ]
      for (const hook of hooks) {
        if (olderThan('5.15')) {
          expect(await rejection(program.attach(hook))).toMatchObject({ code: expect.stringMatching(/^E/) })
          continue
        }
        const link = await program.attach(hook)
        renice()
        expect(globals.cookie).toBe(hook.cookie)
        await link.close()
      }
    })
  })

  test('can be at any instruction of the function, and nowhere between two', async () => {
    await withKprobe(async ({ globals }, program) => {
      // Behind the call of ftrace (5 bytes), before which there may be an ENDBR64 (4 bytes).
      const attempts = []
      for (const offset of [5, 9]) {
        attempts.push(await program.attach(kprobe(FUNCTION, { offset })).catch((error: Error) => error))
      }
      const links = attempts.filter((attempt) => !(attempt instanceof Error))
      expect(links).not.toHaveLength(0)
      for (const attempt of attempts) if (attempt instanceof Error) expect(attempt).toMatchObject({ code: 'EILSEQ' })
      renice()
      expect(globals.effect).toBe(1)
      const hit = kernelSymbols.resolve(globals.address - 1n)
      expect(hit).toMatchObject({ name: FUNCTION })
      expect([4, 5, 8, 9]).toContain(hit?.offset)
      expect(await rejection(program.attach(kprobe(FUNCTION, { offset: 1 })))).toMatchObject({ code: 'EILSEQ' })
    })
  })

  test('on a return sees what is returned', async () => {
    await withKprobe(async ({ globals }, program) => {
      await program.attach(kretprobe(FUNCTION))
      globals.result = -1
      renice()
      expect(globals.result).toBe(0)
    })
  })

  test.each(['legacy', 'perf', 'link'] as const)('can be asked for in mode %s', async (mode) => {
    await withKprobe(async ({ globals }, program) => {
      const hook = kprobe(FUNCTION, { mode })
      if (isOlder(libbpfVersion, '1.2')) {
        expect(await rejection(program.attach(hook))).toMatchObject({ code: 'ERR_EBPF_LIBBPF', program: 'first' })
        return
      }
      if (mode === 'link' && olderThan('5.15')) {
        expect(await rejection(program.attach(hook))).toMatchObject({
          code: expect.stringMatching(/ENOTSUP|EOPNOTSUPP|ERR_EBPF/),
        })
        return
      }
      const link = await program.attach(hook)
      renice()
      expect(globals.effect).toBe(1)
      // Only a link can be asked what it is.
      if (mode === 'link') expect(link.info()).toMatchObject({ type: 'perf_event', programId: program.id })
      else expect(() => link.info()).toThrow()
      await link.close()
      globals.effect = 0
      renice()
      expect(globals.effect).toBe(0)
    })
  })

  test('of what does not exist is ENOENT', async () => {
    await withKprobe(async (_object, program) => {
      const hooks = [
        kprobe('no_such_function_of_the_kernel'),
        kretprobe('no_such_function_of_the_kernel'),
        kprobe('no_such_module:vfs_unlink'),
        ksyscall('no_such_call'),
      ]
      for (const hook of hooks) {
        const error = await rejection(program.attach(hook))
        expect(error).toMatchObject({ code: 'ENOENT', program: 'first', object: 'hooks-kprobe' })
        expect(error.message).toContain(hook.kind)
        expect(error.message).toContain('/proc/kallsyms')
      }
    })
  })

  test('can be on all functions that fit a pattern', async () => {
    await withKprobe(async ({ globals }, program) => {
      const hooks = [...kprobes('security_task_setn?ce'), ...kretprobes('security_task_set*', { cookie: 0 })]
      expect(hooks).toContainEqual(kprobe(FUNCTION))
      expect(hooks).toContainEqual(kretprobe(FUNCTION))
      expect(hooks.length).toBeGreaterThan(3)
      const links = await program.attachAll(hooks)
      renice()
      expect(globals.calls).toBe(2n)
      await links.close()
      renice()
      expect(globals.calls).toBe(2n)
    })
  })

  test.skipIf(!hasOverlayModule())('can be on a function of a module', async () => {
    await withKprobe(async ({ globals }, program) => {
      await program.attach(kprobe('overlay:ovl_mkdir'))
      const asked = makeOverlayFolder()
      expect(globals.calls).toBe(BigInt(asked))
    })
  })

  test('of a name that several functions have is refused, and left out of patterns', async () => {
    const names = listTraceableFunctions().map(({ name, module }) => (module === undefined ? name : ''))
    const shared = names.find((name, index) => name !== '' && names.indexOf(name) !== index) as string
    expect(shared).toBeDefined()
    expect(() => kprobes(shared)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    if (olderThan('6.6')) return
    await withKprobe(async (_object, program) => {
      const error = await rejection(program.attach(kprobe(shared)))
      expect(error).toMatchObject({ code: 'EADDRNOTAVAIL', hint: expect.stringContaining('Several functions') })
    })
  })

  test('is told to who asks, where the kernel tells', async () => {
    await withKprobe(async (_object, program) => {
      const link = await program.attach(kprobe(FUNCTION))
      const call = await program.attach(kretsyscall('getppid'))
      const asked = [
        [kprobe(FUNCTION), link],
        [kretsyscall('getppid'), call],
      ] as const
      for (const [hook, expected] of asked) {
        if (olderThan('5.15')) {
          // None of them is a link.
          expect(await query(hook)).toEqual({ entries: [] })
        } else if (olderThan('6.6')) {
          expect(await rejection(query(hook))).toMatchObject({ code: 'ERR_EBPF_KERNEL' })
        } else {
          expect((await query(hook)).entries).toEqual([
            { linkId: expected.id, programId: program.id, programName: 'first', flags: 0 },
          ])
        }
      }
      if (!olderThan('6.6')) expect(await query(kretprobe(FUNCTION))).toEqual({ entries: [] })
    })
  })

  test('pattern that nothing fits is ENOENT', () => {
    expect(() => kprobes('no_such_function_*')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    expect(() => kretprobes('no_such_function_*')).toThrow(/no_such_function_\*/)
  })
})

describe.skipIf(missing === undefined)('a pattern', () => {
  test('says where the functions should be listed, on a kernel that does not list them', () => {
    for (const build of [kprobes, kretprobes]) {
      expect(() => build('vfs_*')).toThrow(/available_filter_functions/)
    }
  })
})

describe('bad input', () => {
  test('is refused before the kernel is asked', async () => {
    await withKprobe(async (_object, program) => {
      const hooks = [
        { ...kprobe(FUNCTION), symbol: 5 },
        { ...kprobe(FUNCTION), symbol: '' },
        { ...kprobe(FUNCTION), offset: -1n },
        { ...kprobe(FUNCTION), cookie: 1.5 },
        { ...kprobe(FUNCTION), mode: 'fast' },
        { ...kretprobe(FUNCTION), offset: 4n },
        { ...ksyscall('getppid'), name: undefined },
      ]
      for (const hook of hooks) {
        expect(await rejection(program.attach(hook as never))).toMatchObject({
          code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/),
        })
      }
      expect(program.links).toHaveLength(0)
    })
  })

  test('such as a program of another type, or one that is closed', async () => {
    await using object = await loadTracing('hooks-tracepoint')
    const { first } = object.programs as { first: BpfProgram }
    for (const hook of [kprobe(FUNCTION), ksyscall('getppid')]) {
      const error = await rejection(first.attach(hook))
      expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
      expect(error.message).toContain('tracepoint')
    }
    first.close()
    expect(await rejection(first.attach(kprobe(FUNCTION)))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })
})
