/** A generated module as a program uses it: test/fixtures/skeleton.skel.ts. */
import { describe, expect, it } from 'vitest'
import { type BpfMap, type BpfObject, type BpfProgram, EbpfError, loadObject, skeleton } from '../../lib/index.ts'
import { ConnState, connStateName, type ConnKey, type ConnValue, load, open } from '../fixtures/skeleton.skel.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { take } from '../support/ring.ts'

const key: ConnKey = {
  v4: 0x0100007f,
  bytes: Uint8Array.of(127, 0, 0, 1),
  port: 8080,
  state: ConnState.CONN_OPEN,
  inbound: true,
}

const value: ConnValue = {
  bytes: 10n,
  peer: { port: 443, mac: Uint8Array.of(2, 0, 0, 0, 0, 9) },
  range: [
    { low: 1, high: 2 },
    { low: 3, high: 4 },
  ],
  address: { v4: 5, v6: [5, 6, 7, 8] },
  kind: 0,
  load: 0.5,
  task: 0xffff_8880_0000_0000n,
  comm: 'node',
}

const run = async (program: BpfProgram): Promise<number> => (await program.testRun()).returnValue

describe('a generated module', () => {
  it('loads the object beside it, with constants, maps, records and globals of its types', async () => {
    await using object = await load({ globals: { target_port: 8080, last_state: ConnState.CONN_OPEN } })
    expect(object.maps.conns.set(key, value)).toBe(true)
    expect(await run(object.programs.on_open)).toBe(7)
    expect(object.maps.conns.get(key)).toEqual({ ...value, bytes: 15n })
    expect(object.globals.latest).toEqual({ ...value, bytes: 15n })
    expect(object.globals.seen).toBe(1n)
    expect(object.globals.version).toBe(object.globals.LINUX_KERNEL_VERSION)
    expect(object.globals.version).toBeGreaterThan(5 << 16)
    await run(object.programs.on_close)
    const [opened, closed] = await take(object.maps.events, 2)
    expect(opened).toEqual({ kind: 'opened', key })
    expect(closed).toEqual({ kind: 'closed', reason: 'e'.charCodeAt(0), bytes: 1n << 60n })
    expect(opened?.kind === 'opened' && connStateName(opened.key.state)).toBe('CONN_OPEN')
  })

  it('writes unions from one of their readings', async () => {
    await using object = await load()
    const { bytes: _bytes, ...byNumber } = key
    const { v4: _v4, ...byBytes } = key
    object.maps.conns.set(byNumber, { ...value, address: { v6: [5, 6, 7, 8] } })
    expect(object.maps.conns.get(byBytes)).toEqual(value)
  })

  it('gives all kinds of maps their contents', async () => {
    await using object = await load()
    const { maps } = object
    expect(maps.counts.set(1, maps.counts.get(1)?.map(() => 3n) ?? [])).toBe(true)
    expect(maps.routes.set('10.0.0.0/8', 7)).toBe(true)
    expect([...maps.routes]).toEqual([['10.0.0.0/8', 7]])
    maps.old.set(3n, { bytes: 4 })
    expect(maps.old.get(3n)).toEqual({ bytes: 4 })
    maps.opaque.set(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), Uint8Array.of(1, 2, 3))
    expect([...maps.opaque.values()]).toEqual([Uint8Array.of(1, 2, 3)])
    const inner = maps.by_zone.createInner()
    inner.set(1, value.peer)
    await maps.by_zone.set(5, inner)
    inner.close()
    const found = maps.by_zone.get(5)
    expect(found?.get(1)).toEqual(value.peer)
    found?.close()
  })

  it('opens the object for edits, constants too', async () => {
    const spec = await open()
    spec.globals.target_port = 1234
    spec.programs.optional.autoload = true
    spec.maps.conns.maxEntries = 3
    await using object = await spec.load()
    expect(object.maps.conns.maxEntries).toBe(3)
    expect(object.programs.optional.type).toBe('xdp')
    expect(object.globals.target_port).toBe(1234)
  })
})

/** Objects with maps of every class that this library has. */
const OBJECTS = [
  ...[
    'maps',
    'maps-types',
    'maps-lpm-trie',
    'maps-queue',
    'maps-bloom-filter',
    'maps-devices',
    'maps-sockets',
    'maps-stacks',
  ],
  ...[
    'maps-nested',
    'maps-nested-inner',
    'maps-per-cpu',
    'maps-descriptors',
    'maps-xsk',
    'maps-arena',
    'maps-cgroup-storage',
  ],
  ...[
    'maps-task-storage',
    'maps-inode-storage',
    'maps-socket-storage',
    'perf-buffer',
    'user-ring',
    'ring',
    'hooks-struct-ops',
  ],
]

describe('the classes that modules name', () => {
  it('are those of the maps of loaded objects', async () => {
    const seen = new Set<string>()
    for (const name of OBJECTS) {
      const text = await skeleton(fixture(name))
      let object: BpfObject
      try {
        object = await loadObject(fixture(name))
      } catch (error) {
        // A kernel that lacks one of its types, or lets nobody load one of its programs.
        expect(error).toBeInstanceOf(EbpfError)
        continue
      }
      for (const map of Object.values<BpfMap>(object.maps)) {
        const named = new RegExp(`^ {2}${map.name}: (\\w+)`, 'm').exec(text)?.[1]
        expect(named, `${name}: ${map.name}`).toBe(map.constructor.name)
        seen.add(map.constructor.name)
      }
      await object.close()
    }
    expect(seen.size, [...seen].join()).toBeGreaterThanOrEqual(olderThan('6.1') ? 12 : 20)
  })
})
