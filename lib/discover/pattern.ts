/** What the listings have in common. */
import { setImmediate } from 'node:timers/promises'
import { nonEmptyString } from '../arguments.ts'
import { globExpression } from '../system/tracefs.ts'

/** @throws TypeError unless it is a pattern with `*` (any text) and `?` (any one character) */
export function patternExpression(pattern: unknown): RegExp {
  return globExpression(nonEmptyString(pattern, 'pattern'))
}

const ROUND = 4096

/** The same items, with a turn of the event loop after some thousands: there may be millions. */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<T[]> {
  let round: T[] = []
  for (const item of items) {
    round.push(item)
    if (round.length < ROUND) continue
    yield round
    round = []
    await setImmediate()
  }
  yield round
}
