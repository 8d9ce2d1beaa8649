/** `compile`: what it makes loads, and does what the source says. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BpfObject, type CompileOptions, compile, loadObject, openObject } from '../../lib/index.ts'
import { run } from '../support/run.ts'
import { SourceFolder } from '../support/source-folder.ts'

let folder: SourceFolder

beforeAll(() => {
  folder = new SourceFolder()
})

afterAll(() => folder[Symbol.dispose]())

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url))

const WITH_KERNEL_TYPES = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

const volatile int wanted;
int tgid;

SEC("raw_tp/sys_enter")
int on_system_call(struct bpf_raw_tracepoint_args *context)
{
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  if (BPF_CORE_READ(task, tgid) != wanted) return 0;
  tgid = BPF_CORE_READ(task, group_leader, tgid);
  return 0;
}
`

const WITH_SYSTEM_HEADERS = `
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <bpf/bpf_helpers.h>
#include <ebpf.h>

char LICENSE[] SEC("license") = "GPL";

struct event { uint64_t value; bool set; };
EBPF_RINGBUF(events, 4096, struct event);

uint32_t sum;

SEC("raw_tp")
int add(void *context)
{
  for (int i = 0; i < 10; i++) sum += i;
  return ADDED + sum;
}
`

async function compiled(text: string, options: CompileOptions = {}, name = 'x.bpf.c') {
  return await compile(folder.write(name, text), { cache: folder.cache, ...options })
}

/** Loads what was compiled, and runs one of its programs. */
async function result(object: Awaited<ReturnType<typeof compile>>, program: string): Promise<number> {
  await using loaded = await loadObject(object)
  return await run(loaded, program)
}

