/** Functions of the kernel, compared with what the kernel's own files say. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { type KernelFunction, kernelBtf, listFunctions, moduleBtf } from '../../lib/index.ts'
import { thrownBy } from '../support/bad-input.ts'

interface Line {
  name: string
  module: string | undefined
}

let symbols: Line[]
beforeAll(() => {
  symbols = readFileSync('/proc/kallsyms', 'latin1')
    .split('\n')
    .map((line) => line.split(/[ \t]/))
    .filter(([, type]) => type !== undefined && 'tTwW'.includes(type))
    .map(([, , name = '', module]) => ({ name, module: module?.slice(1, -1) }))
})

/** `undefined` where the kernel does not let it be read. */
function readable(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

const key = ({ name, module }: Line): string => `${module ?? 'vmlinux'}:${name}`

describe('functions of the kernel', () => {
  it('are those of /proc/kallsyms', async () => {
    const listed = await listFunctions('vmlinux:vfs_*')
    const own = symbols.filter(
      ({ name, module }) => module === undefined && name.startsWith('vfs_') && !name.includes('.cold'),
    )
    expect(new Set(listed.map(({ name }) => name))).toEqual(new Set(own.map(({ name }) => name)))
    expect(listed.length).toBeGreaterThan(50)
    expect(listed.map(({ name }) => name)).toEqual(listed.map(({ name }) => name).sort())
    expect(listed.every(({ module }) => module === undefined)).toBe(true)
  })

  it('have a signature, and the type that it comes from', async () => {
    const [unlink, ...more] = await listFunctions('vfs_unlink')
    expect(more).toEqual([])
    expect(unlink).toMatchObject({ name: 'vfs_unlink', module: undefined, count: 1 })
    expect(unlink?.declaration).toMatch(/vfs_unlink\(.*struct inode \*dir, struct dentry \*dentry, .*\);$/)
    expect((await kernelBtf()).type(unlink?.typeId as number)).toMatchObject({ kind: 'func', name: 'vfs_unlink' })
    expect(unlink?.hooks).toEqual(['fentry', 'kprobe', 'kprobe_multi'])
  })

  it('of one name are counted, and have no probe by name alone', async () => {
    const counts = new Map<string, number>()
    for (const { name, module } of symbols) {
      if (module === undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    const [name, count] = [...counts].find(([each, times]) => times > 2 && /^[a-z]\w+$/.test(each)) as [string, number]
    const [found] = await listFunctions(`vmlinux:${name}`)
    expect(found?.count).toBe(count)
    expect(found?.hooks).not.toContain('kprobe')
    expect(found?.hooks).not.toContain('fentry')
  })

  it('tell whether they can be traced, where tracefs tells', async () => {
    const text = readable('/sys/kernel/tracing/available_filter_functions')
    const listed = await listFunctions('vmlinux:tcp_*')
    if (text === undefined) {
      expect(new Set(listed.map(({ traceable }) => traceable))).toEqual(new Set([undefined]))
      return
    }
    const traceable = new Set(text.split('\n').filter((line) => line.startsWith('tcp_') && !line.includes('[')))
    const found = listed.filter((each) => each.traceable === true).map(({ name }) => name)
    expect(found.length).toBeGreaterThan(50)
    expect(new Set(found)).toEqual(
      new Set(
        [...traceable].filter(
          (name) => symbols.some((each) => each.name === name && each.module === undefined) && !name.includes('.cold'),
        ),
      ),
    )
    for (const each of listed) if (each.traceable !== true) expect(each.hooks).not.toContain('kprobe_multi')
  })

  it('tell whether the kernel refuses kprobes, where debugfs tells', async () => {
    const text = readable('/sys/kernel/debug/kprobes/blacklist')
    const names = (text ?? '').split('\n').map((line) => line.split('\t')[1] ?? '')
    const refused = names.find((name) => symbols.some((each) => each.name === name && each.module === undefined))
    const [found] = await listFunctions(`vmlinux:${refused ?? 'vfs_unlink'}`)
    expect(found?.blacklisted).toBe(refused === undefined ? (text === undefined ? undefined : false) : true)
    if (refused !== undefined) expect(found?.hooks).not.toContain('kprobe')
  })

  it('of a module have its name, and its types', async () => {
    const own = symbols.filter(({ module }) => module !== undefined && existsSync(`/sys/kernel/btf/${module}`))
    const module = own[0]?.module
    const listed: KernelFunction[] = module === undefined ? [] : await listFunctions(`${module}:*`)
    const wanted = own.filter((each) => each.module === module && !/\.cold|^__(?:pfx|cfi)_/.test(each.name))
    expect(new Set(listed.map(key))).toEqual(new Set(wanted.map(key)))
    const typed = listed.find(({ typeId }) => typeId !== undefined)
    if (module === undefined || typed === undefined) return
    expect((await moduleBtf(module)).type(typed.typeId as number)).toMatchObject({ kind: 'func', name: typed.name })
  })

  it('are none where none fits', async () => {
    expect(await listFunctions('no_such_function_*')).toEqual([])
    expect(await thrownBy(() => listFunctions(undefined as never))).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
  })

  it('leave out what is no entry of a function', async () => {
    expect(await listFunctions('__pfx_*')).toEqual([])
    expect(await listFunctions('*.cold')).toEqual([])
  })
})

it('ebpf functions prints them, and as JSON', () => {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const ebpf = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
  expect(ebpf('functions', 'vfs_unlink').stdout).toMatch(
    /\nvfs_unlink +fentry,kprobe,kprobe_multi +.*struct dentry \*dentry/,
  )
  expect(JSON.parse(ebpf('functions', 'vfs_unlink', '--json').stdout)).toMatchObject([{ name: 'vfs_unlink', count: 1 }])
})
