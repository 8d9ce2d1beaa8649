import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import {
  ArrayMap,
  type Type,
  array,
  bool,
  bytes,
  createMap,
  enumeration,
  f32,
  f64,
  i16,
  i32,
  i64,
  i8,
  openMap,
  struct,
  u16,
  u32,
  u64,
  u8,
} from '../../lib/index.ts'
import { binding } from '../../lib/binding.ts'
import { MapMemory } from '../../lib/maps/memory-view.ts'
import { withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'

const MMAPABLE = 1 << 10
const READ_ONLY = 1 << 3
const READ_ONLY_PROGRAM = 1 << 7

function mappable<V extends Type>(value: V, maxEntries: number, flags = 0) {
  return createMap({ type: 'array', value, maxEntries, flags: MMAPABLE | flags })
}

const code = (expected: string) => expect.objectContaining({ code: expected })

describe('the view of an array', () => {
  it('is memory that programs and map calls share', () =>
    withObject('maps-view', async (object) => {
      const counters = object.map('counters', ArrayMap)
      const view = counters.view(BigUint64Array)
      expect(view).toHaveLength(1000)
      view[1] = 42n
      expect(await run(object, 'count'), 'what the program reads').toBe(42)
      expect(counters.get(1)).toBe(42n)
      for (let runs = 0; runs < 4; runs++) await run(object, 'count')
      expect(view[999], 'what the program wrote').toBe(5n)
      counters.set(0, 2n ** 64n - 1n)
      expect(view[0]).toBe(2n ** 64n - 1n)
      expect(view[1000]).toBeUndefined()
    }))

  it('is of the same memory each time', () => {
    using map = mappable(u64, 10)
    const [one, other] = [map.view(), map.view()]
    expect(one.buffer).toBe(other.buffer)
    expect(one.buffer.byteLength, 'no page of anybody else').toBe(80)
    one[9] = 5n
    expect(other[9]).toBe(5n)
    using again = openMap({ id: map.id }, ArrayMap, { value: u64 })
    expect(again.view()[9], 'mapped through another handle').toBe(5n)
  })

  it.each<[string, Type, new (length: number) => ArrayLike<unknown>]>([
    ['u64', u64, BigUint64Array],
    ['i64', i64, BigInt64Array],
    ['f64', f64, Float64Array],
    ['u32', u32, Uint32Array],
    ['i32', i32, Int32Array],
    ['f32', f32, Float32Array],
    ['u16', u16, Uint16Array],
    ['i16', i16, Int16Array],
    ['u8', u8, Uint8Array],
    ['i8', i8, Int8Array],
    ['bool', bool, Uint8Array],
    ['enum', enumeration({ A: -1, B: 1 }), Int32Array],
    ['bytes', bytes(13), Uint8Array],
    ['struct', struct({ a: u32, b: u16 }), Uint8Array],
  ])('of a single %s has its class and its size', (_name, type, View) => {
    using map = mappable(type, 1)
    const view = map.view()
    expect(view.constructor).toBe(View)
    expect(view.byteLength).toBe(type.layout.size)
  })

  it('flattens arrays of numbers', () => {
    using map = mappable(array(u32, 4), 3)
    const view = map.view(Uint32Array)
    expect(view).toHaveLength(12)
    map.set(2, [1, 2, 3, 4])
    expect([...view.subarray(8)]).toEqual([1, 2, 3, 4])
  })

  it('gives structs as bytes', () =>
    withObject('maps-view', (object) => {
      const pairs = object.map('pairs', ArrayMap)
      const view = pairs.view(Uint8Array)
      new Uint32Array(view.buffer)[5] = 77
      expect(pairs.get(2)).toEqual({ a: 0, b: 77 })
    }))

  it('lets a counter be taken and reset in one step', () => {
    using map = mappable(u64, 2)
    const view = map.view(BigUint64Array)
    view[1] = 9n
    expect(Atomics.exchange(view, 1, 0n)).toBe(9n)
    expect(map.get(1)).toBe(0n)
  })

  it.each([
    ['u32', u32],
    ['a struct of 12 bytes', struct({ a: u32, b: u32, c: u32 })],
    ['u8', u8],
  ])('is refused for several values of %s, which have gaps between them, and given as bytes', (_name, type: Type) => {
    using map = mappable(type, 2)
    expect(() => map.view()).toThrowError(code('ERR_EBPF_OUT_OF_RANGE'))
    expect(() => map.view()).toThrowError(/declare.*__u64|view\(Uint8Array\)/i)
    const stride = type.layout.size > 8 ? 16 : 8
    const view = map.view(Uint8Array)
    expect(view).toHaveLength(2 * stride)
    view[stride] = 7
    expect(map.get(1, { raw: true })![0]).toBe(7)
  })

  it('is narrowed only to what it is', () => {
    using map = mappable(u64, 2)
    expect(map.view(Uint8Array)).toHaveLength(16)
    for (const other of [BigInt64Array, Uint32Array, Float64Array, DataView, Array, 'text', null, {}]) {
      expect(() => map.view(other as never)).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
    }
    expect(() => map.view(Uint32Array)).toThrowError(/BigUint64Array/)
  })

  it('is refused, with what to do, where the kernel maps nothing', () => {
    using plain = createMap({ type: 'array', value: u64, maxEntries: 4 })
    expect(() => plain.view()).toThrowError(/BPF_F_MMAPABLE/)
    using perCpu = createMap({ type: 'percpu_array', value: u64, maxEntries: 4 })
    expect(() => perCpu.view()).toThrowError(/percpu_array/)
    for (const map of [plain, perCpu]) expect(() => map.view()).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
  })

  it('is refused for values with a lock', () =>
    withObject('maps-view', (object) => {
      expect(() => object.map('locked', ArrayMap).view()).toThrowError(
        expect.objectContaining({ operation: 'mmap', code: expect.stringMatching(/^ENOTSUPP$|^EINVAL$/) }),
      )
    }))

  it.each([
    ['frozen', 0],
    ['read-only to user space', READ_ONLY],
    ['read-only to programs', READ_ONLY_PROGRAM],
  ])('is refused when the map is %s: writing would end the process', (_name, flags) => {
    using map = mappable(u64, 4, flags)
    if (flags === 0) map.freeze()
    expect(() => map.view()).toThrowError(code('ERR_EBPF_READ_ONLY'))
    expect(map.get(0)).toBe(0n)
  })

  it('keeps the map from being frozen, which says why', () => {
    using map = mappable(u64, 4)
    map.view()
    expect(() => map.freeze()).toThrowError(code('EBUSY'))
    expect(() => map.freeze()).toThrowError(/viewed/)
  })
})

describe('closing a map', () => {
  it('empties its views, and releases their memory', async () => {
    for (let turn = 0; turn < 50 && binding.liveHandles().mapping > 0; turn++) {
      globalThis.gc?.()
      await sleep(10)
    }
    const map = mappable(u64, 4)
    const view = map.view(BigUint64Array)
    view[0] = 1n
    expect(binding.liveHandles().mapping).toBe(1)
    map.close()
    expect(view).toHaveLength(0)
    expect(view[0]).toBeUndefined()
    view[0] = 1n
    expect(() => map.view()).toThrowError(code('ERR_EBPF_CLOSED'))
    for (let turn = 0; turn < 50 && binding.liveHandles().mapping > 0; turn++) await sleep(10)
    expect(binding.liveHandles().mapping, 'without a garbage collection').toBe(0)
    map.close()
  })

  it('is what closing the object does, too', () =>
    withObject('maps-view', async (object) => {
      const view = object.map('counters', ArrayMap).view()
      await object.close()
      expect(view).toHaveLength(0)
    }))

  // ArrayBuffer.prototype.transfer is there since Node 22.
  it.skipIf(!('transfer' in ArrayBuffer.prototype))('leaves pages that were transferred to another buffer', () => {
    const map = mappable(u64, 4)
    const moved = (map.view().buffer as ArrayBuffer & { transfer(): ArrayBuffer }).transfer()
    const own = new BigUint64Array(moved)
    own[1] = 3n
    expect(map.get(1)).toBe(3n)
    expect(map.view()[1], 'mapped anew').toBe(3n)
    map.close()
    own[1] = 4n
    expect(own[1]).toBe(4n)
  })

  it('is survived by a view whose map was collected', async () => {
    const view = mappable(u64, 4).view(BigUint64Array)
    for (let turn = 0; turn < 5; turn++) {
      globalThis.gc?.()
      await sleep(5)
    }
    view[2] = 8n
    expect(view[2]).toBe(8n)
  })
})

describe('a view of more than 4 GiB', () => {
  it('is refused, and says why', () => {
    using map = mappable(u64, 8)
    // The array itself would need the memory: one that claims to be as long.
    const memory = new MapMemory({
      name: 'long',
      type: 'array',
      valueSize: 8,
      maxEntries: 2 ** 29,
      info: () => map.info(),
      borrow: (operation) => map.borrow(operation),
    })
    expect(() => memory.view(u64.layout)).toThrowError(code('EOPNOTSUPP'))
    expect(() => memory.view(u64.layout)).toThrowError(/4 GiB/)
  })
})
