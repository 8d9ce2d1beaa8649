/** Static probes in a program and a library of this test: arguments wherever the compiler has put them. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, expect, test } from 'vitest'
import { uprobe } from '../../../lib/hooks/uprobe.ts'
import { usdt } from '../../../lib/hooks/usdt.ts'
import type { HashMap } from '../../../lib/maps/hash-map.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { openProgram } from '../../../lib/open-program.ts'
import { fixture } from '../../support/fixtures.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { Target, targetLibrary, targetProgram } from '../../support/target.ts'
import { type Runs, targetScene, withTarget } from '../../support/user-space-scene.ts'
import { rejection } from '../../support/wait.ts'

interface Seen {
  runs: bigint
  second: bigint
  cookie: bigint
  arguments: number
  pid: number
  third: string
}

interface UsdtMaps {
  seen: HashMap<bigint, Seen>
}

type UsdtObject = BpfObject<{
  maps: UsdtMaps
  programs: Record<string, BpfProgram>
  globals: Runs & { beyond_last: bigint }
}>

const program = targetProgram()

/** A fixture with the layout of this libbpf, and one with another. */
const isOldLayout = isOlder(libbpfVersion, '1.7')
const [fitting, other] = isOldLayout ? ['hooks-usdt-before', 'usdt-later'] : ['hooks-usdt', 'hooks-usdt-before']

/** Before Linux 5.15 a probe is known by its address, so in position-independent code only by process. */
const scope = (target: Target): { pid?: number } => (olderThan('5.15') ? { pid: target.pid } : {})

proveHook({
  hook: 'usdt',
  family: 'user space',
  since: '4.3',
  link: false,
  update: false,
  setUp: () =>
    targetScene(
      fitting,
      (target) => usdt(program, 'ebpftest', 'request', scope(target)),
      (target) => target.ask('request'),
    ),
})

const withUsdt = (body: (scene: { object: UsdtObject; target: Target }) => Promise<void>): Promise<void> =>
  withTarget<{ beyond_last: bigint }, UsdtMaps>(fitting, body)

const first = (object: UsdtObject): BpfProgram => object.programs.first as BpfProgram

