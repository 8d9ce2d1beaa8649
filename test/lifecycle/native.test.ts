/** The native surface itself, as no user sees it: wrong handles, wrong types, and environments that end in mid-work. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, unlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { binding, type Handle } from '../../lib/binding.ts'
import type { NativeLoadedObject } from '../../lib/native-object.ts'
import { withBpffs } from '../support/bpffs.ts'
import { fixture } from '../support/fixtures.ts'

const addon = process.env.EBPF_ADDON || fileURLToPath(new URL('../../build/Release/ebpf.node', import.meta.url))
const EBADF = -9
const EINVAL = -22

interface Loaded {
  object: Handle
  programs: Record<string, Handle>
  maps: Record<string, Handle>
}

/** Loads a fixture, has `body` use its handles, and closes all that was loaded. */
async function withLoaded(name: string, body: (loaded: Loaded) => void | Promise<void>): Promise<void> {
  const outcome = await binding.objectLoad(readFileSync(fixture(name)), { name: 'native', programs: [], maps: [] })
  expect(outcome).toMatchObject({ errno: 0 })
  const { object, programs, maps } = outcome.value as NativeLoadedObject
  const byName = (entries: { name: string; handle: Handle }[]): Record<string, Handle> =>
    Object.fromEntries(entries.map((entry) => [entry.name, entry.handle]))
  try {
    await body({ object, programs: byName(programs), maps: byName(maps) })
  } finally {
    for (const { handle } of maps) binding.mapClose(handle)
    for (const { handle } of programs) binding.programClose(handle)
    await binding.objectClose(object)
  }
}

describe('handles', () => {
  it('are stale as soon as a close has begun', async () => {
    await withLoaded('trace', async ({ programs }) => {
      const link = (await binding.programAttach(programs.on_raw as Handle, { kind: 'section' })).value as Handle
      const closing = binding.linkClose(link)
      expect(binding.linkFd(link)).toBe(EBADF)
      expect(await binding.linkClose(link)).toMatchObject({ errno: EBADF })
      expect(binding.linkCloseSync(link)).toBe(EBADF)
      expect(await closing).toMatchObject({ errno: 0 })
    })
  })

  it('of another kind, of another time, or made up, are bad', async () => {
    await withLoaded('ring', ({ object, programs, maps }) => {
      const map = maps.events as Handle
      const program = programs.submit as Handle
      for (const other of [object, program, 0, -1, 1, map + (1 << 18), 2 ** 31, 2 ** 53, Number.NaN]) {
        expect(binding.mapFd(other)).toBe(EBADF)
        expect(binding.mapLookup(other, 0)).toBe(EBADF)
        expect(binding.readerRead(other, 1)).toBe(EBADF)
        expect(binding.ringOpen(other)).toBe(EBADF)
      }
      expect(binding.programFd(map)).toBe(EBADF)
    })
  })

  it('mean nothing in another worker', async () => {
    await withLoaded('ring', async ({ maps }) => {
      const source = `require('node:worker_threads').parentPort.postMessage(require(${JSON.stringify(addon)}).mapFd(${maps.events}))`
      const worker = new Worker(source, { eval: true })
      expect((await once(worker, 'message'))[0]).toBe(EBADF)
      await once(worker, 'exit')
    })
  })
})

describe('arguments of a wrong type', () => {
  it('throw, whatever the function', () => {
    const takesNothing = new Set([
      'perfBufferSettle',
      'hasBpfSecurityModule',
      'libbpfVersion',
      'possibleCpus',
      'liveHandles',
      'enableRunStatistics',
      'kernelBtfRelease',
    ])
    for (const [name, call] of Object.entries(binding) as [string, (...args: unknown[]) => unknown][]) {
      if (takesNothing.has(name)) continue
      expect(() => call(), name).toThrow(TypeError)
      for (const wrong of [undefined, null, Symbol('wrong'), {}, new Date()]) {
        expect(() => call(wrong, wrong, wrong, wrong, wrong), name).toThrow(/^expected /)
      }
    }
  })

  it('of memory that is gone are no memory', async () => {
    await withLoaded('maps', ({ maps }) => {
      const map = Object.values(maps)[0] as Handle
      const detached = new ArrayBuffer(64)
      const view = new Uint8Array(detached)
      structuredClone(detached, { transfer: [detached] })
      expect(binding.mapBind(map, detached)).toBe(EINVAL)
      expect(binding.mapUpdateBatch(map, view, view, new Uint32Array([1, 0]), 0)).toBe(EINVAL)
      expect(binding.mapLookup(map, 0)).toBe(EINVAL)
    })
  })
})

