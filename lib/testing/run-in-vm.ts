/** A command in a virtual machine, on a kernel of one's choice, over the host's own files. */
import { realpath } from 'node:fs/promises'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { type AcceleratorChoice, chooseAccelerator, emulatesInParallel } from './accelerator.ts'
import { Guest } from './guest.ts'
import { commandFile, settingsFile } from './guest-init.ts'
import { Tail } from './guest-streams.ts'
import { requireTool, requireTools } from './host-tools.ts'
import { buildInitramfs } from './initramfs.ts'
import { configurationOf, type Kernel, resolveKernel } from './kernel.ts'
import { compareVersions } from './kernel-packages.ts'
import type { OnProgress } from './progress.ts'
import type { Accelerator } from './qemu.ts'
import { VmError } from './vm-error.ts'

export interface VmOptions {
  /**
   * A version of Linux: `6.12`, `6.12.107`, `latest`, found among Debian's packages; or the path of a vmlinux, a bzImage or a
   * folder that holds one.
   */
  kernel: string
  /** The program and its arguments, as the host finds them. */
  command: readonly string[]
  /** By default the current folder. */
  cwd?: string
  /** By default the environment of this process. The guest adds EBPF_VM, the kernel's release. */
  env?: Readonly<Record<string, string | undefined>>
  /** MiB; 2048 by default. */
  memory?: number
  /** By default 2, or 1 where the host has no more. */
  cpus?: number
  /** Milliseconds until the guest is ended, counted from its start; 600 000 by default, 0 for never. */
  timeout?: number
  /** Milliseconds until the guest must be up; 120 000 by default. */
  bootTimeout?: number
  /** Appended to the kernel's command line. */
  append?: string
  /** Folders of the host that the guest may really write to. All else that it writes is gone when it ends. */
  writable?: readonly string[]
  /** `auto` by default: KVM where it works, else emulation. */
  accelerator?: AcceleratorChoice
  /** Look for a newer kernel of this version, also where one was fetched before. */
  refresh?: boolean
  signal?: AbortSignal
  /** Called with the output as it comes. */
  onOutput?: (bytes: Uint8Array, stream: 'stdout' | 'stderr') => void
  onProgress?: OnProgress
  /** A folder for what helps to debug a guest that does not come up: its initial file system, console, QEMU's arguments. */
  keep?: string
  /** Gives the command a terminal, in place of two pipes and a closed standard input. */
  terminal?: VmTerminal
}

export interface VmTerminal {
  /** What is typed. */
  input: NodeJS.ReadableStream
  rows: number
  columns: number
}

export interface VmResult {
  /** The command's own, also where it is not 0; 128 and the signal's number where a signal ended it. */
  exitCode: number
  /** Both streams, in the order they came; of an endless output the last 16 MiB characters. */
  output: string
  stdout: string
  stderr: string
  /** As `uname -r` says it. */
  kernelRelease: string
  accelerator: Accelerator
  /** Milliseconds from the start of the guest to that of the command. */
  bootMilliseconds: number
  /** Milliseconds from the start of the guest to its end. */
  milliseconds: number
  /** The last of the kernel's messages. */
  console: string
}

const OUTPUT_KEPT = 16 * 1024 * 1024

/** Before it, 9p reads what is executed in single pages. */
const FAST_9P = '5.16'

/** Channels to a parent process, which the guest has none of. */
const OF_THIS_PROCESS: ReadonlySet<string> = new Set([
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
])

/**
 * Boots a kernel in QEMU, and runs a command in it as root, in the same folder, with the same files: the guest sees the
 * host's file system read-only, below a layer of its own that is gone when it ends. proc, sysfs, bpffs, tracefs, debugfs,
 * cgroup2 and securityfs are mounted, modules are loaded as the kernel asks for them, and there is no network but what the
 * command makes.
 *
 * The host needs no privilege, QEMU, and few other programs; what is missing is named with the command that installs it.
 * Linux on x86-64 only.
 *
 * @throws VmError when the command gave no exit code: the kernel cannot be had, the guest panicked or did not end in time
 */
export async function runInVm(options: VmOptions): Promise<VmResult> {
  const checked = check(options)
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new VmError(
      'ERR_EBPF_VM_HOST',
      `Guests run on Linux on x86-64; this is ${process.platform} on ${process.arch}.`,
    )
  }
  await requireTools(['qemu', 'busybox', 'modprobe', 'depmod', 'xz', 'zstd', 'lz4'])
  const { signal, onProgress } = options
  const kernel = await resolveKernel(options.kernel, { signal, onProgress, refresh: options.refresh ?? false })
  const accelerator = await chooseAccelerator(options.accelerator ?? 'auto', kernel, signal)
  onProgress?.({ step: 'boot', subject: `Linux ${kernel.release}` })
  return await boot(options, checked, kernel, accelerator)
}