describe('a static probe', () => {
  test('gives its arguments from registers, constants and memory', async () => {
    await withUsdt(async ({ object, target }) => {
      await first(object).attach(usdt(program, 'ebpftest', 'request', scope(target)))
      await target.ask('request', 2)
      const common = { cookie: 0n, arguments: 3, pid: target.pid, third: '/a/path' }
      expect(Object.fromEntries(object.maps.seen)).toEqual({
        // The third place has the negated size, in memory.
        0: { ...common, runs: 2n, second: -100n },
        1: { ...common, runs: 2n, second: -101n },
        '-7': { ...common, runs: 2n, second: 1234n },
      })
      expect(object.globals.first_runs).toBe(6n)
      expect(object.globals.beyond_last).toBeLessThan(0n)
    })
  })

  test('gives the program its cookie', async () => {
    await withUsdt(async ({ object, target }) => {
      const cookie = 2n ** 64n - 5n
      await first(object).attach(usdt(program, 'ebpftest', 'request', { ...scope(target), cookie }))
      await target.ask('request')
      expect(object.maps.seen.get(-7n)?.cookie).toBe(cookie)
    })
  })

  test('knows by its semaphore that somebody is there', async () => {
    await withUsdt(async ({ object, target }) => {
      expect(await target.ask('semaphore')).toBe(0)
      const link = await first(object).attach(usdt(program, 'ebpftest', 'request', scope(target)))
      expect(await target.ask('semaphore')).toBeGreaterThan(0)
      await link.close()
      expect(await target.ask('semaphore')).toBe(0)
    })
  })

  test('can do without arguments and semaphore', async () => {
    await withUsdt(async ({ object, target }) => {
      await first(object).attach(usdt(program, 'ebpftest', 'plain', scope(target)))
      await target.ask('plain', 3)
      expect(object.maps.seen.get(0n)).toMatchObject({ runs: 3n, arguments: 0, pid: target.pid })
    })
  })

  test('can be in a shared library', async () => {
    await withUsdt(async ({ object, target }) => {
      await first(object).attach(usdt(targetLibrary(), 'ebpftest', 'library', scope(target)))
      await target.ask('library', 3)
      expect([...object.maps.seen.keys()].sort()).toEqual([0n, 1n, 2n])
      expect(object.globals.first_runs).toBe(3n)
    })
  })

  test.skipIf(olderThan('5.15'))('is seen in processes that start later', async () => {
    await withUsdt(async ({ object }) => {
      await first(object).attach(usdt(program, 'ebpftest', 'request'))
      await using later = await Target.start()
      expect(await later.ask('semaphore')).toBeGreaterThan(0)
      await later.ask('request')
      expect(object.maps.seen.get(-7n)).toMatchObject({ runs: 1n, pid: later.pid })
    })
  })

  test.skipIf(!olderThan('5.15'))('needs a process in position-independent code', async () => {
    await withUsdt(async ({ object }) => {
      const error = await rejection(first(object).attach(usdt(program, 'ebpftest', 'request')))
      expect(error).toMatchObject({ program: 'first', object: fitting })
      expect(error.message).toContain('PID')
    })
  })

  test('of a pid is seen in that process alone', async () => {
    await withUsdt(async ({ object, target }) => {
      await using other = await Target.start()
      await first(object).attach(usdt(program, 'ebpftest', 'request', { pid: target.pid }))
      await other.ask('request', 5)
      await target.ask('request', 2)
      expect(object.maps.seen.get(-7n)).toMatchObject({ runs: 2n, pid: target.pid })
    })
  })

  test.skipIf(olderThan('5.15'))('can be of what a process runs', async () => {
    await withUsdt(async ({ object, target }) => {
      await first(object).attach(usdt({ pid: target.pid }, 'ebpftest', 'plain'))
      await first(object).attach(usdt({ pid: target.pid, library: 'libtarget.so' }, 'ebpftest', 'library'))
      await target.ask('plain', 2)
      await target.ask('library', 3)
      expect(object.globals.first_runs).toBe(5n)
    })
  })

  test('can be seen by two programs, and by one twice', async () => {
    await withUsdt(async ({ object, target }) => {
      const hook = usdt(program, 'ebpftest', 'plain', scope(target))
      await first(object).attach(hook)
      if (olderThan('5.15')) return
      await first(object).attach(usdt(program, 'ebpftest', 'plain', { cookie: 2 }))
      await (object.programs.second as BpfProgram).attach(hook)
      await target.ask('plain', 3)
      expect(object.globals).toMatchObject({ first_runs: 6n, second_runs: 3n })
    })
  })

  test('has no id, no descriptor and no pin, whatever the kernel made of it', async () => {
    await withUsdt(async ({ object, target }) => {
      const link = await first(object).attach(usdt(program, 'ebpftest', 'request', scope(target)))
      const nothing = expect.objectContaining({ name: 'EbpfError', program: 'first' })
      expect(() => link.fd).toThrow(nothing)
      expect(() => link.id).toThrow(nothing)
      expect(() => link.pin('/sys/fs/bpf/ebpf_usdt')).toThrow(nothing)
      await link.close()
      await link.close()
      await target.ask('request')
      expect(object.globals.first_runs).toBe(0n)
    })
  })

  test('can be attached and closed many times', async () => {
    await withUsdt(async ({ object, target }) => {
      for (let round = 0; round < 5; round++) {
        const link = await first(object).attach(
          usdt(program, 'ebpftest', 'request', { ...scope(target), cookie: round }),
        )
        await target.ask('request')
        await link.close()
      }
      expect(object.maps.seen.get(-7n)).toMatchObject({ runs: 5n, ...(!olderThan('5.15') && { cookie: 4n }) })
    })
  })
})

describe('a program with another layout of arguments', () => {
  test('is refused when it is loaded, with what to compile it with', async () => {
    const error = await rejection(loadObject(fixture(other)))
    expect(error).toMatchObject({ code: 'ERR_EBPF_LIBBPF', object: other, map: '__bpf_usdt_specs' })
    expect(error.message).toContain('usdt.bpf.h')
  })
})

