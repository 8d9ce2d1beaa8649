/** What does not compile with a generated module: test/fixtures/skeleton.skel.ts. */
import { describe, expectTypeOf, test } from 'vitest'
import type { HashMap, PerCpuArrayMap, RingBuffer } from '../../lib/index.ts'
import {
  type Address,
  type Closed,
  ConnState,
  type ConnKey,
  type ConnValue,
  type Event,
  connStateName,
  load,
  open,
} from '../fixtures/skeleton.skel.ts'

declare const key: ConnKey
declare const value: ConnValue

describe('a generated module', async () => {
  const { maps, programs, globals } = await load()

  test('has the classes of the maps', () => {
    expectTypeOf(maps.conns).toEqualTypeOf<HashMap<ConnKey, ConnValue>>()
    expectTypeOf(maps.events).toEqualTypeOf<RingBuffer<Event>>()
    expectTypeOf(maps.counts.get(0)).toEqualTypeOf<bigint[] | undefined>()
    expectTypeOf(maps.by_zone.get(1)?.get(0)?.mac).toEqualTypeOf<Uint8Array | undefined>()
    // @ts-expect-error no such map
    void maps.conn
    // @ts-expect-error a ring has no entries
    maps.events.get(1)
    // @ts-expect-error a hash has no records
    maps.conns.batches()
    // @ts-expect-error another kind of map
    const other: PerCpuArrayMap<bigint> = maps.conns
    void other
    // @ts-expect-error in it are arrays of endpoints, not hashes
    void maps.by_zone.set(1, maps.conns)
  })

  test('refuses wrong keys', () => {
    maps.conns.get(key)
    maps.conns.get(new Uint8Array(8))
    maps.conns.get({ v4: 1, port: 2n, state: 0, inbound: false })
    // @ts-expect-error no number
    maps.conns.get(1)
    // @ts-expect-error the port is missing
    maps.conns.get({ v4: 1, state: 0, inbound: false })
    // @ts-expect-error the port is a number
    maps.conns.get({ v4: 1, port: '80', state: 0, inbound: false })
    // @ts-expect-error misspelt
    maps.conns.get({ v4: 1, prt: 80, state: 0, inbound: false })
    // @ts-expect-error another map's key
    maps.counts.get(key)
    // @ts-expect-error a prefix is text
    maps.routes.get(10)
    // @ts-expect-error these are bytes
    maps.opaque.get('key')
  })

  test('refuses wrong values', () => {
    maps.conns.set(key, value)
    maps.conns.set(key, { ...value, bytes: 3, address: { v4: 1 } })
    // @ts-expect-error a boolean is no integer
    maps.conns.set(key, { ...value, bytes: true })
    // @ts-expect-error a field of a field
    maps.conns.set(key, { ...value, peer: { port: '1', mac: new Uint8Array(6) } })
    // @ts-expect-error text is no bytes
    maps.conns.set(key, { ...value, peer: { port: 1, mac: '00' } })
    // @ts-expect-error one struct is no list of structs
    maps.conns.set(key, { ...value, range: { low: 1, high: 2 } })
    // @ts-expect-error no such reading
    maps.conns.set(key, { ...value, address: { v5: 1 } })
    // @ts-expect-error one value for each CPU
    maps.counts.set(0, 1n)
    // @ts-expect-error no such field
    void maps.conns.get(key)?.byte
  })

  test('tells records apart by their tag', () => {
    maps.events.subscribe((batch) => {
      for (const event of batch) {
        // @ts-expect-error only closed ones have it
        void event.reason
        if (event.kind === 'closed') expectTypeOf(event).toEqualTypeOf<Closed>()
        // @ts-expect-error no such kind
        void (event.kind === 'reset')
      }
    })
  })

  test('has names and values of enums', () => {
    expectTypeOf(ConnState.CONN_OPEN).toEqualTypeOf<1>()
    expectTypeOf(connStateName(1)).toEqualTypeOf<'CONN_CLOSED' | 'CONN_OPEN' | 'CONN_ALIAS' | undefined>()
    const combined: ConnState = 5
    globals.last_state = combined
    // @ts-expect-error no such value
    void ConnState.CONN_OPENED
    // @ts-expect-error a name is no value
    globals.last_state = 'CONN_OPEN'
  })

  test('has programs and globals, constants read-only once loaded', async () => {
    expectTypeOf(globals.latest.address).toEqualTypeOf<Address>()
    globals.seen = 5n
    void programs.on_open.attach()
    // @ts-expect-error no such program
    void programs.on_opened
    // @ts-expect-error a constant
    globals.target_port = 1
    // @ts-expect-error the kernel's
    globals.LINUX_KERNEL_VERSION = 1
    // @ts-expect-error of another type
    globals.seen = '5'
    const spec = await open()
    spec.globals.target_port = 1
    spec.kconfig.LINUX_KERNEL_VERSION = 5
    // @ts-expect-error of another type
    spec.globals.target_port = '1'
    // @ts-expect-error not there before it is loaded
    void spec.globals.LINUX_KERNEL_VERSION
    // @ts-expect-error no such extern
    spec.kconfig.CONFIG_HZ = 5
  })

  test('takes edits of what there is', () => {
    void load({ globals: { target_port: 80, seen: 5 }, maps: { conns: { maxEntries: 5 } } })
    // @ts-expect-error no such global
    void load({ globals: { port: 80 } })
    // @ts-expect-error no such map
    void load({ maps: { conn: { maxEntries: 5 } } })
    // @ts-expect-error no such program
    void load({ programs: { opened: { autoload: true } } })
    // @ts-expect-error the module has chosen
    void load({ int64: 'number' })
  })
})
