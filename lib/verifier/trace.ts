/** The last way that the verifier took through a program, read backward from the end of its log. */
import { type InstructionLine, type SourceLine, linesBackward, readLine } from './log-lines.ts'

export interface WalkedInstruction extends InstructionLine {
  /** The last line of the source that the log has before it: the kernel does not print all. */
  source: SourceLine | undefined
  /** Whether it is the first after that line. */
  introduced: boolean
}

/** An instruction that the verifier walked over, or what it printed of the registers between two of them. */
export type TraceEntry = WalkedInstruction | { kind: 'state'; state: string; whole: boolean }

export interface Trace {
  /** In the order of the walk; the last instruction is where the verifier stopped. */
  entries: TraceEntry[]
  /** What it said after that instruction, without states and statistics. */
  words: string[]
}

/** So much is kept of a walk, and so much of a log is looked at: a loop can make it millions of lines long. */
const MOST_ENTRIES = 4096
const MOST_TEXT = 32 << 20
const MOST_LINES = 1 << 20
const MOST_WORDS = 256

export function readTrace(log: string): Trace {
  const entries: TraceEntry[] = []
  const words: string[] = []
  // Of the lines between the source and now: the source comes before what was made of it, so later in this walk.
  let waiting: WalkedInstruction[] = []
  let skipping: Skipping | undefined
  let lines = 0
  for (const { line, start } of linesBackward(log)) {
    if (++lines > MOST_LINES || log.length - start > MOST_TEXT || entries.length >= MOST_ENTRIES) break
    const read = readLine(line)
    if (skipping !== undefined) {
      if (!skipping.ends(read)) continue
      skipping = undefined
    }
    if (read.kind === 'instruction') {
      const entry = { ...read, source: undefined, introduced: false }
      if (entries.length === 0 && read.words !== undefined) words.push(read.words)
      entries.push(entry)
      waiting.push(entry)
    } else if (read.kind === 'source') {
      for (const entry of waiting) entry.source = read.source
      const first = waiting.at(-1)
      if (first !== undefined) first.introduced = true
      waiting = []
    } else if (entries.length === 0 && read.kind === 'words') {
      if (words.length < MOST_WORDS) words.push(read.text)
    } else if (read.kind === 'state' && entries.length > 0) {
      entries.push({ kind: 'state', state: read.state, whole: read.whole || start === 0 })
    } else if (read.kind === 'from' && entries.length > 0) {
      entries.push({ kind: 'state', state: read.state, whole: true })
      skipping = new Skipping(read.from)
    }
  }
  return { entries: entries.reverse(), words: words.reverse() }
}

/**
 * What was walked between a branch and the return to its other way out: the verifier takes up last what it put aside last,
 * so each return in between belongs to a later visit of its branch.
 */
class Skipping {
  readonly #branch: number
  #visits = 1

  constructor(branch: number) {
    this.#branch = branch
  }

  ends(line: ReturnType<typeof readLine>): boolean {
    if (line.kind === 'from' && line.from === this.#branch) this.#visits++
    if (line.kind === 'instruction' && line.number === this.#branch) this.#visits--
    return this.#visits === 0
  }
}
