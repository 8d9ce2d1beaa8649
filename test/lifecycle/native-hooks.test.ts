/** Hooks and links of the native surface, with arguments that nobody means, and in orders that nobody wants. */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, unlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { binding, type Handle } from '../../lib/binding.ts'
import type { NativeLoadedObject } from '../../lib/native-object.ts'
import { withBpffs } from '../support/bpffs.ts'
import { fixture } from '../support/fixtures.ts'
import { randomNumbers } from '../support/random.ts'

const addon = process.env.EBPF_ADDON || fileURLToPath(new URL('../../build/Release/ebpf.node', import.meta.url))
const EBADF = -9
const EINVAL = -22
const EOPNOTSUPP = -95

const tracepoint = { kind: 'tracepoint', category: 'raw_syscalls', name: 'sys_enter', cookie: 0n } as const

/** Loads test/fixtures/trace.bpf.c, and closes what was loaded. */
async function withTrace(body: (programs: Record<string, Handle>) => Promise<void>): Promise<void> {
  const outcome = await binding.objectLoad(readFileSync(fixture('trace')), { name: 'native', programs: [], maps: [] })
  expect(outcome).toMatchObject({ errno: 0 })
  const { object, programs, maps } = outcome.value as NativeLoadedObject
  try {
    await body(Object.fromEntries(programs.map(({ name, handle }) => [name, handle])))
  } finally {
    for (const { handle } of maps) binding.mapClose(handle)
    for (const { handle } of programs) binding.programClose(handle)
    await binding.objectClose(object)
  }
}

/**
 * Attaches programs of many types to hooks of every kind, whose fields are now and then something else of the same type, and
 * does with the links whatever can be done with one. Runs in network and mount namespaces of its own.
 */
