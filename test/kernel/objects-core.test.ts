/** Objects that are relocated by the kernel's types (CO-RE), which all loads of a process share. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync, copyFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { type BpfObject, libbpfVersion, loadObject, openObject } from '../../lib/index.ts'
import { isOlder } from '../../lib/system/kernel-version.ts'
import { fixture } from '../support/fixtures.ts'
import { run } from '../support/run.ts'
import { runScript } from '../support/script.ts'
import { rejection } from '../support/wait.ts'
import { TestWorker } from '../support/worker.ts'

/** Debian 12's own libbpf is a shared library, which parses the kernel's types for each load. */
const shares = !isOlder(libbpfVersion, '1.5')

const built = new URL('../../dist/index.js', import.meta.url).href

/** What the programs of `core` read of this process, one of whose threads runs them. */
async function readAll(object: BpfObject): Promise<Record<string, unknown>> {
  for (const program of ['read_task', 'read_family', 'read_memory', 'read_namespace', 'read_layout']) {
    expect(await run(object, program), program).toBe(0)
  }
  return object.maps.found.get(0) as Record<string, unknown>
}

async function expectRead(object: BpfObject): Promise<void> {
  const { tgid, parent, start_stack } = await readAll(object)
  const stat = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  expect({ tgid, parent, start_stack }).toEqual({
    tgid: process.pid,
    parent: process.ppid,
    start_stack: BigInt(stat[25] as string),
  })
  expect(object.globals.offset_of_pid).toBeGreaterThan(0)
  expect(object.globals.size_of_task).toBeGreaterThan(object.globals.offset_of_pid)
  // Looked for among the types of all modules, too.
  expect(object.globals.has_no_such).toBe(0)
}

