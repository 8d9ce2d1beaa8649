/** One QEMU process, from its start to its end. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, rm, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Lines, MarkedStream, Tail } from './guest-streams.ts'
import { findProgram, requireTool } from './host-tools.ts'
import { DESCRIPTORS, type Machine, qemuArguments } from './qemu.ts'
import { VmError } from './vm-error.ts'

export interface GuestHandlers {
  onOutput: (bytes: Buffer, stream: 'stdout' | 'stderr') => void
  /** The guest is about to run the command. */
  onStart: (release: string, uptime: number) => void
}

export interface GuestLimits {
  /** Milliseconds until the command must run. */
  boot: number
  /** Milliseconds until it must have ended, the boot included; 0 for no limit. */
  total: number
  signal: AbortSignal | undefined
}

export interface GuestExtras {
  /** What is typed into the guest's terminal, where it has one. */
  terminal?: NodeJS.ReadableStream | undefined
  /** A folder that keeps what helps to debug a guest. */
  keep?: string | undefined
}

/** How the command ended, and what the guest said on its console. */
export interface GuestEnd {
  exitCode: number
  /** The last part of the kernel's messages. */
  console: string
}

/** Kernel messages kept, in characters. */
const CONSOLE_KEPT = 65_536
const TAIL_LINES = 15

export class Guest {
  readonly mark: string = `ebpf-vm-end-${randomBytes(12).toString('hex')}`
  readonly #handlers: GuestHandlers
  readonly #console = new Tail(CONSOLE_KEPT)
  readonly #streams: { stdout: MarkedStream; stderr: MarkedStream }
  #child: ChildProcess | undefined
  #qemuWords = ''
  #started = false
  #release: string
  #exitCode: number | undefined
  #failure: unknown

