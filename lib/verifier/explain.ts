/** From the log of a refused program to what it says. */
import { Facts } from './facts.ts'
import { unknown } from './fallback.ts'
import type { VerifierFailureKind } from './kinds.ts'
import { NO_REASON } from './load-log.ts'
import type { SourceLine } from './log-lines.ts'
import type { WalkedStep } from './path.ts'
import type { RegisterState } from './registers.ts'
import type { Rule } from './rule.ts'
import { rules } from './rules.ts'
import { type VerifierStatistics, readStatistics } from './statistics.ts'
import { type StructuredLog, type StructuredPlace, structuredLog, withoutExplanation } from './structured-log.ts'
import { type Trace, readTrace } from './trace.ts'

/** A place in the source of a program. */
export interface VerifierLocation {
  /** As the compiler was given it; without its folder where only the log tells it. `''` when it is not known. */
  file: string
  /** From 1; 0 when it is not known. */
  line: number
  /** From 1, in bytes. */
  column: number | undefined
  /** That line of the source. */
  text: string
  /** The C function. */
  function: string | undefined
}

export interface VerifierInstruction {
  /** From 0, as the kernel counts: an address or a 64-bit constant is two. Functions come after the program that calls them. */
  number: number
  /** Its disassembly, such as `(71) r1 = *(u8 *)(r1 +23)`; `''` when the log does not have it. */
  text: string
}

/** A step on the way to what was refused. */
export interface VerifierStep {
  /** `state` is a change of a register or a resource, which Linux 7.3 tells. */
  kind: 'branch' | 'call' | 'return' | 'loop' | 'state'
  instruction: VerifierInstruction | undefined
  location: VerifierLocation | undefined
  /** Of a branch or a loop: whether the jump was taken. */
  taken: boolean | undefined
  /** In words. */
  why: string
}

/** Where in the source an instruction comes from, by its number in the program as it was loaded. */
export type LineLookup = (instruction: number) => VerifierLocation | undefined

/** What a log says. */
export interface VerifierReport {
  kind: VerifierFailureKind
  rule: string
  /** The kernel's own explanation, since Linux 7.3. */
  reason: string | undefined
  hint: string | undefined
  instruction: VerifierInstruction | undefined
  registers: RegisterState
  location: VerifierLocation | undefined
  path: readonly VerifierStep[]
  stats: VerifierStatistics | undefined
}

/** So many of the last lines are looked at for the sentence that matters, and so much of each. */
const MOST_WORDS = 64
const LONGEST_WORDS = 1000

/**
 * Reads a log of any kernel. What it does not know it leaves out: `rule` and `log` always say what the verifier said.
 *
 * @param lines tells more than the log: the column, and since 6.8 the folder; before, all of the place
 */
export function explainLog(log: string, lines: LineLookup = () => undefined): VerifierReport {
  const structured = structuredLog(log)
  const trace = readTrace(withoutExplanation(log))
  const words = trace.words.slice(-MOST_WORDS).map((line) => line.slice(0, LONGEST_WORDS))
  const lineOf = isOf(trace, lines) ? lines : (): undefined => undefined
  const facts = new Facts({ ...trace, words }, lineOf)
  const found = findRule(facts, words)
  const other = found === undefined ? unknown(structured) : undefined
  const rule = found?.words ?? words.at(-1) ?? structured?.title ?? NO_REASON
  const instruction = placeOf(facts, found, structured)
  const at = instruction?.number ?? (found?.rule.place === 'none' ? 0 : undefined)
  const isStop = instruction !== undefined && instruction.number === facts.stopped?.number
  const walked = instruction === undefined ? undefined : facts.walked(instruction.number)
  const closing = isStop && endsAtBrace(found?.rule.kind) ? statementBefore(facts, lineOf) : undefined
  return {
    kind: found?.rule.kind ?? other?.kind ?? 'unknown',
    rule,
    reason: structured?.reason,
    hint: found === undefined ? structured?.suggestion : found.rule.hint(facts, found.words),
    instruction,
    registers: isStop ? facts.registers : {},
    location: closing ?? location(at, walked?.source, structured?.at, lineOf),
    path: found?.rule.place === undefined || walked !== undefined ? steps(facts, structured, lineOf) : [],
    stats: readStatistics(log),
  }
}

