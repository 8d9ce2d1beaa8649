import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  ArrayMap,
  HashMap,
  LruHashMap,
  LruPerCpuHashMap,
  PerCpuArrayMap,
  PerCpuHashMap,
  RingBuffer,
  array,
  bool,
  bytes,
  char,
  createMap,
  enumeration,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  openMap,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
} from '../../lib/index.ts'
import { withBpffs } from '../support/bpffs.ts'
import { olderThan } from '../support/kernel-features.ts'

const BPF_F_NO_PREALLOC = 1
const BPF_F_NUMA_NODE = 4

describe('a map made by explicit types', () => {
  it.each([
    ['hash', HashMap],
    ['lru_hash', LruHashMap],
    ['percpu_hash', PerCpuHashMap],
    ['lru_percpu_hash', LruPerCpuHashMap],
  ] as const)('of type %s has the class of its type', (type, expected) => {
    using map = createMap({ type: type as 'hash', key: u32, value: u64, maxEntries: 32 })
    expect(map.constructor).toBe(expected)
    expect([map.type, map.keySize, map.valueSize, map.maxEntries]).toEqual([type, 4, 8, 32])
  })

  it('has no key type where keys are indexes', () => {
    using map = createMap({ type: 'array', value: u16, maxEntries: 3 })
    using perCpu = createMap({ type: 'percpu_array', value: u16, maxEntries: 3 })
    expect(map.constructor).toBe(ArrayMap)
    expect(perCpu.constructor).toBe(PerCpuArrayMap)
    expect([map.keySize, map.valueSize, map.length]).toEqual([4, 2, 3])
  })

  it('may be a ring', () => {
    using bytesRing = createMap({ type: 'ringbuf', maxEntries: 4096 })
    using typedRing = createMap({ type: 'ringbuf', record: struct({ pid: u32 }), maxEntries: 8192 })
    expect(bytesRing).toBeInstanceOf(RingBuffer)
    expect([bytesRing.size, bytesRing.typed]).toEqual([4096, false])
    expect([typedRing.size, typedRing.typed]).toEqual([8192, true])
  })

  it('keeps values of every type', () => {
    const value = struct({
      u8,
      i8,
      u16,
      i16,
      u32,
      i32,
      u64,
      i64,
      f32,
      f64,
      bool,
      text: char(6),
      raw: bytes(3),
      list: array(struct({ a: u8, b: u32 }), 2),
      state: enumeration({ IDLE: 0, BUSY: 5 }),
      either: union({ whole: u32, half: u16 }),
    })
    using map = createMap({ type: 'hash', key: struct({ id: u64, kind: u8 }), value, maxEntries: 4 })
    const entry = {
      u8: 255,
      i8: -128,
      u16: 65_535,
      i16: -32_768,
      u32: 4_294_967_295,
      i32: -2_147_483_648,
      u64: (1n << 64n) - 1n,
      i64: -(1n << 63n),
      f32: 0.5,
      f64: Math.E,
      bool: true,
      text: 'sixsix',
      raw: Uint8Array.of(1, 2, 3),
      list: [
        { a: 1, b: 2 },
        { a: 3, b: 4 },
      ],
      state: 5,
      either: { whole: 0x01020304, half: 0x0304 },
    }
    map.set({ id: 1n << 60n, kind: 2 }, entry)
    expect(map.get({ id: 1n << 60n, kind: 2 })).toEqual(entry)
    expect([...map]).toEqual([[{ id: 1n << 60n, kind: 2 }, entry]])
  })

  it('keeps packed structs as tight as they are', () => {
    using map = createMap({ type: 'hash', key: struct({ a: u8, b: u64 }, { packed: true }), value: u8, maxEntries: 4 })
    expect(map.keySize).toBe(9)
    map.set({ a: 1, b: 1n << 63n }, 2)
    expect([...map]).toEqual([[{ a: 1, b: 1n << 63n }, 2]])
  })

  it('gives numbers for 64 bits where that was chosen', () => {
    using map = createMap({ type: 'hash', key: u64, value: i64, maxEntries: 4, int64: 'number' })
    map.set(2 ** 40, -5)
    expect([...map]).toEqual([[2 ** 40, -5]])
    map.set(1, 2 ** 53 - 1)
    expect(map.get(1)).toBe(2 ** 53 - 1)
    map.set(1, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x10))
    expect(() => map.get(1)).toThrowError(RangeError)
    expect(map.get(1, { raw: true })).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x10))
  })

  it('is known to the kernel by its name, or its type', () => {
    using named = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1, name: 'fifteen_letters' })
    using unnamed = createMap({ type: 'lru_hash', key: u32, value: u32, maxEntries: 1 })
    expect([named.name, named.info().name]).toEqual(['fifteen_letters', 'fifteen_letters'])
    expect([unnamed.name, unnamed.info().name]).toEqual(['lru_hash', 'lru_hash'])
  })

  it('has the flags and the memory node that were chosen', () => {
    using map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1, flags: BPF_F_NO_PREALLOC, numaNode: 0 })
    expect(map.info().flags).toBe(BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE)
  })

  it('is known by what the kernel says of it', () => {
    using map = createMap({ type: 'hash', key: u16, value: bytes(7), maxEntries: 5, name: 'mine' })
    expect(map.info()).toEqual({
      id: map.id,
      type: 'hash',
      name: 'mine',
      keySize: 2,
      valueSize: 7,
      maxEntries: 5,
      flags: 0,
      mapExtra: 0n,
      btfId: expect.any(Number),
      keyTypeId: 1,
      valueTypeId: 4,
      frozen: false,
      memory: expect.any(Number),
    })
  })
})

