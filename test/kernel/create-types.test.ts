import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ArrayMap,
  BpfMap,
  type CreateMapOptions,
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
import { CREATE_RULES } from '../../lib/maps/create-rules.ts'
import { MAP_FLAGS } from '../../lib/maps/flags.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { anyLayout } from '../unit/btf/arbitrary.ts'

const PAGE = 4096
const { noPreallocation, mmapable } = MAP_FLAGS
const prefix = struct({ prefixLength: u32, data: bytes(4) })
const inner = { type: 'array', value: u64, maxEntries: 1 } as const
const cpus = possibleCpus()

/** [options, key size, value size, entries, flags of itself, whether the kernel keeps the types]. */
type Row = [CreateMapOptions, number, number, number, number, boolean]

const ROWS: Row[] = [
  [{ type: 'hash', key: u16, value: u32, maxEntries: 3 }, 2, 4, 3, 0, true],
  [{ type: 'lru_hash', key: u16, value: u32, maxEntries: 3 }, 2, 4, 3, 0, true],
  [{ type: 'percpu_hash', key: u16, value: u32, maxEntries: 3 }, 2, 4, 3, 0, true],
  [{ type: 'lru_percpu_hash', key: u16, value: u32, maxEntries: 3 }, 2, 4, 3, 0, true],
  [{ type: 'rhash', key: u16, value: u32, maxEntries: 3 }, 2, 4, 3, noPreallocation, true],
  [{ type: 'array', value: u32, maxEntries: 3 }, 4, 4, 3, 0, true],
  [{ type: 'percpu_array', value: u32, maxEntries: 3 }, 4, 4, 3, 0, true],
  [{ type: 'lpm_trie', key: prefix, value: u32, maxEntries: 3 }, 8, 4, 3, noPreallocation, true],
  [{ type: 'lpm_trie', key: bytes(8), value: u32, maxEntries: 3 }, 8, 4, 3, noPreallocation, false],
  [{ type: 'prog_array', maxEntries: 3 }, 4, 4, 3, 0, false],
  [{ type: 'perf_event_array' }, 4, 4, cpus, 0, false],
  [{ type: 'perf_event_array', maxEntries: 1 }, 4, 4, 1, 0, false],
  [{ type: 'cgroup_array', maxEntries: 3 }, 4, 4, 3, 0, false],
  [{ type: 'array_of_maps', maxEntries: 3, inner }, 4, 4, 3, 0, false],
  [{ type: 'hash_of_maps', key: u64, maxEntries: 3, inner }, 8, 4, 3, 0, false],
  [{ type: 'stack_trace', maxEntries: 3 }, 4, 8 * 127, 3, 0, false],
  [{ type: 'stack_trace', value: array(u64, 20), maxEntries: 3 }, 4, 160, 3, 0, false],
  [{ type: 'stack_trace', maxEntries: 3, flags: ['stackBuildId'] }, 4, 32 * 127, 3, 1 << 5, false],
  [{ type: 'queue', value: u16, maxEntries: 3 }, 0, 2, 3, 0, false],
  [{ type: 'stack', value: u16, maxEntries: 3 }, 0, 2, 3, 0, false],
  [{ type: 'bloom_filter', value: u32, maxEntries: 3, hashFunctions: 7 }, 0, 4, 3, 0, true],
  [{ type: 'devmap', maxEntries: 3 }, 4, 8, 3, MAP_FLAGS.readOnlyProgram, false],
  [{ type: 'devmap', value: u32, maxEntries: 3 }, 4, 4, 3, MAP_FLAGS.readOnlyProgram, false],
  [{ type: 'devmap_hash', maxEntries: 3 }, 4, 8, 3, MAP_FLAGS.readOnlyProgram, false],
  [{ type: 'cpumap' }, 4, 8, cpus, 0, false],
  [{ type: 'xskmap', maxEntries: 3 }, 4, 4, 3, 0, false],
  [{ type: 'sockmap', maxEntries: 3 }, 4, 8, 3, 0, false],
  [{ type: 'sockmap', value: u32, maxEntries: 3 }, 4, 4, 3, 0, false],
  [{ type: 'sockhash', key: char(16), maxEntries: 3 }, 16, 8, 3, 0, false],
  [{ type: 'reuseport_sockarray', maxEntries: 3 }, 4, 8, 3, 0, false],
  [{ type: 'cgroup_storage', value: u32 }, 16, 4, 0, 0, true],
  [{ type: 'percpu_cgroup_storage', key: u64, value: u32 }, 8, 4, 0, 0, true],
  [{ type: 'sk_storage', value: u32 }, 4, 4, 0, noPreallocation, true],
  [{ type: 'sk_storage', value: u32, flags: ['clone'] }, 4, 4, 0, noPreallocation | (1 << 9), true],
  [{ type: 'inode_storage', value: u32 }, 4, 4, 0, noPreallocation, true],
  [{ type: 'task_storage', value: u32 }, 4, 4, 0, noPreallocation, true],
  [{ type: 'cgrp_storage', value: u32 }, 4, 4, 0, noPreallocation, true],
  [{ type: 'ringbuf', maxEntries: PAGE }, 0, 0, PAGE, 0, false],
  [{ type: 'user_ringbuf', maxEntries: PAGE }, 0, 0, PAGE, 0, false],
  [{ type: 'arena', maxEntries: 4 }, 0, 0, 4, mmapable, false],
]