describe('a static probe that cannot be attached', () => {
  test('has no such name, provider, file, process, or notes', async () => {
    const folder = mkdtempSync(`${tmpdir()}/ebpf-usdt-`)
    const spoiled = `${folder}/spoiled`
    copyFileSync('/bin/true', spoiled)
    try {
      await withUsdt(async ({ object, target }) => {
        const pid = scope(target)
        const attempts = [
          [usdt(program, 'ebpftest', 'nosuch', pid), 'ENOENT', 'ebpftest:nosuch'],
          [usdt(program, 'nosuch', 'request', pid), 'ENOENT', 'nosuch:request'],
          [usdt(spoiled, 'ebpftest', 'request', pid), 'ENOENT', spoiled],
          [usdt('/no/such/file', 'ebpftest', 'request', pid), 'ENOENT', '/no/such/file'],
        ] as const
        for (const [hook, code, words] of attempts) {
          const error = await rejection(first(object).attach(hook))
          expect(error).toMatchObject({ code, program: 'first', object: fitting })
          expect(error.message).toContain(words)
        }
        const gone = usdt(program, 'ebpftest', 'request', { pid: 0x7fff_fff0 })
        expect(await rejection(first(object).attach(gone))).toMatchObject({ program: 'first' })
        const text = usdt('/etc/passwd', 'ebpftest', 'request')
        expect(await rejection(first(object).attach(text))).toMatchObject({ code: 'ENOEXEC' })
        expect(first(object).links).toEqual([])
        // None of that spoils the next one.
        await first(object).attach(usdt(program, 'ebpftest', 'plain', pid))
        await target.ask('plain')
        expect(object.globals.first_runs).toBe(1n)
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('has a note that is cut or lies: an error, and no harm', async () => {
    const folder = mkdtempSync(`${tmpdir()}/ebpf-usdt-`)
    try {
      await withUsdt(async ({ object, target }) => {
        for (const [index, image] of spoiledNotes().entries()) {
          const path = `${folder}/${index}`
          writeFileSync(path, image)
          const error = await rejection(first(object).attach(usdt(path, 'ebpftest', 'request', scope(target))))
          expect(error).toMatchObject({ name: 'EbpfError', program: 'first' })
        }
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('is for a program without the maps of usdt.bpf.h', async () => {
    await using object = await loadObject(fixture('hooks-usdt-bare'))
    const hook = usdt(program, 'ebpftest', 'request', { pid: process.pid })
    const error = await rejection((object.programs.bare as BpfProgram).attach(hook))
    expect(error).toMatchObject({ name: 'EbpfError', program: 'bare', object: 'hooks-usdt-bare' })
    expect(error.message).toContain('usdt.bpf.h')
  })

  test('is for a program of another section, or its program for another probe', async () => {
    const probe = uprobe(program, { symbol: 'target_one' })
    await using other = await loadObject(fixture('hooks-uprobe'))
    await withUsdt(async ({ object }) => {
      const hook = usdt(program, 'ebpftest', 'request')
      const attempts = [(other.programs.first as BpfProgram).attach(hook), first(object).attach(probe)]
      for (const error of await Promise.all(attempts.map(rejection))) {
        expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT', message: expect.stringContaining('SEC(') })
      }
    })
  })

  test('is for a program that was opened, and has no object here', async () => {
    await withUsdt(async ({ object, target }) => {
      const opened = openProgram({ id: first(object).id })
      const error = await rejection(opened.attach(usdt(program, 'ebpftest', 'request', scope(target))))
      expect(error).toMatchObject({ name: 'EbpfError' })
      opened.close()
    })
  })
})

/** Copies of the program whose notes say what cannot be. */
function spoiledNotes(): Buffer[] {
  const image = readFileSync(program)
  const note = image.indexOf('stapsdt\0', 0, 'latin1')
  const header = note - 12
  const spoil = (change: (copy: Buffer) => void): Buffer => {
    const copy = Buffer.from(image)
    change(copy)
    return copy
  }
  return [
    // The description is longer than the section, then nothing at all.
    spoil((copy) => copy.writeUInt32LE(0x7fff_ffff, header + 4)),
    spoil((copy) => copy.writeUInt32LE(0, header + 4)),
    spoil((copy) => copy.writeUInt32LE(8, header + 4)),
    // An address that is in no segment.
    spoil((copy) => copy.writeBigUInt64LE(2n ** 62n, note + 8)),
    // A semaphore that is in no segment.
    spoil((copy) => copy.writeBigUInt64LE(2n ** 62n, note + 24)),
    // Arguments in no language.
    spoil((copy) => copy.write('-4@?', copy.indexOf('-4@', note, 'latin1'), 'latin1')),
  ]
}
