/** `node --import ebpf/register`: C files are modules, in every version of Node that is here. */
import { chmodSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compile } from '../../lib/index.ts'
import {
  APPLICATION,
  hasSyncHooks,
  ImportProject,
  inGuest,
  nodesHere,
  runsTypeScript,
} from '../support/import-project.ts'

const REGISTER = ['--import', 'ebpf/register'] as const
const BROKEN = '#include <linux/bpf.h>\nint main(void) { return VALEU; }\n'

let project: ImportProject

beforeAll(() => {
  project = new ImportProject()
  project.write('app.mjs', APPLICATION)
  project.write('broken.bpf.c', BROKEN)
})

afterAll(() => project[Symbol.dispose]())

describe.skipIf(inGuest).each(nodesHere())('Node %s', (version, node) => {
  function script(name: string, source: string, environment: NodeJS.ProcessEnv = {}) {
    project.write(name, source)
    return project.run(node, [...REGISTER, name], environment)
  }

  it('loads, attaches and reads, and warns of nothing', () => {
    expect(project.run(node, [...REGISTER, 'app.mjs'])).toEqual({ status: 0, stdout: 'true 7 2\n', stderr: '' })
  })

  it.runIf(runsTypeScript(version))('does so from TypeScript', () => {
    project.write('app.ts', typed(APPLICATION))
    expect(project.run(node, [...REGISTER, 'app.ts'])).toEqual({ status: 0, stdout: 'true 7 2\n', stderr: '' })
  })

  it('is inherited by workers, and works by NODE_OPTIONS', () => {
    const source = `
      import { isMainThread, Worker } from 'node:worker_threads'
      const { Colour } = await import('./count.bpf.c')
      if (isMainThread) new Worker(new URL(import.meta.url)).on('exit', (code) => console.log(Colour.GREEN, code))
      else console.log(Colour.RED)`
    expect(script('worker.mjs', source)).toEqual({ status: 0, stdout: '1\n2 0\n', stderr: '' })
    const byEnvironment = project.run(node, ['worker.mjs'], { NODE_OPTIONS: REGISTER.join(' ') })
    expect(byEnvironment).toEqual({ status: 0, stdout: '1\n2 0\n', stderr: '' })
  })

  it('shows the place in C when a file does not compile', () => {
    project.write('static.mjs', "import { load } from './broken.bpf.c'\nawait load()\n")
    const { status, stdout, stderr } = project.run(node, [...REGISTER, 'static.mjs'])
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain("broken.bpf.c:2:25: error: use of undeclared identifier 'VALEU'\n")
    expect(stderr).toContain('> 2 | int main(void) { return VALEU; }\n    |                         ^')
    expect(stderr).toContain("code: 'ERR_EBPF_COMPILE'")
    expect(stderr).not.toContain('dependencies: [')
  })

  it('gives the error to whoever catches it, and can import again when it is mended', () => {
    const { stdout, stderr } = script(
      'caught.mjs',
      `import { writeFileSync } from 'node:fs'
      import { CompileError } from 'ebpf'
      writeFileSync('mended.bpf.c', ${JSON.stringify(BROKEN)})
      try {
        await import('./mended.bpf.c')
      } catch (error) {
        console.log(error.name, error.code, error instanceof CompileError, error.diagnostics[0].line)
      }
      writeFileSync('mended.bpf.c', 'int x;')
      const { load, open } = await import('./mended.bpf.c?t=1')
      console.log(typeof load, (await open()).name)`,
    )
    expect(stderr).toBe('')
    expect(stdout).toBe(`CompileError ERR_EBPF_COMPILE ${hasSyncHooks(version)} 2\nfunction mended\n`)
  })

  it('names what is wrong with an import', () => {
    const { stdout, stderr } = script(
      'wrong.mjs',
      `const places = ['./count.bpf.c?int46=number', './count.bpf.c?int64=text', './gone.bpf.c', './text.bpf.o']
      for (const { reason } of await Promise.allSettled(places.map((place) => import(place)))) {
        console.log(reason.code, reason.message)
      }`,
    )
    expect(stderr).toBe('')
    const [unknown, value, gone, text] = stdout.trim().split('\n')
    expect(unknown).toMatch(
      /^ERR_EBPF_INVALID_ARGUMENT '\?int46' is not known at an import of .*count\.bpf\.c: int64 is$/,
    )
    expect(value).toMatch(/^ERR_EBPF_INVALID_ARGUMENT \?int64=text must be 'bigint' or 'number'$/)
    expect(gone).toMatch(/^ERR_MODULE_NOT_FOUND .*gone\.bpf\.c/)
    expect(text).toMatch(/^ERR_MODULE_NOT_FOUND .*text\.bpf\.o/)
  })

  it('says what is no object', () => {
    project.write('empty.bpf.o', 'text')
    const { stdout } = script('empty.mjs', "await import('./empty.bpf.o').catch(({ code }) => console.log(code))")
    expect(stdout).toBe('ERR_EBPF_INVALID_OBJECT\n')
  })

  it('says which compiler is missing', () => {
    const source = "await import('./count.bpf.c').catch(({ code, message }) => console.log(code, message))"
    const { stdout } = script('compiler.mjs', source, { EBPF_CLANG: '/no/such/clang', XDG_CACHE_HOME: '/no/such' })
    expect(stdout).toMatch(/^ERR_EBPF_CLANG \/no\/such\/clang/)
  })

  it('takes any name of a file, links to files, objects, and many imports at once', async () => {
    const { bytes } = await compile(join(project.path, 'count.bpf.c'), { cache: false })
    project.write('ready.bpf.o', bytes)
    project.write('a folder #1 ?x %41 é/strange ?a=b#c.bpf.c', 'unsigned long long seen = 5;')
    const link = join(project.path, 'a folder #1 ?x %41 é/link.bpf.c')
    try {
      symlinkSync('../count.bpf.c', link)
    } catch {} // from the version of Node before
    const { stdout, stderr } = script(
      'names.mjs',
      `import { readdirSync } from 'node:fs'
      import { pathToFileURL } from 'node:url'
      const strange = readdirSync('.').find((name) => name.startsWith('a folder'))
      const names = readdirSync(strange).sort().map((name) => pathToFileURL(strange + '/' + name).href)
      const places = [...names, './ready.bpf.o', './count.bpf.c', './count.bpf.c?int64=number', './count.bpf.c']
      for (const { open } of await Promise.all(places.map((place) => import(place)))) {
        const { name, globals } = await open()
        console.log(name, globals.seen)
      }`,
    )
    expect(stderr).toBe('')
    expect(stdout).toBe('count 7n\nstrange ?a=b#c 5n\nready 7n\ncount 7n\ncount 7\ncount 7n\n')
  })

  it('requires them, or says that it cannot', () => {
    const source =
      "try { console.log(typeof require('./count.bpf.c').load) } catch ({ message }) { console.log(message) }"
    const { stdout, stderr } = script('require.cjs', source)
    expect(stderr).toBe('')
    expect(stdout).toMatch(hasSyncHooks(version) ? /^function\n$/ : /cannot be required on Node .*: import it/)
  })

  it.runIf(hasSyncHooks(version))('does not wait for a thread that ran out of memory', () => {
    project.write('clang', '#!/bin/sh\nexec sleep 5\n')
    chmodSync(join(project.path, 'clang'), 0o755)
    project.write(
      'greedy.mjs',
      `import { parentPort, workerData } from 'node:worker_threads'
      const kept = []
      const grow = () => {
        for (let count = 0; count < 10_000; ++count) kept.push({})
        setImmediate(grow)
      }
      if (workerData === 'ebpf compiler') parentPort.once('message', grow)`,
    )
    const greedy = pathToFileURL(join(project.path, 'greedy.mjs'))
    const { status, stdout } = script(
      'memory.mjs',
      "await import('./count.bpf.c').catch(({ message }) => console.log(message))",
      {
        EBPF_CLANG: join(project.path, 'clang'),
        // It leaves its working folder behind.
        TMPDIR: project.path,
        NODE_OPTIONS: `--max-old-space-size=40 --import ${greedy}`,
      },
    )
    expect(stdout).toMatch(/count\.bpf\.c ended without an answer: its memory/)
    expect(status).toBe(0)
  })

  it('prints warnings of the compiler', () => {
    project.write('warns.bpf.c', 'static int unused_one;\n')
    const { status, stderr } = script('warns.mjs', "await import('./warns.bpf.c')")
    expect(status).toBe(0)
    expect(stderr).toContain('CompileWarning: warns.bpf.c:1:12: warning: ')
  })

  it('starts anew under --watch when a header changes, also after an error', async () => {
    project.write('scale.h', '#define SCALE 7\n')
    project.write(
      'watched.mjs',
      "import { open } from './count.bpf.c'\nconsole.log('seen', Number((await open()).globals.seen))\n",
    )
    const child = project.start(node, ['--watch', ...REGISTER, 'watched.mjs'])
    try {
      let printed = ''
      const said = async (text: string): Promise<void> => {
        while (!printed.includes(text)) await new Promise((resolve) => setTimeout(resolve, 20))
        printed = ''
      }
      const keep = (data: Buffer): void => {
        printed += data.toString()
      }
      child.stdout.on('data', keep)
      child.stderr.on('data', keep)
      await said('seen 7\nCompleted')
      project.write('scale.h', '#define SCALE 8\n')
      await said('seen 8\nCompleted')
      project.write('scale.h', '#define SCALE EIGHT\n')
      await said('Failed running')
      project.write('scale.h', '#define SCALE 9\n')
      await said('seen 9')
    } finally {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
      project.write('scale.h', '#define SCALE 7\n')
    }
  })
})

