/** Views of records that come out of the kernel's ring. */
import { describe, expect, test } from 'vitest'
import { emit, type Event, range, take, withRing } from '../support/ring.ts'
import { rejection } from '../support/wait.ts'

describe('views', () => {
  test('show the records of all batches in order, those excepted that were discarded', async () => {
    await withRing(async ({ maps: { events }, programs, globals }) => {
      globals.discard_every = 5n
      const sequences: number[] = []
      const views = new Set<object>()
      const subscription = events.subscribe((batch) => {
        batch.forEachView((view) => {
          views.add(view)
          sequences.push(Number(view.sequence))
          expect(view.text).toBe('hello')
        })
      })
      for (let round = 0; round < 20; round++) {
        await emit(programs.submit, 100)
        while (events.stats().pending > 0) await new Promise(setImmediate)
      }
      subscription.close()
      await subscription.finished
      expect(sequences).toEqual(range(0, 2000).filter((sequence) => sequence % 5 !== 0))
      expect(views.size).toBe(1)
    }, 8192)
  })

  test('of a batch larger than those before show its records too', async () => {
    await withRing(async ({ maps: { large }, programs }) => {
      await emit(programs.submit_large, 2)
      const texts: string[] = []
      for await (const batch of large.batches()) {
        batch.forEachView(({ text }) => texts.push(text))
        if (texts.length === 2) break
      }
      expect(texts).toEqual(['hello', 'hello'])
    })
  })

  test('are over when the callback closes the ring', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 3)
      let calls = 0
      let kept: Readonly<Event> | undefined
      const subscription = events.subscribe((batch) => {
        batch.forEachView((view) => {
          calls++
          kept = view
          events.close()
        })
      })
      await subscription.finished
      expect(calls).toBe(1)
      expect(() => kept?.sequence).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RELEASED' }))
    })
  })

  test('whose callback throws end the subscription with that error, and lose no later record', async () => {
    await withRing(async ({ maps: { events }, programs }) => {
      await emit(programs.submit, 1)
      const failure = new Error('mine')
      const subscription = events.subscribe((batch) =>
        batch.forEachView(() => {
          throw failure
        }),
      )
      expect(await rejection(subscription.finished)).toBe(failure)
      await emit(programs.submit, 1)
      expect((await take(events, 1))[0]!.sequence).toBe(1n)
    })
  })
})
