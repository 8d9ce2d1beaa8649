/** `ebpf vm`: a command, or a shell, in a virtual machine; on one kernel after the other where several are named. */
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { type AcceleratorChoice, runInVm, type VmOptions } from '../testing/index.ts'
import { describeFailure } from './failure.ts'
import { ProgressBar } from './progress-bar.ts'
import { printTable, type Row } from './vm-table.ts'

interface Flags {
  kernel: string[]
  matrix: string[]
  memory?: number
  cpus?: number
  timeout?: number
  append?: string
  accel: AcceleratorChoice
  writable: string[]
  refresh?: true
  quiet?: true
}

const INTERRUPTED = 130

export function define(command: Command): void {
  command
    .usage('[options] -- COMMAND [ARGUMENT...]\n       ebpf vm shell [options]')
    .argument('<command...>', 'what runs in the guest; "shell" alone gives an interactive shell')
    .option(
      '-k, --kernel <kernel>',
      'a version (6.12, 6.12.107, latest) or the path of a kernel; may be repeated',
      collect,
      [],
    )
    .option('--matrix <kernels>', 'several kernels, separated by commas, one after the other', splitCollect, [])
    .option('--memory <MiB>', "the guest's memory", wholeNumber)
    .option('--cpus <count>', "the guest's processors", wholeNumber)
    .option(
      '--timeout <seconds>',
      'end the guest after that long, with exit code 124; 0 for never (default: 600)',
      wholeNumber,
    )
    .option('--append <text>', "add to the kernel's command line")
    .option('--accel <accelerator>', 'kvm, tcg (emulation) or auto', accelerator, 'auto')
    .option('--writable <folder>', 'let the guest really write to a folder of the host; may be repeated', collect, [])
    .option('--refresh', 'look for newer kernels')
    .option('-q, --quiet', 'print nothing but what the command prints')
    .passThroughOptions()
    .action(async (words: string[], flags: Flags) => {
      const kernels = [...flags.kernel, ...flags.matrix]
      process.exitCode = await run(words, { ...flags, kernel: kernels.length > 0 ? kernels : ['latest'] })
    })
}

async function run(words: readonly string[], flags: Flags): Promise<number> {
  const controller = new AbortController()
  const interrupt = () => controller.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const rows: Row[] = []
  try {
    for (const kernel of flags.kernel) {
      if (controller.signal.aborted) break
      rows.push(await runOn(kernel, words, flags, controller.signal))
    }
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  if (flags.kernel.length > 1) printTable(rows)
  return rows.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0
}

async function runOn(kernel: string, words: readonly string[], flags: Flags, signal: AbortSignal): Promise<Row> {
  const bar = new ProgressBar(flags.quiet === true)
  const began = performance.now()
  try {
    const result = await runInVm({
      ...options(kernel, words, flags),
      signal,
      onProgress: (progress) => bar.show(progress),
      onOutput: (bytes, stream) => {
        bar.clear()
        process[stream].write(bytes)
      },
    })
    bar.clear()
    return {
      kernel,
      release: result.kernelRelease,
      exitCode: result.exitCode,
      milliseconds: result.milliseconds,
      problem: undefined,
    }
  } catch (error) {
    bar.clear()
    const { message, exitCode } = signal.aborted
      ? { message: 'interrupted', exitCode: INTERRUPTED }
      : describeFailure(error)
    process.stderr.write(`ebpf: ${message}\n`)
    return {
      kernel,
      release: undefined,
      exitCode,
      milliseconds: performance.now() - began,
      problem: message.split('\n')[0],
    }
  }
}

function options(kernel: string, words: readonly string[], flags: Flags): VmOptions {
  const { memory, cpus, timeout, append, accel, writable, refresh } = flags
  return {
    kernel,
    command: words,
    accelerator: accel,
    writable,
    ...(memory !== undefined && { memory }),
    ...(cpus !== undefined && { cpus }),
    ...(timeout !== undefined && { timeout: timeout * 1000 }),
    ...(append !== undefined && { append }),
    ...(refresh !== undefined && { refresh }),
  }
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value]
}

function splitCollect(value: string, previous: string[]): string[] {
  return [
    ...previous,
    ...value
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean),
  ]
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(value)
}

function accelerator(value: string): AcceleratorChoice {
  if (value !== 'kvm' && value !== 'tcg' && value !== 'auto')
    throw new InvalidArgumentError('It must be kvm, tcg or auto.')
  return value
}
