import { constants } from 'node:os'
import { type Handle, binding } from '../binding.ts'
import { ruleError } from '../errors.ts'

/** Counts over the life of a map handle, all its consumers together. */
export interface RecordCounters {
  records: number
  bytes: number
  maxPending: number
}

/** What a consumer says of the map that its records are from. */
export interface RecordSource {
  name: string
  /** What it is, for errors. */
  noun: string
  /** Whether its records say their CPU. */
  perCpu: boolean
  counters: RecordCounters
  /** Closes the native reader. */
  close(reader: Handle): void
}

/** What `binding` answers when a map has a reader already. */
export const BUSY: number = -constants.errno.EBUSY

/** Two readers of one map take each other's records. */
export function busyError(noun: string, name: string): Error {
  return ruleError('ERR_EBPF_BUSY', `${noun} '${name}' has a consumer in this process already`, {
    operation: 'read records',
    map: name,
    hint: `A ${noun} has one read position. Close the other stream first, or give its records on yourself.`,
  })
}

/** Whether all that was written into a reader's buffers at one moment was given back. */
export class Mark {
  readonly #reader: Handle
  readonly #produced: readonly number[]

  constructor(reader: Handle) {
    this.#reader = reader
    this.#produced = positions(reader, true)
  }

  get passed(): boolean {
    const consumed = positions(this.#reader, false)
    return this.#produced.every((position, index) => (consumed[index] ?? Number.POSITIVE_INFINITY) >= position)
  }
}

/** None once it is closed. */
function positions(reader: Handle, produced: boolean): number[] {
  const found = binding.readerPositions(reader, produced)
  return typeof found === 'number' ? [] : found
}
