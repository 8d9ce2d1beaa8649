/** The value below which a fraction of the samples lies. */
export function quantile(samples: readonly number[], fraction: number): number {
  if (samples.length === 0) throw new RangeError('no samples')
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))]!
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

/** Nanoseconds of the clock that C and the kernel use, too: CLOCK_MONOTONIC. */
export function now(): number {
  return Number(process.hrtime.bigint())
}
