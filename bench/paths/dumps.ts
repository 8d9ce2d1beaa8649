/** Reading a whole hash of a million entries. */
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { createFlowMap, type FlowMap } from '../flow.ts'
import { GoPeer } from '../peers/go.ts'
import { type NpmFlowMap, openNpmMap } from '../peers/npm-bpf.ts'
import { now } from '../statistics.ts'

const ENTRIES = 1_000_000

/** As many as we and C ask the kernel for at once. */
const NPM_BATCH = 4096

/** Each gives the number of entries that it saw or kept. */
interface Dump {
  /** What the Go side does with the entries. */
  go: 'callback' | 'array' | 'map'
  npm(map: NpmFlowMap): number
  ours(map: FlowMap): number
}

function prepare({ go, npm, ours }: Dump): Sides {
  const map = createFlowMap(ENTRIES)
  const { fd } = map
  const goPeer = GoPeer.start()
  const npmPeer = openNpmMap(map.id)
  goPeer?.ask('map', map.id)
  return {
    c: () => loadBaseline().mapDump(fd, ENTRIES) / ENTRIES,
    go: goPeer && (() => goPeer.ask('dump', ENTRIES, go) / ENTRIES),
    npm: npmPeer && (() => timed(() => npm(npmPeer.map))),
    ours: () => timed(() => ours(map)),
    close: () => {
      npmPeer?.close()
      goPeer?.close()
      map.close()
    },
  }
}

function timed(dump: () => number): number {
  const begin = now()
  const seen = dump()
  const duration = now() - begin
  if (seen !== ENTRIES) throw new Error(`${seen} entries of ${ENTRIES}`)
  return duration / ENTRIES
}

const toCallback: Dump = {
  go: 'callback',
  npm: (map) => {
    let seen = 0
    for (const batch of map.getBatch(NPM_BATCH)) {
      for (const [, value] of batch) if (value.bytes > 0) seen++
    }
    return seen
  },
  ours: (map) => {
    let seen = 0
    map.forEach((value) => {
      if (value.bytes > 0) seen++
    })
    return seen
  },
}

const toArray: Dump = {
  go: 'array',
  npm: (map) => [...map.getBatch(NPM_BATCH)].flat().length,
  ours: (map) => map.toArray().length,
}

const toMap: Dump = {
  go: 'map',
  npm: (map) => {
    const all = new Map<number, unknown>()
    for (const batch of map.getBatch(NPM_BATCH)) for (const [key, value] of batch) all.set(key, value)
    return all.size
  },
  ours: (map) => map.toMap().size,
}

const common = { unit: 'M/s', slices: 9, quickSlices: 2, seconds: 6 } as const

export const dumps: Comparison[] = [
  {
    ...common,
    name: 'dump',
    title: 'dump of 1M entries, objects to a callback',
    goals: () => ({ must: { ratio: 0.9 }, stretch: { ratio: 1 }, go: 1 }),
    prepare: async () => prepare(toCallback),
  },
  {
    ...common,
    name: 'dump-array',
    title: 'dump of 1M entries to an array',
    goals: () => ({ must: { ratio: 0.5 }, stretch: { ratio: 0.7 }, go: 1 }),
    prepare: async () => prepare(toArray),
  },
  {
    ...common,
    name: 'dump-map',
    title: 'dump of 1M entries to a Map',
    goals: () => ({ must: { ratio: 0.3 }, stretch: { ratio: 0.5 }, go: 1 }),
    prepare: async () => prepare(toMap),
  },
]