describe.skipIf(inGuest)('the field ebpf of package.json', () => {
  const open =
    "const { open } = await import('./inner/x.bpf.c')\nconst { globals } = await open()\nconsole.log(globals.big)\n"

  function inner(field: unknown) {
    project.write('inner/package.json', JSON.stringify({ ebpf: field }))
    project.write('inner/headers/big.h', '#define SMALL 5\n')
    project.write('inner/x.bpf.c', '#include "big.h"\nunsigned long long big = SMALL + ADDED;\n')
    project.write('inner.mjs', open)
    return project.run(process.execPath, [...REGISTER, 'inner.mjs'])
  }

  it('says how files are compiled and decoded', () => {
    const field = { includes: ['headers'], defines: { ADDED: 2 }, cpu: 'v2', int64: 'number' }
    expect(inner(field)).toEqual({ status: 0, stdout: '7\n', stderr: '' })
  })

  it('is refused with what is wrong in it', () => {
    expect(inner({ include: ['headers'] }).stderr).toContain(
      `no option in the field ebpf of ${join(project.path, 'inner/package.json')} is named 'include' (known: architecture,`,
    )
    expect(inner({ cpu: 'v9' }).stderr).toContain(
      `the field ebpf of ${join(project.path, 'inner/package.json')}: cpu must be`,
    )
    expect(inner([]).stderr).toContain('package.json must be an object, not object')
    expect(inner({ int64: 'text' }).stderr).toMatch(
      /int64, an option in the field ebpf of .*package\.json, must be 'bigint' or 'number'/,
    )
  })
})

function typed(source: string): string {
  return source.replace(
    'const object =',
    'const object: { maps: any; attach(): Promise<unknown>; close(): Promise<void> } =',
  )
}
