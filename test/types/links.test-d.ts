/** What TypeScript knows of links. */
import type { Readable } from 'node:stream'
import { describe, expectTypeOf, test } from 'vitest'
import {
  type BpfObject,
  type BpfProgram,
  type FirstAttached,
  type IteratorHook,
  type Link,
  type LinkInfo,
  type LinkSet,
  type PassedOver,
  type QueryResult,
  StructOpsMap,
  attachFirst,
  iterator,
  listLinks,
  openLink,
  query,
  rawTracepoint,
  xdp,
} from '../../lib/index.ts'

declare const object: BpfObject<{ maps: { control: StructOpsMap } }>
declare const program: BpfProgram
declare const link: Link
declare const info: LinkInfo

describe('a link', () => {
  test('is what attaching and opening give', () => {
    expectTypeOf(program.attach(xdp('eth0'))).resolves.toEqualTypeOf<Link>()
    expectTypeOf(openLink('/sys/fs/bpf/x')).toEqualTypeOf<Link>()
    expectTypeOf(object.maps.control.attach()).resolves.toEqualTypeOf<Link>()
    expectTypeOf(object.map('control', StructOpsMap)).toEqualTypeOf<StructOpsMap>()
    expectTypeOf(listLinks()).toEqualTypeOf<LinkInfo[]>()
    expectTypeOf(link.program).toEqualTypeOf<string>()
    expectTypeOf(link.read()).toEqualTypeOf<Readable>()
    expectTypeOf(link.text()).resolves.toEqualTypeOf<string>()
  })

  test('takes programs and struct_ops maps', () => {
    expectTypeOf(link.update(program)).resolves.toEqualTypeOf<void>()
    expectTypeOf(link.update(program, { expected: program })).resolves.toEqualTypeOf<void>()
    expectTypeOf(link.update(object.maps.control)).resolves.toEqualTypeOf<void>()
    // @ts-expect-error a name is no program
    void link.update('filter')
    // @ts-expect-error no such option
    void link.update(program, { previous: program })
  })
})

describe('the info of a link', () => {
  test('is told apart by its type', () => {
    if (info.type === 'xdp') expectTypeOf(info.interfaceIndex).toEqualTypeOf<number>()
    if (info.type === 'tcx') expectTypeOf(info.direction).toEqualTypeOf<'ingress' | 'egress'>()
    if (info.type === 'netkit') expectTypeOf(info.side).toEqualTypeOf<'primary' | 'peer'>()
    if (info.type === 'struct_ops') expectTypeOf(info.mapId).toEqualTypeOf<number>()
    if (info.type === 'kprobe_multi') expectTypeOf(info.addresses).toEqualTypeOf<BigUint64Array | undefined>()
    if (info.type === 'cgroup') {
      expectTypeOf(info.cgroupId).toEqualTypeOf<bigint>()
      // @ts-expect-error that is of another type
      void info.interfaceIndex
    }
    if (info.type === 'perf_event' && info.event === 'uprobe') expectTypeOf(info.binary).toEqualTypeOf<string>()
    if (info.type === 'perf_event' && info.event === 'kprobe')
      expectTypeOf(info.symbol).toEqualTypeOf<string | undefined>()
    if (info.type === 'iter') expectTypeOf(info.cgroup?.id).toEqualTypeOf<bigint | undefined>()
    expectTypeOf(info.id).toEqualTypeOf<number>()
    expectTypeOf<'unknown (99)'>().toExtend<LinkInfo['type']>()
    // @ts-expect-error no such type
    void (info.type === 'xpd')
  })
})

describe('several', () => {
  test('hooks give a set, or the first', () => {
    expectTypeOf(program.attachAll([xdp('eth0'), rawTracepoint('x')])).resolves.toEqualTypeOf<LinkSet>()
    expectTypeOf(program.attachFirst([xdp('eth0')])).resolves.toEqualTypeOf<FirstAttached>()
    expectTypeOf(attachFirst([[program, xdp('eth0')], [undefined], [program]])).resolves.toEqualTypeOf<FirstAttached>()
    expectTypeOf<FirstAttached['passedOver']>().toEqualTypeOf<PassedOver[]>()
    // @ts-expect-error a hook is no name
    void program.attachAll(['xdp'])
    // @ts-expect-error the program comes first
    void attachFirst([[xdp('eth0'), program]])
  })

  test('programs answer a query', () => {
    expectTypeOf(query(xdp('eth0'))).resolves.toEqualTypeOf<QueryResult>()
    expectTypeOf<QueryResult['revision']>().toEqualTypeOf<bigint | undefined>()
  })
})

test('iterator() takes one scope', () => {
  expectTypeOf(iterator({ pid: 1 })).toEqualTypeOf<IteratorHook>()
  expectTypeOf(iterator({ map: object.maps.control })).toEqualTypeOf<IteratorHook>()
  // @ts-expect-error no such order
  void iterator({ cgroup: '/x', order: 'down' })
})