/** The kernel prints lines that it was given: other ones are of another program, such as a file that was compiled again since. */
function isOf({ entries }: Trace, lines: LineLookup): boolean {
  return entries.every((entry) => {
    if (entry.kind !== 'instruction' || !entry.introduced || entry.source === undefined) return true
    const { number, source } = entry
    const known = source.text === '' ? undefined : lines(number)
    return known === undefined || known.text.trim() === source.text
  })
}

/** What is still held at the end is told of the last brace, which all ways out share. */
function endsAtBrace(kind: VerifierFailureKind | undefined): boolean {
  return kind === 'leaked-reference' || kind === 'lock-held' || kind === 'return-value'
}

/** The statement that went to a closing brace, where the verifier stopped at one. */
function statementBefore(facts: Facts, lineOf: LineLookup): VerifierLocation | undefined {
  const places = facts.walk.map(({ number, source }) => location(number, source, undefined, lineOf))
  if (places.at(-1)?.text.trim() !== '}') return undefined
  return places.findLast((place) => place !== undefined && place.text.trim() !== '}' && place.text.trim() !== '')
}

interface Found {
  rule: Rule
  words: string
  match: RegExpExecArray
}

/** The first of the sentences that a row knows has the numbers: `invalid access to packet, off=23 size=1`. */
function findRule(facts: Facts, words: readonly string[]): Found | undefined {
  // What the kernel says of its own mistakes is in no class.
  const sentences = words.filter((line) => !/^verifier (?:bug|internal error)/.test(line))
  for (const rule of rules) {
    for (const line of sentences) {
      const match = anchored(rule.words).exec(line)
      if (match !== null && (rule.when?.(facts, match) ?? true)) return { rule, words: line, match }
    }
  }
  return undefined
}

const compiled = new WeakMap<RegExp, RegExp>()

/** Sentences start with their line: looking for them everywhere in it would take long where lines are long. */
function anchored(pattern: RegExp): RegExp {
  const known = compiled.get(pattern) ?? new RegExp(`^(?:${pattern.source})`, pattern.flags)
  compiled.set(pattern, known)
  return known
}

function placeOf(
  facts: Facts,
  found: Found | undefined,
  structured: StructuredLog | undefined,
): VerifierInstruction | undefined {
  if (found?.rule.place === 'none') return structured?.at?.instruction
  if (found?.rule.place === 'named') {
    const number = Number(found.match[1])
    const told = structured?.at?.instruction
    return { number, text: facts.walked(number)?.text ?? (told?.number === number ? told.text : '') }
  }
  const { stopped } = facts
  return stopped === undefined ? structured?.at?.instruction : { number: stopped.number, text: stopped.text }
}

function location(
  instruction: number | undefined,
  source: SourceLine | undefined,
  told: StructuredPlace | undefined,
  lineOf: LineLookup,
): VerifierLocation | undefined {
  const known = instruction === undefined ? undefined : lineOf(instruction)
  if (known !== undefined) return known
  if (told?.file !== undefined && told.line !== undefined) {
    const { file, line, column, text = '' } = told
    return { file, line, column: column === 0 ? undefined : column, text, function: told.function }
  }
  if (source === undefined || (source.text === '' && source.line === undefined)) return undefined
  const { file = '', line = 0, text } = source
  return { file, line, column: undefined, text, function: undefined }
}

function steps(facts: Facts, structured: StructuredLog | undefined, lineOf: LineLookup): VerifierStep[] {
  const told = (structured?.path ?? []).filter(({ note }) => note !== undefined)
  if (told.length > 0) return told.map((place) => toldStep(place, lineOf))
  return facts.path.map((step) => walkedStep(step, lineOf))
}

function walkedStep({ kind, number, text, source, taken, why }: WalkedStep, lineOf: LineLookup): VerifierStep {
  return {
    kind,
    instruction: { number, text },
    location: location(number, source, undefined, lineOf),
    taken,
    why,
  }
}

function toldStep(place: StructuredPlace, lineOf: LineLookup): VerifierStep {
  const note = place.note ?? ''
  const isBranch = note.startsWith('branch:')
  return {
    kind: isBranch ? 'branch' : /^(?:call|entered subprog)/.test(note) ? 'call' : 'state',
    instruction: place.instruction,
    location: location(place.instruction?.number, undefined, place, lineOf),
    taken: isBranch ? note.includes('took the true branch') : undefined,
    why: note,
  }
}
