/** What TypeScript knows of a map that was created by explicit types. */
import { describe, expectTypeOf, test } from 'vitest'
import {
  type ArrayMap,
  type ArrayOfMaps,
  type Batch,
  type BloomFilter,
  BpfMap,
  type CgroupArray,
  HashMap,
  type HashOfMaps,
  type Infer,
  type LpmTrie,
  type LruHashMap,
  type LruPerCpuHashMap,
  type PerfBuffer,
  type PerCpuArrayMap,
  type PerCpuHashMap,
  type PrefixKey,
  type ProgramArray,
  type QueueMap,
  RingBuffer,
  type StackMap,
  type StackTraceMap,
  type Type,
  array,
  bool,
  bytes,
  char,
  createMap,
  enumeration,
  f64,
  type i64,
  openMap,
  struct,
  u8,
  u32,
  u64,
  union,
} from '../../lib/index.ts'

const entry = struct({ pid: u32, started: u64, comm: char(16), hash: bytes(8), tail: array(u8, 4), flag: bool })

interface Entry {
  pid: number
  started: bigint
  comm: string
  hash: Uint8Array
  tail: number[]
  flag: boolean
}

describe('explicit types', () => {
  test('decode to what C has', () => {
    expectTypeOf<Infer<typeof u32>>().toEqualTypeOf<number>()
    expectTypeOf<Infer<typeof u64>>().toEqualTypeOf<bigint>()
    expectTypeOf<Infer<typeof f64>>().toEqualTypeOf<number>()
    expectTypeOf<Infer<typeof entry>>().toEqualTypeOf<Entry>()
  })

  test('decode 64-bit integers to numbers where that was chosen', () => {
    expectTypeOf<Infer<typeof i64, 'number'>>().toEqualTypeOf<number>()
    type Plain = Infer<typeof entry, 'number'>
    expectTypeOf<Plain['started']>().toEqualTypeOf<number>()
    expectTypeOf<Omit<Plain, 'started'>>().toEqualTypeOf<Omit<Entry, 'started'>>()
  })

  test('nest', () => {
    const nested = struct({ inner: struct({ list: array(u64, 2) }), kind: enumeration({ A: 1, B: 2 }) })
    expectTypeOf<Infer<typeof nested>>().toEqualTypeOf<{ inner: { list: bigint[] }; kind: number }>()
    const either = union({ word: u32, bytes: bytes(4) })
    expectTypeOf<Infer<typeof either>>().toEqualTypeOf<{ word: number; bytes: Uint8Array }>()
  })

  test('are made only of types', () => {
    // @ts-expect-error a name is no type
    struct({ pid: 'u32' })
    // @ts-expect-error a length is a number
    char('16')
    // @ts-expect-error an element is a type
    array(8, 4)
    // @ts-expect-error big values need a 64-bit type to hold them
    enumeration({ A: 1n })
  })
})