describe('a source with vmlinux.h', () => {
  it("is told which of its names is one of the kernel's", async () => {
    const text = '#include "vmlinux.h"\nstruct task_struct { int mine; };\n'
    await expect(compiled(text, {}, 'clash.bpf.c')).rejects.toMatchObject({
      code: 'ERR_EBPF_COMPILE',
      hint: "vmlinux.h has a type 'task_struct' of the kernel's: give yours another name.",
    })
  })

  it("is compiled with the running kernel's types", async () => {
    const object = await compiled(WITH_KERNEL_TYPES, {}, 'task.bpf.c')
    expect(object).toMatchObject({ name: 'task', diagnostics: [], cached: false })
    await using loaded: BpfObject = await loadObject(object, { globals: { wanted: process.pid } })
    expect(loaded.name).toBe('task')
    await loaded.attach()
    process.cpuUsage()
    expect(loaded.globals.tgid).toBe(process.pid)
  })

  it('does not depend on files that nobody wrote', async () => {
    const { dependencies } = await compiled(WITH_KERNEL_TYPES, {}, 'task.bpf.c')
    expect(dependencies.filter((file) => file.endsWith('vmlinux.h'))).toEqual([])
  })

  it('comes from the cache until the kernel is another one, or a file of that name is there', async () => {
    const again = async (options?: CompileOptions) =>
      await compiled(WITH_KERNEL_TYPES, { cpu: 'v3', ...options }, 'task.bpf.c')
    await again()
    expect((await again()).cached).toBe(true)
    const bytes = readFileSync('/sys/kernel/btf/vmlinux')
    expect((await again({ vmlinux: bytes })).cached).toBe(true)
    const object = await compile(join(fixtures, 'maps.bpf.c'), { cache: folder.cache })
    await expect(again({ vmlinux: object.bytes })).rejects.toMatchObject({ code: 'ERR_EBPF_COMPILE' })
    const header = folder.write('own/vmlinux.h', '#error this one\n')
    await expect(again({ includes: [join(folder.path, 'own')] })).rejects.toThrow('this one')
    const beside = folder.write('vmlinux.h', readFileSync(header))
    await expect(again()).rejects.toThrow(`${beside}:1:2: error: this one`)
    rmSync(beside)
    expect((await again()).cached).toBe(true)
  })

  it('is refused where no types are wanted, or there are none', async () => {
    const other = folder.write('apart/x.bpf.c', WITH_KERNEL_TYPES)
    await expect(compile(other, { vmlinux: false })).rejects.toThrow('name one by the option vmlinux')
    await expect(compile(other, { vmlinux: '/no/such/file', cache: false })).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('a source with headers of the system', () => {
  it('is compiled', async () => {
    expect(await result(await compiled(WITH_SYSTEM_HEADERS, { defines: { ADDED: 100 } }), 'add')).toBe(145)
  })

  it.each(['v1', 'v2', 'v3'] as const)('is compiled for the instruction set %s', async (cpu) => {
    const object = await compiled(WITH_SYSTEM_HEADERS, { cpu, defines: { ADDED: 1 } })
    expect(object.cpu).toBe(cpu)
    expect(await result(object, 'add')).toBe(46)
  })

  // A build with the system's libbpf takes the system's headers.
  it.skipIf(!existsSync(new URL('../../include/bpf', import.meta.url)))('needs none of them', () => {
    const source = folder.write('bare.bpf.c', WITH_SYSTEM_HEADERS.replace('ADDED', '1'))
    const types = folder.write('types.bpf.c', WITH_KERNEL_TYPES)
    const script = folder.write(
      'bare.mjs',
      `import { readdirSync } from 'node:fs'
      import { compile } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
      if (readdirSync('/usr/include').length > 0) throw new Error('not hidden')
      for (const source of process.argv.slice(2)) {
        const { dependencies, diagnostics, name } = await compile(source, { cache: false })
        console.log(name, diagnostics.length, dependencies.some((file) => file.startsWith('/usr/include')))
      }`,
    )
    const hide =
      'mount -t tmpfs none /usr/include && if [ -d /usr/local/include ]; then mount -t tmpfs none /usr/local/include; fi'
    const args = ['--mount', 'sh', '-c', `${hide} && exec "$@"`, 'sh', process.execPath, script, source, types]
    expect(execFileSync('unshare', args, { encoding: 'utf8' })).toBe('bare 0 false\ntypes 0 false\n')
  })
})

describe('several sources', () => {
  const sources = ['linked-program.bpf.c', 'linked-library.bpf.c'].map((name) => join(fixtures, name))

  it('are one object', async () => {
    const object = await compile(sources, { cache: folder.cache })
    expect(object.name).toBe('linked-program')
    expect(object.dependencies).toEqual(expect.arrayContaining([...sources, join(fixtures, 'linked.h')]))
    await using loaded = await loadObject(object, { globals: { step: 7n } })
    expect(await run(loaded, 'first')).toBe(1)
    expect(loaded.globals).toMatchObject({ runs: 1n, added: 1n })
    expect((await compile(sources, { cache: folder.cache })).cached).toBe(true)
  })

  it('tell all that is wrong with them, each at its place', async () => {
    const wrong = ['a', 'b'].map((name) => folder.write(`${name}.bpf.c`, `int f(void) { return no_${name}; }\n`))
    await expect(compile(wrong)).rejects.toMatchObject({
      message: expect.stringContaining('compiling a.bpf.c, b.bpf.c ended with 2 errors'),
      diagnostics: wrong.map((file) => ({ file })),
      dependencies: wrong,
    })
  })

  it('that do not fit together are named', async () => {
    const clash = [...sources, join(fixtures, 'linked-clash.bpf.c')]
    await expect(compile(clash)).rejects.toMatchObject({
      code: 'ERR_EBPF_LINKER',
      message: expect.stringContaining('linked-clash.bpf.c'),
    })
  })
})

describe('what only debuggers read', () => {
  it('is left out where that is wanted', async () => {
    const plain = await compile(join(fixtures, 'maps.bpf.c'), { cache: folder.cache })
    const stripped = await compile(join(fixtures, 'maps.bpf.c'), { cache: folder.cache, strip: true })
    expect(stripped.bytes.length).toBeLessThan(plain.bytes.length)
    const names = async (object: typeof plain) => Object.keys((await openObject(object)).programs)
    expect(await names(stripped)).toEqual(await names(plain))
  })
})
