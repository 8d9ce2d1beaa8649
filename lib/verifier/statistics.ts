/** What the verifier says of its work on a program, at the end of its log (log level 4, and after any other). */

export interface VerifierStatistics {
  /** Instructions that it walked over, all ways together. */
  instructions: number
  /** At which it gives up: 1,000,000, or 4096 without privileges. */
  instructionLimit: number | undefined
  /** States that it kept at one instruction, at most. */
  maxStatesPerInstruction: number | undefined
  /** States that it made. */
  totalStates: number | undefined
  /** States that it kept at one time, at most. */
  peakStates: number | undefined
  /** Bytes of stack of each function, in the order of the program: its own first. Linux 4.20. */
  stackDepth: readonly number[] | undefined
  /** Nanoseconds that it took; the kernel measures microseconds. Linux 5.2. */
  timeNs: number | undefined
}

/** Statistics are the last lines: a line of a program's source can look like one. */
const TAIL = 16_384

export function readStatistics(log: string): VerifierStatistics | undefined {
  const tail = log.slice(-TAIL)
  const matches = [...tail.matchAll(/^processed (\d+) insns(?: \(limit (\d+)\))?(.*)$/gm)]
  const last = matches.at(-1)
  if (last === undefined) return undefined
  const field = (name: string): number | undefined => numberOf(new RegExp(`\\b${name} (\\d+)`).exec(last[3] ?? '')?.[1])
  const microseconds = numberOf(lastMatch(tail, /^verification time (\d+) usec$/gm))
  const depth = lastMatch(tail, /^stack depth ([\d+]+)(?: max \d+)?$/gm)
  return {
    instructions: Number(last[1]),
    instructionLimit: numberOf(last[2]),
    maxStatesPerInstruction: field('max_states_per_insn'),
    totalStates: field('total_states'),
    peakStates: field('peak_states'),
    stackDepth: depth?.split('+').map(Number) ?? depthsOfFunctions(tail),
    timeNs: microseconds === undefined ? undefined : microseconds * 1000,
  }
}

/** Linux 7.3 has a line for each function: `subprog 0 (count) main insns_self 23 insns_total 23 stack 8`. */
function depthsOfFunctions(tail: string): number[] | undefined {
  const depths = new Map<number, number>()
  for (const [, number, depth] of tail.matchAll(/^subprog (\d+) \(.*\binsns_total \d+ stack (\d+)$/gm)) {
    depths.set(Number(number), Number(depth))
  }
  return depths.size === 0 ? undefined : [...depths].sort(([one], [other]) => one - other).map(([, depth]) => depth)
}

/** What the kernel keeps of a program that was loaded without a log. */
export function onlyInstructions(instructions: number): VerifierStatistics {
  return {
    instructions,
    instructionLimit: undefined,
    maxStatesPerInstruction: undefined,
    totalStates: undefined,
    peakStates: undefined,
    stackDepth: undefined,
    timeNs: undefined,
  }
}

function lastMatch(text: string, pattern: RegExp): string | undefined {
  return [...text.matchAll(pattern)].at(-1)?.[1]
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits)
}