describe('createMap', () => {
  test('gives the class of the type, with its keys and values', () => {
    const key = u32
    const value = entry
    expectTypeOf(createMap({ type: 'hash', key, value, maxEntries: 1 })).toEqualTypeOf<HashMap<number, Entry>>()
    expectTypeOf(createMap({ type: 'lru_hash', key, value, maxEntries: 1 })).toEqualTypeOf<LruHashMap<number, Entry>>()
    expectTypeOf(createMap({ type: 'percpu_hash', key, value, maxEntries: 1 })).toEqualTypeOf<
      PerCpuHashMap<number, Entry>
    >()
    expectTypeOf(createMap({ type: 'lru_percpu_hash', key, value, maxEntries: 1 })).toEqualTypeOf<
      LruPerCpuHashMap<number, Entry>
    >()
    expectTypeOf(createMap({ type: 'array', value, maxEntries: 1 })).toEqualTypeOf<ArrayMap<Entry>>()
    expectTypeOf(createMap({ type: 'percpu_array', value, maxEntries: 1 })).toEqualTypeOf<PerCpuArrayMap<Entry>>()
    expectTypeOf(createMap({ type: 'perf_event_array' })).toEqualTypeOf<PerfBuffer<Uint8Array>>()
    const perf = createMap({ type: 'perf_event_array', record: value })
    expectTypeOf(perf).toEqualTypeOf<PerfBuffer<Entry>>()
    expectTypeOf(perf.openOverwritable({ order: 'time' }).snapshot()).toEqualTypeOf<Promise<Batch<Entry>>>()
    expectTypeOf(createMap({ type: 'ringbuf', maxEntries: 4096 })).toEqualTypeOf<RingBuffer<Uint8Array>>()
    expectTypeOf(createMap({ type: 'ringbuf', record: value, maxEntries: 4096 })).toEqualTypeOf<RingBuffer<Entry>>()
  })

  test('takes flags as words', () => {
    createMap({ type: 'array', value: u64, maxEntries: 1, flags: ['mmapable', 'readOnlyProgram'] })
    createMap({ type: 'array', value: u64, maxEntries: 1, flags: 1024 })
    // @ts-expect-error no such word
    createMap({ type: 'array', value: u64, maxEntries: 1, flags: ['mmap'] })
  })

  test('takes of each other type what that has', () => {
    expectTypeOf(createMap({ type: 'rhash', key: u32, value: u32, maxEntries: 1 })).toEqualTypeOf<
      HashMap<number, number>
    >()
    expectTypeOf(createMap({ type: 'task_storage', value: u64 })).toExtend<BpfMap>()
    expectTypeOf(createMap({ type: 'lpm_trie', key: bytes(8), value: u64, maxEntries: 4 })).toEqualTypeOf<
      LpmTrie<PrefixKey, bigint>
    >()
    expectTypeOf(createMap({ type: 'queue', value: u64, maxEntries: 4 })).toEqualTypeOf<QueueMap<bigint>>()
    expectTypeOf(createMap({ type: 'stack', value: u32, maxEntries: 4 })).toEqualTypeOf<StackMap<number>>()
    expectTypeOf(createMap({ type: 'bloom_filter', value: u32, maxEntries: 4 })).toEqualTypeOf<BloomFilter<number>>()
    expectTypeOf(createMap({ type: 'prog_array', maxEntries: 4 })).toEqualTypeOf<ProgramArray>()
    expectTypeOf(createMap({ type: 'cgroup_array', maxEntries: 4 })).toEqualTypeOf<CgroupArray>()
    expectTypeOf(createMap({ type: 'stack_trace', maxEntries: 4 })).toEqualTypeOf<StackTraceMap>()
    const inner = { type: 'hash', key: u32, value: u32, maxEntries: 4 } as const
    expectTypeOf(createMap({ type: 'array_of_maps', maxEntries: 4, inner })).toEqualTypeOf<
      ArrayOfMaps<HashMap<number, number>>
    >()
    expectTypeOf(createMap({ type: 'hash_of_maps', key: u64, maxEntries: 4, inner: map })).toEqualTypeOf<
      HashOfMaps<bigint, typeof map>
    >()
    // @ts-expect-error a map of maps has a template
    createMap({ type: 'array_of_maps', maxEntries: 4 })
    // @ts-expect-error a storage grows as it has to
    createMap({ type: 'task_storage', value: u64, maxEntries: 4 })
    // @ts-expect-error a queue has values
    createMap({ type: 'queue', maxEntries: 4 })
    // @ts-expect-error a queue has no keys
    createMap({ type: 'queue', key: u32, value: u32, maxEntries: 4 })
    // @ts-expect-error a hash has no hash functions of its own
    createMap({ type: 'hash', key: u32, value: u32, maxEntries: 4, hashFunctions: 3 })
    // @ts-expect-error only an object makes it
    createMap({ type: 'struct_ops', maxEntries: 4 })
  })

  test('gives numbers for 64-bit integers where that was chosen', () => {
    const map = createMap({ type: 'hash', key: u64, value: u64, maxEntries: 1, int64: 'number' })
    expectTypeOf(map).toEqualTypeOf<HashMap<number | Uint8Array, number>>()
  })

  test('wants what the type needs, and nothing else', () => {
    // @ts-expect-error a hash has keys
    createMap({ type: 'hash', value: u32, maxEntries: 1 })
    // @ts-expect-error an array's keys are its indexes
    createMap({ type: 'array', key: u32, value: u32, maxEntries: 1 })
    // @ts-expect-error an array has values
    createMap({ type: 'array', maxEntries: 1 })
    // @ts-expect-error a ring has records
    createMap({ type: 'ringbuf', value: u32, maxEntries: 4096 })
    // @ts-expect-error a map has a size
    createMap({ type: 'hash', key: u32, value: u32 })
    // @ts-expect-error no such type
    createMap({ type: 'hashmap', key: u32, value: u32, maxEntries: 1 })
    // @ts-expect-error a type is no text
    createMap({ type: 'hash', key: 'u32', value: u32, maxEntries: 1 })
    // @ts-expect-error a misspelt option
    createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1, maxentries: 1 })
    // @ts-expect-error not how 64-bit integers can come
    createMap({ type: 'hash', key: u32, value: u64, maxEntries: 1, int64: 'string' })
  })
})

declare const map: HashMap<number, Entry>
declare const ring: RingBuffer<Entry>

