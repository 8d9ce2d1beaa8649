/** A folder as a user has it, with the package installed, whose modules import C. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cache } from '../../bench/places.ts'
import { SourceFolder } from './source-folder.ts'

/** Tells of system calls of one process, by records of two fields; `SCALE` comes from a header of its own. */
export const COUNT_BPF_C = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <ebpf.h>
#include "scale.h"

char LICENSE[] SEC("license") = "GPL";

enum colour { RED = 1, GREEN = 2 };
struct call { __u64 scale; __u32 pid; enum colour colour; };
EBPF_RINGBUF(calls, 4096, struct call);

const volatile __u32 wanted;
__u64 seen = SCALE;

SEC("raw_tp/sys_enter")
int on_call(void *context)
{
  struct call *call;
  __u32 pid = bpf_get_current_pid_tgid() >> 32;
  if (pid != wanted) return 0;
  call = ebpf_reserve(calls);
  if (!call) return 0;
  call->scale = SCALE;
  call->pid = pid;
  call->colour = GREEN;
  bpf_ringbuf_submit(call, 0);
  return 0;
}
`

/** Loads it, attaches, and prints one record: `true 7 2`. */
export const APPLICATION = `
import { load } from './count.bpf.c'
const object = await load({ globals: { wanted: process.pid } })
await object.attach()
for await (const call of object.maps.calls) {
  console.log(call.pid === process.pid, Number(call.scale), call.colour)
  break
}
await object.close()
`

/** What Node and bundlers make of imports depends on no kernel, and would take emulated guests many minutes. */
export const inGuest: boolean = process.env.EBPF_VM !== undefined

const root = fileURLToPath(new URL('../../', import.meta.url))

export class ImportProject extends SourceFolder {
  constructor() {
    super()
    const modules = join(this.path, 'node_modules')
    mkdirSync(modules)
    symlinkSync(root, join(modules, 'ebpf'))
    symlinkSync(join(root, 'node_modules/@types'), join(modules, '@types'))
    this.write('package.json', '{ "type": "module" }')
    this.write('scale.h', '#define SCALE 7\n')
    this.write('count.bpf.c', COUNT_BPF_C)
  }

  /** Runs a program of the folder to its end. */
  run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const { status, stdout, stderr, error } = spawnSync(program, args, {
      ...this.#options(environment),
      encoding: 'utf8',
      timeout: 60_000,
    })
    if (error !== undefined) throw error
    return { status, stdout, stderr }
  }

  remove(name: string): void {
    rmSync(join(this.path, name))
  }

  start(program: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn(program, args, this.#options({}))
  }

  #options(environment: NodeJS.ProcessEnv) {
    const { NODE_OPTIONS: _, ...inherited } = process.env
    return { cwd: this.path, env: { ...inherited, XDG_CACHE_HOME: this.cache, ...environment } }
  }
}

/** Node as it runs this, and other versions that `npm run bench` has installed: by their versions. */
export function nodesHere(): [version: string, program: string][] {
  const own: [string, string] = [process.versions.node, process.execPath]
  const folders = readdirSyncOrNone(cache).filter((name) => /^node-\d+$/.test(name))
  const others = folders
    .map((name) => join(cache, name, `node_modules/node-linux-${process.arch}`))
    .flatMap((folder): [string, string][] => {
      const program = join(folder, 'bin/node')
      const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
      return status === 0 ? [[stdout.trim().slice(1), program]] : []
    })
  return [own, ...others.filter(([version]) => version.split('.')[0] !== own[0].split('.')[0])]
}

function readdirSyncOrNone(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Whether this version has hooks in the thread that imports, and so `require` of what they make. */
export function hasSyncHooks(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 23 || (major === 23 && minor >= 5) || (major === 22 && minor >= 15)
}

/** Whether this version runs TypeScript without being told to. */
export function runsTypeScript(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
}
