/** Single calls on a hash of 100 000 entries, which no cache of a CPU holds: u32 to a struct of 16 bytes. */
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { createFlowMap, type FlowMap } from '../flow.ts'
import type { Goals } from '../goals.ts'
import { type KeySlice, Keys } from '../keys.ts'
import { GoPeer } from '../peers/go.ts'
import { type NpmFlowMap, openNpmMap } from '../peers/npm-bpf.ts'
import { now } from '../statistics.ts'

const ENTRIES = 100_000
const SLICE = 1500

interface Preparation {
  c(mapFd: number, keys: Uint32Array): number
  /** The command of the Go side. */
  go: string
  npm(map: NpmFlowMap, keys: Uint32Array): void
  ours(map: FlowMap, keys: Uint32Array): void
  /** Keys that are not in the map. */
  absent?: boolean
  /** Puts back what a slice took away. */
  restore?(mapFd: number, keys: Uint32Array): void
}

function prepare({ c, go, npm, ours, absent = false, restore }: Preparation): Sides {
  const map = createFlowMap(ENTRIES)
  const goPeer = GoPeer.start()
  const npmPeer = openNpmMap(map.id)
  goPeer?.ask('map', map.id)
  const all = new Keys(ENTRIES, SLICE, absent ? ENTRIES : 0)
  const slice = (run: (slice: KeySlice) => number) => (): number => {
    const next = all.next()
    const duration = run(next)
    restore?.(map.fd, next.keys)
    return duration / SLICE
  }
  return {
    c: slice(({ keys }) => c(map.fd, keys)),
    go: goPeer && slice(({ from }) => goPeer.ask(go, from, SLICE)),
    npm: npmPeer && slice(({ keys }) => timed(() => npm(npmPeer.map, keys))),
    ours: slice(({ keys }) => timed(() => ours(map, keys))),
    close: () => {
      npmPeer?.close()
      goPeer?.close()
      map.close()
    },
  }
}

function timed(run: () => void): number {
  const begin = now()
  run()
  return now() - begin
}

/** Ours and npm's have the same names for these calls, and yet functions of their own: V8 compiles a function for what it meets. */
const get: Preparation['ours'] = (map, keys) => {
  let sum = 0
  for (let index = 0; index < keys.length; index++) sum += map.get(keys[index]!)!.bytes
  if (sum === 0) throw new Error('the entries are empty')
}

const npmGet: Preparation['npm'] = (map, keys) => {
  let sum = 0
  for (let index = 0; index < keys.length; index++) sum += map.get(keys[index]!)!.bytes
  if (sum === 0) throw new Error('the entries are empty')
}

const miss: Preparation['ours'] = (map, keys) => {
  for (let index = 0; index < keys.length; index++) {
    if (map.get(keys[index]!) !== undefined) throw new Error('there is an entry')
  }
}

const npmMiss: Preparation['npm'] = (map, keys) => {
  for (let index = 0; index < keys.length; index++) {
    if (map.get(keys[index]!) !== undefined) throw new Error('there is an entry')
  }
}

const set: Preparation['ours'] = (map, keys) => {
  for (let index = 0; index < keys.length; index++) map.set(keys[index]!, { packets: 1n, bytes: index, flags: 2 })
}

const npmSet: Preparation['npm'] = (map, keys) => {
  for (let index = 0; index < keys.length; index++) map.set(keys[index]!, { packets: 1n, bytes: index, flags: 2 })
}

const remove: Preparation['ours'] = (map, keys) => {
  for (let index = 0; index < keys.length; index++) {
    if (!map.delete(keys[index]!)) throw new Error('an entry is missing')
  }
}

const npmRemove: Preparation['npm'] = (map, keys) => {
  for (let index = 0; index < keys.length; index++) {
    if (!map.delete(keys[index]!)) throw new Error('an entry is missing')
  }
}

const common = { unit: 'ns', slices: 200, quickSlices: 48 } as const
/** Of everything but get. */
const callGoals = (): Goals => ({ must: { ratio: 1.18 }, stretch: { ratio: 1.1 }, go: 0.95 })

export const mapCalls: Comparison[] = [
  {
    ...common,
    name: 'get',
    title: 'get, decoded to an object',
    goals: () => ({ must: { ratio: 1.12, above: 120 }, stretch: { ratio: 1.05 }, go: 0.9 }),
    prepare: async () => prepare({ c: loadBaseline().mapLookup, go: 'lookup', npm: npmGet, ours: get }),
  },
  {
    ...common,
    name: 'miss',
    title: 'get of a key that is not there',
    goals: callGoals,
    prepare: async () => prepare({ c: loadBaseline().mapMiss, go: 'miss', npm: npmMiss, ours: miss, absent: true }),
  },
  {
    ...common,
    name: 'set',
    title: 'set of an existing entry, from an object',
    goals: callGoals,
    prepare: async () => prepare({ c: loadBaseline().mapUpdate, go: 'update', npm: npmSet, ours: set }),
  },
  {
    ...common,
    name: 'delete',
    title: 'delete',
    goals: callGoals,
    prepare: async () =>
      prepare({
        c: loadBaseline().mapDelete,
        go: 'delete',
        npm: npmRemove,
        ours: remove,
        restore: loadBaseline().mapFill,
      }),
  },
]
