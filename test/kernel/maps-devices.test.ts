/** Interfaces that packets are redirected to: over a cable between two network namespaces of this test. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BpfMap, DeviceHashMap, DeviceMap, createMap, openMap, openProgram, u32, xdp } from '../../lib/index.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { cableForTests } from '../support/cable-for-tests.ts'
import { type End, ip } from '../support/netns.ts'
import { until } from '../support/wait.ts'

const PORT = 4243
const cable = cableForTests()
let left: End
let right: End

beforeAll(() => {
  ;({ left, right } = cable)
})

const load = <T>(body: (object: BpfObject) => T | Promise<T>): Promise<T> =>
  withObject('maps-devices', body, { globals: { port: PORT } })

const programOf = (object: BpfObject, name: string): BpfProgram => object.programs[name]!

/** Attaches what redirects at one end, and what counts at the other one. */
async function attach(object: BpfObject, name: string): Promise<void> {
  await programOf(object, name).attach(xdp(right.interface, { netns: right.path, mode: 'native' }))
  await programOf(object, 'count').attach(xdp(left.interface, { netns: left.path, mode: 'native' }))
}

describe.each([
  ['a map of interfaces', 'devices', 'to_device', DeviceMap, 3],
  ['a map of interfaces by number', 'hashed', 'to_hashed', DeviceHashMap, 70_000],
] as const)('%s', (_, name, redirecting, expected, key) => {
  it('redirects packets out of an interface, by way of its program', () =>
    load(async (object) => {
      const devices: DeviceMap | DeviceHashMap = object.map<DeviceMap | DeviceHashMap>(name, expected)
      await attach(object, redirecting)
      object.globals.place = key
      expect([await left.send(right, PORT, 3), object.globals.returned]).toEqual([3, 0n])
      await devices.set(key, { interface: right.interface, netns: right.path })
      expect([await left.send(right, PORT, 5), object.globals.returned]).toEqual([0, 5n])
      expect(devices.get(key)).toEqual({ interface: right.index })
      const program = programOf(object, 'leaving')
      await devices.set(key, { interface: right.index, netns: right.path, program })
      expect([await left.send(right, PORT, 2), object.globals.returned]).toEqual([0, 7n])
      expect([object.globals.left_interface, object.globals.egress]).toEqual([2n, right.index])
      expect(devices.get(key)).toEqual({ interface: right.index, program: { id: program.id } })
      using again = openProgram(devices.get(key)!.program!)
      expect(again.name).toBe('leaving')
      expect([devices.has(key), devices.delete(key), devices.delete(key), devices.has(key)]).toEqual([
        true,
        true,
        false,
        false,
      ])
      expect([await left.send(right, PORT, 4), object.globals.returned]).toEqual([4, 7n])
    }))
})

/** Two interfaces of a namespace of their own, which can be deleted. */
function pair(): [name: string, names: [string, string]] {
  const namespace = left.namespace
  ip('-n', namespace, 'link', 'add', 'one', 'type', 'veth', 'peer', 'two')
  return [left.path, ['one', 'two']]
}

const indexOf = (name: string): number =>
  Number(/^(\d+):/.exec(ip('-n', left.namespace, '-o', 'link', 'show', name))?.[1])

describe('maps of interfaces', () => {
  it('are iterated and emptied, and forget interfaces that are deleted', async () => {
    const [netns, [one, two]] = pair()
    using devices = createMap({ type: 'devmap', maxEntries: 4 })
    using hashed = createMap({ type: 'devmap_hash', maxEntries: 4 })
    expect([devices.length, devices.count(), hashed.count(), devices.get(0), hashed.get(9)]).toEqual([
      4,
      0,
      0,
      undefined,
      undefined,
    ])
    for (const [place, name] of [one, two].entries()) {
      await devices.set(place * 2, { interface: name, netns })
      await hashed.set(indexOf(name), { interface: name, netns })
    }
    expect([...devices]).toEqual([
      [0, { interface: indexOf(one) }],
      [2, { interface: indexOf(two) }],
    ])
    expect([...devices.keys()]).toEqual([0, 2])
    expect(new Map(hashed.entries())).toEqual(
      new Map([one, two].map((name) => [indexOf(name), { interface: indexOf(name) }])),
    )
    expect([devices.count(), hashed.count()]).toEqual([2, 2])
    expect([devices.clear(), devices.count()]).toEqual([2, 0])
    ip('-n', left.namespace, 'link', 'del', one)
    await until('the interfaces are gone', () => hashed.count() === 0)
    expect(hashed.clear()).toBe(0)
  })

  it('write on condition where they are hashes, and are full', async () => {
    using hashed = createMap({ type: 'devmap_hash', maxEntries: 1 })
    const target = { interface: left.interface, netns: left.path }
    expect(await hashed.set(1, target, { if: 'absent' })).toBe(true)
    expect(await hashed.set(1, target, { if: 'absent' })).toBe(false)
    expect(await hashed.set(1, target)).toBe(true)
    await expect(hashed.set(2, target)).rejects.toThrowError(/E2BIG/)
    expect([...hashed.keys()]).toEqual([1])
  })

  it('find interfaces of this process’s own namespace, and hold their programs', async () => {
    using devices = createMap({ type: 'devmap', maxEntries: 1 })
    const id = await load(async (object) => {
      const program = programOf(object, 'leaving')
      await devices.set(0, { interface: 'lo', program })
      return program.id
    })
    const device = devices.get(0)
    expect(device).toEqual({ interface: 1, program: { id } })
    using again = openMap({ id: devices.id }, DeviceMap)
    expect(again.get(0)).toEqual(device)
  })
})

