/** A side that may not be to be had on a machine. */

export interface Availability {
  /** What was found, with its version. */
  name: string
  /** Why it is not to be had here; `undefined` when it is. */
  missing?: string
}

/** The words of whatever went wrong, on one line. */
export function wordsOf(error: unknown): string {
  const { stderr, message, killed } = error as { stderr?: unknown; message?: string; killed?: boolean }
  if (killed) return 'it took too long'
  const lines = String(stderr || message || error)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  // apt's, npm's, and those of an exception that ended a process.
  return lines.find((line) => /^(E: |npm error |\w*Error\b)/.test(line)) ?? lines.at(-1) ?? 'no reason was given'
}
