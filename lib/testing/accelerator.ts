/** What runs the guest's processors: this machine's KVM, where it can be used, or QEMU's emulation. */
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { cacheFolder, readJson, writeWhole } from './cache.ts'
import { file, folder, writeCpio } from './cpio.ts'
import { Guest } from './guest.ts'
import { requireTool } from './host-tools.ts'
import type { Kernel } from './kernel.ts'
import { compareVersions } from './kernel-packages.ts'
import type { Accelerator } from './qemu.ts'
import { runCommand } from '../system/subprocess.ts'
import { VmError } from './vm-error.ts'

export type AcceleratorChoice = Accelerator | 'auto'

/** A guest on real hardware needs two seconds. A software hypervisor below this one may take minutes to no avail. */
const PROBE_MILLISECONDS = 10_000

/** What a look at the machine tells. */
export interface KvmFacts {
  writable: boolean
  /** The text of /proc/cpuinfo. */
  cpuinfo: string
  /** Whether /dev/kvm is served by a software hypervisor, which runs only kernels that were built for it. */
  software: boolean
}

/** Whether a trial is worth its time. */
export function mayUseKvm({ writable, cpuinfo, software }: KvmFacts): boolean {
  return writable && !software && /^flags\s*:.*\b(?:vmx|svm)\b/m.test(cpuinfo)
}

/** The answer of `auto` is kept until the next boot of this machine. */
export async function chooseAccelerator(
  choice: AcceleratorChoice,
  kernel: Kernel,
  signal?: AbortSignal,
): Promise<Accelerator> {
  if (choice !== 'auto') return choice
  if (!mayUseKvm(await kvmFacts())) return 'tcg'
  const path = cacheFolder('accelerator.json')
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
  const known = (await readJson(path)) as { boot?: unknown; works?: unknown } | undefined
  if (known?.boot === boot && typeof known.works === 'boolean') return known.works ? 'kvm' : 'tcg'
  const works = await probe(kernel, signal)
  await writeWhole(path, `${JSON.stringify({ boot, works })}\n`)
  return works ? 'kvm' : 'tcg'
}

async function kvmFacts(): Promise<KvmFacts> {
  const can = async (path: string, mode: number) =>
    await access(path, mode).then(
      () => true,
      () => false,
    )
  return {
    writable: await can('/dev/kvm', constants.R_OK | constants.W_OK),
    cpuinfo: await readFile('/proc/cpuinfo', 'utf8').catch(() => ''),
    software: await can('/sys/module/kvm_pvm', constants.F_OK),
  }
}

/**
 * QEMU 7.2 can run instructions that another thread has just replaced, so that a kernel that patches itself meets an int3
 * which is over, and panics ("Oops: int3"); 10.0 does not. Between them nothing was tried.
 */
const SAFE_IN_PARALLEL = '10.0'

/** Whether this machine's QEMU can be trusted to emulate each processor on a thread of its own. */
export async function emulatesInParallel(signal?: AbortSignal): Promise<boolean> {
  const { stdout } = await runCommand(await requireTool('qemu'), ['--version'], { signal })
  return isSafeInParallel(stdout.toString('utf8'))
}

/** @param words what `qemu-system-x86_64 --version` prints */
export function isSafeInParallel(words: string): boolean {
  const version = /version (\d+\.\d+)/.exec(words)?.[1]
  return version !== undefined && compareVersions(version, SAFE_IN_PARALLEL) >= 0
}

const PROBE_INIT = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
echo "error works" >/dev/ttyS1
/bin/busybox sleep 10
`

/** Boots the kernel with KVM until it says a word. */
async function probe(kernel: Kernel, signal: AbortSignal | undefined): Promise<boolean> {
  const busybox = await readFile(await requireTool('busybox'))
  const initramfs = writeCpio([
    folder('bin'),
    folder('dev'),
    file('bin/busybox', busybox, 0o755),
    file('init', PROBE_INIT, 0o755),
  ])
  const machine = {
    kernel: kernel.image,
    accelerator: 'kvm',
    parallel: true,
    memory: 512,
    cpus: 1,
    append: '',
    writable: [],
    terminal: false,
  } as const
  const limits = { boot: PROBE_MILLISECONDS, total: PROBE_MILLISECONDS, signal }
  try {
    await new Guest(kernel.release, { onOutput: () => {}, onStart: () => {} }).run(machine, initramfs, limits)
    return false
  } catch (error) {
    if (signal?.aborted) throw error
    return error instanceof VmError && error.code === 'ERR_EBPF_VM_GUEST'
  }
}
