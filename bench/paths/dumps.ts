/** Reading a whole hash of a million entries. */
import { createMap, type HashMap, u32 } from 'ebpf'
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { now } from '../statistics.ts'
import { type Flow, flow, spreadKeys } from './map-calls.ts'

const ENTRIES = 1_000_000

/** Gives the number of entries that were seen. */
type Dump = (map: HashMap<number, Flow>) => number

function prepare(dump: Dump): Sides {
  const map = createMap({ type: 'hash', key: u32, value: flow, maxEntries: ENTRIES })
  const { fd } = map
  const baseline = loadBaseline()
  baseline.mapFill(fd, spreadKeys(ENTRIES))
  return {
    c: () => baseline.mapDump(fd, ENTRIES) / ENTRIES,
    ours: () => {
      const begin = now()
      const seen = dump(map)
      const duration = now() - begin
      if (seen !== ENTRIES) throw new Error(`${seen} entries of ${ENTRIES}`)
      return duration / ENTRIES
    },
    close: () => map.close(),
  }
}

const toCallback: Dump = (map) => {
  let seen = 0
  map.forEach((value) => {
    if (value.bytes > 0) seen++
  })
  return seen
}

const toArray: Dump = (map) => map.toArray().length

const toMap: Dump = (map) => map.toMap().size

const common = { unit: 'M/s', slices: 9, quickSlices: 3 } as const

export const dumps: Comparison[] = [
  {
    ...common,
    name: 'dump',
    title: 'dump of 1M entries, objects to a callback',
    goal: 0.85,
    prepare: async () => prepare(toCallback),
  },
  {
    ...common,
    name: 'dump-array',
    title: 'dump of 1M entries to an array',
    prepare: async () => prepare(toArray),
  },
  {
    ...common,
    name: 'dump-map',
    title: 'dump of 1M entries to a Map',
    prepare: async () => prepare(toMap),
  },
]
