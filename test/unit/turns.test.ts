import { expect, test } from 'vitest'
import { Turns } from '../../lib/events/turns.ts'

test('the first step runs at once, the next ones one after another in their order', async () => {
  const turns = new Turns()
  const order: string[] = []
  const step = (name: string) => async () => {
    order.push(`${name} begins`)
    await new Promise(setImmediate)
    order.push(`${name} ends`)
    return name
  }
  const results = [turns.take(step('a')), turns.take(step('b')), turns.take(step('c'))]
  expect(order).toEqual(['a begins'])
  expect(turns.idle).toBe(false)
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c'])
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  expect(turns.idle).toBe(true)
})

test('a step that fails tells only who asked for it', async () => {
  const turns = new Turns()
  const failing = turns.take(() => Promise.reject(new Error('no')))
  const next = turns.take(async () => 'yes')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('yes')
})

test('a step asked for by the one before runs after those that waited already', async () => {
  const turns = new Turns()
  const order: number[] = []
  let last: Promise<unknown> | undefined
  const first = turns.take(async () => {
    await new Promise(setImmediate)
    last = turns.take(async () => order.push(3))
    order.push(1)
  })
  const second = turns.take(async () => order.push(2))
  await Promise.all([first, second])
  await last
  expect(order).toEqual([1, 2, 3])
})
