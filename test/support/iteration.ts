/** Maps to walk over, and what must come of it. */
import { expect } from 'vitest'
import { type HashMap, createMap, u32 } from '../../lib/index.ts'

export const ENTRIES = 20_000

/** A hash of numbers. */
export function filled(maxEntries: number = 65_536, entries: number = ENTRIES): HashMap<number, number> {
  const map = createMap({ type: 'hash', key: u32, value: u32, maxEntries })
  map.setMany(Array.from({ length: entries }, (_, key) => [key, key ^ 0x5555] as const))
  return map
}

/** Every key of `untouched` exactly once, and with its value; others at most once. */
export function expectOnce(
  seen: readonly (readonly [unknown, number])[],
  untouched: (key: number) => boolean,
  total: number = ENTRIES,
): void {
  const times = new Map<number, number>()
  for (const [key, value] of seen as readonly [number, number][]) {
    times.set(key, (times.get(key) ?? 0) + 1)
    if (key < total) expect(value).toBe(key ^ 0x5555)
  }
  const missed: number[] = []
  for (let key = 0; key < total; key++) if (untouched(key) && times.get(key) !== 1) missed.push(key)
  expect(missed, 'untouched keys that did not come exactly once').toEqual([])
  expect(Math.max(...times.values())).toBe(1)
}
