/** Maps of every type, created by themselves. */
import { describe, expect, it } from 'vitest'
import {
  BpfMap,
  type CreateMapOptions,
  array,
  bytes,
  char,
  createMap,
  possibleCpus,
  struct,
  u16,
  u32,
  u64,
} from '../../lib/index.ts'
import { binding } from '../../lib/binding.ts'
import { CREATE_RULES } from '../../lib/maps/create-rules.ts'
import { MAP_FLAGS } from '../../lib/maps/flags.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { lacks } from '../support/kernel-types.ts'

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
