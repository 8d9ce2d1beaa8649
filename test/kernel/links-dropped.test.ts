/** Who drops what holds a descriptor, and closes nothing: no descriptor may wait for the process to end. */
import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { iterator } from '../../lib/hooks/iterator.ts'
import type { Link } from '../../lib/link.ts'
import { openLink } from '../../lib/open-link.ts'
import { loadIterators } from '../support/iterator-fixture.ts'
import { bpfDescriptors } from '../support/kernel-objects.ts'
import { withLinks } from '../support/links-fixture.ts'
import { callGetppid, withTrace } from '../support/trace.ts'
import { until } from '../support/wait.ts'

/** Runs `body`, and gives the warnings of this package meanwhile. */
async function warningsOf(body: () => Promise<void>): Promise<string[]> {
  const heard: string[] = []
  const listener = (warning: Error): void => {
    if (warning.name === 'EbpfWarning') heard.push(warning.message)
  }
  process.on('warning', listener)
  try {
    await body()
    // Warnings are emitted on the next tick.
    await new Promise(setImmediate)
  } finally {
    process.off('warning', listener)
  }
  return heard
}

async function collected(what: string, condition: () => boolean): Promise<void> {
  await until(what, async () => {
    globalThis.gc?.()
    await new Promise(setImmediate)
    return condition()
  })
}

test('a link that was opened and dropped is closed by the garbage collector, with a warning', async () => {
  await withLinks(async ({ programs }) => {
    const link = await programs.raw_first.attach()
    const before = bpfDescriptors()
    const warnings = await warningsOf(async () => {
      for (let round = 0; round < 20; round++) openLink({ id: link.id })
      await collected('the descriptors are closed', () => isDeepStrictEqual(bpfDescriptors(), before))
    })
    expect(warnings).toHaveLength(20)
    expect(warnings[0]).toMatch(new RegExp(`^link 'id ${link.id}' was garbage-collected without being closed`))
    expect(link.closed).toBe(false)
  }, 'raw_first')
})

test('a link that was attached and dropped stays', async () => {
  await withTrace(async ({ maps, programs }) => {
    await programs.on_raw.attach()
    for (let round = 0; round < 5; round++) {
      globalThis.gc?.()
      await new Promise(setImmediate)
    }
    callGetppid(1)
    expect(maps.raw_calls.get(0n)).toBe(1n)
  })
})

test('what an iterator writes may be dropped unread, or half read', async () => {
  await using object = await loadIterators(['task_first'])
  await using link = await object.programs.task_first!.attach(iterator())
  const before = bpfDescriptors()
  const warnings = await warningsOf(async () => {
    for (let round = 0; round < 20; round++) link.read()
    await readOne(link)
    await collected('the descriptors are closed', () => isDeepStrictEqual(bpfDescriptors(), before))
  })
  expect(warnings).toHaveLength(21)
  expect(warnings[0]).toMatch(/^what iterator 'iterator' writes was garbage-collected without being read to its end/)
})

async function readOne(link: Link): Promise<void> {
  const stream = link.read()
  await once(stream, 'readable')
  stream.read(1)
}

test('what an iterator writes is read without a warning', async () => {
  await using object = await loadIterators(['task_first'])
  await using link = await object.programs.task_first!.attach(iterator())
  const before = bpfDescriptors()
  const warnings = await warningsOf(async () => {
    expect(await link.text()).not.toBe('')
    link.read().destroy()
    await collected('the descriptors are closed', () => isDeepStrictEqual(bpfDescriptors(), before))
  })
  expect(warnings).toEqual([])
})