const create = (options: CreateMapOptions): BpfMap => createMap(options as never)

describe('a map that is created by itself', () => {
  it.each(ROWS.map((row) => [describeRow(row), ...row] as const))('%s', (_, options, ...expected) => {
    const [keySize, valueSize, maxEntries, flags, typed] = expected
    const { kernel } = CREATE_RULES[options.type]
    if (kernel !== undefined && (olderThan(kernel.since) || lacks(kernel.evidence))) {
      expect(() => create(options)).toThrowError(
        expect.objectContaining({
          code: 'ERR_EBPF_KERNEL',
          message: expect.stringMatching(
            `^maps of type ${options.type} (need Linux|are in Linux since) ${kernel.since}`,
          ),
        }),
      )
      return
    }
    using map = create(options)
    expect(map).toBeInstanceOf(BpfMap)
    const info = map.info()
    expect(info).toMatchObject({ type: options.type, keySize, valueSize, maxEntries, name: options.type.slice(0, 15) })
    expect(info.flags & ~MAP_FLAGS.readOnlyProgram, `0x${info.flags.toString(16)}`).toBe(
      flags & ~MAP_FLAGS.readOnlyProgram,
    )
    expect(info.btfId > 0).toBe(typed)
    expect(info.mapExtra).toBe('hashFunctions' in options ? BigInt(options.hashFunctions ?? 0) : 0n)
  })

  it('can be of every type that there is', () => {
    const created = new Set<string>(ROWS.map(([{ type }]) => type))
    const refused = Object.entries(CREATE_RULES).filter(([, { refusal }]) => refusal !== undefined)
    expect([...created, ...refused.map(([type]) => type)].toSorted()).toEqual(Object.keys(CREATE_RULES).toSorted())
  })
})

function describeRow([{ type, ...options }]: Row): string {
  const others = Object.keys(options).filter((name) => name !== 'maxEntries')
  return others.length === 0 ? type : `${type} with ${others.join(', ')}`
}

/** A kernel may be built without a type. */
function lacks(evidence: string): boolean {
  return spawnSync('grep', ['-qw', evidence, '/proc/kallsyms']).status !== 0
}

describe('a map of maps', () => {
  it('is made after a map that stays its owner’s', () => {
    using template = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 7 })
    {
      using outer = createMap({ type: 'array_of_maps', maxEntries: 2, inner: template })
      expect(outer.type).toBe('array_of_maps')
    }
    template.set(1, 2)
    expect(template.get(1)).toBe(2)
  })

  it('needs a template that is open', () => {
    const template = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 7 })
    template.close()
    expect(() => createMap({ type: 'array_of_maps', maxEntries: 2, inner: template })).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }),
    )
  })

  it('leaves no map behind when its template cannot be', () => {
    const before = binding.liveHandles().map
    const bad = { type: 'hash', key: u32, value: u32, maxEntries: 0 } as const
    expect(() => createMap({ type: 'array_of_maps', maxEntries: 2, inner: bad })).toThrow(RangeError)
    expect(() => createMap({ type: 'array_of_maps', maxEntries: 2, inner, numaNode: 0x7fff })).toThrow(/EINVAL/)
    expect(binding.liveHandles().map).toBe(before)
  })
})

