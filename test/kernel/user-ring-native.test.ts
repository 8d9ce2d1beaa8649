/** The native side of user rings, as no user sees it: what JavaScript claims is never believed. */
import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import { type Handle, binding } from '../../lib/binding.ts'
import { createMap, u32 } from '../../lib/index.ts'
import { olderThan } from '../support/kernel-features.ts'

const { E2BIG, EBADF, EBUSY, EINVAL, ENOENT, ENOSPC } = constants.errno

function withRing(maxEntries: number, body: (ring: Handle, map: Handle) => void): void {
  using map = createMap({ type: 'user_ringbuf', maxEntries })
  const handle = map.borrow('test')
  const ring = binding.userRingOpen(handle)
  try {
    body(ring, handle)
  } finally {
    binding.userRingClose(ring)
  }
}

describe.skipIf(olderThan('6.1'))('a native user ring', () => {
  test('is made of no other map, and once', () => {
    using array = createMap({ type: 'array', value: u32, maxEntries: 1 })
    using events = createMap({ type: 'ringbuf', maxEntries: 4096 })
    for (const map of [array, events]) {
      expect(binding.userRingOpen(map.borrow('test'))).toBe(-EINVAL)
      expect(binding.userRingPendingOf(map.borrow('test'))).toBe(-EINVAL)
    }
    withRing(4096, (ring, map) => {
      expect(ring).toBeGreaterThan(0)
      expect(binding.userRingOpen(map)).toBe(-EBUSY)
      expect(binding.ringOpen(map)).toBe(-EINVAL)
      expect([binding.userRingPending(ring), binding.userRingPendingOf(map)]).toEqual([0, 0])
    })
  })

  test('is known by its handle only', () => {
    const bytes = new Uint8Array(8)
    const answers = (ring: Handle): number[] => [
      binding.userRingSubmit(ring, bytes),
      binding.userRingReserve(ring, 8),
      binding.userRingCommit(ring, 0, bytes),
      binding.userRingDiscard(ring, 0),
      binding.userRingPending(ring),
      binding.userRingClose(ring),
    ]
    let stale = 0
    withRing(4096, (ring, map) => {
      stale = ring
      for (const other of [map, 0, -1, 2 ** 31, Number.NaN]) expect(answers(other)).toEqual(Array(6).fill(-EBADF))
    })
    expect(answers(stale)).toEqual(Array(6).fill(-EBADF))
    expect(binding.userRingPendingOf(stale)).toBe(-EBADF)
  })

  test('fills only what was reserved, with as many bytes, and once', () => {
    withRing(4096, (ring) => {
      const [first, second] = [binding.userRingReserve(ring, 8), binding.userRingReserve(ring, 16)]
      expect([first, second]).toEqual([0, 16])
      const bytes = new Uint8Array(8)
      for (const place of [8, -8, 40, 2 ** 40, -(2 ** 63)]) {
        expect(binding.userRingCommit(ring, place, bytes)).toBe(-ENOENT)
        expect(binding.userRingDiscard(ring, place)).toBe(-ENOENT)
      }
      expect(binding.userRingCommit(ring, first, new Uint8Array(7))).toBe(-EINVAL)
      expect(binding.userRingCommit(ring, first, new Uint8Array(4000))).toBe(-EINVAL)
      expect(binding.userRingCommit(ring, first, bytes)).toBe(0)
      expect(binding.userRingCommit(ring, first, bytes)).toBe(-ENOENT)
      expect(binding.userRingDiscard(ring, second)).toBe(0)
      expect(binding.userRingDiscard(ring, second)).toBe(-ENOENT)
    })
  })

  test('never goes past its end', () => {
    withRing(4096, (ring) => {
      expect(binding.userRingSubmit(ring, new Uint8Array(4089))).toBe(-E2BIG)
      expect(binding.userRingReserve(ring, 4089)).toBe(-E2BIG)
      expect(binding.userRingReserve(ring, 2 ** 53)).toBe(-E2BIG)
      expect(binding.userRingReserve(ring, Number.MAX_VALUE)).toBe(-E2BIG)
      expect(binding.userRingReserve(ring, -1)).toBe(-EINVAL)
      expect(binding.userRingSubmit(ring, new Uint8Array(4088))).toBe(0)
      expect(binding.userRingSubmit(ring, new Uint8Array())).toBe(-ENOSPC)
      expect(binding.userRingReserve(ring, 0)).toBe(-ENOSPC)
      expect(binding.userRingPending(ring)).toBe(4096)
    })
    withRing(32 << 20, (ring) => {
      expect(binding.userRingSubmit(ring, new Uint8Array(2 ** 24))).toBe(-E2BIG)
      expect(binding.userRingReserve(ring, 2 ** 24)).toBe(-E2BIG)
    })
  })
})
