/** Methods on what is closed, on what they were not made for, and native calls with handles that name nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Handle, binding } from '../../lib/binding.ts'
import {
  ArrayMap,
  BpfMap,
  BpfObject,
  BpfProgram,
  HashMap,
  KeyedMap,
  Link,
  PerCpuArrayMap,
  PerCpuHashMap,
  RingBuffer,
  createMap,
  enableRunStatistics,
  loadObject,
  openMap,
  possibleCpus,
  u32,
  u64,
} from '../../lib/index.ts'
import { type Refusal, refuses, thrownBy } from '../support/bad-input.ts'
import { createNatively } from '../support/native-map.ts'
import { fixture, withObject } from '../support/fixtures.ts'

type Methods = Record<string | symbol, (...args: unknown[]) => unknown>

/** What may be used when it is closed: to close it again, to ask whether it is, what it was and had. */
const stillThere = new Set<string | symbol>([
  'constructor',
  'close',
  'closed',
  'links',
  'map',
  'size',
  'typed',
  'length',
  'unpin',
  Symbol.dispose,
  Symbol.asyncDispose,
])
/** Not part of the public API (`@internal`, or protected). */
const internal =
  /^(use|relinquish|describe|names|borrow|chunks|inBulk|walked|failure|takeEntry|readPart|setPart|deleteEntry|clearEntries|rankOf|closeLinks|closeLinksSync|holder|keyCodec|valueCodec|codec|reader|openReader|closeReader|pendingUnread|lost)$/

/** Every public method and accessor of an instance, own classes only. */
function members(instance: object): (string | symbol)[] {
  const found = new Set<string | symbol>()
  for (
    let prototype = Object.getPrototypeOf(instance);
    prototype !== Object.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const key of Reflect.ownKeys(prototype)) found.add(key)
  }
  return [...found].filter((key) => !stillThere.has(key) && !internal.test(String(key)))
}

const values = Array.from({ length: possibleCpus() }, () => 1)

/** Arguments with which each method would work on an open instance. */
const args: Record<string, unknown[]> = {
  get: [1],
  has: [1],
  set: [1, 1],
  delete: [1],
  take: [1],
  getMany: [[1]],
  setMany: [[[1, 1]]],
  deleteMany: [[1]],
  forEach: [() => {}],
  top: [1],
  pin: ['/sys/fs/bpf/ebpf_closed'],
  subscribe: [() => {}],
  as: ['event'],
  attach: [],
  attachAll: [[]],
  attachFirst: [[]],
}

/** Generators and async iterators say it when they are asked for the first entry. */
async function use(instance: object, member: string | symbol): Promise<unknown> {
  const value = (instance as Methods)[member]
  const perCpu = instance instanceof PerCpuHashMap || instance instanceof PerCpuArrayMap
  const given =
    perCpu && member === 'setMany'
      ? value!.call(instance, [[1, values]])
      : typeof value === 'function'
        ? value.apply(instance, args[String(member)] ?? [])
        : value
  if (typeof given === 'object' && given !== null && 'next' in given) return await (given as Iterator<unknown>).next()
  if (typeof given === 'object' && given !== null && Symbol.asyncIterator in given)
    return await (given as AsyncIterable<unknown>)[Symbol.asyncIterator]().next()
  return await given
}

