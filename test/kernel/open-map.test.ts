import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  ArrayMap,
  BpfMap,
  HashMap,
  LruHashMap,
  PerCpuHashMap,
  createMap,
  i32,
  openMap,
  possibleCpus,
  struct,
  u16,
  u32,
  u64,
} from '../../lib/index.ts'
import { withBpffs } from '../support/bpffs.ts'
import { withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'

describe('a map of somebody else', () => {
  it('is opened by id, pin and descriptor, and decoded by the BTF that the kernel keeps', () =>
    withBpffs((folder) =>
      withObject('maps', async (object) => {
        await run(object, 'fill_maps')
        const { flows } = object.maps
        flows.pin(`${folder}/flows`)
        for (const target of [{ id: flows.id }, `${folder}/flows`, { fd: flows.fd }]) {
          using map = openMap(target)
          expect(map).toBeInstanceOf(HashMap)
          expect(map.id).toBe(flows.id)
          expect(map.fd).not.toBe(flows.fd)
          expect([...(map as HashMap)]).toEqual([
            [
              { address: 0x0a000001, port: 443, protocol: 6 },
              { bytes: (1n << 53n) + 1n, packets: 3, comm: 'curl' },
            ],
          ])
        }
        using map = openMap({ id: flows.id }, HashMap)
        map.set({ address: 1, port: 2, protocol: 3 }, { bytes: 4, packets: 5, comm: 'six' })
        expect(flows.get({ address: 1, port: 2, protocol: 3 })).toEqual({ bytes: 4n, packets: 5, comm: 'six' })
      }),
    ))

  it('of every family is decoded', () =>
    withObject('maps', async (object) => {
      await run(object, 'fill_maps')
      using recent = openMap({ id: object.maps.recent.id }, LruHashMap)
      expect([...recent]).toEqual([[(1n << 64n) - 1n, -1n]])
      using slots = openMap({ id: object.maps.slots.id }, ArrayMap)
      expect(slots.get(5)).toMatchObject({ comm: 'curl' })
      await withObject('maps-per-cpu', async ({ maps }) => {
        using counts = openMap({ id: maps.counts.id }, PerCpuHashMap)
        const value = Array.from({ length: possibleCpus() }, (_, cpu) => ({ a: cpu, b: 2, c: 3 }))
        maps.counts.set(1, value)
        expect([...counts]).toEqual([[1, value]])
      })
    }))

  it('keeps the kernel’s map when the first handle is closed', () => {
    const first = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 4 })
    using second = openMap({ fd: first.fd }, HashMap, { key: u32, value: u32 })
    first.set(1, 2)
    first.close()
    expect(second.get(1)).toBe(2)
    expect(second.closed).toBe(false)
  })

  it('without BTF is bytes, or what the caller says', () => {
    using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 4, btf: false })
    map.set(0x01020304, 5n)
    using asBytes = openMap({ id: map.id }, HashMap)
    expect([...asBytes]).toEqual([[Uint8Array.of(4, 3, 2, 1), Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0)]])
    using typed = openMap({ id: map.id }, HashMap, { key: i32, value: struct({ a: u32, b: u16, c: u16 }) })
    expect([...typed]).toEqual([[0x01020304, { a: 5, b: 0, c: 0 }]])
  })

  it('with BTF can be read as bytes, or by other types', () =>
    withObject('maps', async (object) => {
      await run(object, 'fill_maps')
      const { id } = object.maps.counts
      using raw = openMap({ id }, HashMap, { raw: true })
      expect([...raw]).toEqual([[Uint8Array.of(5, 0, 0, 0), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80)]])
      using other = openMap({ id }, HashMap, { value: struct({ low: u32, high: u32 }) })
      expect([...other]).toEqual([[5, { low: 0, high: 0x80000000 }]])
      using numbers = openMap({ id: object.maps.recent.id }, HashMap, { int64: 'number' })
      expect([...numbers.values()]).toEqual([-1])
    }))

  it('must have the sizes of the types that are given', () => {
    using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 4 })
    for (const options of [{ key: u64 }, { value: u32 }, { value: struct({ a: u64, b: u16 }) }]) {
      expect(() => openMap({ id: map.id }, options)).toThrowError(
        expect.objectContaining({
          code: 'ERR_EBPF_BTF',
          map: 'hash',
          message: expect.stringMatching(/has \d+ bytes, but its type has \d+/),
        }),
      )
    }
  })

  it('gives 64 bits in one of two ways', () => {
    using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 4 })
    expect(() => openMap({ id: map.id }, { int64: 'text' as 'number' })).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT', message: expect.stringContaining('int64') }),
    )
  })

  it('must be of the class that is asked for', () => {
    using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 4 })
    expect(openMap({ id: map.id }, BpfMap)[Symbol.dispose]()).toBeUndefined()
    expect(() => openMap({ id: map.id }, ArrayMap)).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_MAP_CLASS' }),
    )
    expect(() => openMap({ id: map.id }, LruHashMap)).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_MAP_CLASS' }),
    )
  })

  it.each([
    ['an id that nobody has', { id: 0xffff_ffff }, 'ENOENT'],
    ['an id of 0', { id: 0 }, 'ENOENT'],
    ['a negative id', { id: -1 }, 'ERR_EBPF_OUT_OF_RANGE'],
    ['an id that is no number', { id: '5' }, 'ERR_EBPF_INVALID_ARGUMENT'],
    ['a closed descriptor', { fd: 99_999 }, 'EBADF'],
    ['the descriptor of a file', { fd: 0 }, 'EINVAL'],
    ['a negative descriptor', { fd: -1 }, 'ERR_EBPF_OUT_OF_RANGE'],
    ['a path that is not there', '/sys/fs/bpf/nothing', 'ENOENT'],
    ['a path outside of a bpffs', '/etc/passwd', 'EACCES'],
    ['no path', '', 'ERR_EBPF_INVALID_ARGUMENT'],
    ['a path with a NUL', '/sys/fs/bpf/a\0b', 'ERR_EBPF_INVALID_ARGUMENT'],
    ['nothing', undefined, 'ERR_EBPF_INVALID_ARGUMENT'],
    ['a number', 5, 'ERR_EBPF_INVALID_ARGUMENT'],
    ['an empty object', {}, 'ERR_EBPF_INVALID_ARGUMENT'],
  ])('cannot be %s', (_, target, code) => {
    expect(() => openMap(target as string)).toThrowError(expect.objectContaining({ code }))
  })

  it('cannot be a program', () =>
    withBpffs((folder) =>
      withObject('programs', ({ programs }) => {
        programs.grow!.pin(`${folder}/program`)
        expect(() => openMap(`${folder}/program`)).toThrowError(expect.objectContaining({ code: 'EINVAL' }))
        expect(() => openMap({ fd: programs.grow!.fd })).toThrowError(expect.objectContaining({ code: 'EINVAL' }))
      }),
    ))
})

describe('the descriptor of a map', () => {
  it('is the kernel’s', () => {
    using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 4 })
    expect(readFileSync(`/proc/self/fdinfo/${map.fd}`, 'utf8')).toMatch(new RegExp(`^map_id:\\s${map.id}$`, 'm'))
  })
})
