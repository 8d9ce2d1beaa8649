/** `ebpf vmlinux`: programs compiled against its header load, and read what the kernel has. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadObject } from '../../lib/object-spec.ts'

const SOURCE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

const volatile int wanted;
int tgid;
char name[16];

SEC("raw_tp/sys_enter")
int on_system_call(struct bpf_raw_tracepoint_args *context)
{
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  if (BPF_CORE_READ(task, tgid) != wanted) return 0;
  tgid = BPF_CORE_READ(task, group_leader, tgid);
  BPF_CORE_READ_STR_INTO(&name, task, group_leader, comm);
  return 0;
}
`

const ebpf = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebpf-vmlinux-'))
  execFileSync(process.execPath, [ebpf, 'vmlinux', '--output', join(folder, 'vmlinux.h')])
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('ebpf vmlinux', () => {
  it('writes a header for programs that read what the kernel has', async () => {
    writeFileSync(join(folder, 'x.bpf.c'), SOURCE)
    const architecture = process.arch === 'x64' ? 'x86' : process.arch
    const flags = ['-g', '-O2', '-Wall', '-Werror', '-target', 'bpf', `-D__TARGET_ARCH_${architecture}`]
    execFileSync(process.env.CLANG ?? 'clang', [...flags, '-c', 'x.bpf.c', '-o', 'x.bpf.o'], { cwd: folder })
    await using object = await loadObject(join(folder, 'x.bpf.o'), { globals: { wanted: process.pid } })
    await object.attach()
    process.cpuUsage()
    expect(object.globals.tgid).toBe(process.pid)
    expect(object.globals.name).toBe(readFileSync('/proc/self/comm', 'utf8').trimEnd())
  })

  it('writes it to the standard output as well', () => {
    const printed = execFileSync(process.execPath, [ebpf, 'vmlinux'], { maxBuffer: 1 << 26 })
    expect(printed.equals(readFileSync(join(folder, 'vmlinux.h')))).toBe(true)
  })

  it('makes the folder that is to have it, as other commands do', () => {
    const output = join(folder, 'include', 'new', 'vmlinux.h')
    execFileSync(process.execPath, [ebpf, 'vmlinux', '--output', output])
    expect(readFileSync(output).equals(readFileSync(join(folder, 'vmlinux.h')))).toBe(true)
  })

  it('says which modules there are when it is asked for another', () => {
    const run = (): unknown => execFileSync(process.execPath, [ebpf, 'vmlinux', '--module', 'none'], { stdio: 'pipe' })
    expect(run).toThrow(/no module with BTF is named 'none'/)
  })
})
