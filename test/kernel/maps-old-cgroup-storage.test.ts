import { closeSync, openSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  type BpfObject,
  OldCgroupStorage,
  OldPerCpuCgroupStorage,
  createMap,
  openMap,
  possibleCpus,
  u32,
  u64,
} from '../../lib/index.ts'
import { cgroup } from '../../lib/hooks/cgroup.ts'
import { refuses } from '../support/bad-input.ts'
import { Cgroup } from '../support/cgroup.ts'
import { withConnections } from '../support/cgroup-connections.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { until } from '../support/wait.ts'

const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
const ATTACH_TYPE = 'inet4_connect'
/** BPF_CGROUP_INET4_CONNECT of linux/bpf.h. */
const NUMBER = 10

const attach = async (object: BpfObject, program: string, ...cgroups: Cgroup[]): Promise<AsyncDisposable> => {
  const links = await Promise.all(cgroups.map(({ path }) => object.program(program).attach(cgroup(path))))
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(links.map((link) => link.close()))
    },
  }
}

describe('the old storage of cgroups', () => {
  it('has a value for each place that a program is attached to', () =>
    withObject('maps-socket-storage', async (object) => {
      await using first = new Cgroup()
      await using second = new Cgroup()
      const places = object.map('places', OldCgroupStorage<bigint>)
      const place = { cgroup: first.path, attachType: ATTACH_TYPE } as const
      expect([places.get(place), places.has(place), places.count(), [...places]]).toEqual([undefined, false, 0, []])
      {
        await using _ = await attach(object, 'count_places', first, second)
        expect(places.get(place)).toBe(0n)
        await withConnections(first, async (_socket, connect) => {
          await connect()
          expect(places.get(place)).toBe(1n)
          expect(places.set(place, 40n)).toBe(true)
          await connect()
        })
        const fd = openSync(first.path, 'r')
        const { id } = first
        for (const key of [
          place,
          { cgroup: { fd }, attachType: ATTACH_TYPE },
          { cgroup: id, attachType: NUMBER },
          { cgroup: Number(id), attachType: ATTACH_TYPE },
          { cgroup_inode_id: id, attach_type: NUMBER },
        ] as const) {
          expect(places.get(key)).toBe(41n)
        }
        closeSync(fd)
        const keys = [first.id, second.id].map((each) => ({ cgroup: each, attachType: ATTACH_TYPE }))
        expect(
          [...places.keys()].toSorted((a, b) =>
            Number((a as never as { cgroup: bigint }).cgroup - (b as never as { cgroup: bigint }).cgroup),
          ),
        ).toEqual(keys)
        expect(places.toArray()).toHaveLength(2)
        expect([places.count(), [...places.values()].toSorted()]).toEqual([2, [0n, 41n]])
        for (const [key, value] of places) {
          expect(places.get(key)).toBe(value)
          expect(places.set(key, value + 1n, { if: 'present' })).toBe(true)
        }
        expect(places.setMany([...places.keys()].map((key) => [key, 3n] as const))).toBe(2)
        expect(places.getMany([place])).toEqual([3n])
        expect(places.get(place, { raw: true })).toEqual(Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0))
      }
      // It stays with the cgroup.
      expect([places.get(place), places.count()]).toEqual([3n, 2])
      const elsewhere = { ...place, attachType: 'inet6_connect' } as const
      expect(places.set(elsewhere, 1n, { if: 'present' })).toBe(false)
      expect(() => places.set(elsewhere, 1n)).toThrowError(
        expect.objectContaining({ code: 'ENOENT', message: expect.stringMatching(/No program .* was attached there/) }),
      )
      await second[Symbol.asyncDispose]()
      await until('the entry of a cgroup that is gone', () => places.count() === 1)
    }))

  it('has values for each CPU', () =>
    withObject('maps-socket-storage', async (object) => {
      await using own = new Cgroup()
      const places = object.map('places_per_cpu', OldPerCpuCgroupStorage<bigint>)
      const place = { cgroup: own.path, attachType: ATTACH_TYPE } as const
      expect(places.sum(place)).toBeUndefined()
      await using _ = await attach(object, 'count_places', own)
      await withConnections(own, async (_socket, connect) => {
        for (let count = 0; count < 5; count++) await connect()
      })
      expect([places.sum(place), places.get(place)?.length]).toEqual([5n, possibleCpus()])
      expect(places.set(place, Array(possibleCpus()).fill(3n) as bigint[])).toBe(true)
      expect([places.min(place), places.max(place)]).toEqual([3n, 3n])
      expect([...places.sums()]).toEqual([[{ cgroup: own.id, attachType: ATTACH_TYPE }, 3n * BigInt(possibleCpus())]])
    }))

  it.skipIf(olderThan('5.9'))('can have one for all that is attached to a cgroup', () =>
    withObject('maps-socket-storage', async (object) => {
      await using own = new Cgroup()
      const cgroups = object.map('cgroups', OldCgroupStorage<bigint>)
      await using _ = await attach(object, 'count_cgroups', own)
      await using __ = await attach(object, 'count_cgroups_6', own)
      await withConnections(own, (_socket, connect) => connect())
      expect([...cgroups]).toEqual([[{ cgroup: own.id }, 1n]])
      expect([cgroups.get({ cgroup: own.path }), cgroups.get(own.id)]).toEqual([1n, 1n])
      expect(() => cgroups.get({ cgroup: own.path, attachType: ATTACH_TYPE })).toThrow(/attachType does not apply/)
    }),
  )

  it('can be made without an object, and opened by its id', () => {
    using made = createMap({ type: 'cgroup_storage', value: u64 })
    using again = openMap({ id: made.id }, OldCgroupStorage)
    expect([...again.entries()]).toEqual([])
    using perCpu = createMap({ type: 'percpu_cgroup_storage', value: u32 })
    expect(perCpu).toBeInstanceOf(OldPerCpuCgroupStorage)
    expect(perCpu.get({ cgroup: 1, attachType: 'inet_ingress' })).toBeUndefined()
  })

  describe('refuses', () => {
    const withMap = (body: (map: OldCgroupStorage<bigint>) => unknown) => () => {
      using map = createMap({ type: 'cgroup_storage', value: u64 })
      body(map)
    }
    refuses([
      {
        name: 'a folder that is not there',
        act: withMap((map) => map.get({ cgroup: '/no/such', attachType: ATTACH_TYPE })),
        code: 'ENOENT',
        message: /cgroup \/no\/such/,
      },
      {
        name: 'a folder that is no cgroup',
        act: withMap((map) => map.get({ cgroup: '/proc', attachType: ATTACH_TYPE })),
        code: INVALID,
        message: /\/proc is no folder of a cgroup2/,
      },
      {
        name: 'a descriptor that is not open',
        act: withMap((map) => map.get({ cgroup: { fd: 99_999 }, attachType: ATTACH_TYPE })),
        code: 'ENOENT',
      },
      {
        name: 'no attach type',
        act: withMap((map) => map.get({ cgroup: 1 })),
        code: INVALID,
        message: /attachType must be one of inet_ingress/,
      },
      {
        name: 'another attach type',
        act: withMap((map) => map.get({ cgroup: 1, attachType: 'xdp' as never })),
        code: INVALID,
      },
      { name: 'no key', act: withMap((map) => map.get(undefined as never)), code: INVALID },
      {
        name: 'a negative id',
        act: withMap((map) => map.get({ cgroup: -1, attachType: ATTACH_TYPE })),
        code: 'ERR_EBPF_OUT_OF_RANGE',
      },
      {
        name: 'bytes of another size',
        act: withMap((map) => map.get(new Uint8Array(8))),
        code: 'ERR_EBPF_OUT_OF_RANGE',
      },
      {
        name: 'to add a place',
        act: withMap((map) => map.set({ cgroup: 1, attachType: ATTACH_TYPE }, 1n, { if: 'absent' })),
        code: INVALID,
        message: /programs that are attached/,
      },
      {
        name: 'to be used when it is closed',
        act: withMap((map) => {
          map.close()
          map.count()
        }),
        code: 'ERR_EBPF_CLOSED',
      },
      {
        name: 'a key whose getter closes it',
        act: withMap((map) =>
          map.get({
            get cgroup() {
              map.close()
              return 1
            },
            attachType: ATTACH_TYPE,
          }),
        ),
        code: 'ERR_EBPF_CLOSED',
      },
    ])
  })
})
