/** Batches of a ring as one table of Apache Arrow: the columns of a batch are the memory of the table, not copied. */
import {
  type Data,
  Dictionary,
  Int32,
  makeData,
  Table,
  Uint32,
  Uint64,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import type { Columns, RingBuffer } from 'ebpf'

/** `struct stretch` of switches.bpf.c. */
export interface Stretch {
  /** Nanoseconds of CLOCK_MONOTONIC. */
  end: bigint
  /** Nanoseconds. */
  duration: bigint
  pid: number
  cpu: number
  command: string
}

export interface Switches {
  maps: { stretches: RingBuffer<Stretch> }
}

export type StretchTable = Table<{
  end: Uint64
  duration: Uint64
  pid: Uint32
  cpu: Uint32
  command: Dictionary<Utf8, Int32>
}>

export class StretchCollector {
  readonly #end: Data<Uint64>[] = []
  readonly #duration: Data<Uint64>[] = []
  readonly #pid: Data<Uint32>[] = []
  readonly #cpu: Data<Uint32>[] = []
  readonly #commands: Int32Array[] = []
  /** The one dictionary of the table: each batch comes with one of its own. */
  readonly #names = new Map<string, number>()

  add(columns: Columns<Stretch>): void {
    // TypeScript knows numbers and bigints; that these are unsigned, of 32 and of 64 bits, is in switches.bpf.c.
    this.#end.push(makeData({ type: new Uint64(), data: columns.end as BigUint64Array }))
    this.#duration.push(makeData({ type: new Uint64(), data: columns.duration as BigUint64Array }))
    this.#pid.push(makeData({ type: new Uint32(), data: columns.pid as Uint32Array }))
    this.#cpu.push(makeData({ type: new Uint32(), data: columns.cpu as Uint32Array }))
    const { indices, dictionary } = columns.command
    const common = dictionary.map((name) => this.#index(name))
    this.#commands.push(indices.map((index) => common[index] as number))
  }

  table(): StretchTable {
    const type = new Dictionary(new Utf8(), new Int32())
    const dictionary = vectorFromArray([...this.#names.keys()], new Utf8())
    const command = this.#commands.map((data) => makeData({ type, data, dictionary }))
    return new Table({
      end: new Vector(this.#end),
      duration: new Vector(this.#duration),
      pid: new Vector(this.#pid),
      cpu: new Vector(this.#cpu),
      command: new Vector(command),
    })
  }

  #index(name: string): number {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    this.#names.set(name, this.#names.size)
    return this.#names.size - 1
  }
}

/** Milliseconds of CPU time by command, the largest first. */
export function timeByCommand(table: StretchTable): [command: string, milliseconds: number][] {
  const times = new Map<string, bigint>()
  for (const { command, duration } of table) times.set(command, (times.get(command) ?? 0n) + duration)
  return [...times]
    .map(([command, time]): [string, number] => [command, Number(time) / 1e6])
    .sort(([, one], [, other]) => other - one)
}
