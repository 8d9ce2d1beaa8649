/** Probes of single functions of a process that this test started. */
import { copyFileSync, mkdtempSync, readlinkSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import type { Binary } from '../../../lib/hooks/binary.ts'
import { uprobe, uretprobe } from '../../../lib/hooks/uprobe.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import { query } from '../../../lib/query.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { functionOffset, libcPath } from '../../support/elf.ts'
import { fixture } from '../../support/fixtures.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { Target, semaphoreOffset, targetLibrary, targetProgram } from '../../support/target.ts'
import { type RunsObject, targetScene, withTarget } from '../../support/user-space-scene.ts'
import { rejection } from '../../support/wait.ts'

interface UprobeGlobals {
  last_cookie: bigint
  last_argument: bigint
  last_result: bigint
  last_pid: number
}

const program = targetProgram()

proveHook({
  hook: 'uprobe',
  family: 'user space',
  since: '4.3',
  link: '5.15',
  update: false,
  setUp: () =>
    targetScene(
      'hooks-uprobe',
      () => uprobe(program, { symbol: 'target_one' }),
      (target) => target.ask('one'),
    ),
})

proveHook({
  hook: 'uretprobe',
  family: 'user space',
  since: '4.3',
  link: '5.15',
  update: false,
  setUp: () =>
    targetScene(
      'hooks-uprobe',
      () => uretprobe(program, { symbol: 'target_one' }),
      (target) => target.ask('one'),
      {
        first: 'first_return',
        second: 'second_return',
      },
    ),
})

proveHook({
  hook: 'uprobe.s',
  family: 'user space',
  since: '6.0',
  link: '5.15',
  update: false,
  // The verifier's word on programs that may sleep.
  refusal: ['EINVAL'],
  setUp: () =>
    targetScene(
      'hooks-uprobe-sleepable',
      () => uprobe(program, { symbol: 'request' }),
      (target) => target.ask('request'),
    ),
})

const withUprobe = (
  body: (scene: { object: RunsObject<UprobeGlobals>; target: Target }) => Promise<void>,
): Promise<void> => withTarget<UprobeGlobals>('hooks-uprobe', body)

const first = (object: RunsObject<UprobeGlobals>): BpfProgram => object.programs.first as BpfProgram

describe('the binary of a uprobe', () => {
  const binaries: [string, (target: Target) => Binary][] = [
    ['a path', () => program],
    ['the executable of a process', ({ pid }) => ({ pid })],
  ]
  test.each(binaries)('can be %s', async (_what, binaryOf) => {
    await withUprobe(async ({ object, target }) => {
      const binary = binaryOf(target)
      await first(object).attach(uprobe(binary, { symbol: 'target_one' }))
      await first(object).attach(uprobe(binary, { offset: functionOffset(program, 'target_two') }))
      expect(await target.ask('one', 3)).toBe(6)
      expect(await target.ask('two', 2)).toBe(5)
      expect(object.globals).toMatchObject({ first_runs: 5n, last_pid: target.pid, last_argument: 1n })
    })
  })

  test('can be a library that a process has mapped', async () => {
    await withUprobe(async ({ object, target }) => {
      await first(object).attach(uprobe({ pid: target.pid, library: 'libtarget.so' }, { symbol: 'library_call' }))
      expect(await target.ask('library', 4)).toBe(10)
      expect(object.globals.first_runs).toBe(4n)
    })
  })

  test('can be a library of a process that was replaced since', async () => {
    const folder = mkdtempSync(`${tmpdir()}/ebpf-uprobe-`)
    const library = `${folder}/libtarget.so`
    try {
      copyFileSync(targetLibrary(), library)
      await using target = await Target.start(['env', `LD_PRELOAD=${library}`])
      unlinkSync(library)
      writeFileSync(library, 'no library at all')
      await withUprobe(async ({ object }) => {
        await first(object).attach(uprobe({ pid: target.pid, library: 'libtarget.so' }, { symbol: 'library_call' }))
        await target.ask('library', 2)
        expect(object.globals).toMatchObject({ first_runs: 2n, last_pid: target.pid })
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('can be in the mount namespace of a process', async () => {
    const folder = mkdtempSync(`${tmpdir()}/ebpf-uprobe-`)
    const script = `mount -t tmpfs none '${folder}' && cp '${program}' '${targetLibrary()}' '${folder}' && exec '${folder}/target'`
    try {
      await using target = await Target.start(['unshare', '--mount', 'sh', '-c', script])
      expect(readlinkSync(`/proc/${target.pid}/exe`)).toBe(`${folder}/target`)
      await withUprobe(async ({ object }) => {
        await first(object).attach(uprobe({ pid: target.pid }, { symbol: 'target_one' }))
        await first(object).attach(uprobe({ pid: target.pid, library: 'libtarget.so' }, { symbol: 'library_call' }))
        await target.ask('one', 2)
        await target.ask('library', 3)
        expect(object.globals).toMatchObject({ first_runs: 5n, last_pid: target.pid })
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('that is no ELF file is refused in words, by symbol and by offset', async () => {
    const folder = mkdtempSync(`${tmpdir()}/ebpf-uprobe-`)
    const fifo = `${folder}/fifo`
    execFileSync('mkfifo', [fifo])
    try {
      await withUprobe(async ({ object }) => {
        for (const binary of ['/etc/passwd', '/proc/self/maps', folder, '/dev/null', fifo]) {
          for (const place of [{ symbol: 'main' }, { offset: 16 }]) {
            const error = await rejection(first(object).attach(uprobe(binary, place)))
            expect(error).toMatchObject({ code: 'ENOEXEC' })
            expect(error.message).toContain(`${binary} is not an ELF file`)
          }
        }
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('that is half an ELF file is an error that does not speak of objects', async () => {
    const folder = mkdtempSync(`${tmpdir()}/ebpf-uprobe-`)
    const half = `${folder}/half`
    try {
      copyFileSync(program, half)
      truncateSync(half, 3000)
      await withUprobe(async ({ object }) => {
        const error = await rejection(first(object).attach(uprobe(half, { symbol: 'target_one' })))
        expect(error).toMatchObject({ program: 'first', object: 'hooks-uprobe' })
        expect(error.code).not.toBe('ERR_EBPF_INVALID_OBJECT')
        expect(error.message).toContain(half)
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  const missing: [string, Binary, string, string][] = [
    ['library', 'libnosuch.so.1', 'ENOENT', "'libnosuch.so.1'"],
    ['program', 'no-such-program', 'ENOENT', "'no-such-program'"],
    ['file', '/no/such/file', 'ENOENT', '/no/such/file'],
    ['process', { pid: 0x7fff_fff0 }, 'ESRCH', 'process 2147483632'],
    ['library in a process', { pid: process.pid, library: 'libnosuch.so.1' }, 'ENOENT', "'libnosuch.so.1'"],
    ['executable of a kernel thread', { pid: 2 }, 'ENOENT', '/proc/2/exe'],
  ]
  test.each(missing)('that does not exist is named: %s', async (_what, binary, code, words) => {
    await withUprobe(async ({ object }) => {
      const error = await rejection(first(object).attach(uprobe(binary, { symbol: 'main' })))
      expect(error).toMatchObject({ code })
      expect(error.message).toContain(words)
    })
  })

  test('is found by the name of a library where libbpf finds it', async () => {
    await withUprobe(async ({ object }) => {
      const link = await first(object).attach(uprobe('libc.so.6', { symbol: 'getppid', pid: process.pid }))
      void process.ppid
      expect(object.globals).toMatchObject({ first_runs: 1n, last_pid: process.pid })
      if (!olderThan('6.6'))
        expect(link.info()).toMatchObject({ event: 'uprobe', offset: BigInt(functionOffset(libcPath(), 'getppid')) })
    })
  })
})

describe('a uprobe', () => {
  test.skipIf(olderThan('5.15'))('gives the program its cookie', async () => {
    await withUprobe(async ({ object, target }) => {
      const cookie = 2n ** 64n - 3n
      await first(object).attach(uprobe(program, { symbol: 'target_one', cookie }))
      await target.ask('one')
      expect(object.globals.last_cookie).toBe(cookie)
    })
  })

  test.skipIf(!olderThan('5.15'))('has a cookie only with a newer kernel', async () => {
    await withUprobe(async ({ object }) => {
      const error = await rejection(first(object).attach(uprobe(program, { symbol: 'target_one', cookie: 1 })))
      expect(error).toMatchObject({
        code: 'ERR_EBPF_KERNEL',
        program: 'first',
        message: expect.stringContaining('5.15'),
      })
    })
  })

  test.skipIf(olderThan('6.6'))('is found by a query, by symbol and by offset', async () => {
    await withUprobe(async ({ object, target }) => {
      const hook = uprobe(program, { symbol: 'target_one' })
      expect((await query(hook)).entries).toEqual([])
      const link = await first(object).attach(hook)
      const found = [expect.objectContaining({ linkId: link.id, programId: first(object).id, programName: 'first' })]
      expect((await query(hook)).entries).toEqual(found)
      expect((await query(uprobe({ pid: target.pid }, { symbol: 'target_one' }))).entries).toEqual(found)
      const offset = functionOffset(program, 'target_one')
      expect((await query(uprobe(program, { offset }))).entries).toEqual(found)
      expect((await query(uprobe(program, { offset: offset + 1 }))).entries).toEqual([])
      expect((await query(uretprobe(program, { offset }))).entries).toEqual([])
      await link.close()
      expect((await query(hook)).entries).toEqual([])
    })
  })

  test('sees processes that start later', async () => {
    await withUprobe(async ({ object }) => {
      await first(object).attach(uprobe(program, { symbol: 'target_one' }))
      await using later = await Target.start()
      await later.ask('one', 2)
      expect(object.globals).toMatchObject({ first_runs: 2n, last_pid: later.pid })
    })
  })

  test('of a pid sees that process alone', async () => {
    await withUprobe(async ({ object, target }) => {
      await using other = await Target.start()
      await first(object).attach(uprobe(program, { symbol: 'target_one', pid: target.pid }))
      await other.ask('one', 5)
      await target.ask('one', 2)
      expect(object.globals).toMatchObject({ first_runs: 2n, last_pid: target.pid })
    })
  })

  test('raises the counter of a static probe while it is attached', async () => {
    await withUprobe(async ({ object, target }) => {
      const referenceCounterOffset = semaphoreOffset()
      expect(await target.ask('semaphore')).toBe(0)
      const link = await first(object).attach(uprobe(program, { symbol: 'plain', referenceCounterOffset }))
      expect(await target.ask('semaphore')).toBe(1)
      await link.close()
      expect(await target.ask('semaphore')).toBe(0)
    })
  })

  test('with the counter outside of the file is an error', async () => {
    await withUprobe(async ({ object }) => {
      const hook = uprobe(program, { symbol: 'plain', referenceCounterOffset: 0xffff_ffff })
      expect(await rejection(first(object).attach(hook))).toMatchObject({ program: 'first', errno: -22 })
    })
  })
})

describe('the mode of a uprobe', () => {
  const lacks = isOlder(libbpfVersion, '1.2')
  test.skipIf(lacks).each([
    ['legacy', '4.3', false],
    ['perf', '4.17', false],
    ['link', '5.15', true],
  ] as const)('%s is taken, and is a link or not', async (mode, since, isLink) => {
    await withUprobe(async ({ object, target }) => {
      const hook = uprobe(program, { symbol: 'target_one', mode })
      if (olderThan(since)) {
        expect(await rejection(first(object).attach(hook))).toMatchObject({ program: 'first' })
        return
      }
      const link = await first(object).attach(hook)
      await target.ask('one', 3)
      expect(object.globals.first_runs).toBe(3n)
      if (isLink) expect(link.info()).toMatchObject({ type: 'perf_event', programId: first(object).id })
      else expect(() => link.info()).toThrow(expect.objectContaining({ program: 'first' }))
      await link.close()
      await target.ask('one', 3)
      expect(object.globals.first_runs).toBe(3n)
    })
  })

  test.skipIf(!lacks)('needs a newer libbpf', async () => {
    await withUprobe(async ({ object }) => {
      const hook = uprobe(program, { symbol: 'target_one', mode: 'link' })
      expect(await rejection(first(object).attach(hook))).toMatchObject({ code: 'ERR_EBPF_LIBBPF', program: 'first' })
    })
  })
})

describe('a program that cannot be there is refused', () => {
  test('of another type', async () => {
    await using object = await loadObject(fixture('hooks-perf-event'))
    const error = await rejection(
      (object.programs.first as BpfProgram).attach(uprobe(program, { symbol: 'target_one' })),
    )
    expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    expect(error.message).toContain('perf_event')
  })

  test('closed', async () => {
    await withUprobe(async ({ object }) => {
      const closed = first(object)
      closed.close()
      const hook = uprobe(program, { symbol: 'target_one' })
      expect(await rejection(closed.attach(hook))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    })
  })
})
