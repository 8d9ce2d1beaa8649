/** What programs need of the kernel's BTF: they become the same programs with it as with all of it. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Btf } from '../../lib/btf/btf.ts'
import { parseBtf } from '../../lib/btf/parse.ts'
import { writeTypes } from '../../lib/btf/write-types.ts'
import { minimalBtf } from '../../lib/minimal-btf.ts'
import { loadObject } from '../../lib/object-spec.ts'
import { objectBtf } from '../../lib/object-btf.ts'
import { readBtf } from '../../lib/read-btf.ts'
import { kernelBtf } from '../../lib/system/kernel-btf.ts'
import { fixture } from '../support/fixtures.ts'

let folder: string
let kernel: Btf

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ebpf-min-btf-'))
  kernel = await kernelBtf()
})
afterAll(() => rmSync(folder, { recursive: true }))

/** The kernel's hashes of what the programs became, or the error. */
async function tagsOf(name: string, kernelBtfPath?: string): Promise<unknown> {
  try {
    await using object = await loadObject(fixture(name), kernelBtfPath === undefined ? {} : { kernelBtfPath })
    return Object.values(object.programs).map((program) => [program.name, program.info().tag])
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('programs that are adapted to the kernel', () => {
  it.each(['core', 'core-all'])('%s become the same with its minimal BTF', async (name) => {
    const { relocations } = await objectBtf(fixture(name))
    expect(relocations.length).toBeGreaterThan(0)
    const bytes = await minimalBtf(kernel, [fixture(name)])
    expect(bytes.length).toBeLessThan(32 * 1024)
    const path = join(folder, `${name}.btf`)
    writeFileSync(path, bytes)
    const whole = await tagsOf(name)
    expect(whole).toBeInstanceOf(Array)
    expect(await tagsOf(name, path)).toEqual(whole)
  })

  it('keep what they need when there are others, and do without what they do not', async () => {
    const both = await minimalBtf(kernel, [fixture('core'), fixture('core-all')])
    const path = join(folder, 'both.btf')
    writeFileSync(path, both)
    for (const name of ['core', 'core-all']) expect(await tagsOf(name, path)).toEqual(await tagsOf(name))
    const none = await minimalBtf(kernel, [fixture('programs')])
    expect([...parseBtf(none).types()]).toEqual([{ kind: 'void', id: 0, name: '' }])
  })

  it('have members at their places in structs of the same size', async () => {
    const minimal = parseBtf(await minimalBtf(kernel, [fixture('core-all')]))
    const task = minimal.find('task_struct', 'struct')!
    const original = kernel.find('task_struct', 'struct')!
    expect(task.size).toBe(original.size)
    expect(task.members.length).toBeGreaterThan(0)
    expect(task.members.length).toBeLessThan(10)
    for (const { name, bitOffset } of task.members) {
      if (name === '') continue
      expect(bitOffset, name).toBe(original.members.find((member) => member.name === name)?.bitOffset)
    }
  })
})

describe('the kernel’s types', () => {
  it('are the same when all of them are written', () => {
    const ids = new Map(Array.from({ length: kernel.typeCount - 1 }, (_, index) => [index + 1, undefined] as const))
    const again = parseBtf(writeTypes(kernel, ids))
    expect(again.typeCount).toBe(kernel.typeCount)
    // A hundred thousand expectations take minutes in a guest.
    const different = [...kernel.types()].filter((type) => !isDeepStrictEqual(again.type(type.id), type))
    expect(different).toEqual([])
  }, 60_000)

  it('are read from files of BTF and of ELF', async () => {
    const path = join(folder, 'copy.btf')
    writeFileSync(path, readFileSync('/sys/kernel/btf/vmlinux'))
    expect((await readBtf(path)).find('task_struct', 'struct')).toEqual(kernel.find('task_struct', 'struct'))
    expect((await readBtf(fixture('core'))).typeCount).toBe((await objectBtf(fixture('core'))).btf.typeCount)
    writeFileSync(path, 'nothing')
    await expect(readBtf(path)).rejects.toThrow(`invalid BTF in '${path}'`)
    await expect(readBtf(join(folder, 'not-there'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('ebpf min-btf', () => {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const run = (...args: string[]): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [main, 'min-btf', ...args], { encoding: 'utf8' })

  it('writes that of the running kernel, or of each in a folder', async () => {
    const object = fileURLToPath(fixture('core'))
    const output = join(folder, 'out.btf')
    expect(run(object, '-o', output)).toMatchObject({ status: 0, stdout: '', stderr: '' })
    const expected = Buffer.from(await minimalBtf(kernel, [object]))
    expect(readFileSync(output).equals(expected)).toBe(true)
    mkdirSync(join(folder, 'kernels/debian'), { recursive: true })
    symlinkSync('..', join(folder, 'kernels/debian/loop'))
    for (const name of ['one.btf', 'debian/two.btf'])
      copyFileSync('/sys/kernel/btf/vmlinux', join(folder, 'kernels', name))
    expect(run(object, '--btf', join(folder, 'kernels'), '-o', join(folder, 'small'))).toMatchObject({ status: 0 })
    expect(readdirSync(join(folder, 'small'), { recursive: true }).sort()).toEqual([
      'debian',
      'debian/two.btf',
      'one.btf',
    ])
    for (const name of ['one.btf', 'debian/two.btf']) {
      expect(readFileSync(join(folder, 'small', name)).equals(expected)).toBe(true)
    }
  })

  it('says in one sentence what it cannot', () => {
    const output = join(folder, 'none.btf')
    expect(run('/no/such.bpf.o', '-o', output)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^ebpf: .*ENOENT.*\n$/),
    })
    expect(run(fileURLToPath(fixture('core')), '--btf', import.meta.dirname, '-o', output).stderr).toMatch(
      /^ebpf: .*\*\.btf\n$/,
    )
    expect(run(fileURLToPath(fixture('plain.nobtf')), '-o', output).stderr).toMatch(
      /^ebpf: object 'plain.nobtf' has no BTF/,
    )
  })
})
