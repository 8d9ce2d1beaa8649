import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type BpfObject, type TraceLine, type TracePipe, monotonicToDate, tracePipe } from '../../lib/index.ts'
import { withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'
import { builtPackage, run as runChild } from '../support/child.ts'

const INSTANCES = '/sys/kernel/tracing/instances'
const code = (expected: string) => expect.objectContaining({ code: expected })
const own = () => readdirSync(INSTANCES).filter((name) => name.startsWith(`ebpf-${process.pid}-`))

let lastMark = (process.pid % 1000) * 1000

/** Lets the fixture print, and its lines be told from others. */
async function withPrinter(body: (object: BpfObject, mark: string) => Promise<void>): Promise<void> {
  await withObject('printk', async (object) => {
    object.globals.mark = ++lastMark
    await body(object, `mark ${lastMark} `)
  })
}

/** The next lines with the mark, which is taken off. */
async function take(pipe: TracePipe, mark: string, count: number): Promise<TraceLine[]> {
  const lines: TraceLine[] = []
  while (lines.length < count) {
    const { value, done } = await pipe.next()
    if (done) break
    if (value.text.startsWith(mark)) lines.push({ ...value, text: value.text.slice(mark.length) })
  }
  return lines
}

describe('what programs print', () => {
  it('comes as lines with what the kernel knows of them', () =>
    withPrinter(async (object, mark) => {
      await using pipe = await tracePipe()
      const cpu = await run(object, 'print_time')
      const [line] = await take(pipe, mark, 1)
      expect(line).toMatchObject({ cpu, text: 'time', task: expect.stringMatching(/./), pid: expect.any(Number) })
      const after = line!.time - (object.globals.now as bigint)
      expect(Number(after), 'on the clock of bpf_ktime_get_ns(), whose microseconds are cut off').toBeGreaterThan(-1000)
      expect(Number(after)).toBeLessThan(1e9)
      expect(Math.abs(monotonicToDate(line!.time).getTime() - Date.now())).toBeLessThan(60_000)
    }))

  it('comes in order, and whole, by for await', () =>
    withPrinter(async (object, mark) => {
      await using pipe = await tracePipe()
      object.globals.lines = 500
      await run(object, 'print_lines')
      const lines = await take(pipe, mark, 500)
      expect(lines.map(({ text }) => text)).toEqual(Array.from({ length: 500 }, (_, line) => `line ${line}`))
      expect(pipe.lost).toBe(0)
    }))

  it('comes while somebody waits', () =>
    withPrinter(async (object, mark) => {
      await using pipe = await tracePipe({ maxLatencyMs: 5 })
      const waiting = take(pipe, mark, 1)
      await sleep(30)
      await run(object, 'print_time')
      expect((await waiting)[0]?.text).toBe('time')
    }))

  it('may have line breaks', () =>
    withPrinter(async (object, mark) => {
      await using pipe = await tracePipe()
      await run(object, 'print_breaks')
      expect((await take(pipe, mark, 3)).map(({ text }) => text)).toEqual(['ends', 'one\ntwo\n\nthree', 'last'])
    }))

  it('is there for each reader', () =>
    withPrinter(async (object, mark) => {
      await using one = await tracePipe()
      await using other = await tracePipe()
      await run(object, 'print_time')
      expect([await take(one, mark, 1), await take(other, mark, 1)].flat().map(({ text }) => text)).toEqual([
        'time',
        'time',
      ])
    }))

  it('is counted when it is overwritten before it was read', () =>
    withPrinter(async (object, mark) => {
      await using pipe = await tracePipe()
      object.globals.lines = 2000
      for (let round = 0; round < 30; round++) await run(object, 'print_lines')
      let lines = 0
      for await (const { text } of pipe) {
        if (text.startsWith(mark)) lines++
        if (text === `${mark}line 1999` && lines + (pipe.lost ?? 0) >= 60_000) break
        if (pipe.lost === undefined) break
      }
      expect(pipe.lost === undefined || lines + pipe.lost >= 60_000).toBe(true)
    }))
})

describe('a trace pipe', () => {
  it('is closed by leaving the loop, and leaves nothing behind', () =>
    withPrinter(async (object, mark) => {
      const pipe = await tracePipe()
      expect(own()).toHaveLength(1)
      object.globals.lines = 3
      await run(object, 'print_lines')
      for await (const { text } of pipe) if (text.startsWith(mark)) break
      expect(own()).toEqual([])
      expect(await pipe.next()).toEqual({ done: true, value: undefined })
      await pipe.close()
    }))

  it('ends who waits when it is closed', async () => {
    const pipe = await tracePipe()
    const waiting = (async () => {
      for await (const _ of pipe);
    })()
    await sleep(20)
    await pipe.close()
    await waiting
    expect(own()).toEqual([])
  })

  it('tells who waits why it was aborted, once', async () => {
    const controller = new AbortController()
    const pipe = await tracePipe({ signal: controller.signal })
    const drained = (async () => {
      for await (const _ of pipe);
    })()
    const reason = new Error('enough')
    setTimeout(() => controller.abort(reason), 20)
    await expect(drained).rejects.toBe(reason)
    expect(await pipe.next()).toEqual({ done: true, value: undefined })
    expect(own()).toEqual([])
  })

  it('is not made with a signal that is aborted, or bad options', async () => {
    const reason = new Error('no')
    await expect(tracePipe({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    for (const maxLatencyMs of [0, -1, 1.5, '5', NaN]) {
      await expect(tracePipe({ maxLatencyMs: maxLatencyMs as number })).rejects.toThrowError(
        code(
          typeof maxLatencyMs === 'number' && Number.isInteger(maxLatencyMs)
            ? 'ERR_EBPF_OUT_OF_RANGE'
            : 'ERR_EBPF_INVALID_ARGUMENT',
        ),
      )
    }
    expect(own()).toEqual([])
  })

  it('is removed at exit', async () => {
    const { code: status, stdout } = await runChild(`
      import { readdirSync } from 'node:fs'
      import { tracePipe } from '${builtPackage()}'
      globalThis.pipe = await tracePipe()
      console.log(readdirSync('${INSTANCES}').filter((name) => name.startsWith('ebpf-' + process.pid + '-')).join())
      process.exit(0)
    `)
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^ebpf-\d+-\d+\n$/)])
    expect(existsSync(`${INSTANCES}/${stdout.trim()}`)).toBe(false)
  })

  it('takes away what a killed process has left', async () => {
    const left = `${INSTANCES}/ebpf-999999999-0`
    mkdirSync(left)
    try {
      await using _ = await tracePipe()
      expect(existsSync(left)).toBe(false)
    } finally {
      if (existsSync(left)) rmdirSync(left)
    }
  })
})