describe('keys', () => {
  const keyOf = <K extends Type>(key: K) => createMap({ type: 'hash', key, value: u32, maxEntries: 1 }).keys()

  test('of integers are never bytes', () => {
    expectTypeOf(keyOf(u32)).toEqualTypeOf<Generator<number, void, undefined>>()
    expectTypeOf(keyOf(u64)).toEqualTypeOf<Generator<bigint, void, undefined>>()
    expectTypeOf(keyOf(enumeration({ A: 1 }))).toEqualTypeOf<Generator<number, void, undefined>>()
    const array = createMap({ type: 'array', value: u32, maxEntries: 1 })
    expectTypeOf(array.toArray()).toEqualTypeOf<[number, number][]>()
    expectTypeOf(createMap({ type: 'percpu_array', value: u32, maxEntries: 1 }).top(1)).toEqualTypeOf<
      [number, number[]][]
    >()
    map.forEach((_, key) => {
      expectTypeOf(key).toEqualTypeOf<number>()
    })
  })

  test('of all other types may be', () => {
    expectTypeOf(keyOf(char(4))).toEqualTypeOf<Generator<string | Uint8Array, void, undefined>>()
    expectTypeOf(keyOf(struct({ pid: u32 }))).toEqualTypeOf<Generator<{ pid: number } | Uint8Array, void, undefined>>()
    expectTypeOf(keyOf(f64)).toEqualTypeOf<Generator<number | Uint8Array, void, undefined>>()
    const numbers = createMap({ type: 'hash', key: u64, value: u32, maxEntries: 1, int64: 'number' })
    expectTypeOf(numbers.keys()).toEqualTypeOf<Generator<number | Uint8Array, void, undefined>>()
    expectTypeOf(numbers.get(1)).toEqualTypeOf<number | undefined>()
  })
})

describe('a map', () => {
  test('is read as its types say', () => {
    expectTypeOf(map.get(1)).toEqualTypeOf<Entry | undefined>()
    expectTypeOf(map.get(1, { raw: true })).toEqualTypeOf<Uint8Array | undefined>()
    expectTypeOf(map.has(1)).toEqualTypeOf<boolean>()
    expectTypeOf(map.delete(1)).toEqualTypeOf<boolean>()
    expectTypeOf([...map.values()]).toEqualTypeOf<Entry[]>()
  })

  test('takes only its own keys and values', () => {
    // @ts-expect-error the key is a number
    map.get('1')
    // @ts-expect-error a field is missing
    map.set(1, { pid: 1 })
    // @ts-expect-error no such condition
    map.set(1, {} as Entry, { if: 'new' })
    // @ts-expect-error nothing is raw by half
    map.get(1, { raw: false })
  })

  test('is narrowed by a class when it is opened', () => {
    expectTypeOf(openMap('/sys/fs/bpf/x')).toEqualTypeOf<BpfMap>()
    expectTypeOf(openMap({ id: 1 }, RingBuffer<Entry>)).toEqualTypeOf<RingBuffer<Entry>>()
    expectTypeOf(openMap({ fd: 1 }, HashMap<number, Entry>)).toEqualTypeOf<HashMap<number, Entry>>()
    // @ts-expect-error neither path, id nor descriptor
    openMap({ name: 'events' })
    // @ts-expect-error not a class of maps
    openMap({ id: 1 }, Date)
  })

  test('is not made by hand', () => {
    // @ts-expect-error its constructor is nobody's business
    new HashMap({})
    // @ts-expect-error neither is its handle
    void new BpfMap().handle
  })
})

describe('a ring', () => {
  test('gives records of its type', async () => {
    for await (const record of ring) expectTypeOf(record).toEqualTypeOf<Entry>()
    for await (const batch of ring.batches({ maxLatencyMs: 5 })) {
      expectTypeOf(batch.at(0)).toEqualTypeOf<Entry | undefined>()
      expectTypeOf(batch.toArray()).toEqualTypeOf<Entry[]>()
      expectTypeOf(batch.bytes(0)).toEqualTypeOf<Uint8Array | undefined>()
      for (const record of batch) expectTypeOf(record).toEqualTypeOf<Entry>()
    }
    for await (const bytes of ring.raw()) expectTypeOf(bytes).toEqualTypeOf<Uint8Array>()
    for await (const record of ring.as<{ id: number }>('other')) expectTypeOf(record).toEqualTypeOf<{ id: number }>()
  })

  test('takes handlers that return nothing, a promise, or what nobody cares for', () => {
    ring.subscribe((batch) => expectTypeOf(batch.toArray()).toEqualTypeOf<Entry[]>())
    ring.subscribe(async () => {})
    ring.subscribe(() => {})
    // @ts-expect-error a handler takes a batch
    ring.subscribe((_batch: string) => {})
    // @ts-expect-error a misspelt option
    ring.subscribe(() => {}, { maxLatency: 5 })
    expectTypeOf(ring.stats().dropped).toEqualTypeOf<number | undefined>()
  })
})
