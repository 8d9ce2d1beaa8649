/** Machines whose kernel shows no types: /sys/kernel/btf and all folders that may have a vmlinux are empty there. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kernelBtf, loadObject, minimalBtf } from '../../lib/index.ts'
import { fixture } from '../support/fixtures.ts'
import { runScript } from '../support/script.ts'
import { vmlinuxWith } from '../support/vmlinux-file.ts'

/** Where libbpf looks for types, and has none, in a mount namespace of the process alone. */
const HIDE = `
  for folder in /sys/kernel/btf /boot /lib/modules /usr/lib/modules /usr/lib/debug; do
    if [ -d $folder ]; then mount -t tmpfs none $folder || exit 1; fi
  done
  exec "$@"`

/** What `body` returns, an async function in a process that finds no types. */
function withoutBtf(body: string): unknown {
  const source = `
    import { writeFileSync } from 'node:fs'
    import { release } from 'node:os'
    const attempt = async (options, name = 'core') => {
      try {
        const object = await ebpf.loadObject(fixture(name), options)
        try {
          for (const program of Object.values(object.programs)) await program.testRun()
          const { tgid, comm } = object.maps.found.get(0)
          const { offset_of_pid, size_of_task, has_no_such } = object.globals
          return { self: tgid === process.pid, comm, offset_of_pid, size_of_task, has_no_such }
        } finally {
          await object.close()
        }
      } catch ({ code, message, hint }) {
        return { code, message, hint }
      }
    }
    const body = async () => { ${body} }
    console.log(JSON.stringify(await body()))
  `
  const { stdout, stderr } = runScript(source, ['unshare', '--mount', 'sh', '-c', HIDE, 'sh'])
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

/** Files that do in place of what is missing, by what they are. */
const FILES: Record<string, (kernel: Buffer) => Uint8Array> = {
  'all of the kernel’s types': (kernel) => kernel,
  'a vmlinux': vmlinuxWith,
}

let folder: string
let kernel: Buffer
let expected: object

function write(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ebpf-custom-btf-'))
  kernel = readFileSync('/sys/kernel/btf/vmlinux')
  await using object = await loadObject(fixture('core'))
  await object.programs.read_layout?.testRun()
  const { offset_of_pid, size_of_task } = object.globals
  expected = { self: true, comm: expect.stringMatching(/\S/), offset_of_pid, size_of_task, has_no_such: 0 }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('where the kernel shows no types', () => {
  it('what needs them is told what to do', () => {
    expect(withoutBtf('return await attempt()')).toEqual({
      code: 'ERR_EBPF_KERNEL',
      message: expect.stringMatching(
        /^object 'core' needs the types \(BTF\) of the running kernel, .*\/sys\/kernel\/btf/,
      ),
      hint: expect.stringMatching(/^Set kernelBtfPath to .*BTFHub.*CONFIG_DEBUG_INFO_BTF/),
    })
  })

  for (const [what, bytesOf] of Object.entries(FILES)) {
    it(`objects are adapted by ${what} in a file`, () => {
      const path = write('custom.btf', bytesOf(kernel))
      const [url, found] = [pathToFileURL(path).href, JSON.stringify(path)]
      expect(withoutBtf(`return [await attempt({ kernelBtfPath: ${found} }), await attempt()]`)).toEqual([
        expected,
        expect.objectContaining({ code: 'ERR_EBPF_KERNEL' }),
      ])
      expect(withoutBtf(`return await attempt({ kernelBtfPath: new URL('${url}') })`)).toEqual(expected)
    })

    it(`${what} in /boot is found by itself`, async () => {
      const path = JSON.stringify(write('boot.btf', bytesOf(kernel)))
      const found = withoutBtf(`
        const { copyFileSync } = await import('node:fs')
        copyFileSync(${path}, '/boot/vmlinux-' + release())
        const btf = await ebpf.kernelBtf()
        return [await attempt(), btf.find('task_struct', 'struct')?.size, btf.typeCount]
      `)
      const btf = await kernelBtf()
      expect(found).toEqual([expected, btf.find('task_struct', 'struct')?.size, btf.typeCount])
    })
  }

  it('objects are adapted by the part of the kernel’s types that they need', async () => {
    const bytes = await minimalBtf(await kernelBtf(), [fixture('core')])
    expect(bytes.length).toBeLessThan(kernel.length / 100)
    const path = JSON.stringify(write('minimal.btf', bytes))
    expect(withoutBtf(`return await attempt({ kernelBtfPath: ${path} })`)).toEqual(expected)
  })

  it('a file does not do for programs that attach by the kernel’s types', () => {
    const path = JSON.stringify(write('whole.btf', kernel))
    expect(withoutBtf(`return await attempt({ kernelBtfPath: ${path} }, 'trace')`)).toMatchObject({
      code: 'ERR_EBPF_KERNEL',
      hint: expect.stringMatching(/^kernelBtfPath is for CO-RE alone\./),
    })
  })

  it('there are none to read', () => {
    const found = withoutBtf(`
      writeFileSync('/boot/vmlinux-' + release(), 'no types')
      return await ebpf.kernelBtf().catch(({ code, message, hint }) => ({ code, message, hint }))
    `)
    expect(found).toEqual({
      code: 'ERR_EBPF_KERNEL',
      message: expect.stringMatching(/shows no BTF, and \/boot, \/lib\/modules and \/usr\/lib\/debug have no vmlinux/),
      hint: expect.stringContaining('CONFIG_DEBUG_INFO_BTF'),
    })
  })
})

describe('kernelBtfPath', () => {
  const load = async (kernelBtfPath: unknown): Promise<unknown> => {
    const spec = loadObject(fixture('core'), { kernelBtfPath: kernelBtfPath as string })
    return await spec.then((object) => object.close()).catch((error: unknown) => error)
  }

  it('names a file that is there', async () => {
    const path = join(folder, 'none.btf')
    expect(await load(path)).toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining(`reading kernelBtfPath '${path}' failed on object 'core'`),
      hint: expect.stringContaining('BTFHub'),
    })
  })

  it('names a file with types of a machine of this byte order', async () => {
    const foreign = Buffer.from(kernel)
    foreign.subarray(0, 2).swap16()
    const foreignElf = vmlinuxWith(kernel)
    foreignElf[5] = 2
    for (const [bytes, problem] of [
      ['no types', /neither BTF nor an ELF file/],
      ['', /neither BTF nor an ELF file/],
      [foreign, /of a big-endian machine, and this one is little-endian/],
      [foreignElf, /of a big-endian machine, and this one is little-endian/],
      [kernel.subarray(0, 100_000), /libbpf cannot read it/],
      [readFileSync(process.execPath).subarray(0, 4096), /libbpf cannot read it/],
    ] as const) {
      const path = write('bad.btf', bytes)
      const error = await load(path)
      expect(error).toMatchObject({ code: 'ERR_EBPF_BTF', message: expect.stringMatching(problem) })
      expect((error as Error).message).toContain(path)
    }
    expect(await load(folder)).toMatchObject({ code: 'ERR_EBPF_BTF', message: expect.stringContaining('not a file') })
  })

  it('is a path or a file URL', async () => {
    for (const bad of [1, null, {}, '', 'a\0b', kernel]) {
      expect(await load(bad)).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    }
    expect(await load(new URL('https://example.com/vmlinux'))).toMatchObject({ code: 'ERR_INVALID_URL_SCHEME' })
  })
})
