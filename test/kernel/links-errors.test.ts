/** Three answers, never mixed up: does this libbpf know it, does this kernel have it, may this process do it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { EbpfError } from '../../lib/errors.ts'
import { ITERATOR_TARGETS } from '../../lib/hooks/iterator-targets.ts'
import { kprobe } from '../../lib/hooks/kprobe.ts'
import { uprobe } from '../../lib/hooks/uprobe.ts'
import { libbpfVersion } from '../../lib/system/libbpf-version.ts'
import { loadIterators } from '../support/iterator-fixture.ts'
import { absence } from '../support/kernel-features.ts'
import { bpfDescriptors } from '../support/kernel-objects.ts'
import { loadLinks, withLinks } from '../support/links-fixture.ts'
import { runScript } from '../support/script.ts'
import { rejection } from '../support/wait.ts'

const oldLibbpf = /^1\.[012]\b/.test(libbpfVersion)

describe('what this libbpf does not know', () => {
  test.skipIf(!oldLibbpf)('is a section of an object', async () => {
    expect(await rejection(loadLinks('tcx_section'))).toMatchObject({
      name: 'EbpfError',
      code: 'ERR_EBPF_LIBBPF',
      program: 'tcx_section',
      object: 'links',
      message: expect.stringContaining("section 'tcx/ingress' of program 'tcx_section' needs libbpf 1.3"),
    })
  })

  const system = fileURLToPath(new URL('../../build/system/ebpf.node', import.meta.url))
  test.skipIf(oldLibbpf || !existsSync(system))('is one also for the build with the system’s', () => {
    const { status, stdout, stderr } = runScript(
      `
        const results = {}
        for (const [file, program] of [['links', 'tcx_section'], ['hooks-struct-ops', undefined]]) {
          const programs = program === undefined ? {} : { [program]: { autoload: true } }
          results[file] = await ebpf.loadObject(fixture(file), { programs }).then(() => 'loaded', ({ code, message }) => code + ' ' + message)
        }
        console.log(JSON.stringify({ version: ebpf.libbpfVersion, ...results }))
      `,
      ['env', `EBPF_ADDON=${system}`],
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { version, ...results } = JSON.parse(stdout) as Record<string, string>
    if (!/^1\.[01]\b/.test(version as string)) return
    expect(results.links).toMatch(/^ERR_EBPF_LIBBPF section 'tcx\/ingress' of program 'tcx_section' needs libbpf 1\.3/)
    expect(results['hooks-struct-ops']).toMatch(/^ERR_EBPF_LIBBPF .*\.struct_ops\.link.* needs libbpf 1\.2/)
  })

  test('is no section of any libbpf', async () => {
    expect(await rejection(loadLinks('nowhere'))).toMatchObject({
      name: 'EbpfError',
      code: 'ERR_EBPF_INVALID_OBJECT',
      program: 'nowhere',
      message: expect.stringContaining("section 'no_such_section'"),
    })
  })
})

describe('what this kernel does not have', () => {
  const lacksKprobes = absence('4.1', 'kprobe') !== undefined
  const expected = {
    name: 'EbpfError',
    code: 'ERR_EBPF_KERNEL',
    errno: expect.any(Number),
    program: 'kprobe_first',
    object: 'links',
    message: expect.stringMatching(
      /^kprobe is in Linux since 4\.1, but this kernel, .*, was built without it \(CONFIG_KPROBE/,
    ),
  }
  test.skipIf(!lacksKprobes)('is named, when a program is attached by a hook or by its section', async () => {
    await withLinks(async (object) => {
      const before = bpfDescriptors()
      const { kprobe_first } = object.programs
      const byHook = await rejection(kprobe_first.attach(kprobe('vfs_unlink')))
      expect(byHook).toMatchObject({ ...expected, link: 'kprobe vfs_unlink' })
      expect(byHook.message).toContain(release())
      const bySection = await rejection(kprobe_first.attach())
      expect(bySection).toMatchObject({ ...expected, link: 'kprobe/vfs_unlink' })
      expect(await rejection(object.attach())).toMatchObject(expected)
      expect(bpfDescriptors()).toEqual(before)
    }, 'kprobe_first')
  })

  // The newest of each kind that some kernel here lacks.
  const lacking = (['cgroup', 'ksym', 'bpf_link', 'unix', 'task_vma'] as const).find(
    (target) => absence(ITERATOR_TARGETS[target]) !== undefined,
  )
  test.skipIf(lacking === undefined)('is named, when a program is loaded', async () => {
    const target = lacking as NonNullable<typeof lacking>
    expect(await rejection(loadIterators([`${target}_first`]))).toMatchObject({
      name: 'EbpfError',
      code: 'ERR_EBPF_KERNEL',
      errno: expect.any(Number),
      program: `${target}_first`,
      message: expect.stringContaining(`iter/${target} needs Linux ${ITERATOR_TARGETS[target]}: this is ${release()}`),
    })
  })

  test('is no function that it merely does not have', async () => {
    const error = await rejection(loadLinks('fentry_nothing'))
    expect(error).toMatchObject({ name: 'EbpfError', program: 'fentry_nothing', code: 'ESRCH' })
    expect(error.message).toContain("Its target 'no_such_function_of_any_kernel'")
  })
})

describe('what this process may not do', () => {
  const script = (body: string): string => `
    const attempt = async (act) => {
      try {
        await act()
        return 'done'
      } catch (error) {
        return { code: error.code, hint: error.hint, operation: error.operation, name: error.name }
      }
    }
    const results = await (async () => { ${body} })()
    console.log(JSON.stringify(results))
  `
  /** Root with some capabilities only. */
  const having = (...capabilities: string[]): string[] => {
    const set = ['-all', ...capabilities.map((name) => `+${name}`)].join(',')
    return ['setpriv', `--inh-caps=${set}`, `--bounding-set=${set}`, '--']
  }
  const load = `
    const { programs } = await ebpf.openObject(fixture('links'))
    const only = (name) => Object.fromEntries(Object.keys(programs).map((each) => [each, { autoload: each === name }]))
    const load = (name) => ebpf.loadObject(fixture('links'), { programs: only(name) })
  `
  const results = (body: string, prefix: string[]): Record<string, { code: string; hint?: string } | string> => {
    const { status, stdout, stderr } = runScript(script(body), prefix)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    return JSON.parse(stdout)
  }

  test.skipIf(absence('5.8') !== undefined)('is told by the capabilities that are missing', () => {
    const found = results(
      `${load}
      const results = {}
      for (const name of ['xdp_first', 'raw_first']) results[name] = await attempt(() => load(name))
      results.list = await attempt(() => ebpf.listLinks())
      results.open = await attempt(() => ebpf.openLink({ id: 1 }))
      return results`,
      having('bpf'),
    )
    for (const [name, result] of Object.entries(found)) {
      expect(result, name).toMatchObject({
        name: 'EbpfError',
        code: 'EPERM',
        hint: expect.stringMatching(/^This process lacks CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_ADMIN: .*CAP_BPF/),
      })
    }
  })

  test.skipIf(absence('5.8') !== undefined)('is not what other capabilities allow', () => {
    const found = results(
      `${load}
      return {
        network: await attempt(async () => { await (await load('xdp_first')).close() }),
        tracing: await attempt(async () => { await (await load('raw_first')).close() }),
      }`,
      having('bpf', 'net_admin'),
    )
    expect(found.network).toBe('done')
    expect(found.tracing).toMatchObject({
      code: 'EPERM',
      hint: expect.stringMatching(/^This process lacks CAP_PERFMON, CAP_SYS_ADMIN:/),
    })
  })

  test.skipIf(absence('5.5', 'trampoline') === undefined)(
    'though it has all of them, is something else’s doing',
    async () => {
      const error = await rejection(loadLinks('fentry_first'))
      expect(error).toMatchObject({ name: 'EbpfError', code: 'EPERM', program: 'fentry_first' })
      expect((error as EbpfError).hint).toMatch(
        /^This process has the capabilities that BPF needs: .*lockdown, seccomp, a container/,
      )
    },
  )

  test('in a user namespace is told so', () => {
    const found = results(`${load} return { load: await attempt(() => load('xdp_first')) }`, [
      'unshare',
      '--user',
      '--map-root-user',
    ])
    expect(found.load).toMatchObject({ code: 'EPERM', hint: expect.stringContaining('in a user namespace of its own') })
  })
})

describe('a binary that cannot be probed', () => {
  test('is no invalid object', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ebpf-elf-'))
    try {
      const path = join(folder, 'broken')
      // The beginning of a 64-bit ELF header, and nothing after it.
      writeFileSync(path, Buffer.from('7f454c4602010100', 'hex'), { mode: 0o755 })
      await withLinks(async ({ programs }) => {
        const before = bpfDescriptors()
        const error = await rejection(programs.uprobe_first.attach(uprobe(path, { symbol: 'main' })))
        expect(error).toBeInstanceOf(EbpfError)
        expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_BINARY', program: 'uprobe_first' })
        expect(error.message).toContain('ELF')
        expect(bpfDescriptors()).toEqual(before)
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