interface Checked {
  cwd: string
  writable: readonly string[]
  memory: number
  cpus: number
  timeout: number
  bootTimeout: number
}

async function boot(options: VmOptions, checked: Checked, kernel: Kernel, accelerator: Accelerator): Promise<VmResult> {
  const all = new Tail(OUTPUT_KEPT)
  const streams = { stdout: new Tail(OUTPUT_KEPT), stderr: new Tail(OUTPUT_KEPT) }
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  const began = performance.now()
  let bootMilliseconds = 0
  let kernelRelease = kernel.release
  const guest = new Guest(kernel.release, {
    onOutput: (bytes, stream) => {
      const text = decoders[stream].decode(bytes, { stream: true })
      all.push(text)
      streams[stream].push(text)
      options.onOutput?.(bytes, stream)
    },
    onStart: (release) => {
      kernelRelease = release
      bootMilliseconds = performance.now() - began
    },
  })
  const { memory, timeout, bootTimeout, writable } = checked
  const terminal = options.terminal !== undefined
  const initramfs = await buildInitramfs(
    kernel,
    settingsFile(await settings(options, kernel, guest.mark, writable)),
    commandFile(options.command, checked.cwd, environment(options, kernel)),
  )
  const end = await guest.run(
    {
      kernel: kernel.image,
      accelerator,
      parallel: accelerator === 'kvm' || (await emulatesInParallel(options.signal)),
      memory,
      cpus: checked.cpus,
      append: options.append ?? '',
      writable,
      terminal,
    },
    initramfs,
    { boot: bootTimeout, total: timeout, signal: options.signal },
    { terminal: options.terminal?.input, keep: options.keep },
  )
  return {
    exitCode: end.exitCode,
    output: all.text,
    stdout: streams.stdout.text,
    stderr: streams.stderr.text,
    kernelRelease,
    accelerator,
    bootMilliseconds,
    milliseconds: performance.now() - began,
    console: end.console,
  }
}

async function settings(
  options: VmOptions,
  kernel: Kernel,
  mark: string,
  writable: readonly string[],
): Promise<Record<string, string | number>> {
  const { terminal } = options
  return {
    modules: kernel.modules ?? '',
    configuration: configurationOf(kernel) ?? '',
    modprobe: await requireTool('modprobe'),
    copied: compareVersions(kernel.release, FAST_9P) < 0 ? await realpath(process.execPath) : '',
    end_mark: mark,
    terminal: terminal === undefined ? '' : `rows ${terminal.rows || 24} cols ${terminal.columns || 80}`,
    writable_count: writable.length,
    ...Object.fromEntries(writable.map((path, index) => [`writable_${index}`, path])),
  }
}

function environment({ env = process.env }: VmOptions, kernel: Kernel): Record<string, string> {
  const entries = Object.entries({ ...env, EBPF_VM: kernel.release }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !OF_THIS_PROCESS.has(entry[0]),
  )
  return Object.fromEntries(entries)
}

function check(options: VmOptions): Checked {
  const invalid = (message: string) => new VmError('ERR_EBPF_VM_ARGUMENT', message)
  if (typeof options.kernel !== 'string' || options.kernel === '') throw invalid('kernel must be a version or a path')
  const { command } = options
  if (!Array.isArray(command) || command.length === 0 || !command.every((word) => typeof word === 'string')) {
    throw invalid('command must be an array of strings: a program and its arguments')
  }
  if (command.some((word) => word.includes('\0'))) throw invalid('command must not contain NUL')
  const whole = (name: string, value: number, least: number, most: number) => {
    if (!Number.isInteger(value) || value < least || value > most) {
      throw invalid(`${name} must be a whole number from ${least} to ${most}, not ${value}`)
    }
    return value
  }
  const hostCpus = cpus().length
  const longest = 2 ** 31 - 1
  return {
    cwd: resolve(options.cwd ?? process.cwd()),
    writable: (options.writable ?? []).map((path) => resolve(path)),
    // Below it, the initial file system and node do not fit.
    memory: whole('memory', options.memory ?? 2048, 512, 1 << 20),
    cpus: whole('cpus', options.cpus ?? Math.min(2, hostCpus), 1, 255),
    timeout: whole('timeout', options.timeout ?? 600_000, 0, longest),
    bootTimeout: whole('bootTimeout', options.bootTimeout ?? 120_000, 1, longest),
  }
}