describe('flags', () => {
  it('are words, or the kernel’s number', () => {
    const base = { type: 'hash', key: u32, value: u32, maxEntries: 4 } as const
    using words = createMap({ ...base, flags: ['noPreallocation', 'zeroSeed', 'readOnlyProgram'] })
    using number = createMap({ ...base, flags: 1 | (1 << 6) | (1 << 7) })
    using none = createMap({ ...base, flags: [] })
    expect([words, number, none].map((map) => map.info().flags)).toEqual([0xc1, 0xc1, 0])
  })

  it('decide what a descriptor can do', () => {
    using reader = createMap({ type: 'array', value: u32, maxEntries: 1, flags: ['readOnly'] })
    expect(reader.get(0)).toBe(0)
    expect(() => reader.set(0, 1)).toThrowError(expect.objectContaining({ code: 'EPERM' }))
    using writer = createMap({ type: 'array', value: u32, maxEntries: 1, flags: ['writeOnly'] })
    writer.set(0, 1)
    expect(() => writer.get(0)).toThrowError(expect.objectContaining({ code: 'EPERM' }))
  })

  it('that must be are set besides those that were chosen', () => {
    using map = createMap({ type: 'lpm_trie', key: prefix, value: u32, maxEntries: 1, flags: ['readOnlyProgram'] })
    expect(map.info().flags).toBe(noPreallocation | MAP_FLAGS.readOnlyProgram)
  })

  it('come with the memory node', () => {
    using map = createMap({ type: 'lru_hash', key: u32, value: u32, maxEntries: 64, numaNode: 0 })
    expect(map.info().flags).toBe(MAP_FLAGS.numaNode)
  })
})

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
      map.set(9, (type.includes('percpu') ? Array(cpus).fill(one) : one) as typeof one)
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

describe('createMap refuses, and says why:', () => {
  const rows: [string, object, RegExp][] = [
    ['a type that there is not', { type: 'hsah' }, /type must be a map type such as 'hash', not "hsah"/],
    ['no type at all', { type: 'unspec' }, /type must be a map type/],
    ['what every object has', { type: 'toString' }, /type must be a map type/],
    ['a struct_ops map', { type: 'struct_ops' }, /cannot be created by itself: the kernel makes one only for/],
    ['a jump table', { type: 'insn_array' }, /cannot be created by itself: libbpf makes it/],
    ['a key of a queue', { type: 'queue', key: u32, value: u32, maxEntries: 1 }, /key does not apply: .* has no keys/],
    ['a value of a ring', { type: 'ringbuf', value: u32, maxEntries: PAGE }, /value does not apply/],
    ['wide indexes', { type: 'array', key: u64, value: u32, maxEntries: 1 }, /key has 8 bytes: .* has keys of 4 bytes/],
    ['wide programs', { type: 'prog_array', value: u64, maxEntries: 1 }, /value has 8 bytes: .* has values of 4 bytes/],
    ['odd devices', { type: 'devmap', value: bytes(5), maxEntries: 1 }, /has values of 4 or 8 bytes/],
    ['no value', { type: 'queue', maxEntries: 1 }, /value is missing: a map of type queue/],
    ['no key', { type: 'lpm_trie', value: u32, maxEntries: 1 }, /key is missing: a map of type lpm_trie/],
    ['an empty value', { type: 'hash', key: u32, value: struct({}), maxEntries: 1 }, /no maps of empty values; use u8/],
    ['an empty key', { type: 'hash', key: bytes(0), value: u32, maxEntries: 1 }, /no maps of empty keys; use u8/],
    ['an empty element', { type: 'queue', value: char(0), maxEntries: 1 }, /no maps of empty values/],
    ['entries of a storage', { type: 'task_storage', value: u32, maxEntries: 1 }, /maxEntries does not apply/],
    ['a storage without types', { type: 'task_storage', value: u32, btf: false }, /btf must not be false/],
    [
      'types of a queue',
      { type: 'queue', value: u32, maxEntries: 1, btf: true },
      /btf does not apply: the kernel keeps no/,
    ],
    [
      'types of a trie of bytes',
      { type: 'lpm_trie', key: bytes(8), value: u32, maxEntries: 1, btf: true },
      /only where keys are a struct/,
    ],
    [
      'a btf that is no boolean',
      { type: 'hash', key: u32, value: u32, maxEntries: 1, btf: 'yes' },
      /btf must be a boolean/,
    ],
    ['records of a hash', { type: 'hash', key: u32, value: u32, maxEntries: 1, record: u32 }, /record does not apply/],
    ['no template', { type: 'array_of_maps', maxEntries: 1 }, /inner must be a map like those/],
    ['a template of a hash', { type: 'hash', key: u32, value: u32, maxEntries: 1, inner }, /inner does not apply/],
    [
      'hash functions of a hash',
      { type: 'hash', key: u32, value: u32, maxEntries: 1, hashFunctions: 3 },
      /only a bloom_filter/,
    ],
    ['too many of them', { type: 'bloom_filter', value: u32, maxEntries: 1, hashFunctions: 16 }, /from 1 to 15/],
    [
      'a flag that there is not',
      { type: 'array', value: u32, maxEntries: 1, flags: ['mmap'] },
      /flags: "mmap" is none of/,
    ],
    [
      'flags that are a word',
      { type: 'array', value: u32, maxEntries: 1, flags: 'mmapable' },
      /flags must be a number or/,
    ],
    ['a flag that is an object', { type: 'array', value: u32, maxEntries: 1, flags: [{}] }, /flags: object is none of/],
    [
      'an option that there is not',
      { type: 'array', value: u32, maxentries: 1 },
      /unknown option "maxentries" of createMap/,
    ],
    ['options that are a string', 'hash' as never, /options must be an object/],
    ['a pin without a path', { type: 'array', value: u32, maxEntries: 1, pinPath: '' }, /pinPath must be/],
    [
      'a pin that can only be read',
      { type: 'array', value: u32, maxEntries: 1, pinPath: '/sys/fs/bpf/x', flags: ['readOnly'] },
      /readOnly and writeOnly are of one descriptor/,
    ],
  ]
  it.each(rows)('%s', (_, options, message) => {
    expect(() => createMap(options as never)).toThrowError(
      expect.objectContaining({
        code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/),
        message: expect.stringMatching(message),
      }),
    )
  })
})

