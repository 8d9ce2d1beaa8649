import type { Comparison } from './comparison.ts'
import { counters } from './paths/counters.ts'
import { dumps } from './paths/dumps.ts'
import { latency } from './paths/latency.ts'
import { loads } from './paths/loads.ts'
import { mapCalls } from './paths/map-calls.ts'
import { rings } from './paths/rings.ts'
import { types } from './paths/types.ts'

/** The rows of the tables. */
export const comparisons: readonly Comparison[] = [
  ...mapCalls,
  ...dumps,
  ...rings,
  ...latency,
  ...loads,
  ...types,
  ...counters,
]
