/** What each line of a verifier's log is. The forms are those of kernel/bpf/verifier.c and log.c, Linux 5.10 to 7.3. */

/** A line of the source that the verifier prints before the instructions that were made of it. */
export interface SourceLine {
  text: string
  /** Without its folder; Linux 6.8. */
  file: string | undefined
  line: number | undefined
}

export interface InstructionLine {
  kind: 'instruction'
  number: number
  /** As it is printed, such as `(71) r1 = *(u8 *)(r1 +23)`. */
  text: string
  /** What of the registers it changed; Linux 5.18. */
  state: string | undefined
  /** The number that a state behind it has on the same line: the verifier went on there. */
  next: number | undefined
  /** What the verifier says on the same line: of some instructions it prints no end of the line. */
  words: string | undefined
}

export interface StateLine {
  kind: 'state'
  /** Registers of one frame, as they are printed. */
  state: string
  /** Whether all registers that hold something are listed. */
  whole: boolean
}

/** The verifier goes back to the other way out of a branch. */
export interface ReturnLine {
  kind: 'from'
  from: number
  to: number
  state: string
}

export type LogLine =
  | InstructionLine
  | StateLine
  | ReturnLine
  | { kind: 'source'; source: SourceLine }
  | { kind: 'noise' }
  | { kind: 'words'; text: string }

const INSTRUCTION = /^(\d+): (\([0-9a-f]{2}\) .*|<invalid .*>)$/
/** `if w2 != 0x0 goto pc-2 infinite loop detected at insn 5` */
const SAID = /^(.*?(?:goto pc[+-]\d+|call (?:pc[+-]\d+|\S+#\d+)|exit)) ([a-zA-Z].*)$/
/** Where an instruction changed nothing that is printed, the state of the next follows on its line. */
const FOLLOWED = /^(.*?) (\d+): ((?:frame\d+: ?)?R\d+(?:_\w+)?=.*)$/
const FROM = /^from (\d+) to (\d+)[^:]*: ?(.*)$/
const NUMBERED_STATE = /^(\d+): ((?:frame\d+: ?)?R\d+(?:_\w+)?=.*)$/
const BARE_STATE = /^ ?(?:frame\d+: ?)? ?R\d+(?:_\w+)?=/
const PLACE = /^(.*) @ ([^@]*):(\d+)$/

/** Statistics, markers, and how far back a register had to be known exactly: nothing of the cause. */
const NOISE =
  /^(?:$|processed \d+ insns|verification time|stack depth \d|max_states|peak_states|mark_read|(?:\d+: )?safe$|propagating |last_idx |parent |regs=|mark_precise: |(?:cur|old) state:|caller:|callee:|returning from callee:|to caller at |Validating .*\.\.\.$|Func#\d+ .* is safe|\d+: safe|live regs |insn +live|\*\*\* )/

/** Some sentences end without a line feed: the statistics are behind them. */
const UNENDED = /(?<=.)processed \d+ insns \(limit \d+\) max_states_per_insn .*$/

/** Reads a line, which has no line feed. */
export function readLine(line: string): LogLine {
  const first = line.charCodeAt(0)
  if (first === SEMICOLON && (line.length === 1 || line.charCodeAt(1) === SPACE)) {
    return { kind: 'source', source: sourceLine(line.slice(2)) }
  }
  if (first >= ZERO && first <= NINE) {
    const instruction = INSTRUCTION.exec(line)
    if (instruction !== null) return instructionLine(Number(instruction[1]), instruction[2] as string)
    const state = NUMBERED_STATE.exec(line)
    if (state !== null) return { kind: 'state', state: state[2] as string, whole: false }
  }
  const from = FROM.exec(line)
  if (from !== null) {
    return { kind: 'from', from: Number(from[1]), to: Number(from[2]), state: (from[3] as string).trim() }
  }
  if (BARE_STATE.test(line)) return { kind: 'state', state: line.trim(), whole: true }
  const text = line.replace(UNENDED, '').trim()
  return NOISE.test(text) ? { kind: 'noise' } : { kind: 'words', text }
}

const SEMICOLON = 59
const SPACE = 32
const ZERO = 48
const NINE = 57

/** Longer ones are none: the expressions below go over a line more than once. */
const LONGEST_INSTRUCTION = 1 << 14

function instructionLine(number: number, rest: string): InstructionLine {
  const line: InstructionLine = {
    kind: 'instruction',
    number,
    text: rest,
    state: undefined,
    next: undefined,
    words: undefined,
  }
  if (rest.length > LONGEST_INSTRUCTION) return { ...line, text: rest.slice(0, LONGEST_INSTRUCTION) }
  const at = rest.indexOf(' ;')
  if (at >= 0) return { ...line, text: rest.slice(0, at).trimEnd(), state: rest.slice(at + 2).trim() }
  const followed = rest.includes('=') ? FOLLOWED.exec(rest) : null
  if (followed === null) {
    const said = SAID.exec(rest)
    return said === null ? line : { ...line, text: said[1] as string, words: said[2] as string }
  }
  return { ...line, text: followed[1] as string, state: followed[3] as string, next: Number(followed[2]) }
}

function sourceLine(rest: string): SourceLine {
  const place = PLACE.exec(rest)
  if (place === null) return { text: rest.trim(), file: undefined, line: undefined }
  const line = Number(place[3])
  return { text: (place[1] as string).trim(), file: place[2] as string, line: line === 0 ? undefined : line }
}

/** Each line from the last to the first, with where it starts. */
export function* linesBackward(text: string): Generator<{ line: string; start: number }> {
  let end = text.endsWith('\n') ? text.length - 1 : text.length
  while (end >= 0) {
    const start = end === 0 ? 0 : text.lastIndexOf('\n', end - 1) + 1
    yield { line: text.slice(start, end), start }
    end = start - 1
  }
}