describe('after close()', () => {
  const make: [string, () => object | Promise<object>][] = [
    ['HashMap', () => createMap({ type: 'hash', key: u32, value: u32, maxEntries: 4 })],
    ['LruHashMap', () => createMap({ type: 'lru_hash', key: u32, value: u32, maxEntries: 4 })],
    ['ArrayMap', () => createMap({ type: 'array', value: u32, maxEntries: 4 })],
    ['PerCpuHashMap', () => createMap({ type: 'percpu_hash', key: u32, value: u32, maxEntries: 4 })],
    ['LruPerCpuHashMap', () => createMap({ type: 'lru_percpu_hash', key: u32, value: u32, maxEntries: 4 })],
    ['PerCpuArrayMap', () => createMap({ type: 'percpu_array', value: u32, maxEntries: 4 })],
    ['RingBuffer', () => createMap({ type: 'ringbuf', maxEntries: 4096 })],
    ['PerfBuffer', () => createMap({ type: 'perf_event_array' })],
    [
      'BpfMap',
      () =>
        withObject('objects', ({ maps }) => openMap({ fd: maps.counts.fd }, BpfMap), {
          maps: { kept: { autocreate: false } },
        }),
    ],
    ['BpfObject', () => loadObject(fixture('programs'))],
    ['BpfProgram', () => withObject('programs', ({ programs }) => programs.grow!)],
    ['Link', () => withObject('programs', ({ programs }) => programs.which_cpu!.attach())],
    ['RunStatistics', () => enableRunStatistics()],
  ]

  it.each(make)('every member of %s says that it is closed', async (name, open) => {
    const instance = (await open()) as { close(): unknown; closed: boolean; constructor: { name: string } }
    await instance.close()
    expect(instance.closed).toBe(true)
    // Of an object that is a method; a link remembers what it was of.
    const names = members(instance).filter((member) => name !== 'Link' || member !== 'program')
    expect(names.length).toBeGreaterThanOrEqual(name === 'RunStatistics' ? 0 : 1)
    for (const member of names) {
      const error = await thrownBy(() => use(instance, member))
      expect(error, `${name}.${String(member)}`).toMatchObject({
        name: 'EbpfError',
        code: 'ERR_EBPF_CLOSED',
        message: expect.stringContaining('closed'),
      })
    }
    await instance.close()
    await instance.close()
    for (const dispose of [Symbol.dispose, Symbol.asyncDispose]) await (instance as unknown as Methods)[dispose]?.()
  })
})

describe('a method of one class called on another', () => {
  let array: ArrayMap
  let hash: HashMap
  let ring: RingBuffer
  let object: BpfObject
  let link: Link

  beforeAll(async () => {
    array = createMap({ type: 'array', value: u32, maxEntries: 4 }) as ArrayMap
    hash = createMap({ type: 'hash', key: u64, value: u64, maxEntries: 4 }) as HashMap
    ring = createMap({ type: 'ringbuf', maxEntries: 4096 }) as RingBuffer
    object = await loadObject(fixture('programs'))
    link = await object.programs.which_cpu!.attach()
    hash.set(1n, 2n)
    array.set(1, 3)
  })
  afterAll(async () => {
    expect([...hash]).toEqual([[1n, 2n]])
    expect(array.get(1)).toBe(3)
    for (const map of [array, hash, ring]) map.close()
    await object.close()
  })

  const method = (from: { prototype: object }, name: string) => (from.prototype as Methods)[name]!
  /** The language's own error for a receiver without the private fields. */
  const foreign = { type: TypeError, code: undefined }

  it('works where both have it', () => {
    expect(method(HashMap, 'get').call(array, 1)).toBe(3)
    expect(method(KeyedMap, 'get').call(hash, 1n)).toBe(2n)
  })

  it('gives an error of the kernel’s where the map cannot do it', () => {
    for (const name of ['delete', 'take', 'drain', 'clear']) {
      expect(() => method(HashMap, name).call(array, 1), name).toThrowError(
        expect.objectContaining({ name: 'EbpfError', code: expect.stringMatching(/^E(INVAL|NOTSUPP|OPNOTSUPP)$/) }),
      )
    }
  })

  const classes = { BpfMap, KeyedMap, HashMap, ArrayMap, RingBuffer, BpfObject, BpfProgram, Link }

  it('is a TypeError on anything else, and never a crash', async () => {
    let tried = 0
    for (const [name, { prototype }] of Object.entries(classes)) {
      for (const key of Reflect.ownKeys(prototype)) {
        if (key === 'constructor' || internal.test(String(key))) continue
        const { value, get } = Object.getOwnPropertyDescriptor(prototype, key)!
        for (const wrong of [
          undefined,
          null,
          {},
          5,
          'text',
          [],
          new Map(),
          new Proxy(hash, {}),
          Object.create(hash),
          prototype,
        ]) {
          const call = (value ?? get) as (...args: unknown[]) => unknown
          const error = await thrownBy(async () => {
            const given = await call.apply(wrong, args[String(key)] ?? [])
            if (typeof given === 'object' && given !== null && 'next' in given)
              await (given as Iterator<unknown>).next()
            throw new TypeError('it did nothing at all')
          })
          expect(error, `${name}.prototype.${String(key)} on ${Object.prototype.toString.call(wrong)}`).toBeInstanceOf(
            TypeError,
          )
          tried++
        }
      }
    }
    expect(tried).toBeGreaterThan(300)
  })

  const rows: Refusal[] = [
    { name: 'a map’s on a program', act: () => method(BpfMap, 'info').call(object.programs.grow), ...foreign },
    { name: 'a program’s on a map', act: () => method(BpfProgram, 'testRun').call(hash), ...foreign },
    { name: 'a program’s on a link', act: () => method(BpfProgram, 'info').call(link), ...foreign },
    { name: 'a link’s on a map', act: () => method(Link, 'info').call(hash), ...foreign },
    { name: 'an object’s on a map', act: () => method(BpfObject, 'attach').call(hash), ...foreign },
    { name: 'an entry’s on a ring', act: () => method(KeyedMap, 'get').call(ring, 1), ...foreign },
    { name: 'a ring’s on a hash', act: () => method(RingBuffer, 'subscribe').call(hash, () => {}), ...foreign },
  ]
  refuses(rows)
})