const onslaught = `
  const b = require(addon)
  const { readdirSync, closeSync, readFileSync, readlinkSync } = require('node:fs')
  const pick = (items) => items[random() % items.length]
  const odd = {
    number: () => pick([0, 1, -1, 2, 7, 46, 99, 4096, 0xffff, 0x7fffffff, -0x80000000, 2 ** 32, NaN, random()]),
    bigint: () => pick([0n, 1n, 0xffffn, 2n ** 63n, 2n ** 64n - 1n, -1n, BigInt(random())]),
    string: () => pick(['', 'lo', 'nope', '/', '..', '*', 'a'.repeat(300), 'b'.repeat(70000), 'x\\0y', '/dev/null', process.execPath]),
    boolean: () => random() % 2 === 0,
    numbers: () => pick([new BigUint64Array(0), new BigUint64Array(3), new BigUint64Array(5000).fill(2n ** 63n), undefined]),
    strings: () => pick([[], ['main'], ['main', 'main'], ['nope', ''], undefined]),
  }
  const typeOf = (value) => value instanceof BigUint64Array ? 'numbers' : Array.isArray(value) ? 'strings' : typeof value
  const place = { interface: 'lo', netnsFd: -1 }
  const anchor = { flags: 0, relative: 0, expectedRevision: 0n }
  const event = { config1: 0n, config2: 0n, breakpointType: 0, isFrequency: false, pid: 0, cpu: -1, cgroupFd: -1, inherit: false,
    excludeUser: false, excludeKernel: false, excludeHypervisor: false, excludeIdle: false, precise: 0, cookie: 0n }
  const none = { pattern: undefined, symbols: undefined, cookies: undefined }
  const hooks = [
    { kind: 'section' },
    { kind: 'tracepoint', category: 'sched', name: 'sched_process_exec', cookie: 0n },
    { kind: 'raw_tracepoint', name: 'sched_process_exec', cookie: 0n },
    { kind: 'tracing', cookie: 0n },
    { kind: 'freplace', targetFd: 0, function: 'main' },
    { kind: 'kprobe', return: false, symbol: 'vfs_fsync', offset: 0n, cookie: 0n, mode: 0 },
    { kind: 'ksyscall', return: false, name: 'reboot', cookie: 0n },
    { kind: 'kprobe_multi', return: false, session: false, uniqueMatch: false, ...none, addresses: new BigUint64Array(1) },
    { kind: 'kprobe_multi', return: false, session: false, uniqueMatch: false, ...none, symbols: ['vfs_fsync'], addresses: undefined },
    { kind: 'uprobe', return: false, binary: process.execPath, symbol: 'main', offset: 0n, referenceCounterOffset: 0n, pid: -1, cookie: 0n, mode: 0 },
    { kind: 'uprobe_multi', return: false, session: false, binary: process.execPath, pid: 0, ...none, symbols: ['main'], offsets: undefined, referenceCounterOffsets: undefined },
    { kind: 'uprobe_multi', return: false, session: false, binary: process.execPath, pid: 0, ...none, offsets: new BigUint64Array([4096n]), referenceCounterOffsets: new BigUint64Array(1) },
    { kind: 'usdt', binary: process.execPath, provider: 'node', name: 'gc', pid: 0, cookie: 0n },
    { kind: 'perf_event', type: 1, config: 0n, ...event, sample: 1n << 40n },
    { kind: 'perf_event', type: 5, config: 0n, ...event, config1: 4096n, config2: 1n, breakpointType: 2, sample: 1n },
    { kind: 'open_perf_event', fd: 0, cookie: 0n },
    { kind: 'xdp', ...place, flags: 2, netlink: false },
    { kind: 'xdp', ...place, flags: 2, netlink: true },
    { kind: 'tc', ...place, attachPoint: 1, handle: 0, priority: 0 },
    { kind: 'tcx', ...place, ...anchor, attachType: 46 },
    { kind: 'netkit', ...place, ...anchor, attachType: 54 },
    { kind: 'netfilter', family: 2, hook: 1, priority: 0, flags: 0, netnsFd: -1 },
    { kind: 'netns', attachType: 17, netnsFd: -1 },
    { kind: 'cgroup', attachType: 1, cgroupFd: 0, ...anchor },
    { kind: 'socket_filter', socketFd: 0 },
    { kind: 'reuseport', socketFd: 0 },
    { kind: 'sockmap', mapFd: 0, attachType: 5 },
    { kind: 'iterator', mapFd: -1, cgroupFd: -1, cgroupOrder: 0, tid: 0, pid: 0, pidFd: -1 },
    { kind: 'lirc', deviceFd: 0 },
  ]
  const queries = [
    { kind: 'descriptor', fd: 0, attachType: 1, flags: 0 },
    { kind: 'interface', ...place, attachType: 46, flags: 0 },
    { kind: 'xdp', ...place },
    { kind: 'tc', ...place, attachPoint: 1 },
    { kind: 'tracepoint', category: 'sched', name: 'sched_switch' },
  ]
  // The kernel's numbers of program types.
  const types = {
    tracepoint: 5, raw_tracepoint: 17, kprobe: 2, ksyscall: 2, uprobe: 2, uprobe_multi: 2, perf_event: 7,
    xdp: 6, tc: 3, tcx: 3, socket_filter: 1,
  }
  const bent = (template) => {
    const result = { ...template }
    if (random() % 2 === 0) return result
    for (const [name, value] of Object.entries(template)) {
      if (name !== 'kind' && random() % 4 === 0 && odd[typeOf(value)]) result[name] = odd[typeOf(value)]()
    }
    return result
  }
  const descriptors = () => readdirSync('/proc/self/fd').length
  const seen = new Set()

  async function one(programs, links) {
    if (random() % 5 === 0) await b.hookQuery(bent(pick(queries)))
    const hook = bent(pick(hooks))
    const fitting = programs.filter((program) => b.programInfo(program).type === types[hook.kind])
    const { errno, value } = await b.programAttach(pick(random() % 2 === 0 && fitting.length > 0 ? fitting : programs), hook)
    if (errno > 0) throw new Error('errno ' + errno)
    if (errno !== 0) return
    seen.add(hook.kind)
    links.push(value)
    const link = pick(links)
    b.linkInfo(link)
    b.linkFd(link)
    const works = [
      () => b.linkUpdate(link, pick(programs), pick([0, ...programs])),
      () => b.linkUpdateMap(link, pick(programs), pick([0, ...programs])),
      () => b.linkDetach(link),
      () => b.linkClose(link),
      () => { b.linkPin(link, odd.string()) },
      () => { const fd = b.iteratorCreate(link); if (fd > 0) closeSync(fd) },
      () => { const other = b.linkOpenByFd(b.linkFd(link)); if (other > 0) links.push(other) },
      () => { const other = b.linkOpenById(b.linkInfo(link).id ?? 0); if (other > 0) links.push(other) },
    ]
    await Promise.all([pick(works)(), pick(works)(), pick(works)()])
  }

  async function run() {
    const loads = await Promise.all(images.map((image) => b.objectLoad(readFileSync(image), { name: 'native', programs: [], maps: [] })))
    const loaded = loads.filter(({ errno }) => errno === 0).map(({ value }) => value)
    const programs = loaded.flatMap((object) => object.programs.map(({ handle }) => handle)).filter((handle) => handle !== 0)
    const opened = programs.map((program) => b.programOpenByFd(b.programFd(program)))
    const all = [...programs, ...opened, 0, -1, 12345]
    const before = descriptors()
    for (let round = 0; round < rounds; round++) {
      const links = []
      await Promise.all(Array.from({ length: 16 }, () => one(all, links)))
      await Promise.all(links.map((link) => b.linkClose(link)))
    }
    const after = descriptors()
    process.stdout.write(JSON.stringify({ links: b.liveHandles().link, leaked: after - before, seen: [...seen].sort() }))
  }
  run()
`

