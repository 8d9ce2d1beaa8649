/** Reading 64-bit counters of a memory-mapped array, one after the other: no system call. */
import { type ArrayMap, createMap, u64 } from 'ebpf'
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { GoPeer } from '../peers/go.ts'
import { now } from '../statistics.ts'

/** As baseline/maps.c and peers/go/maps.go have it. */
const COUNTERS = 512
const READS = 1_000_000

function prepare(read: (map: ArrayMap<bigint>) => () => number | bigint): Sides {
  const map: ArrayMap<bigint> = createMap({ type: 'array', value: u64, maxEntries: COUNTERS, flags: ['mmapable'] })
  for (let index = 0; index < COUNTERS; index++) map.set(index, BigInt(index))
  const readAll = read(map)
  const goPeer = GoPeer.start()
  goPeer?.ask('map', map.id)
  return {
    c: () => loadBaseline().mapCounter(map.fd, READS) / READS,
    go: goPeer && (() => goPeer.ask('counter', READS) / READS),
    ours: () => {
      const begin = now()
      if (!readAll()) throw new Error('the counters are empty')
      return (now() - begin) / READS
    },
    close: () => {
      goPeer?.close()
      map.close()
    },
  }
}

/** No bigint is made. */
const compare = (map: ArrayMap<bigint>): (() => number) => {
  const counters = map.view(BigUint64Array)
  return () => {
    let above = 0
    for (let index = 0; index < READS; index++) if (counters[index % COUNTERS]! > 5n) above++
    return above
  }
}

const sum = (map: ArrayMap<bigint>): (() => bigint) => {
  const counters = map.view(BigUint64Array)
  return () => {
    let total = 0n
    for (let index = 0; index < READS; index++) total = BigInt.asUintN(64, total + counters[index % COUNTERS]!)
    return total
  }
}

const common = {
  unit: 'ns',
  goals: () => ({ must: { time: 10 }, stretch: { time: 2 }, go: 1 }),
  slices: 60,
  quickSlices: 24,
} as const

export const counters: Comparison[] = [
  {
    ...common,
    name: 'counter',
    title: 'memory-mapped counter, read and compared',
    prepare: async () => prepare(compare),
  },
  {
    ...common,
    name: 'counter-sum',
    title: 'memory-mapped counter, added to a bigint',
    prepare: async () => prepare(sum),
  },
]
