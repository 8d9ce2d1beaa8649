/** What the demo shows: a record of the kernel in the words of Node. Its JSON is a line of --json. */
import { constants } from 'node:os'
import type { Event, Exec, Exit, Open } from './demo.skel.ts'
import { openFlags } from './open-flags.ts'

interface CommonEvent {
  time: Date
  pid: number
  parent: number
  command: string
  /** 0 or a descriptor, or a negative errno. Of an exit: the code, or 128 + the signal, as in a shell. */
  result: number
  /** Of an exit: how long the process lived. `null` when the beginning was not seen. */
  durationNs: number | null
}

export interface ExecEvent extends CommonEvent {
  type: 'exec'
  /** Of a failed execution only the path of the program. */
  arguments: string[]
  cut: boolean
}

export interface ExitEvent extends CommonEvent {
  type: 'exit'
  exitCode: number | null
  signal: string | null
}

export interface OpenEvent extends CommonEvent {
  type: 'open'
  path: string
  flags: string[]
  cut: boolean
}

export type DemoEvent = ExecEvent | ExitEvent | OpenEvent

export function toEvent(record: Event, time: Date): DemoEvent {
  switch (record.type) {
    case 'exec':
      return execEvent(record, time)
    case 'exit':
      return exitEvent(record, time)
    case 'open':
      return openEvent(record, time)
  }
}

function execEvent(record: Exec, time: Date): ExecEvent {
  const { type, result, size, cut } = record
  return { type, ...common(record, time, result), arguments: texts(record.arguments.subarray(0, size)), cut }
}

function exitEvent(record: Exit, time: Date): ExitEvent {
  const { type, status } = record
  // The low 7 bits are the signal, the next says whether a core was dumped, the next 8 are the code.
  const signal = status & 0x7f
  const code = (status >> 8) & 0xff
  if (signal === 0) return { type, ...common(record, time, code), exitCode: code, signal: null }
  return { type, ...common(record, time, 128 + signal), exitCode: null, signal: signalName(signal) }
}

function openEvent(record: Open, time: Date): OpenEvent {
  const { type, result, flags, path, cut } = record
  return { type, ...common(record, time, result), path, flags: openFlags(flags), cut }
}

function common({ process, duration }: Event, time: Date, result: number): CommonEvent {
  return { time, ...process, result, durationNs: Number(duration) || null }
}

const decoder = new TextDecoder()

/** Each text ends with a NUL, but for the last one when it was cut. */
function texts(bytes: Uint8Array): string[] {
  return bytes.length === 0 ? [] : decoder.decode(bytes).replace(/\0$/, '').split('\0')
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number as number, name]))

function signalName(number: number): string {
  return signalNames.get(number) ?? `SIG${number}`
}
