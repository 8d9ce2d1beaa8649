/** Where the value of a register comes from, found by going backward over the instructions that led there. */
import { assignment, calledFunction, callsLocally, leavesFunction, stackStore } from './instruction.ts'
import type { SourceLine } from './log-lines.ts'
import type { TraceEntry } from './trace.ts'

export interface Origin {
  /** Index in the trace of the instruction that made the value; -1 for an argument of the program. */
  index: number
  /** What returned it. */
  call: string | undefined
  /** It was read from memory. */
  loaded: boolean
  constant: string | undefined
  source: SourceLine | undefined
  /** The variable that the source gives it to, where its line says so. */
  variable: string | undefined
}

/** Of the register's value before the entry `at` of the trace; `undefined` when its start is not in the trace. */
export function originOf(entries: readonly TraceEntry[], at: number, register: number): Origin | undefined {
  let place: { register: number } | { slot: number } = { register }
  let returned = 0
  for (let index = at - 1; index >= 0; index--) {
    const entry = entries[index] as TraceEntry
    if (entry.kind !== 'instruction') continue
    const { text } = entry
    // What a function did that was called and has returned is seen only in its result.
    if (leavesFunction(text)) returned++
    if (callsLocally(text) && returned > 0) returned--
    if (returned > 0) continue
    const made = (found: Partial<Origin>): Origin => ({
      index,
      call: undefined,
      loaded: false,
      constant: undefined,
      source: entry.source,
      variable: variableOf(entry.source, found.call),
      ...found,
    })
    if ('slot' in place) {
      const store = stackStore(text)
      if (store === undefined || store.offset !== place.slot) continue
      if (store.register === undefined) return made({ constant: text })
      place = { register: store.register }
      continue
    }
    const call = calledFunction(text)
    if (call !== undefined && place.register <= 5) return place.register === 0 ? made({ call }) : undefined
    const to = assignment(text)
    if (to === undefined || to.register !== place.register || to.operator !== '') continue
    const copied = /^[rw](\d+)$/.exec(to.value)
    const reloaded = /^\*\(\w+ \*\)\(r10 (-\d+)\)/.exec(to.value)
    if (copied !== null) place = { register: Number(copied[1]) }
    else if (reloaded !== null) place = { slot: Number(reloaded[1]) }
    else if (/^\*\(|^atomic|^load_acquire/.test(to.value)) return made({ loaded: true })
    else return made({ constant: to.value })
  }
  const isArgument = 'register' in place && place.register === 1
  if (!isArgument) return undefined
  return { index: -1, call: undefined, loaded: false, constant: undefined, source: undefined, variable: undefined }
}

/** `count` of `__u64* count = bpf_map_lookup_elem(&counts, &key);`. Which of several assignments is meant, only a call says. */
function variableOf(source: SourceLine | undefined, call: string | undefined): string | undefined {
  if (source === undefined) return undefined
  const name = call === undefined ? '' : `(?:\\([^()]*\\)\\s*)?${call}\\b`
  const assigned = new RegExp(`(?:^|[^\\w.>])([A-Za-z_]\\w*)\\s*=(?!=)\\s*${name}`, 'g')
  const [first, ...others] = [...source.text.matchAll(assigned)]
  return call === undefined && others.length > 0 ? undefined : first?.[1]
}

/** The names of what was called after an entry, in order. */
export function callsBetween(
  entries: readonly TraceEntry[],
  from: number,
  to: number,
): { name: string; index: number }[] {
  const calls: { name: string; index: number }[] = []
  for (let index = from + 1; index < to; index++) {
    const entry = entries[index]
    if (entry?.kind !== 'instruction') continue
    const name = calledFunction(entry.text) ?? (callsLocally(entry.text) ? '' : undefined)
    if (name !== undefined) calls.push({ name, index })
  }
  return calls
}
