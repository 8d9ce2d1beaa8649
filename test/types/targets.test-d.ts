/** What TypeScript knows of maps of sockets, interfaces and processors. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { expectTypeOf, test } from 'vitest'
import {
  type BpfProgram,
  type CpuMap,
  type CpuQueue,
  type Device,
  type DeviceHashMap,
  type DeviceMap,
  type ReuseportSocketArray,
  SockHash,
  type SockMap,
  type SocketOrDescriptor,
  type XskMap,
  char,
  createMap,
  openMap,
  u32,
} from '../../lib/index.ts'

test('maps of sockets take what has a descriptor, and give cookies', () => {
  const map = createMap({ type: 'sockmap', maxEntries: 1 })
  expectTypeOf(map).toEqualTypeOf<SockMap>()
  expectTypeOf(createMap({ type: 'sockmap', value: u32, maxEntries: 1 })).toEqualTypeOf<SockMap>()
  expectTypeOf(createMap({ type: 'reuseport_sockarray', maxEntries: 1 })).toEqualTypeOf<ReuseportSocketArray>()
  expectTypeOf(createMap({ type: 'xskmap', maxEntries: 1 })).toEqualTypeOf<XskMap>()
  expectTypeOf(map.get(0)).toEqualTypeOf<bigint | undefined>()
  expectTypeOf(map.set(0, connect(80), { if: 'absent' })).toEqualTypeOf<boolean>()
  expectTypeOf([createServer(), createSocket('udp4'), { fd: 3 }]).items.toExtend<SocketOrDescriptor>()
  // @ts-expect-error a number is no socket
  map.set(0, 3)
  // @ts-expect-error no such condition
  map.set(0, { fd: 3 }, { if: 'new' })
  // @ts-expect-error a sockmap has a size
  createMap({ type: 'sockmap' })
})

test('a hash of sockets has keys of its own', () => {
  const map = createMap({ type: 'sockhash', key: char(16), maxEntries: 1 })
  expectTypeOf(map).toEqualTypeOf<SockHash<string>>()
  expectTypeOf([...map]).toEqualTypeOf<[string | Uint8Array, bigint][]>()
  // @ts-expect-error the key is text
  map.get(1)
  // @ts-expect-error it has keys
  createMap({ type: 'sockhash', maxEntries: 1 })
  expectTypeOf(openMap('/sys/fs/bpf/x', SockHash)).toEqualTypeOf<SockHash>()
})

test('an array of AF_XDP sockets cannot be read', () => {
  const map = createMap({ type: 'xskmap', maxEntries: 1 })
  expectTypeOf(map.delete(0)).toEqualTypeOf<void>()
  // @ts-expect-error the kernel does not tell
  map.get(0)
})

declare const program: BpfProgram

test('maps of interfaces and processors take a target, and give what the kernel tells of it', () => {
  const devices = createMap({ type: 'devmap', maxEntries: 1 })
  const hashed = createMap({ type: 'devmap_hash', maxEntries: 1 })
  const cpus = createMap({ type: 'cpumap' })
  expectTypeOf(devices).toEqualTypeOf<DeviceMap>()
  expectTypeOf(hashed).toEqualTypeOf<DeviceHashMap>()
  expectTypeOf(cpus).toEqualTypeOf<CpuMap>()
  expectTypeOf(devices.get(0)).toEqualTypeOf<Device | undefined>()
  expectTypeOf(cpus.get(0)).toEqualTypeOf<CpuQueue | undefined>()
  expectTypeOf(devices.set(0, { interface: 'eth0', netns: { pid: 1 }, program })).toEqualTypeOf<Promise<void>>()
  expectTypeOf(hashed.set(7, { interface: 7 }, { if: 'absent' })).toEqualTypeOf<Promise<boolean>>()
  expectTypeOf(cpus.set(0, { queueSize: 64, program })).toEqualTypeOf<Promise<void>>()
  // @ts-expect-error the kernel heeds no such condition there
  void hashed.set(7, { interface: 7 }, { if: 'present' })
  // @ts-expect-error an interface is named
  void devices.set(0, { program })
  // @ts-expect-error a queue has a length
  void cpus.set(0, {})
})
