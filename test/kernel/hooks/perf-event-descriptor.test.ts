/** Programs on perf events that somebody else opened. */
import { closeSync, openSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { perfEvent } from '../../../lib/hooks/perf-event.ts'
import { compileC } from '../../support/c-program.ts'
import { type Ended, builtPackage, run } from '../../support/child.ts'
import { fixture } from '../../support/fixtures.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { loadSamples } from '../../support/perf-samples.ts'
import { rejection } from '../../support/wait.ts'

describe('an event that was opened elsewhere', () => {
  /** Runs a module of node with the page faults of its own process open as the descriptor `fd`. */
  const withEvent = (body: string): Promise<Ended> =>
    run(
      `
      import assert from 'node:assert/strict'
      import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
      import { loadObject, perfEvent } from ${JSON.stringify(builtPackage())}
      const fd = Number(process.env.PERF_EVENT_FD)
      const object = await loadObject(new URL(${JSON.stringify(String(fixture('hooks-perf-event')))}))
      const { first, second } = object.programs
      const { samples } = object.maps
      // Memory that was given back may be had again without a fault.
      const kept = []
      const fault = () => kept.push(Buffer.alloc(1 << 22, 1))
      const isSampled = () => {
        samples.clear()
        fault()
        return samples.has(process.pid)
      }
      const count = () => {
        const value = Buffer.alloc(8)
        assert.equal(readSync(fd, value), 8)
        return value.readBigUInt64LE()
      }
      const rejection = (promise) => promise.then(() => assert.fail('no rejection'), (error) => error)
      ${body}
      await object.close()
      fstatSync(fd)
      console.log('done')
    `,
      { prefix: [compileC({ name: 'open-perf-event', sources: ['open-perf-event.c'] })] },
    )
  const done = { code: 0, signal: null, stdout: 'done\n', stderr: '' }

  test.skipIf(olderThan('5.15'))('is enabled, and stays its owner’s when the link is closed', async () => {
    const ended = await withEvent(`
      assert.equal(isSampled(), false)
      assert.equal(count(), 0n)
      for (const cookie of [5n, 0n]) {
        const link = await first.attach(perfEvent({ fd, cookie }))
        assert.equal(isSampled(), true)
        assert.equal(samples.get(process.pid).cookie, cookie)
        assert.equal(link.info().type, 'perf_event')
        await link.close()
        assert.equal(isSampled(), false)
        const before = count()
        fault()
        assert.ok(count() > before)
      }
    `)
    expect(ended).toEqual(done)
  })

  test.skipIf(olderThan('5.15'))('has one program at a time: a hint', async () => {
    const ended = await withEvent(`
      const link = await first.attach(perfEvent({ fd }))
      const error = await rejection(second.attach(perfEvent({ fd })))
      assert.equal(error.code, 'EEXIST')
      assert.match(error.message, /has a program/)
      await link.close()
      await second.attach(perfEvent({ fd }))
      assert.equal(isSampled(), true)
    `)
    expect(ended).toEqual(done)
  })

  test.skipIf(olderThan('5.15'))('must be one: a hint', async () => {
    await using object = await loadSamples()
    const fd = openSync('/dev/null', 'r')
    try {
      for (const wrong of [fd, 9999]) {
        const error = await rejection(object.programs.first.attach(perfEvent({ fd: wrong })))
        expect(error).toMatchObject({ code: 'EBADF', program: 'first', link: `perf_event of fd ${wrong}` })
        expect(error.message).toContain('perf_event_open(2)')
      }
    } finally {
      closeSync(fd)
    }
  })

  test.skipIf(!olderThan('5.15'))('needs a newer kernel', async () => {
    const ended = await withEvent(`
      const error = await rejection(first.attach(perfEvent({ fd })))
      assert.equal(error.code, 'ERR_EBPF_KERNEL')
      assert.match(error.message, /5\\.15/)
      assert.equal(isSampled(), false)
    `)
    expect(ended).toEqual(done)
  })
})