  /** @param release what the image says of itself, until the guest does */
  constructor(release: string, handlers: GuestHandlers) {
    this.#release = release
    this.#handlers = handlers
    this.#streams = {
      stdout: new MarkedStream(this.mark, (bytes) => handlers.onOutput(bytes, 'stdout')),
      stderr: new MarkedStream(this.mark, (bytes) => handlers.onOutput(bytes, 'stderr')),
    }
  }

  /**
   * @throws VmError when the guest gives no exit code, the signal's reason when it was aborted
   */
  async run(machine: Machine, initramfs: Uint8Array, limits: GuestLimits, extras: GuestExtras = {}): Promise<GuestEnd> {
    limits.signal?.throwIfAborted()
    const file = await unlinkedFile(initramfs)
    try {
      await this.#boot(machine, file.fd, limits, extras.terminal)
    } finally {
      await file.close()
      if (extras.keep !== undefined) await this.#keep(extras.keep, machine, initramfs)
    }
    if (this.#failure !== undefined) throw this.#failure
    if (this.#exitCode === undefined) throw this.#endedEarly()
    return { exitCode: this.#exitCode, console: this.#console.text }
  }

  async #boot(
    machine: Machine,
    initramfs: number,
    limits: GuestLimits,
    terminal?: NodeJS.ReadableStream,
  ): Promise<void> {
    const [command, ...args] = [...(await dyingWithUs()), await requireTool('qemu'), ...qemuArguments(machine)]
    const child = spawn(command as string, args, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', initramfs],
      env: { ...process.env, LC_ALL: 'C' },
    })
    this.#child = child
    const timers: NodeJS.Timeout[] = []
    const after = (milliseconds: number, action: () => void) => timers.push(setTimeout(action, milliseconds))
    const abort = () => this.#fail(limits.signal?.reason)
    try {
      const ended = new Promise<void>((resolve) => {
        child.once('close', () => resolve())
        child.once('error', (error) => {
          this.#fail(new VmError('ERR_EBPF_VM_QEMU', `QEMU cannot be started: ${error.message}`))
          resolve()
        })
      })
      limits.signal?.addEventListener('abort', abort, { once: true })
      if (limits.signal?.aborted) abort()
      after(limits.boot, () => {
        if (!this.#started) this.#timedOut(`did not come up within ${limits.boot / 1000} s`)
      })
      if (limits.total > 0) after(limits.total, () => this.#timedOut(`was ended after ${limits.total / 1000} s`))
      this.#listen(child, machine.terminal, terminal, after)
      await ended
      for (const stream of Object.values(this.#streams)) stream.flush()
    } finally {
      for (const timer of timers) clearTimeout(timer)
      limits.signal?.removeEventListener('abort', abort)
      child.kill('SIGKILL')
    }
  }

  #listen(
    child: ChildProcess,
    hasTerminal: boolean,
    terminal: NodeJS.ReadableStream | undefined,
    after: (milliseconds: number, action: () => void) => void,
  ): void {
    const socket = (descriptor: number) => {
      const stream = child.stdio[descriptor] as Socket
      // The other end may be gone before all was written or read: that is an end, told by the process.
      stream.on('error', () => {})
      return stream
    }
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#qemuWords += text
    })
    socket(DESCRIPTORS.console)
      .setEncoding('latin1')
      .on('data', (text: string) => this.#console.push(text.replaceAll('\r', '')))
    const finishWhenDone = () => {
      const marked = this.#streams.stdout.ended && (hasTerminal || this.#streams.stderr.ended)
      if (marked && this.#exitCode !== undefined) child.kill('SIGKILL')
    }
    const control = new Lines((line) => {
      this.#onControl(line)
      finishWhenDone()
      // Output that a guest cannot pass on must not keep it for ever.
      if (this.#exitCode !== undefined) after(10_000, () => child.kill('SIGKILL'))
    })
    socket(DESCRIPTORS.control)
      .setEncoding('utf8')
      .on('data', (text: string) => control.push(text))
    for (const name of ['stdout', 'stderr'] as const) {
      socket(DESCRIPTORS[name]).on('data', (bytes: Buffer) => {
        this.#streams[name].push(bytes)
        finishWhenDone()
      })
    }
    if (terminal !== undefined) terminal.pipe(socket(DESCRIPTORS.stdout))
  }

  #onControl(line: string): void {
    const [, word, rest = ''] = /^(\w+) ?(.*)$/.exec(line) ?? []
    if (word === 'kernel') this.#release = rest
    else if (word === 'start') {
      this.#started = true
      this.#handlers.onStart(this.#release, Number(rest))
    } else if (word === 'exit') this.#exitCode = Number(rest)
    else if (word === 'error') {
      this.#fail(
        new VmError(
          'ERR_EBPF_VM_GUEST',
          `The guest (Linux ${this.#release}) could not be made ready: ${rest}.`,
          this.#tail(),
        ),
      )
    }
  }

  async #keep(folder: string, machine: Machine, initramfs: Uint8Array): Promise<void> {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'initramfs.cpio'), initramfs)
    await writeFile(join(folder, 'console.log'), this.#console.text)
    await writeFile(join(folder, 'qemu-arguments'), qemuArguments(machine).join('\n').concat('\n'))
  }

  #timedOut(what: string): void {
    this.#fail(new VmError('ERR_EBPF_VM_TIMEOUT', `The guest (Linux ${this.#release}) ${what}.`, this.#tail()))
  }

  /** The first failure counts: what comes after is its consequence. */
  #fail(reason: unknown): void {
    if (this.#exitCode === undefined) this.#failure ??= reason
    this.#child?.kill('SIGKILL')
  }

  #endedEarly(): VmError {
    const words = this.#qemuWords.trim()
    if (this.#console.text === '' && !this.#started && words !== '') {
      return new VmError('ERR_EBPF_VM_QEMU', `QEMU refused to run the guest: ${words.split('\n').at(-1)}`)
    }
    const panic = /Kernel panic - not syncing: (.*)/.exec(this.#console.text)
    if (panic !== null) {
      return new VmError(
        'ERR_EBPF_VM_PANIC',
        `The guest's kernel (Linux ${this.#release}) panicked: ${panic[1]}`,
        this.#tail(),
      )
    }
    const when = this.#started ? 'before the command ended: it was powered off, or QEMU was killed' : 'before it was up'
    return new VmError(
      'ERR_EBPF_VM_ENDED',
      `The guest (Linux ${this.#release}) ended ${when}.${words && ` ${words}`}`,
      this.#tail(),
    )
  }

  /** The last lines, or after a crash those that begin with its first word. */
  #tail(): string[] {
    const lines = this.#console.text.split('\n').filter(Boolean)
    const crash = lines.findIndex((line) => /\b(?:BUG: |Oops: |general protection fault|Kernel panic)/.test(line))
    return crash === -1 ? lines.slice(-TAIL_LINES) : lines.slice(crash, crash + TAIL_LINES)
  }
}

/** A file that is gone when its last descriptor is. */
async function unlinkedFile(data: Uint8Array): Promise<FileHandle> {
  const path = join(tmpdir(), `ebpf-vm-${process.pid}-${randomBytes(6).toString('hex')}`)
  try {
    await writeFile(path, data, { mode: 0o600, flag: 'wx' })
    return await open(path)
  } finally {
    await rm(path, { force: true })
  }
}

/** A prefix that lets QEMU die with this process, also when that is killed outright. */
async function dyingWithUs(): Promise<string[]> {
  const setpriv = await findProgram('setpriv')
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--']
}
