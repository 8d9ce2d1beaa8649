/** Security hooks: this process, and no other, is refused what it asks for. */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lsm, lsmCgroup } from '../../../lib/hooks/lsm.ts'
import { fmodRet } from '../../../lib/hooks/tracing.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { query } from '../../../lib/query.ts'
import { Cgroup } from '../../support/cgroup.ts'
import { fixture } from '../../support/fixtures.ts'
import { type Effect, type Scene, proveHook } from '../../support/hook-proof.ts'
import { absence, olderThan } from '../../support/kernel-features.ts'
import { type TracingObject, effectOf, loadTracing, renice } from '../../support/tracing-scene.ts'
import { rejection } from '../../support/wait.ts'

const load = (...sleepable: string[]): Promise<TracingObject> => {
  const programs = Object.fromEntries(sleepable.map((name) => [name, { autoload: true }]))
  return loadTracing('hooks-lsm', { cookieSince: '5.19', programs })
}

const proof = {
  family: 'security',
  since: '5.7',
  gap: 'lsm',
  link: '5.8',
  update: false,
  refusal: ['EPERM', 'ERR_EBPF_KERNEL'],
} as const

proveHook({ ...proof, hook: 'lsm', setUp: () => lsmScene('task_setnice', 'first', 'second', renice) })
proveHook({
  ...proof,
  hook: 'lsm.s',
  since: '5.11',
  refusal: [...proof.refusal, 'EINVAL'],
  setUp: () => lsmScene('inode_symlink', 'first_sleepable', 'second_sleepable', makeSymlink),
})

async function lsmScene(name: string, first: string, second: string, event: () => string | undefined): Promise<Scene> {
  const object = await load(first, second)
  const { programs } = object
  return {
    attach: () => (programs[first] as BpfProgram).attach(lsm(name)),
    observe: () => effectOf(event()),
    second: programs[second] as BpfProgram,
    [Symbol.asyncDispose]: () => object.close(),
  }
}

proveHook({
  ...proof,
  hook: 'lsm_cgroup',
  since: '6.0',
  link: '6.0',
  update: '6.0',
  refusal: ['ERR_EBPF_KERNEL', 'EPERM'],
  setUp: cgroupScene,
})

async function cgroupScene(): Promise<Scene> {
  const object = await loadObject(fixture('hooks-lsm-cgroup'))
  const cgroup = new Cgroup()
  const { first, second } = object.programs as Record<string, BpfProgram>
  return {
    attach: () => (first as BpfProgram).attach(lsmCgroup('task_setnice', cgroup.path)),
    observe: () => {
      // Nobody else is refused.
      expect(renice()).toBeUndefined()
      return reniceIn(cgroup)
    },
    second: second as BpfProgram,
    async [Symbol.asyncDispose]() {
      await object.close()
      await cgroup[Symbol.asyncDispose]()
    },
  }
}

