/** `ebpf vm`: a command, or a shell, in a virtual machine; on one kernel after the other where several are named. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { type AcceleratorChoice, runInVm, type VmOptions } from '../testing/index.ts'
import { describeFailure, NOT_RUN } from './failure.ts'
import { ProgressBar } from './progress-bar.ts'
import { formatTable, type Row } from './vm-table.ts'

export interface Flags {
  kernel?: string[]
  matrix?: string[]
  memory?: number
  cpus?: number
  timeout?: number
  append?: string
  accel: AcceleratorChoice
  writable?: string[]
  refresh?: true
  keep?: true
  quiet?: true
}

const INTERRUPTED = 130

export function define(command: Command): void {
  command
    .usage('[options] -- COMMAND [ARGUMENT...]')
    .argument('<command...>', 'what runs in the guest, as root, in this folder')
    .passThroughOptions()
    .action(async (words: string[], flags: Flags) => {
      process.exitCode = await runOnAll(words, flags)
    })
  const shell = command
    .command('shell')
    .description('an interactive shell in the guest')
    .action(async (flags: Flags) => {
      process.exitCode = await openShell(flags)
    })
  for (const each of [command, shell]) addOptions(each)
}

function addOptions(command: Command): void {
  command
    .option(
      '-k, --kernel <kernel>',
      'a version (6.12, latest) or the path of a kernel; may be repeated (default: latest)',
      collect,
    )
    .option('--matrix <kernels>', 'several kernels, separated by commas, one after the other', splitCollect)
    .option('--memory <MiB>', "the guest's memory (default: 2048)", wholeNumber)
    .option('--cpus <count>', "the guest's processors (default: 2)", wholeNumber)
    .option(
      '--timeout <seconds>',
      'end the guest after that long, with exit code 124; 0 for never (default: 600)',
      wholeNumber,
    )
    .option('--append <text>', "add to the kernel's command line")
    .option('--accel <accelerator>', 'kvm, tcg (emulation) or auto', accelerator, 'auto')
    .option('--writable <folder>', 'let the guest really write to a folder of the host; may be repeated', collect)
    .option('--refresh', 'look for a newer kernel of the version')
    .option('--keep', 'keep what helps to debug a guest that does not come up, and say where')
    .option('-q, --quiet', 'print nothing but what the command prints')
}

/** The kernels that the flags name, in their order. */
export function kernelsOf({ kernel = [], matrix = [] }: Pick<Flags, 'kernel' | 'matrix'>): string[] {
  const named = [...kernel, ...matrix]
  return named.length > 0 ? named : ['latest']
}

async function runOnAll(words: readonly string[], flags: Flags): Promise<number> {
  const controller = new AbortController()
  const interrupt = () => controller.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const rows: Row[] = []
  const kernels = kernelsOf(flags)
  try {
    for (const kernel of kernels) {
      if (controller.signal.aborted) break
      rows.push(await runOn(kernel, words, flags, controller.signal))
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  if (kernels.length > 1) process.stderr.write(`${formatTable(rows)}\n`)
  return rows.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0
}

async function runOn(kernel: string, words: readonly string[], flags: Flags, signal: AbortSignal): Promise<Row> {
  const bar = new ProgressBar(flags.quiet === true)
  const began = performance.now()
  const row = { kernel, release: undefined, problem: undefined }
  try {
    const result = await runInVm({
      ...optionsOf(kernel, words, flags),
      signal,
      onProgress: (progress) => bar.show(progress),
      onOutput: (bytes, stream) => {
        bar.clear()
        process[stream].write(bytes)
      },
    })
    return { ...row, release: result.kernelRelease, exitCode: result.exitCode, milliseconds: result.milliseconds }
  } catch (error) {
    bar.clear()
    const failure = signal.aborted ? { message: 'interrupted', exitCode: INTERRUPTED } : describeFailure(error)
    process.stderr.write(`ebpf: ${failure.message}\n`)
    const problem = failure.message.split('\n')[0]
    return { ...row, exitCode: failure.exitCode, milliseconds: performance.now() - began, problem }
  } finally {
    bar.clear()
  }
}

async function openShell(flags: Flags): Promise<number> {
  const { stdin, stdout } = process
  if (!stdin.isTTY || !stdout.isTTY) {
    process.stderr.write('ebpf: A shell needs a terminal. For a command: ebpf vm -- COMMAND\n')
    return NOT_RUN
  }
  const [kernel = 'latest', ...more] = kernelsOf(flags)
  if (more.length > 0) {
    process.stderr.write('ebpf: A shell runs on one kernel.\n')
    return NOT_RUN
  }
  const bar = new ProgressBar(flags.quiet === true)
  const terminal = { input: stdin, rows: stdout.rows, columns: stdout.columns }
  try {
    const { exitCode } = await runInVm({
      timeout: 0,
      ...optionsOf(kernel, [process.env.SHELL ?? '/bin/sh'], flags),
      terminal,
      onProgress: (progress) => bar.show(progress),
      onOutput: (bytes) => {
        bar.clear()
        // Not before the guest's shell is there: until then Ctrl-C ends this program.
        stdin.setRawMode(true)
        stdout.write(bytes)
      },
    })
    return exitCode
  } finally {
    bar.clear()
    stdin.setRawMode(false)
    stdin.pause()
  }
}

function optionsOf(kernel: string, words: readonly string[], flags: Flags): VmOptions {
  const { memory, cpus, timeout, append, accel, writable, refresh } = flags
  const keep = flags.keep === undefined ? undefined : mkdtempSync(join(tmpdir(), 'ebpf-vm-'))
  if (keep !== undefined) process.stderr.write(`Keeping the guest's files in ${keep}\n`)
  return {
    kernel,
    command: words,
    accelerator: accel,
    ...(writable !== undefined && { writable }),
    ...(memory !== undefined && { memory }),
    ...(cpus !== undefined && { cpus }),
    ...(timeout !== undefined && { timeout: timeout * 1000 }),
    ...(append !== undefined && { append }),
    ...(refresh !== undefined && { refresh }),
    ...(keep !== undefined && { keep }),
  }
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value]
}

function splitCollect(value: string, previous: readonly string[] = []): string[] {
  const words = value.split(',').map((word) => word.trim())
  return [...previous, ...words.filter(Boolean)]
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(value)
}

function accelerator(value: string): AcceleratorChoice {
  if (value !== 'kvm' && value !== 'tcg' && value !== 'auto') {
    throw new InvalidArgumentError('It must be kvm, tcg or auto.')
  }
  return value
}
