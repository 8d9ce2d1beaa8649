/** A trace buffer of one's own: a folder below `instances` of tracefs, which the kernel fills with the events enabled there. */
import { closeSync, existsSync, constants as files, openSync, readSync, rmdirSync } from 'node:fs'
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { type EbpfError, kernelError, ruleError } from '../errors.ts'
import { TRACEFS_FOLDERS, TRACEFS_HINT } from './tracefs.ts'

/** More than the kernel gives at once (TRACE_SEQ_BUFFER_SIZE): so what is read are whole entries. */
const BUFFER_BYTES = 65_536

/** The process that made it, and a number: tells which of them nobody can need any more. */
const NAME = /^ebpf-(\d+)-\d+$/

let made = 0

/** Folders of this thread, and who reads them: removed at exit, since the kernel would keep them and go on filling them. */
const open = new Map<string, number | undefined>()

/** The net below close(). */
const forgotten = new FinalizationRegistry<{ fd: number; folder: string }>(({ fd, folder }) => {
  process.emitWarning('a trace pipe was garbage-collected without being closed; call close()', 'EbpfWarning')
  open.set(folder, undefined)
  closeSync(fd)
  void remove(folder)
})

export class TraceInstance {
  readonly #folder: string
  readonly #fd: number
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)
  #closing: Promise<void> | undefined

  /** Making and removing one takes the kernel tens of milliseconds: both are off the JavaScript thread. */
  private constructor(folder: string, fd: number) {
    this.#folder = folder
    this.#fd = fd
    open.set(folder, fd)
    forgotten.register(this, { fd, folder }, this)
  }

  /**
   * @param event such as `bpf_trace/bpf_trace_printk`
   * @throws EbpfError ERR_EBPF_KERNEL when there is no such event
   */
  static async create(event: string): Promise<TraceInstance> {
    const folder = await makeFolder()
    try {
      // The clock of bpf_ktime_get_ns(), so that times can be compared; by default each CPU has its own.
      await writeFile(`${folder}/trace_clock`, 'mono')
      await enable(folder, event)
      const fd = openSync(`${folder}/trace_pipe`, files.O_RDONLY | files.O_NONBLOCK)
      return new TraceInstance(folder, fd)
    } catch (error) {
      await remove(folder)
      throw failure(error, folder)
    }
  }

  /** Whole entries that were not read before, as text; `''` when there are none now. */
  read(): string {
    if (this.#closing !== undefined) return ''
    try {
      return this.#buffer.toString('utf8', 0, readSync(this.#fd, this.#buffer))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EAGAIN' || code === 'EINTR') return ''
      throw failure(error, `${this.#folder}/trace_pipe`)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    forgotten.unregister(this)
    open.set(this.#folder, undefined)
    closeSync(this.#fd)
    await remove(this.#folder)
  }
}

async function makeFolder(): Promise<string> {
  const parent = TRACEFS_FOLDERS.map((folder) => `${folder}/instances`).find((folder) => existsSync(folder))
  if (parent === undefined) {
    const errno = -constants.errno.ENOENT
    throw kernelError(errno, { operation: `mkdir ${TRACEFS_FOLDERS[0]}/instances/…`, hint: TRACEFS_HINT })
  }
  await sweep(parent)
  for (;;) {
    const folder = `${parent}/ebpf-${process.pid}-${made++}`
    try {
      await mkdir(folder)
      if (open.size === 0) process.on('exit', removeAll)
      open.set(folder, undefined)
      return folder
    } catch (error) {
      // Of another thread of this process.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw failure(error, folder)
    }
  }
}

/** Removes those of processes that were killed. One that is read (in another PID namespace, say) answers EBUSY. */
async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = NAME.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await rmdir(`${parent}/${name}`).catch(() => {})
  }
}

async function enable(folder: string, event: string): Promise<void> {
  const file = `${folder}/events/${event}/enable`
  if (!existsSync(file)) {
    throw ruleError('ERR_EBPF_KERNEL', `this kernel has no event ${event}, which Linux 5.9 is the first to have`, {
      operation: `write ${file}`,
    })
  }
  await writeFile(file, '1')
}

/** Whoever else reads it keeps it from being removed, until the next sweep. */
async function remove(folder: string): Promise<void> {
  await rmdir(folder).catch(() => {})
  open.delete(folder)
  if (open.size === 0) process.off('exit', removeAll)
}

function removeAll(): void {
  for (const [folder, fd] of open) {
    try {
      if (fd !== undefined) closeSync(fd)
      rmdirSync(folder)
    } catch {
      // Read by somebody else.
    }
  }
}

function failure(error: unknown, path: string): EbpfError {
  const { errno, code } = error as NodeJS.ErrnoException
  if (code?.startsWith('ERR_EBPF_') || errno === undefined) return error as EbpfError
  return kernelError(errno, { operation: `tracing by ${path}`, hint: code === 'ENOENT' ? TRACEFS_HINT : undefined })
}
