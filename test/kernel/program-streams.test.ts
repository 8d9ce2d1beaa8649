import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type BpfObject, type LineStream, loadObject } from '../../lib/index.ts'
import { fixture, withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { run } from '../support/run.ts'

// The function that programs write with was renamed in 6.18, and its last argument went in 7.0.
const streams = olderThan('7.0') ? 'program-streams-impl' : 'program-streams'
const code = (expected: string) => expect.objectContaining({ code: expected })

async function take(stream: LineStream<string>, count: number): Promise<string[]> {
  const lines: string[] = []
  while (lines.length < count) {
    const { value, done } = await stream.next()
    if (done) break
    lines.push(value)
  }
  return lines
}

const writer = (object: BpfObject, name: string) => object.program(name)

/**
 * The memory for what is written comes from kmalloc_nolock(), which gives none at all on some machines: every write is
 * ENOMEM there (-12), the first of an idle machine, too.
 */
const refused = !olderThan('6.18') && (await withObject(streams, (object) => run(object, 'write_error'))) === -12

describe.skipIf(olderThan('6.18') || refused)('the streams of a program', () => {
  it('come line by line, from before somebody listened, too', () =>
    withObject(streams, async (object) => {
      object.globals.lines = 100
      expect(await run(object, 'write_lines')).toBe(0)
      await using stdout = writer(object, 'write_lines').stdout()
      expect(await take(stdout, 100)).toEqual(Array.from({ length: 100 }, (_, line) => `line ${line} of the program`))
    }))

  it('are two, and each program has its own', () =>
    withObject(streams, async (object) => {
      await run(object, 'write_both')
      await run(object, 'write_error')
      const both = writer(object, 'write_both')
      await using stdout = both.stdout()
      await using stderr = both.stderr()
      await using other = writer(object, 'write_error').stderr()
      expect([await take(stdout, 1), await take(stderr, 1), await take(other, 1)]).toEqual([
        ['out 1'],
        ['error 2'],
        ['something 7 went wrong'],
      ])
    }))

  it('are waited for', () =>
    withObject(streams, async (object) => {
      await using stderr = writer(object, 'write_error').stderr({ maxLatencyMs: 5 })
      const waiting = take(stderr, 1)
      await sleep(30)
      await run(object, 'write_error')
      expect(await waiting).toEqual(['something 7 went wrong'])
    }))

  it('come without the end of a line, when nothing more comes', () =>
    withObject(streams, async (object) => {
      await using stdout = writer(object, 'write_begun').stdout({ maxLatencyMs: 50 })
      await run(object, 'write_begun')
      await run(object, 'write_begun')
      const start = performance.now()
      expect(await take(stdout, 1)).toEqual(['begun 1 begun 1 '])
      expect(performance.now() - start).toBeGreaterThan(40)
    }))

  it('lose nothing when a loop is left', () =>
    withObject(streams, async (object) => {
      object.globals.lines = 3
      await run(object, 'write_lines')
      const program = writer(object, 'write_lines')
      for await (const line of program.stdout()) {
        expect(line).toBe('line 0 of the program')
        break
      }
      await using rest = program.stdout()
      expect(await take(rest, 2)).toEqual(['line 1 of the program', 'line 2 of the program'])
    }))

  it('refuse the program what they have no room for', () =>
    withObject(streams, async (object) => {
      object.globals.lines = 2000
      let status = 0
      for (let round = 0; round < 10 && status === 0; round++) status = await run(object, 'write_lines')
      expect(status, 'ENOSPC').toBe(-28)
      await using stdout = writer(object, 'write_lines').stdout()
      const { value } = await stdout.next()
      expect(value).toBe('line 0 of the program')
    }))
})

describe.skipIf(olderThan('6.18'))('the streams of a program that writes nothing', () => {
  it('have one reader at a time', () =>
    withObject(streams, async (object) => {
      const program = writer(object, 'write_lines')
      const first = program.stdout()
      expect(() => program.stdout()).toThrowError(code('ERR_EBPF_BUSY'))
      await using _stderr = program.stderr()
      await first.close()
      await first.close()
      expect(await first.next()).toEqual({ done: true, value: undefined })
      await using _second = program.stdout()
    }))

  it('end when their program is closed', async () => {
    const object = await loadObject(fixture(streams))
    const stdout = writer(object, 'write_lines').stdout({ maxLatencyMs: 5 })
    const waiting = stdout.next()
    await object.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(() => object.program('write_lines').stdout()).toThrowError(code('ERR_EBPF_CLOSED'))
  })

  it('are ended by a signal, with its reason', () =>
    withObject(streams, async (object) => {
      const program = writer(object, 'write_lines')
      const reason = new Error('enough')
      const controller = new AbortController()
      const waiting = program.stdout({ signal: controller.signal }).next()
      setTimeout(() => controller.abort(reason), 10)
      await expect(waiting).rejects.toBe(reason)
      expect(() => program.stdout({ signal: AbortSignal.abort(reason) })).toThrowError(reason)
      await using _free = program.stdout()
    }))

  it('refuse bad options', () =>
    withObject(streams, (object) => {
      const program = writer(object, 'write_lines')
      for (const maxLatencyMs of ['5', NaN, 1.5]) {
        expect(() => program.stdout({ maxLatencyMs: maxLatencyMs as number })).toThrowError(
          code('ERR_EBPF_INVALID_ARGUMENT'),
        )
      }
      expect(() => program.stderr({ maxLatencyMs: 0 })).toThrowError(code('ERR_EBPF_OUT_OF_RANGE'))
    }))
})

describe('a program on a kernel', () => {
  it.runIf(olderThan('6.17'))('without streams says which has them, and what there is instead', () =>
    withObject('printk', (object) => {
      for (const read of [() => writer(object, 'print_time').stdout(), () => writer(object, 'print_time').stderr()]) {
        expect(read).toThrowError(code('ERR_EBPF_KERNEL'))
        expect(read).toThrowError(/6\.17.*\n.*tracePipe/)
      }
    }),
  )

  it.skipIf(olderThan('6.17'))('with streams has them whatever it does', () =>
    withObject('printk', async (object) => {
      const stdout = writer(object, 'print_time').stdout({ maxLatencyMs: 5 })
      const waiting = stdout.next()
      await sleep(20)
      await stdout.close()
      expect(await waiting).toEqual({ done: true, value: undefined })
    }),
  )
})