describe('refuses', () => {
  let devices: DeviceMap
  let hashed: DeviceHashMap
  let small: DeviceMap
  beforeAll(() => {
    devices = createMap({ type: 'devmap', maxEntries: 2 })
    hashed = createMap({ type: 'devmap_hash', maxEntries: 2 })
    small = createMap({ type: 'devmap', value: u32, maxEntries: 2 })
  })
  afterAll(() => {
    for (const map of [devices, hashed, small] as BpfMap[]) map?.close()
  })

  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  const RANGE = 'ERR_EBPF_OUT_OF_RANGE'
  const CLOSED = 'ERR_EBPF_CLOSED'
  const lo = { interface: 'lo' }
  refuses([
    { name: 'an index past the end', act: () => devices.set(2, lo), code: RANGE, message: /0 to 1/ },
    { name: 'half an index', act: () => devices.get(0.5), code: INVALID },
    { name: 'a negative key', act: () => hashed.set(-1, lo), code: RANGE },
    { name: 'text for a key', act: () => hashed.delete('1' as never), code: INVALID },
    {
      name: 'no target',
      act: () => devices.set(0, undefined as never),
      code: INVALID,
      message: /target must be an object/,
    },
    {
      name: 'a target without an interface',
      act: () => devices.set(0, {} as never),
      code: INVALID,
      message: /interface/,
    },
    {
      name: 'an interface that is not there',
      act: () => devices.set(0, { interface: 'nowhere0' }),
      code: 'ENODEV',
      message: /no interface "nowhere0"/,
    },
    {
      name: 'an index that is not there',
      act: () => hashed.set(0, { interface: 999_999 }),
      code: 'ENODEV',
      message: /no interface 999999/,
    },
    { name: 'the index 0', act: () => devices.set(0, { interface: 0 }), code: RANGE },
    {
      name: 'a namespace that is not there',
      act: () => devices.set(0, { ...lo, netns: '/run/netns/none' }),
      code: 'ENOENT',
    },
    {
      name: 'a namespace of another kind',
      act: () => devices.set(0, { ...lo, netns: '/proc/self/ns/mnt' }),
      code: 'EINVAL',
      message: /setns/,
    },
    { name: 'an interface of another namespace', act: () => devices.set(0, { interface: 'left0' }), code: 'ENODEV' },
    { name: 'a condition that there is none of', act: () => hashed.set(0, lo, { if: 'new' as never }), code: INVALID },
    {
      name: 'a condition that the kernel would not heed',
      act: () => hashed.set(0, lo, { if: 'present' as never }),
      code: INVALID,
      message: /the kernel knows no other condition for a devmap_hash/,
    },
    {
      name: 'a descriptor that is no namespace’s',
      act: () => devices.set(0, { ...lo, netns: { fd: 99_999 } }),
      code: 'EBADF',
    },
    {
      name: 'a look-alike of a program',
      act: () => devices.set(0, { ...lo, program: { fd: 1 } as never }),
      code: INVALID,
      message: /BpfProgram/,
    },
    {
      name: 'a program of plain XDP',
      act: () => load((object) => devices.set(0, { ...lo, program: programOf(object, 'count') })),
      code: INVALID,
      message: /SEC\("xdp\/devmap"\), and 'count' is loaded for xdp/,
    },
    {
      name: 'a program for processors',
      act: () => load((object) => hashed.set(0, { ...lo, program: programOf(object, 'arriving') })),
      code: INVALID,
      message: /'arriving' is loaded for xdp_cpumap/,
    },
    {
      name: 'a program of another type',
      act: () => load((object) => devices.set(0, { ...lo, program: programOf(object, 'other') })),
      code: INVALID,
      message: /'other' is of type raw_tracepoint/,
    },
    {
      name: 'a program of which only the kernel knows the section',
      act: () =>
        load(async (object) => {
          using program = openProgram({ id: programOf(object, 'arriving').id })
          await devices.set(0, { ...lo, program })
        }),
      code: 'EINVAL',
      message: /'arriving' may be of another section/,
    },
    {
      name: 'a closed program',
      act: () =>
        load(async (object) => {
          const program = openProgram({ id: programOf(object, 'leaving').id })
          program.close()
          await devices.set(0, { ...lo, program })
        }),
      code: CLOSED,
    },
    {
      name: 'a program where values have no place for one',
      act: () => load((object) => small.set(0, { ...lo, program: programOf(object, 'leaving') })),
      code: INVALID,
      message: /4 bytes, and no place for one; declare them as struct bpf_devmap_val/,
    },
    {
      name: 'a target that closes the map when it is read',
      act: async () => {
        const closed = createMap({ type: 'devmap', maxEntries: 1 })
        const target = {
          get interface() {
            closed.close()
            return 'lo'
          },
        }
        await closed.set(0, target)
      },
      code: CLOSED,
    },
    {
      name: 'a closed map',
      act: async () => {
        const closed = createMap({ type: 'devmap_hash', maxEntries: 1 })
        closed.close()
        await closed.set(0, lo)
      },
      code: CLOSED,
    },
    {
      name: 'a foreign this',
      act: () => DeviceMap.prototype.set.call({} as never, 0, lo),
      type: TypeError,
      code: undefined,
    },
    {
      name: 'a map of another class',
      act: () => openMap({ id: devices.id }, DeviceHashMap),
      code: 'ERR_EBPF_MAP_CLASS',
    },
  ])

  it('and is empty after all of that, and takes what is right', async () => {
    expect([devices.count(), hashed.count(), small.count()]).toEqual([0, 0, 0])
    await small.set(1, lo)
    expect([...small]).toEqual([[1, { interface: 1 }]])
  })
})