describe('native calls', () => {
  const stale = (): Handle => {
    const handle = createNatively()
    binding.mapClose(handle)
    return handle
  }

  it('with a handle that is stale, made up or of another kind are refused', async () => {
    const program = await withObject('programs', ({ programs }) => programs.grow!.fd)
    for (const handle of [stale(), 0, -1, 1, 2 ** 31 - 1, -(2 ** 31), program]) {
      const memory = new ArrayBuffer(64)
      const [keys, control] = [new Uint8Array(64), Uint32Array.of(1, 0)]
      expect([
        binding.mapBind(handle, memory),
        binding.mapLookup(handle, 0),
        binding.mapUpdate(handle, 0),
        binding.mapDelete(handle),
        binding.mapNextKey(handle, true),
        binding.mapLookupBatch(handle, keys, keys, keys, control, 0),
        binding.mapUpdateBatch(handle, keys, keys, control, 0),
        binding.mapInfo(handle),
        binding.mapMemory(handle, 4096, false),
        binding.mapClose(handle),
        binding.programClose(handle),
        binding.objectCloseSync(handle),
        binding.linkCloseSync(handle),
        binding.descriptorClose(handle),
      ]).toEqual(Array(14).fill(-9))
    }
  })

  it('with memory that is too small are refused', () => {
    const handle = binding.mapCreate({
      type: 1,
      name: 'm',
      keySize: 4,
      valueSize: 100,
      maxEntries: 8,
      flags: 0,
      numaNode: 0,
      mapExtra: 0n,
      innerMap: 0,
      btf: 0,
      keyTypeId: 0,
      valueTypeId: 0,
    })
    try {
      expect(binding.mapLookup(handle, 0), 'nothing bound').toBe(-22)
      expect(binding.mapBind(handle, new ArrayBuffer(107))).toBe(-22)
      expect(binding.mapBind(handle, new ArrayBuffer(0))).toBe(-22)
      expect(binding.mapBind(handle, new ArrayBuffer(108))).toBe(0)
      expect(binding.mapLookup(handle, 0)).toBe(-2)
      const many = new Uint8Array(800)
      for (const [keys, values, token, count] of [
        [new Uint8Array(31), many, many, 8],
        [many, new Uint8Array(799), many, 8],
        [many, many, new Uint8Array(3), 8],
        [many, many, many, 0xffff_ffff],
        [new Uint8Array(0), many, many, 1],
      ] as const) {
        expect(binding.mapLookupBatch(handle, keys, values, token, Uint32Array.of(count, 0), 0)).toBe(-22)
        expect(binding.mapLookupAndDeleteBatch(handle, keys, values, token, Uint32Array.of(count, 0), 0)).toBe(-22)
      }
      expect(binding.mapUpdateBatch(handle, many, new Uint8Array(99), Uint32Array.of(1), 0)).toBe(-22)
      expect(binding.mapDeleteBatch(handle, new Uint8Array(3), Uint32Array.of(1, 0))).toBe(-22)
      expect(binding.mapMemory(handle, 4096, false), 'no array').toBe(-22)
    } finally {
      binding.mapClose(handle)
    }
  })
})