describe('a frozen map', () => {
  it('can be read and not written, and says so', () => {
    using map = createMap({ type: 'array', value: u32, maxEntries: 2 })
    map.set(1, 5)
    map.freeze()
    expect(map.info().frozen).toBe(true)
    expect(map.get(1)).toBe(5)
    expect([...map]).toEqual([
      [0, 0],
      [1, 5],
    ])
    expect(() => map.set(1, 6)).toThrowError(expect.objectContaining({ code: 'EPERM', errno: -1, map: 'array' }))
    expect(() => map.setMany([[1, 6]])).toThrowError(expect.objectContaining({ code: 'EPERM' }))
    expect(() => map.freeze()).toThrowError(expect.objectContaining({ code: expect.stringMatching(/^(EPERM|EBUSY)$/) }))
    expect(map.get(1)).toBe(5)
  })

  it('of entries that come and go can neither lose nor get one', () => {
    using map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 2 })
    map.set(1, 5)
    map.freeze()
    for (const write of [
      () => map.set(2, 1),
      () => map.delete(1),
      () => map.take(1),
      () => map.clear(),
      () => map.drain(),
      () => map.deleteMany([1]),
    ]) {
      expect(write).toThrowError(expect.objectContaining({ code: 'EPERM' }))
    }
    expect([...map]).toEqual([[1, 5]])
  })
})

describe('a pinned map', () => {
  it('outlives its handle until it is unpinned', () =>
    withBpffs((folder) => {
      const path = `${folder}/counts`
      {
        using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 4 })
        map.set(1, 11n)
        map.pin(path)
        expect(() => map.pin(path)).toThrowError(expect.objectContaining({ code: 'EEXIST', operation: 'bpf_obj_pin' }))
      }
      using again = openMap(path, HashMap, { key: u32, value: u64 })
      expect(again.get(1)).toBe(11n)
      again.unpin(path)
      expect(() => again.unpin(path)).toThrowError(expect.objectContaining({ code: 'ENOENT' }))
      expect(() => openMap(path)).toThrowError(expect.objectContaining({ code: 'ENOENT' }))
      expect(again.get(1), 'open handles stay').toBe(11n)
    }))

  it('is what unpin removes, and nothing else', () =>
    withBpffs((folder) => {
      const file = join(mkdtempSync(join(tmpdir(), 'ebpf-')), 'file')
      writeFileSync(file, 'precious')
      using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 4 })
      using other = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 4 })
      other.pin(`${folder}/other`)
      for (const path of [file, `${folder}/other`, folder]) {
        expect(() => map.unpin(path)).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }))
      }
      expect([existsSync(file), existsSync(`${folder}/other`)]).toEqual([true, true])
      rmSync(dirname(file), { recursive: true })
      map.close()
      expect(() => map.unpin(`${folder}/other`)).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
    }))
})

describe('values past 2^53 where numbers were chosen', () => {
  const full = (): HashMap<number, number> => {
    const map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 16, int64: 'number' })
    for (let key = 0; key < 4; key++) map.set(key, key)
    map.set(2, new Uint8Array(8).fill(0xff))
    return map
  }
  const outOfRange = { code: 'ERR_EBPF_OUT_OF_RANGE' }
  const thrown = (act: () => unknown): unknown => {
    try {
      return act()
    } catch (error) {
      return error
    }
  }

  it.skipIf(olderThan('5.14'))('are not lost when they are taken', () => {
    using map = full()
    expect(thrown(() => map.take(2))).toMatchObject({ ...outOfRange, taken: new Uint8Array(8).fill(0xff) })
    expect(map.count()).toBe(3)
  })

  it('are not lost, nor the others, when all are drained', () => {
    using map = full()
    const error = thrown(() => map.drain()) as { drained: [number, number][] }
    expect(error).toMatchObject({
      ...outOfRange,
      undecoded: [[Uint8Array.of(2, 0, 0, 0), new Uint8Array(8).fill(0xff)]],
    })
    expect(error.drained.sort()).toEqual([
      [0, 0],
      [1, 1],
      [3, 3],
    ])
    expect(map.count()).toBe(0)
  })
})

describe('a wrong item among many', () => {
  it('is named by its place, with how many before it were done', () => {
    using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 6000 })
    const items = Array.from({ length: 5000 }, (_, key): [number, bigint] => [key, 1n])
    items[4500] = [4500, 'x' as unknown as bigint]
    expect(() => map.setMany(items)).toThrow(/^item 4500: .* \(4096 items before it were done\)$/)
    expect(map.count()).toBe(4096)
  })
})
