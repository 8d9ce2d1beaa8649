/** What Linux 7.3 adds to the log of a refused program, after the verifier's own sentence. */

export interface StructuredPlace {
  function: string | undefined
  file: string | undefined
  line: number | undefined
  column: number | undefined
  /** The line of the source that is marked. */
  text: string | undefined
  /** The words below the mark, such as `error: access may be outside object bounds`. */
  note: string | undefined
  instruction: { number: number; text: string } | undefined
}

export interface StructuredLog {
  /** Such as `Memory Safety: Access outside bounds`. */
  title: string
  reason: string | undefined
  at: StructuredPlace | undefined
  path: StructuredPlace[]
  suggestion: string | undefined
}

const TITLE = /^Verification failed: ?(.*)$/m
/** It is a page or two; what is longer is something else. */
const LONGEST = 1 << 18
const HEADING = /^(Reason|At|Causal path|Suggestion):$/

/** `undefined` for a log of another form. */
export function structuredLog(log: string): StructuredLog | undefined {
  const at = log.lastIndexOf('\nVerification failed:')
  const start = at < 0 ? (log.startsWith('Verification failed:') ? 0 : -1) : at + 1
  if (start < 0) return undefined
  const text = log.slice(start, start + LONGEST)
  const sections = sectionsOf(text)
  const places = (name: string): StructuredPlace[] => placesOf(sections.get(name) ?? [])
  return {
    title: (TITLE.exec(text)?.[1] ?? '').trim(),
    reason: paragraph(sections.get('Reason')),
    at: places('At')[0],
    path: places('Causal path'),
    suggestion: paragraph(sections.get('Suggestion')),
  }
}

/** Where it starts in the log, and the first line after it. */
export function withoutExplanation(log: string): string {
  const at = log.lastIndexOf('\nVerification failed:')
  if (at < 0) return log.startsWith('Verification failed:') ? '' : log
  const tail = log.slice(at + 1, at + 1 + LONGEST)
  const end = endOfExplanation(tail)
  return log.slice(0, at + 1) + log.slice(at + 1 + end)
}

/** Sentences behind it are those that the verifier has always printed. */
function endOfExplanation(text: string): number {
  const suggestion = text.indexOf('\nSuggestion:\n')
  const from = suggestion < 0 ? -1 : text.indexOf('\n\n', suggestion)
  if (from >= 0) return from + 2
  const statistics = /^processed \d+ insns/m.exec(text)
  return statistics === null ? text.length : statistics.index
}

function sectionsOf(text: string): Map<string, string[]> {
  const sections = new Map<string, string[]>()
  let lines: string[] | undefined
  for (const line of text.split('\n')) {
    const heading = HEADING.exec(line)?.[1]
    if (heading !== undefined) {
      lines = []
      sections.set(heading, lines)
    } else if (line !== '' && !line.startsWith(' ')) {
      lines = undefined
    } else {
      lines?.push(line)
    }
  }
  return sections
}

function paragraph(lines: readonly string[] | undefined): string | undefined {
  const text = lines?.join(' ').replace(/\s+/g, ' ').trim()
  return text === undefined || text === '' ? undefined : text
}

const PLACE = /^ {2}(\S.*?) @ ([^@]*):(\d+):(\d+)$/
const BARE_PLACE = /^ {2}insn (\d+)$/
const MARKED = /^ *>>> +(\d+) \| (.*)$/
const NOTE = /^ +\| +\^-- (.*)$/
const MORE_NOTE = /^ +\| {6,}(\S.*)$/

function placesOf(lines: readonly string[]): StructuredPlace[] {
  const places: StructuredPlace[] = []
  let inInstructions = false
  let inNote = false
  for (const line of lines) {
    const place = PLACE.exec(line)
    if (place !== null || BARE_PLACE.test(line)) {
      places.push(placeOf(place))
      inInstructions = false
      continue
    }
    const current = places.at(-1)
    if (current === undefined) continue
    if (line.trim() === 'Instruction context:') inInstructions = true
    const note = NOTE.exec(line)
    if (note !== null) current.note = note[1]
    const more: RegExpExecArray | null = inNote ? MORE_NOTE.exec(line) : null
    if (more !== null) current.note = `${current.note} ${more[1]}`
    inNote = note !== null || more !== null
    const marked = MARKED.exec(line)
    if (marked === null) continue
    const [, number, text = ''] = marked
    if (inInstructions) current.instruction ??= { number: Number(number), text: text.trimEnd() }
    else current.text ??= text.trimEnd()
  }
  return places
}

function placeOf(match: RegExpExecArray | null): StructuredPlace {
  return {
    function: match?.[1],
    file: match?.[2],
    line: match === null ? undefined : Number(match[3]),
    column: match === null ? undefined : Number(match[4]),
    text: undefined,
    note: undefined,
    instruction: undefined,
  }
}
