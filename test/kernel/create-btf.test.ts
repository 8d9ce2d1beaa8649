/** The types that the kernel keeps with a map that was created by itself. */
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ArrayMap,
  type BpfMap,
  HashMap,
  array,
  bool,
  bytes,
  char,
  createMap,
  enumeration,
  f32,
  f64,
  i16,
  i64,
  openMap,
  possibleCpus,
  struct,
  u16,
  u32,
  u64,
  u8,
  union,
} from '../../lib/index.ts'
import { binding } from '../../lib/binding.ts'
import type { Layout } from '../../lib/btf/layout.ts'
import { olderThan } from '../support/kernel-features.ts'
import { lacks } from '../support/kernel-types.ts'
import { anyLayout } from '../unit/btf/arbitrary.ts'

const everything = struct({
  small: u8,
  signed: i16,
  wide: u64,
  deep: i64,
  single: f32,
  double: f64,
  flag: bool,
  text: char(6),
  raw: bytes(3),
  list: array(struct({ a: u8, b: u32 }), 2),
  state: enumeration({ IDLE: 0, BUSY: 5 }),
  offset: enumeration({ BEFORE: -1, AFTER: 1 }),
  large: enumeration({ HUGE: 1n << 40n }, u64),
  either: union({ whole: u32, half: u16 }),
})
const entry = {
  small: 255,
  signed: -2,
  wide: (1n << 64n) - 1n,
  deep: -5n,
  single: 0.5,
  double: Math.E,
  flag: true,
  text: 'sixsix',
  raw: Uint8Array.of(1, 2, 3),
  list: [
    { a: 1, b: 2 },
    { a: 3, b: 4 },
  ],
  state: 5,
  offset: -1,
  large: 1n << 40n,
  either: { whole: 0x01020304, half: 0x0304 },
}

/** Explicit types have none. */
function hasBitfields(layout: Layout): boolean {
  if (layout.kind === 'array') return hasBitfields(layout.element)
  if (layout.kind !== 'struct' && layout.kind !== 'union') return false
  return layout.fields.some((field) => field.bitfield !== undefined || hasBitfields(field.layout))
}

describe('types that the kernel keeps', () => {
  it.skipIf(olderThan('6.0'))('are read by whoever opens the map', () => {
    using map = createMap({ type: 'hash', key: struct({ id: u64, kind: u8 }), value: everything, maxEntries: 4 })
    map.set({ id: 7n, kind: 2 }, entry)
    using again = openMap({ id: map.id }, HashMap)
    expect([...again]).toEqual([[{ id: 7n, kind: 2 }, entry]])
  })

  it.runIf(olderThan('5.13'))('are in words that an old kernel knows', () => {
    using map = createMap({ type: 'hash', key: struct({ id: u64, kind: u8 }), value: everything, maxEntries: 4 })
    map.set({ id: 7n, kind: 2 }, entry)
    using again = openMap({ id: map.id }, HashMap)
    expect(again.get({ id: 7n, kind: 2 })).toMatchObject({
      wide: entry.wide,
      text: 'sixsix',
      single: new Uint8Array([0, 0, 0, 63]),
    })
  })

  it.skipIf(spawnSync('bpftool', ['version']).status !== 0)('are read by bpftool, too', () => {
    const value = struct({ pid: u32, comm: char(16), place: struct({ x: i16, y: i16 }) })
    const dump = (map: BpfMap): unknown =>
      JSON.parse(spawnSync('bpftool', ['-j', 'map', 'dump', 'id', String(map.id)], { encoding: 'utf8' }).stdout)
    for (const type of ['hash', 'lru_hash', 'rhash', 'percpu_hash', 'lru_percpu_hash'] as const) {
      if (type === 'rhash' && lacks('rhtab_map_alloc')) continue
      using map = createMap({ type: type as 'hash', key: u32, value, maxEntries: 64 })
      const one = { pid: 5, comm: 'node', place: { x: -1, y: 2 } }
      map.set(9, (type.includes('percpu') ? Array(possibleCpus()).fill(one) : one) as typeof one)
      expect(JSON.stringify(dump(map)), type).toContain('"pid":5')
      expect(JSON.stringify(dump(map)), type).toContain('{"x":-1,"y":2}')
    }
    using list = createMap({ type: 'array', value, maxEntries: 1 })
    expect(JSON.stringify(dump(list))).toContain('"formatted":{"key":0,"value":{"pid":0')
  })

  it('can be left out', () => {
    using map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 4, btf: false })
    expect(map.info().btfId).toBe(0)
  })

  it('are left out where C has no name for a member, unless they were asked for', () => {
    const options = { type: 'hash', key: u32, value: struct({ bytes$in: u64 }), maxEntries: 4 } as const
    using map = createMap(options)
    expect(map.info().btfId).toBe(0)
    map.set(1, { bytes$in: 5n })
    expect(map.get(1)).toEqual({ bytes$in: 5n })
    expect(() => createMap({ ...options, btf: true })).toThrow(/"bytes\$in" is no name in C/)
    expect(() => createMap({ type: 'sk_storage', value: options.value })).toThrow(/"bytes\$in" is no name in C/)
  })

  it('are accepted by the kernel whatever they are', () => {
    fc.assert(
      fc.property(anyLayout, (layout) => {
        fc.pre(layout.size > 0 && layout.size <= 4096 && !hasBitfields(layout))
        using map = createMap({ type: 'array', value: { layout, alignment: 1 }, maxEntries: 1 })
        fc.pre(map.info().btfId > 0)
        using again = openMap({ id: map.id }, ArrayMap)
        expect(again.get(0, { raw: true })).toEqual(new Uint8Array(layout.size))
      }),
      { numRuns: 50, maxSkipsPerRun: 1000 },
    )
  })

  it('leave no descriptor behind', () => {
    const before = binding.liveHandles().descriptor
    for (const maxEntries of [1, 2 ** 32 - 1]) {
      try {
        createMap({ type: 'hash', key: u32, value: everything, maxEntries }).close()
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(E2BIG|ENOMEM)$/) })
      }
    }
    expect(binding.liveHandles().descriptor).toBe(before)
  })
})
