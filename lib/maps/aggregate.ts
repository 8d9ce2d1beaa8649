/** One value out of many: over the CPUs of a per-CPU entry, and over the entries of a map. */
import { types } from 'node:util'
import { inspectBriefly, integer } from '../arguments.ts'
import { invalidArgument, outOfRange } from '../errors.ts'

/** How the values of several CPUs become one. */
export type Combination = 'sum' | 'min' | 'max'

type Numeric = number | bigint

/**
 * Numbers are combined; of structs and arrays, each field and element on its own. Bigints are exact.
 *
 * @param values one for each CPU, all of one type
 * @param name for errors, such as `map 'counts'`
 * @throws TypeError when there is something else than numbers in them
 * @throws RangeError for a sum of integers that a number would round (`int64: 'number'`)
 */
export function combine<V>(values: readonly V[], how: Combination, name: string): V {
  return combineAny(values, how, name) as V
}

function combineAny(values: readonly unknown[], how: Combination, name: string): unknown {
  const first = values[0]
  if (typeof first === 'number' || typeof first === 'bigint') return combineNumbers(values as Numeric[], how, name)
  if (Array.isArray(first)) {
    return first.map((_, index) => combineAny(elements(values, index), how, `${name}[${index}]`))
  }
  if (typeof first === 'object' && first !== null && !types.isUint8Array(first)) {
    const names = Object.keys(first)
    return Object.fromEntries(
      names.map((field) => [field, combineAny(elements(values, field), how, `${name}.${field}`)]),
    )
  }
  const remedy = 'take the values of all CPUs by get()'
  throw invalidArgument(`the ${how} of ${name} is not defined: it is ${inspectBriefly(first)}, no number; ${remedy}`)
}

const elements = (values: readonly unknown[], key: string | number): unknown[] =>
  values.map((value) => (value as Record<string | number, unknown>)[key])

function combineNumbers(values: readonly Numeric[], how: Combination, name: string): Numeric {
  if (how !== 'sum') return extreme(values, how)
  if (typeof values[0] === 'bigint') return (values as bigint[]).reduce((sum, value) => sum + value)
  const sum = (values as number[]).reduce((total, value) => total + value)
  if (!Number.isSafeInteger(sum) && values.every(Number.isSafeInteger)) {
    throw outOfRange(`the sum of ${name} is past 2^53, where a number would round: use int64: 'bigint'`)
  }
  return sum
}

/** Math.min() and Math.max() take no bigints. */
export function extreme<N extends Numeric>(values: readonly N[], how: 'min' | 'max'): N {
  let found = values[0]!
  for (const value of values) {
    if (how === 'min' ? value < found : value > found) found = value
  }
  return found
}

/** Something with a rank among others. `order` tells those of the same rank apart. */
interface Ranked<T> {
  rank: Numeric
  order: number
  item: T
}

/** Keeps those of the highest rank of all that it is offered, in memory for as many only. */
export class Top<T> {
  readonly #size: number
  /** A heap: the lowest is the first. */
  readonly #heap: Ranked<T>[] = []
  #offered = 0

  /** @throws TypeError or RangeError unless `size` is an integer from 0 on */
  constructor(size: number) {
    this.#size = integer(size, 'n', 0, 0xffff_ffff)
  }

  /**
   * @param make gives the item, if it is among the highest so far
   * @throws TypeError when its rank is no number
   */
  offer(rank: unknown, make: () => T): void {
    if ((typeof rank !== 'number' && typeof rank !== 'bigint') || Number.isNaN(rank)) {
      throw invalidArgument(
        `entries are ranked by a number or a bigint, not ${inspectBriefly(rank)}: give by, such as (value) => value.bytes`,
      )
    }
    const order = this.#offered++
    const heap = this.#heap
    if (heap.length < this.#size) {
      heap.push({ rank, order, item: make() })
      this.#up(heap.length - 1)
    } else if (heap.length > 0 && rank > heap[0]!.rank) {
      heap[0] = { rank, order, item: make() }
      this.#down()
    }
  }

  /** From the highest on; of the same rank, those first that came first. */
  get items(): T[] {
    return this.#heap.toSorted((a, b) => (isLower(a, b) ? 1 : -1)).map(({ item }) => item)
  }

  #up(from: number): void {
    const heap = this.#heap
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >>> 1
      if (!isLower(heap[at]!, heap[parent]!)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #down(): void {
    const heap = this.#heap
    for (let at = 0; ; ) {
      const left = at * 2 + 1
      const right = left + 1
      if (left >= heap.length) return
      const child = right < heap.length && isLower(heap[right]!, heap[left]!) ? right : left
      if (!isLower(heap[child]!, heap[at]!)) return
      this.#swap(at, child)
      at = child
    }
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap
    const kept = heap[a]!
    heap[a] = heap[b]!
    heap[b] = kept
  }
}

function isLower<T>(a: Ranked<T>, b: Ranked<T>): boolean {
  return a.rank < b.rank || (a.order > b.order && !(a.rank > b.rank))
}