describe('what only the kernel knows to refuse comes with what it wants:', () => {
  const rows: [string, object, RegExp][] = [
    ['a ring of an odd size', { type: 'ringbuf', maxEntries: 5000 }, /size in bytes: a power of two/],
    ['a ring of part of a page', { type: 'ringbuf', maxEntries: 512 }, /multiple of the page size/],
    ['a trie without data', { type: 'lpm_trie', key: u32, value: u32, maxEntries: 1 }, /1 to 256 bytes of data/],
    ['half a frame', { type: 'stack_trace', value: bytes(12), maxEntries: 1 }, /8 bytes for each frame/],
    ['too many frames', { type: 'stack_trace', value: array(u64, 4096), maxEntries: 1 }, /perf_event_max_stack/],
    ['more queues than CPUs', { type: 'cpumap', maxEntries: 1 << 20 }, /CPUs that the kernel is built for/],
    [
      'a map of maps of maps',
      { type: 'array_of_maps', maxEntries: 1, inner: { type: 'array_of_maps', maxEntries: 1, inner } },
      /Maps of maps, .* cannot be in a map/,
    ],
  ]
  it.each(rows)('%s', (_, options, hint) => {
    expect(() => createMap(options as never)).toThrowError(
      expect.objectContaining({
        name: 'EbpfError',
        code: expect.stringMatching(/^(EINVAL|E2BIG|ENOTSUPP)$/),
        operation: 'bpf_map_create',
        hint: expect.stringMatching(hint),
      }),
    )
  })
})

describe('the info of a map', () => {
  it('has the memory that it takes', () => {
    using small = createMap({ type: 'array', value: bytes(64), maxEntries: 64 })
    using large = createMap({ type: 'array', value: bytes(64), maxEntries: 6400 })
    expect(small.info().memory).toBeGreaterThanOrEqual(64 * 64)
    expect(large.info().memory).toBeGreaterThanOrEqual(64 * 6400)
  })

  it('has the owner of a program array once it has one', () =>
    withObject('programs', (object) => {
      using map = createMap({ type: 'prog_array', maxEntries: 2 })
      expect(map.info().owner).toBeUndefined()
      const scratch = new ArrayBuffer(16)
      new Uint32Array(scratch, 8, 1)[0] = object.programs.grow!.fd
      const handle = map.borrow('put a program')
      expect(binding.mapBind(handle, scratch) || binding.mapUpdate(handle, 0)).toBe(0)
      expect(map.info().owner).toEqual({ programType: object.programs.grow!.info().type, jited: true })
    }))
})