it('A link that is pinned stays attached when it is closed, and takes no descriptor along', async () => {
  await withBpffs(async (folder) => {
    await withLoaded('trace', async ({ programs }) => {
      const program = programs.on_tracepoint as Handle
      const hook = { kind: 'tracepoint', category: 'raw_syscalls', name: 'sys_enter', cookie: 0n } as const
      const link = (await binding.programAttach(program, hook)).value as Handle
      expect(binding.linkPin(link, `${folder}/link`)).toBe(0)
      const statistics = binding.enableRunStatistics()
      const runs = (): bigint => (binding.programInfo(program) as { runCount: bigint }).runCount
      expect(await binding.linkClose(link)).toMatchObject({ errno: 0 })
      const before = runs()
      for (let call = 0; call < 100; call++) void process.ppid
      expect(runs()).toBeGreaterThanOrEqual(before + 100n)
      unlinkSync(`${folder}/link`)
      binding.descriptorClose(statistics)
    })
  })
})

/** What a worker is in the middle of when it is terminated. Each says 'begun' when it is. */
const work: Record<string, string> = {
  streaming: `
    const ring = b.ringOpen(maps.events)
    const control = new Uint32Array(5)
    b.readerBind(ring, new ArrayBuffer(65536), control)
    const emit = () => b.programTestRun(programs.submit,
      { data: new Uint8Array(64), dataOutSize: 0, ctxOutSize: 0, repeat: 500, flags: 0, cpu: 0, batchSize: 0 })
    b.pollerStart(() => { b.readerRead(ring, 100); b.readerCommit(ring, control[1]); emit() })
    b.pollerArm(ring)
    b.pollerReference(true)
    emit()`,
  loading: 'for (let i = 0; i < 16; i++) b.objectLoad(image, edits)',
  attaching: "for (let i = 0; i < 8; i++) b.programAttach(programs.on_raw, { kind: 'section' })",
  closing: 'for (let i = 0; i < 8; i++) b.objectLoad(image, edits).then(({ value }) => b.objectClose(value.object))',
  mapping: 'globalThis.kept = b.mapMemory(Object.values(maps).at(-1), 8, true)',
}

const source = (name: string, begun: string): string => `
  const b = require(${JSON.stringify(addon)})
  const image = require('node:fs').readFileSync(${JSON.stringify(fileURLToPath(fixture(name === 'attaching' ? 'trace' : 'ring')))})
  const edits = { name: 'native', programs: [], maps: [] }
  setInterval(() => {}, 1000)
  b.objectLoad(image, edits).then(({ value }) => {
    const programs = Object.fromEntries(value.programs.map(({ name, handle }) => [name, handle]))
    const maps = Object.fromEntries(value.maps.map(({ name, handle }) => [name, handle]))
    ${work[name]}
    ${begun}
  })`

describe.each(Object.keys(work))('An environment that ends while %s', (name) => {
  it('as a terminated worker, leaves the process as it was', async () => {
    for (let round = 0; round < 20; round++) {
      const worker = new Worker(source(name, "require('node:worker_threads').parentPort.postMessage('begun')"), {
        eval: true,
      })
      await once(worker, 'message')
      if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, round))
      await worker.terminate()
    }
  })

  it('by process.exit, ends with that status', () => {
    const { status, signal, stderr } = spawnSync(process.execPath, ['--eval', source(name, 'process.exit(7)')])
    expect({ status, signal, stderr: stderr.toString() }).toEqual({ status: 7, signal: null, stderr: '' })
  })
})