/** A process in the cgroup asks for its own nice value; what it says tells who refused it. */
function reniceIn(cgroup: Cgroup): Effect {
  const script = 'echo $$ > "$0/cgroup.procs" && exec renice -n 0 -p $$'
  const { status, stderr } = spawnSync('/bin/sh', ['-c', script, cgroup.path], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  if (status === 0) return 'none'
  if (stderr.includes('Read-only file system')) return 'first'
  if (stderr.includes('Invalid cross-device link')) return 'second'
  throw new Error(`renice ended with ${status}: ${stderr}`)
}

/** @returns the name of what refused it, if anything did */
function makeSymlink(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-test-'))
  try {
    symlinkSync('nowhere', join(folder, 'link'))
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe.skipIf(absence('5.7', 'lsm') !== undefined)('a security hook', () => {
  test('refuses until its link is closed, and gives its cookie', async () => {
    await using object = await load()
    const { programs, globals } = object
    const cookie = olderThan('5.19') ? 0n : 77n
    const link = await (programs.first as BpfProgram).attach(lsm('task_setnice', { cookie }))
    expect([renice(), renice()]).toEqual(['EROFS', 'EROFS'])
    expect(globals).toMatchObject({ calls: 2n, cookie })
    await link.close()
    expect(renice()).toBeUndefined()
    expect(globals.calls).toBe(2n)
  })

  test('takes several programs, each of which may refuse', async () => {
    await using object = await load()
    const { first, second } = object.programs as Record<string, BpfProgram>
    const before = await (first as BpfProgram).attach()
    const link = await (second as BpfProgram).attach()
    // Which of them is asked first has changed between versions.
    expect(renice()).toMatch(/EROFS|EXDEV/)
    if (!olderThan('5.13')) {
      const { entries } = await query(lsm('task_setnice'))
      expect(new Set(entries.map(({ linkId }) => linkId))).toEqual(new Set([before.id, link.id]))
    }
    await link.close()
    expect(renice()).toBe('EROFS')
  })

  test('is what the program was loaded for', async () => {
    await using object = await load()
    const first = object.programs.first as BpfProgram
    for (const hook of [lsm('inode_symlink'), lsm('no_such_hook'), fmodRet('task_setnice')]) {
      expect(await rejection(first.attach(hook))).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT', message: /first/ })
    }
    expect(renice()).toBeUndefined()
  })
})

describe.skipIf(absence('6.0', 'lsm') !== undefined)('a security hook of a cgroup', () => {
  test('is also asked for cgroups below it, and takes a descriptor', async () => {
    await using object = await loadObject(fixture('hooks-lsm-cgroup'))
    await using outer = new Cgroup()
    await using inner = new Cgroup(outer)
    const first = object.programs.first as BpfProgram
    const fd = openSync(outer.path, 'r')
    try {
      const link = await first.attach(lsmCgroup('task_setnice', { fd }))
      expect(link.info()).toMatchObject({ type: 'cgroup', programId: first.id })
      expect([reniceIn(outer), reniceIn(inner)]).toEqual(['first', 'first'])
      const { entries } = await query(lsmCgroup('task_setnice', outer.path))
      expect(entries.map(({ programId }) => programId)).toEqual([first.id])
      await link.close()
      expect([reniceIn(outer), reniceIn(inner)]).toEqual(['none', 'none'])
      expect(await rejection(first.attach(lsmCgroup('socket_create', { fd })))).toMatchObject({
        code: 'ERR_EBPF_INVALID_ARGUMENT',
      })
    } finally {
      closeSync(fd)
    }
  })

  test('is told apart from others of its cgroup by a query', async () => {
    await using object = await loadObject(fixture('hooks-lsm-cgroup'), {
      programs: { elsewhere: { autoload: true } },
    })
    await using cgroup = new Cgroup()
    const { first, elsewhere } = object.programs as Record<string, BpfProgram>
    await (first as BpfProgram).attach(lsmCgroup('task_setnice', cgroup.path))
    await (elsewhere as BpfProgram).attach(lsmCgroup('socket_create', cgroup.path))
    for (const [name, program] of [
      ['task_setnice', first],
      ['socket_create', elsewhere],
    ] as const) {
      const { entries } = await query(lsmCgroup(name, cgroup.path))
      expect(entries.map(({ programId }) => programId)).toEqual([program?.id])
    }
    expect((await query(lsmCgroup('file_open', cgroup.path))).entries).toEqual([])
  })

  test('needs a cgroup of version 2', async () => {
    await using object = await loadObject(fixture('hooks-lsm-cgroup'))
    const first = object.programs.first as BpfProgram
    expect(await rejection(first.attach(lsmCgroup('task_setnice', tmpdir())))).toMatchObject({
      code: expect.stringMatching(/EBADF|EINVAL/),
      program: 'first',
    })
    expect(await rejection(first.attach(lsmCgroup('task_setnice', '/no/such/cgroup')))).toMatchObject({
      code: 'ENOENT',
    })
  })
})

/** Whether the kernel tells that it was booted without the BPF security module. */
function isLeftOut(): boolean {
  try {
    return !readFileSync('/sys/kernel/security/lsm', 'latin1').trim().split(',').includes('bpf')
  } catch {
    return false
  }
}

// Such a guest: --append lsm=lockdown,yama
describe.skipIf(!isLeftOut() || absence('5.7', 'trampoline') !== undefined)(
  'a kernel booted without the module, which attaches programs and never asks them',
  () => {
    const refused = { code: 'ERR_EBPF_KERNEL', message: expect.stringMatching(/lsm=.*,bpf/), operation: 'attach' }

    test('is told apart by a hook, and what to do about it', async () => {
      await using object = await load()
      const first = object.programs.first as BpfProgram
      expect(await rejection(first.attach(lsm('task_setnice')))).toMatchObject({
        ...refused,
        program: 'first',
        link: 'lsm task_setnice',
      })
      expect(first.links).toEqual([])
    })

    test('and by a section', async () => {
      await using object = await load()
      const first = object.programs.first as BpfProgram
      expect(await rejection(first.attach())).toMatchObject({
        ...refused,
        program: 'first',
        link: 'lsm/task_setnice',
      })
      expect(await rejection(object.attach())).toMatchObject(refused)
      expect(object.links).toEqual([])
    })

    test.skipIf(olderThan('5.11'))('also for a program that may sleep', async () => {
      await using object = await load('first_sleepable')
      const sleepable = object.programs.first_sleepable as BpfProgram
      expect(await rejection(sleepable.attach())).toMatchObject({ ...refused, program: 'first_sleepable' })
      expect(await rejection(sleepable.attach(lsm('inode_symlink')))).toMatchObject(refused)
    })

    test.skipIf(olderThan('6.0'))('and for a cgroup', async () => {
      await using object = await loadObject(fixture('hooks-lsm-cgroup'))
      await using cgroup = new Cgroup()
      const first = object.programs.first as BpfProgram
      expect(await rejection(first.attach(lsmCgroup('task_setnice', cgroup.path)))).toMatchObject({
        ...refused,
        program: 'first',
      })
      expect(await rejection(first.attach())).toMatchObject({ ...refused, program: 'first' })
    })
  },
)

describe('bad input', () => {
  test('is refused before the kernel is asked', async () => {
    await using object = await loadTracing('hooks-tracepoint')
    const program = object.programs.first as BpfProgram
    for (const hook of [lsm('task_setnice'), { ...lsm('task_setnice'), name: 5 }, { ...lsm('x'), cookie: -1n }]) {
      expect(await rejection(program.attach(hook as never))).toMatchObject({
        code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/),
      })
    }
  })
})
