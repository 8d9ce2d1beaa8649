import { expect, test } from 'vitest'
import { Coalescing } from '../../lib/events/coalesce.ts'

const RING = 1 << 20

test('records wait until there are enough of them', () => {
  const coalescing = new Coalescing(100, 80, RING)
  expect(coalescing.due(1, 40, 1000)).toBe(false)
  expect(coalescing.due(99, 3960, 1010)).toBe(false)
  expect(coalescing.due(100, 4000, 1011)).toBe(true)
})

test('records wait no longer than maxLatencyMs after the first was found', () => {
  const coalescing = new Coalescing(100, 80, RING)
  expect(coalescing.due(1, 40, 1000)).toBe(false)
  expect(coalescing.due(2, 80, 1079.9)).toBe(false)
  expect(coalescing.due(2, 80, 1080)).toBe(true)
  coalescing.emptied()
  expect(coalescing.due(1, 40, 1081)).toBe(false)
})

test('the time of records that stayed behind counts from the look before', () => {
  const coalescing = new Coalescing(100, 80, RING)
  expect(coalescing.due(90, 3600, 1000)).toBe(false)
  expect(coalescing.due(100, 6000, 1010)).toBe(true)
  expect(coalescing.due(50, 2000, 1079)).toBe(false)
  expect(coalescing.due(50, 2000, 1080)).toBe(true)
})

test('records do not wait in a ring that is half full', () => {
  const coalescing = new Coalescing(100, 80, RING)
  expect(coalescing.due(3, RING / 2 - 8, 1000)).toBe(false)
  expect(coalescing.due(3, RING / 2, 1001)).toBe(true)
})

test('the next look comes sooner the faster records come, and never after the time is up', () => {
  const coalescing = new Coalescing(100, 80, RING)
  expect(coalescing.due(1, 40, 1000)).toBe(false)
  expect(coalescing.pause).toBe(10)
  expect(coalescing.due(80, 3200, 1016)).toBe(false)
  expect(coalescing.pause).toBe(2)
  expect(coalescing.due(81, 3240, 1075)).toBe(false)
  expect(coalescing.pause).toBe(5)
  expect(coalescing.due(81, 3240, 1079.9)).toBe(false)
  expect(coalescing.pause).toBe(1)
})

test('the next look comes within 10 ms, however long records may wait: a burst may fill the ring', () => {
  const coalescing = new Coalescing(4096, 60_000, RING)
  expect(coalescing.due(1, 40, 1000)).toBe(false)
  expect(coalescing.due(1, 40, 31_000)).toBe(false)
  expect(coalescing.pause).toBe(10)
})