describe('Hooks of every kind with fields of any value', () => {
  it.each([1, 2, 3, 4])('neither crash nor leak (seed %i)', (seed) => {
    const fixtures = [
      'trace',
      'xdp',
      'hooks-tc',
      'hooks-socket',
      'hooks-perf-event',
      'hooks-uprobe',
      'uprobe',
      'programs',
    ]
    const images = fixtures.map((name) => fileURLToPath(fixture(name)))
    const source = `
      const addon = ${JSON.stringify(addon)}
      const images = ${JSON.stringify(images)}
      const rounds = 25
      const random = (${randomNumbers})(${seed})
      ${onslaught}`
    // Interfaces and bpffs that the values may name are those of its own.
    const child = spawnSync('unshare', ['--net', '--mount', process.execPath, '--eval', source], { timeout: 60_000 })
    const { status, signal } = child
    expect({ status, signal, stderr: child.stderr.toString() }).toEqual({ status: 0, signal: null, stderr: '' })
    const { links, leaked, seen } = JSON.parse(child.stdout.toString())
    expect({ links, leaked }).toEqual({ links: 0, leaked: 0 })
    // It is no test of errors alone.
    expect(seen.length).toBeGreaterThan(5)
  })
})

describe('A link', () => {
  it('that is updated, detached and closed at once ends in one of these', async () => {
    await withTrace(async (programs) => {
      const program = programs.on_tracepoint as Handle
      for (let round = 0; round < 5; round++) {
        const link = (await binding.programAttach(program, tracepoint)).value as Handle
        const updates = Array.from({ length: 4 }, () => binding.linkUpdate(link, program, 0))
        const detached = binding.linkDetach(link)
        const closed = binding.linkClose(link)
        // A perf event takes no other program (EINVAL) and cannot be detached by force (EOPNOTSUPP).
        for (const update of updates) expect([EINVAL, EBADF]).toContain((await update).errno)
        expect([EOPNOTSUPP, EBADF]).toContain((await detached).errno)
        expect(await closed).toMatchObject({ errno: 0 })
        expect(await binding.linkUpdate(link, program, 0)).toMatchObject({ errno: EBADF })
        expect(await binding.linkDetach(link)).toMatchObject({ errno: EBADF })
        expect(binding.linkInfo(link)).toBe(EBADF)
        expect(binding.iteratorCreate(link)).toBe(EBADF)
      }
    })
  })

  it('is opened only from a link', async () => {
    await withTrace(async (programs) => {
      const file = openSync('/dev/null', 'r')
      expect(binding.linkOpenByFd(file)).toBe(EINVAL)
      closeSync(file)
      expect(binding.linkOpenByFd(binding.programFd(programs.on_raw as Handle))).toBe(EINVAL)
      expect(binding.linkOpenByFd(-1)).toBe(EBADF)
      expect(binding.linkOpenByFd(99_999)).toBe(EBADF)
    })
  })

  it('that is pinned stays attached when all handles of it are closed, however they were opened', async () => {
    await withBpffs(async (folder) => {
      await withTrace(async (programs) => {
        const program = programs.on_tracepoint as Handle
        const link = (await binding.programAttach(program, tracepoint)).value as Handle
        expect(binding.linkPin(link, `${folder}/link`)).toBe(0)
        const { id } = binding.linkInfo(link) as { id: number }
        const opened = [
          binding.linkOpenById(id),
          binding.linkOpenByPath(`${folder}/link`),
          binding.linkOpenByFd(binding.linkFd(link)),
        ]
        expect(opened.map((handle) => (binding.linkInfo(handle) as { id: number }).id)).toEqual([id, id, id])
        for (const handle of [link, ...opened]) expect(await binding.linkClose(handle)).toMatchObject({ errno: 0 })
        const statistics = binding.enableRunStatistics()
        const runs = (): bigint => (binding.programInfo(program) as { runCount: bigint }).runCount
        const before = runs()
        for (let call = 0; call < 100; call++) void process.ppid
        expect(runs()).toBeGreaterThanOrEqual(before + 100n)
        binding.descriptorClose(statistics)
        unlinkSync(`${folder}/link`)
      })
    })
  })
})
