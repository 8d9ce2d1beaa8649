/** What TypeScript knows of an object, with a shape and without, and of hooks. */
import { describe, expectTypeOf, test } from 'vitest'
import {
  type BpfObject,
  type BpfProgram,
  type HashMap,
  type Hook,
  type Link,
  type ObjectSpec,
  PerCpuHashMap,
  type RingBuffer,
  type XdpMode,
  loadObject,
  openObject,
  rawTracepoint,
  tpBtf,
  tracepoint,
  uprobe,
  uretprobe,
  xdp,
} from '../../lib/index.ts'

interface Shape {
  maps: { events: RingBuffer<{ pid: number }>; counts: HashMap<number, bigint> }
  programs: { on_exec: BpfProgram }
  globals: { target_pid: number }
}

declare const object: BpfObject<Shape>
declare const spec: ObjectSpec<Shape>
declare const untyped: BpfObject
declare const hook: Hook

describe('an object with a shape', () => {
  test('has its maps, programs and globals', () => {
    expectTypeOf(loadObject<Shape>('x.bpf.o')).resolves.toEqualTypeOf<BpfObject<Shape>>()
    expectTypeOf(object.maps.events).toEqualTypeOf<RingBuffer<{ pid: number }>>()
    expectTypeOf(object.maps.counts.get(1)).toEqualTypeOf<bigint | undefined>()
    expectTypeOf(object.programs.on_exec.attach()).resolves.toEqualTypeOf<Link>()
    expectTypeOf(object.globals.target_pid).toEqualTypeOf<number>()
  })

  test('has nothing else', () => {
    // @ts-expect-error no such map
    void object.maps.event
    // @ts-expect-error no such program
    void object.programs.on_exit
    // @ts-expect-error no such global
    void object.globals.pid
    // @ts-expect-error of another type
    object.globals.target_pid = '1'
    // @ts-expect-error a map cannot be put in
    object.maps.counts = untyped.maps.counts
    // @ts-expect-error a handle cannot be assigned
    object.fd = 3
  })

  test('that has none of something takes no edits of it', () => {
    type Bare = { maps: Record<never, never>; programs: Record<never, never>; globals: Record<never, never> }
    void loadObject<Bare>('x.bpf.o', { maps: {}, globals: {} })
    // @ts-expect-error no such global
    void loadObject<Bare>('x.bpf.o', { globals: { target_pid: 1 } })
    // @ts-expect-error no such map
    void loadObject<Bare>('x.bpf.o', { maps: { events: { maxEntries: 1 } } })
    // @ts-expect-error no such program
    void loadObject<Bare>('x.bpf.o', { programs: { on_exec: { autoload: false } } })
  })

  test('is edited by its own names', () => {
    expectTypeOf(openObject<Shape>('x.bpf.o')).resolves.toEqualTypeOf<ObjectSpec<Shape>>()
    spec.maps.counts.maxEntries = 5
    spec.programs.on_exec.autoload = false
    spec.globals.target_pid = 1
    expectTypeOf(spec.load()).resolves.toEqualTypeOf<BpfObject<Shape>>()
    // @ts-expect-error no such map
    spec.maps.count.maxEntries = 5
    // @ts-expect-error the name cannot be changed
    spec.maps.counts.name = 'other'
    // @ts-expect-error the section cannot be changed
    spec.programs.on_exec.section = 'xdp'
    // @ts-expect-error a misspelt field
    spec.maps.counts.maxentries = 5
  })

  test('takes edits at load by its own names', () => {
    void loadObject<Shape>('x', { globals: { target_pid: 1 }, maps: { counts: { maxEntries: 9 } } })
    // @ts-expect-error no such global
    void loadObject<Shape>('x', { globals: { pid: 1 } })
    // @ts-expect-error no such map
    void loadObject<Shape>('x', { maps: { count: { maxEntries: 9 } } })
    // @ts-expect-error no such program
    void loadObject<Shape>('x', { programs: { on_exit: { autoload: false } } })
    // @ts-expect-error no such edit
    void loadObject<Shape>('x', { programs: { on_exec: { section: 'xdp' } } })
  })
})

describe('an object without a shape', () => {
  test('has programs that may be missing, and maps of any type', () => {
    expectTypeOf(loadObject('x.bpf.o')).resolves.toEqualTypeOf<BpfObject>()
    expectTypeOf(untyped.programs.x).toEqualTypeOf<BpfProgram | undefined>()
    expectTypeOf(untyped.maps.x).toBeAny()
    expectTypeOf(untyped.globals.x).toBeAny()
  })

  test('has its maps narrowed by a class', () => {
    expectTypeOf(untyped.map('counts', PerCpuHashMap<number, bigint>)).toEqualTypeOf<PerCpuHashMap<number, bigint>>()
  })

  test('comes from a path, a URL or bytes', () => {
    void loadObject(new URL('file:///x.bpf.o'))
    void loadObject(new Uint8Array())
    // @ts-expect-error not from a number
    void loadObject(5)
    // @ts-expect-error not how 64-bit integers can come
    void loadObject('x', { int64: 'string' })
  })
})

describe('hooks', () => {
  test('are told apart by their kind', () => {
    if (hook.kind === 'tracepoint') expectTypeOf(hook.category).toEqualTypeOf<string>()
    if (hook.kind === 'raw_tracepoint' || hook.kind === 'tp_btf') expectTypeOf(hook.cookie).toEqualTypeOf<bigint>()
    if (hook.kind === 'uprobe' || hook.kind === 'uretprobe') expectTypeOf(hook.pid).toEqualTypeOf<number>()
    if (hook.kind === 'xdp') {
      expectTypeOf(hook.mode).toEqualTypeOf<XdpMode | undefined>()
      // @ts-expect-error of another kind
      void hook.category
    }
    expectTypeOf<'tracepoint' | 'raw_tracepoint' | 'tp_btf' | 'uprobe' | 'uretprobe' | 'xdp'>().toExtend<Hook['kind']>()
  })

  test('are what builders make', () => {
    const made = [tracepoint('a', 'b'), rawTracepoint('a'), tpBtf('a'), uprobe('a', { symbol: 'b' }), xdp(1)]
    expectTypeOf(made).toExtend<Hook[]>()
    expectTypeOf(uretprobe('a', { offset: 5n, pid: 1, cookie: 2 })).toExtend<Hook>()
    void object.programs.on_exec.attach(xdp('eth0', { mode: 'native', netns: { pid: 1 } }))
  })

  test('are not what they do not make', () => {
    // @ts-expect-error a tracepoint has a category
    tracepoint('sched_switch')
    // @ts-expect-error a place in the binary
    uprobe('libc.so.6')
    // @ts-expect-error no such mode
    xdp('eth0', { mode: 'fast' })
    // @ts-expect-error a pid is in an object
    xdp('eth0', { netns: 17 })
    // @ts-expect-error a hook is no text
    void object.programs.on_exec.attach('sched_switch')
    // @ts-expect-error no such kind
    void object.programs.on_exec.attach({ kind: 'kprobe', symbol: 'vfs_unlink' })
  })
})
