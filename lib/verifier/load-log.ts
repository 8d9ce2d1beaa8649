/** Finds the verifier's words among libbpf's messages. */

export interface RejectedProgram {
  program: string
  /** The verifier's whole log. */
  log: string
}

/** What libbpf.c prints around the log of a program (`bpf_object_load_prog`). */
const LOAD_LOG = /^(?:libbpf: )?prog '([^']*)': -- BEGIN PROG LOAD LOG --\n([\s\S]*?)(?:-- END PROG LOAD LOG --\s*)?$/

/** The verifier's log of the program that was refused last; `undefined` when the failure was not the verifier's. */
export function rejectedProgram(messages: readonly string[]): RejectedProgram | undefined {
  for (const message of [...messages].reverse()) {
    const match = LOAD_LOG.exec(message)
    if (match !== null) return { program: match[1] as string, log: match[2] as string }
  }
  return undefined
}

/** The program that libbpf names as failed, with or without a log. */
export function failedProgram(messages: readonly string[]): string | undefined {
  for (const message of [...messages].reverse()) {
    const match = /prog '([^']*)': (?:BPF program load failed|failed to|bpf_program__set_attach_target:)/.exec(message)
    if (match !== null) return match[1]
  }
  return undefined
}

/** Lines of statistics and markers that say nothing of the cause. */
const NOISE = /^(?:processed \d+ insns|verification time|stack depth|max_states|peak_states|mark_read|$)/

/** What a log says that has nothing to say. */
export const NO_REASON = 'the verifier gave no reason'

/** What Linux 7.3 puts between the last words and their explanation, which is many lines long. */
const EXPLANATION = /^Verification failed:/m

/** The last line of a log that tells the cause, or {@link NO_REASON}. */
export function lastWords(log: string): string {
  const [words = ''] = log.split(EXPLANATION, 1)
  const lines = words.split('\n').map((line) => line.trim())
  return lines.filter((line) => !NOISE.test(line)).at(-1) ?? NO_REASON
}
