/** Finds the verifier's words among libbpf's messages. */

export interface RejectedProgram {
  program: string
  /** The verifier's whole log. */
  log: string
  /** Whether bytes of its middle are missing: native code says so in their place (`Shortened` of native/log.cc). */
  cut: boolean
}

/** What libbpf.c prints around the log of a program (`bpf_object_load_prog`). */
const BEGIN = /^(?:libbpf: )?prog '([^']*)': -- BEGIN PROG LOAD LOG --\n/
const END = '-- END PROG LOAD LOG --'
const LEFT_OUT = ' bytes are left out here: JavaScript has no strings as long as this log)'

/** Of a log that is cut. */
export const CUT_WARNING =
  'the middle of the log is left out: all of it is longer than the longest string of JavaScript, 512 MiB'

/** The verifier's log of the program that was refused last; `undefined` when the failure was not the verifier's. */
export function rejectedProgram(messages: readonly string[]): RejectedProgram | undefined {
  for (const message of [...messages].reverse()) {
    const found = programLog(message)
    if (found !== undefined) return found
  }
  return undefined
}

/** The logs of all programs, by name. */
export function programLogs(messages: readonly string[]): Map<string, string> {
  const found = messages.map(programLog).filter((log) => log !== undefined)
  return new Map(found.map(({ program, log }) => [program, log]))
}

function programLog(message: string): RejectedProgram | undefined {
  const match = BEGIN.exec(message)
  if (match === null) return undefined
  const log = logBetween(message, match[0].length)
  return { program: match[1] as string, log, cut: log.includes(LEFT_OUT) }
}

function logBetween(message: string, start: number): string {
  const text = message.slice(start)
  const end = text.lastIndexOf(END)
  return end < 0 || text.slice(end + END.length).trim() !== '' ? text : text.slice(0, end)
}

/** The program that libbpf names as failed, with or without a log. */
export function failedProgram(messages: readonly string[]): string | undefined {
  for (const message of [...messages].reverse()) {
    const match = /prog '([^']*)': (?:BPF program load failed|failed to|bpf_program__set_attach_target:)/.exec(message)
    if (match !== null) return match[1]
  }
  return undefined
}

/** What a log says that has nothing to say. */
export const NO_REASON = 'the verifier gave no reason'
