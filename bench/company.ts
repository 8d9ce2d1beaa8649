/**
 * What a program does besides what is measured: it has other maps and rings. In a process with only one, V8 would compile
 * the package's methods for the types of that one alone, and the numbers would flatter us.
 */
import {
  bytes,
  char,
  createMap,
  i16,
  loadObject,
  openMap,
  possibleCpus,
  RingBuffer,
  struct,
  type Type,
  u32,
  u64,
} from 'ebpf'
import { loadBaseline } from './baseline.ts'
import { eventsObject } from './events.ts'

const CALLS = 5000
const TURNS = 5

export async function keepCompany(): Promise<void> {
  useOtherMaps()
  await useOtherRecords()
}

function useOtherMaps(): void {
  const place = struct({ id: u32, name: char(12) })
  const point = struct({ x: i16, y: i16, mark: bytes(4), name: char(12) })
  using times = createMap({ type: 'hash', key: u64, value: u64, maxEntries: 1024 })
  using points = createMap({ type: 'lru_hash', key: place, value: point, maxEntries: 1024 })
  using names = createMap({ type: 'array', value: char(16), maxEntries: 1024 })
  using counts = createMap({ type: 'percpu_hash', key: char(8), value: u32, maxEntries: 1024 })
  const perCpu = Array.from({ length: possibleCpus() }, () => 1)
  const mark = new Uint8Array(4)
  for (let call = 0; call < CALLS; call++) {
    const id = call % 1000
    const name = `name ${id % 100}`
    times.set(BigInt(id), BigInt(call))
    times.get(BigInt(id))
    points.set({ id, name }, { x: 1, y: -1, mark, name })
    points.get({ id, name })
    names.set(id, name)
    names.get(id)
    counts.set(name, perCpu)
    counts.get(name)
    if (call % 100 === 0) for (const map of [times, points, names, counts]) map.forEach(() => {})
    times.delete(BigInt(id))
    points.delete({ id, name })
    counts.delete(name)
  }
}

/** The records of the measured ring, read as if they were of other types. */
async function useOtherRecords(): Promise<void> {
  const types: Type[] = [
    u64,
    bytes(64),
    struct({ time: u64, mark: bytes(8) }),
    struct({ time: u64, low: u32, high: u32, name: char(16) }),
    struct({ x: i16, y: i16, pid: u32 }),
  ]
  await using object = await loadObject(eventsObject)
  const { fill, events } = { fill: object.programs.fill!.fd, events: object.map('events', RingBuffer).fd }
  for (const record of types) {
    using ring = openMap({ fd: events }, RingBuffer, { record })
    for (let turn = 0; turn < TURNS; turn++) {
      loadBaseline().programFill(fill, CALLS)
      let seen = 0
      for await (const batch of ring.batches()) {
        batch.toArray()
        batch.forEach(() => {})
        seen += batch.length
        if (seen === CALLS) break
      }
    }
  }
}