/** Loads `core` in a process of its own as `body` says, and gives how often the kernel's types were parsed at each step. */
const parses = (body: string, prefix?: readonly string[]): unknown => {
  const { stdout, stderr } = runScript(
    `
    import { setTimeout as sleep } from 'node:timers/promises'
    let count = 0
    ebpf.onLog(({ message }) => {
      if (/^load(?:ed|ing) kernel BTF /.test(message)) count++
    })
    const load = async (options) => {
      count = 0
      await (await ebpf.loadObject(fixture('core'), { logLevel: 1, ...options })).close()
      return count
    }
    ${body}
  `,
    prefix,
  )
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

describe('an object that the kernel’s types relocate', () => {
  it('reads what this kernel has, at each load', async () => {
    for (let time = 0; time < 3; time++) {
      await using object = await loadObject(fixture('core'))
      await expectRead(object)
    }
  })

  it('is loaded many times at once', async () => {
    const spec = await openObject(fixture('core'))
    const objects = await Promise.all(Array.from({ length: 8 }, () => spec.load()))
    try {
      for (const object of objects) await expectRead(object)
    } finally {
      for (const object of objects) await object.close()
    }
  })

  it('is loaded by several threads at once, each of which ends', async () => {
    const workers = await Promise.all(
      Array.from({ length: 4 }, () =>
        TestWorker.start<unknown[]>(`
          const results = await Promise.all(Array.from({ length: 4 }, async () => {
            const object = await load('core')
            await object.programs.read_task.testRun()
            await object.programs.read_layout.testRun()
            const { tgid } = object.maps.found.get(0)
            const { offset_of_pid, size_of_task } = object.globals
            await object.close()
            return [tgid, offset_of_pid, size_of_task]
          }))
          parentPort.postMessage(results)
        `),
      ),
    )
    await using object = await loadObject(fixture('core'))
    await expectRead(object)
    const expected = [process.pid, object.globals.offset_of_pid, object.globals.size_of_task]
    for (const { worker, message } of workers) {
      expect(message).toEqual([expected, expected, expected, expected])
      await worker.end()
    }
    await using after = await loadObject(fixture('core'))
    await expectRead(after)
  })

  it('is relocated by a file with the kernel’s types as well, whatever was parsed before', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ebpf-core-'))
    try {
      const kernelBtfPath = join(folder, 'kernel.btf')
      copyFileSync('/sys/kernel/btf/vmlinux', kernelBtfPath)
      {
        await using object = await loadObject(fixture('core'), { kernelBtfPath })
        await expectRead(object)
      }
      writeFileSync(kernelBtfPath, 'no types')
      await expect(loadObject(fixture('core'), { kernelBtfPath })).rejects.toMatchObject({
        code: 'ERR_EBPF_BTF',
      })
      await expect(loadObject(fixture('core'), { kernelBtfPath: join(folder, 'none') })).rejects.toMatchObject({
        code: 'ENOENT',
      })
      await using object = await loadObject(fixture('core'))
      await expectRead(object)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('an object to whose types libbpf adds', () => {
  it('is loaded with what libbpf changes in them at load', async () => {
    await using object = await loadObject(fixture('core-hidden'))
    expect(await run(object, 'add_some')).toBe(0)
    expect(object.globals.sum).toBe(3n)
  })

  it('is opened anew for its load, others are not', async () => {
    for (const [name, kept] of [
      ['core-hidden', false],
      ['core', true],
      ['plain.nobtf', true],
    ] as const) {
      const { value } = await binding.objectOpen(fileURLToPath(fixture(name)), { name }, true)
      expect(typeof value?.image).toBe(kept ? 'number' : 'object')
      if (typeof value?.image === 'number') expect(binding.objectCloseSync(value.image)).toBe(0)
    }
  })

  it('is loaded once by what was kept open of it', async () => {
    const { value } = await binding.objectOpen(fileURLToPath(fixture('core')), { name: 'core' }, true)
    const image = value?.image as number
    const options = { name: 'core', programs: [], maps: [] }
    const [first, second] = await Promise.all([binding.objectLoad(image, options), binding.objectLoad(image, options)])
    expect([first?.errno, second?.errno]).toEqual([0, -constants.errno.EBADF])
    // What is loaded is nothing to load.
    const loaded = first?.value
    expect((await binding.objectLoad(loaded?.object as number, options)).errno).toBe(-constants.errno.EBADF)
    for (const { handle } of loaded?.maps ?? []) binding.mapClose(handle)
    for (const { handle } of loaded?.programs ?? []) binding.programClose(handle)
    expect(binding.objectCloseSync(loaded?.object as number)).toBe(0)
  })
})

describe('an object in a file', () => {
  it('comes from whatever Node can read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ebpf-source-'))
    const pipe = join(folder, 'core.bpf.o')
    try {
      execFileSync('mkfifo', [pipe])
      const writing = writeFile(pipe, readFileSync(fixture('core')))
      await using object = await loadObject(pipe)
      await writing
      expect(object.name).toBe('core')
      await expectRead(object)
      await expect(loadObject(folder)).rejects.toMatchObject({ code: 'EISDIR' })
      await expect(loadObject(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open' })
      await expect(loadObject('core\0.bpf.o')).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
      await expect(loadObject('')).rejects.toMatchObject({ code: 'ENOENT' })
      writeFileSync(join(folder, 'empty'), '')
      await expect(loadObject(join(folder, 'empty'))).rejects.toMatchObject({ code: 'ERR_EBPF_INVALID_OBJECT' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is closed again when its edits cannot be', async () => {
    const before = binding.liveHandles().object
    await expect(loadObject(fixture('core'), { globals: { none: 1 } })).rejects.toMatchObject({
      code: 'ERR_EBPF_UNKNOWN_NAME',
    })
    await expect(loadObject(fixture('core'), { maps: { found: { maxEntries: -1 } } })).rejects.toThrow(RangeError)
    expect(binding.liveHandles().object).toBe(before)
  })
})

describe('the kernel’s types', () => {
  it('are parsed once for many loads, one after the other or at once', () => {
    const counts = parses(`
      const several = [await load(), await load()]
      count = 0
      const objects = await Promise.all(Array.from({ length: 6 }, () => ebpf.loadObject(fixture('core'), { logLevel: 1 })))
      several.push(count)
      for (const object of objects) await object.close()
      console.log(JSON.stringify(several))
    `)
    expect(counts).toEqual(shares ? [1, 0, 0] : [1, 1, 6])
  })

  it('are parsed once also after a load that the verifier refuses', () => {
    const counts = parses(`
      const refused = await ebpf.openObject(fixture('core'))
      refused.logLevel = 1
      refused.maps.found.maxEntries = 0xffffffff
      const { code } = await refused.load().catch((error) => error)
      console.log(JSON.stringify([typeof code, count, await load()]))
    `)
    expect(counts).toEqual(['string', 1, shares ? 0 : 1])
  })

  it('are forgotten a minute after the last load', () => {
    const counts = parses(`
      const { setTimeout: real } = globalThis
      const minutes = []
      globalThis.setTimeout = (callback, ms) => real(callback, ms === 60_000 ? (minutes.push(ms), 200) : ms)
      const one = await load()
      const two = await load()
      await sleep(500)
      console.log(JSON.stringify([one, two, await load(), await load(), minutes.length]))
    `)
    expect(counts).toEqual(shares ? [1, 0, 1, 0, 2] : [1, 1, 1, 1, 2])
  })

  it('are kept while any thread has loaded of late, and go with the last such thread', () => {
    const counts = parses(`
      const { Worker } = await import('node:worker_threads')
      const { once } = await import('node:events')
      const path = fixture('core')
      const source = \`
        const ebpf = await import(${JSON.stringify(built)})
        await (await ebpf.loadObject(\${JSON.stringify(path)})).close()
      \`
      const inWorker = () => once(new Worker(new URL('data:text/javascript,' + encodeURIComponent(source))), 'exit')
      await inWorker()
      const first = await load()
      await inWorker()
      console.log(JSON.stringify([first, await load()]))
    `)
    expect(counts).toEqual(shares ? [1, 0] : [1, 1])
  })

  it('are looked for again by each load where they are not there', () => {
    const counts = parses(
      `
      const { execFileSync } = await import('node:child_process')
      execFileSync('mount', ['-t', 'tmpfs', 'none', '/sys/kernel/btf'])
      const { code, message } = await load().catch((error) => error)
      execFileSync('umount', ['/sys/kernel/btf'])
      console.log(JSON.stringify([typeof code, message, await load(), await load()]))
    `,
      ['unshare', '--mount'],
    ) as unknown[]
    expect(counts[0]).toBe('string')
    expect(counts[1]).toMatch(/BTF/)
    expect(counts.slice(2)).toEqual(shares ? [1, 0] : [1, 1])
  })
})

it('an element beyond its array is named as the source has it', async () => {
  const error = await rejection(loadObject(fixture('bad-index')))
  expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_OBJECT', program: 'beyond', object: 'bad-index', errno: -22 })
  expect((error as Error).message).toContain(
    "program 'beyond' uses entries[5] of struct trace_event_raw_sys_enter, and entries has 3 elements",
  )
  expect((error as Error).message).toContain('index below 3')
})
