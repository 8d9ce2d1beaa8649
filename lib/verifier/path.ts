/** The chain of branches and calls that led to where the verifier stopped. */
import { branch, calledFunction, callsLocally, leavesFunction } from './instruction.ts'
import type { SourceLine } from './log-lines.ts'
import type { TraceEntry, WalkedInstruction } from './trace.ts'

export interface WalkedStep {
  number: number
  text: string
  source: SourceLine | undefined
  kind: 'branch' | 'call' | 'return' | 'loop'
  /** Of a branch: whether it was followed. */
  taken: boolean | undefined
  /** How often it was walked over on this way. */
  times: number
  /** In words. */
  why: string
}

type Step = Omit<WalkedStep, 'times' | 'number' | 'text' | 'source'>

/** In the order of the walk. A step that repeats comes once, where it was made last. */
export function walkedPath(entries: readonly TraceEntry[]): WalkedStep[] {
  const walk = entries.filter((entry): entry is WalkedInstruction => entry.kind === 'instruction')
  const steps = new Map<string, WalkedStep>()
  walk.forEach((entry, index) => {
    const next = walk[index + 1]?.number ?? entry.next
    const step = next === undefined ? undefined : stepOf(entry, next)
    if (step === undefined) return
    const { number, text, source } = entry
    const key = `${number} ${step.kind} ${step.taken}`
    const times = (steps.get(key)?.times ?? 0) + 1
    steps.delete(key)
    const why = times === 1 ? step.why : `${step.why}, ${times} times`
    steps.set(key, { number, text, source, ...step, times, why })
  })
  return [...steps.values()]
}

function stepOf({ number, text }: WalkedInstruction, next: number): Step | undefined {
  if (callsLocally(text)) return { kind: 'call', taken: undefined, why: 'the function is entered' }
  const helper = calledFunction(text)
  if (helper !== undefined && next !== number + 1) {
    return { kind: 'call', taken: undefined, why: `the callback of ${helper}() is entered` }
  }
  if (leavesFunction(text)) return { kind: 'return', taken: undefined, why: 'the function returns' }
  const jump = branch(number, text)
  if (jump === undefined) return undefined
  const taken = next === jump.target && jump.target !== number + 1
  if (taken && jump.target <= number) return { kind: 'loop', taken, why: 'the loop goes on' }
  if (jump.condition === undefined) return undefined
  return taken
    ? { kind: 'branch', taken, why: `${jump.condition} holds: the jump is taken` }
    : { kind: 'branch', taken, why: `${jump.condition} does not hold: the jump is not taken` }
}
