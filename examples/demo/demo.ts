// Shows live what the running kernel does: npm run demo -- --help

import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { help, readArguments } from './arguments.ts'
import { toEvent } from './event.ts'
import { explain, requireKernel } from './requirements.ts'
import { Stop } from './stop.ts'
import { Summary } from './summary.ts'
import { Table } from './table.ts'
import { tracepointFolder } from './tracepoints.ts'
import { startWorkload } from './workload.ts'

/** Not before it is known that it works here: on another system than Linux the package cannot even be loaded. */
async function library() {
  const { monotonicToDate } = await import('ebpf')
  // What `ebpf types demo.bpf.o` wrote: the object, with its types.
  const { open } = await import('./demo.skel.ts')
  return { monotonicToDate, open }
}

async function main(): Promise<void> {
  const options = readArguments(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(help)
    return
  }
  requireKernel()
  const { monotonicToDate, open } = await library()

  using stop = new Stop()

  // The object file says what there is; before it is loaded it can be changed.
  const spec = await open()
  // The demo's own open files would be events about events.
  const { dev, ino } = statSync('/proc/self/ns/pid', { bigint: true })
  spec.globals.reader = { pid: process.pid, namespace_device: dev, namespace_inode: ino }
  // What this kernel lacks stays out: arm64 has no open(2), an old kernel no openat2(2).
  const folder = tracepointFolder()
  for (const program of Object.values(spec.programs)) {
    program.autoload = existsSync(join(folder, program.section.replace('tracepoint/', '')))
  }

  // The verifier checks the programs, the JIT compiles them, and they run whenever their tracepoint is passed.
  await using object = await spec.load()
  await object.attach()

  const table = new Table(process.stdout)
  if (!options.json) process.stdout.write(table.header())
  using _workload = options.quiet ? undefined : startWorkload()
  if (options.seconds !== undefined) stop.after(options.seconds)
  const summary = new Summary()
  try {
    // Batches, and not single records, so that a busy machine costs one write for many lines.
    for await (const batch of object.maps.events.batches({ signal: stop.signal })) {
      let lines = ''
      for (const record of batch) {
        const event = toEvent(record, monotonicToDate(record.time))
        summary.count(event)
        lines += options.json ? `${JSON.stringify(event)}\n` : table.line(event)
      }
      process.stdout.write(lines)
    }
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error
  }
  const dropped = (object.maps.events.stats().dropped ?? 0) + Number(object.globals.missed)
  // On a terminal the line before it may hold a ^C.
  if (!stop.readerLeft) process.stderr.write(`${process.stderr.isTTY ? '\n' : ''}${summary.sentence(dropped)}\n`)
}

try {
  await main()
} catch (error) {
  const sentence = explain(error)
  if (sentence === undefined) throw error
  process.stderr.write(`demo: ${sentence}\n`)
  process.exitCode = 1
}
