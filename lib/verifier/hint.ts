/** What to do about a class of refusals, with the names of the source where the log tells them. */
import { type Facts, namedRegister } from './facts.ts'
import type { Origin } from './origin.ts'

/** @param words the verifier's own sentence */
export type Hint = (facts: Facts, words: string) => string

/** Of the value in the register that the sentence names. */
export const originOf = (facts: Facts, words: string): Origin | undefined => {
  const register = namedRegister(words)
  return register === undefined ? undefined : facts.origin(register)
}

/** `'count'`, or words for what has no name. */
export const named = (origin: Origin | undefined, otherwise: string): string =>
  origin?.variable === undefined ? otherwise : `'${origin.variable}'`

/** What was computed from a variable is only called by its name where the line that uses it does so. */
export const usedName = (facts: Facts, origin: Origin | undefined, otherwise: string): string => {
  const used = new RegExp(`\\b${origin?.variable}\\b(?!\\s*=[^=])`).test(facts.stopped?.source?.text ?? '')
  return used ? named(origin, otherwise) : otherwise
}

/** `, from bpf_map_lookup_elem() in line 12,`, of what a call gave. */
export const calledIn = (facts: Facts, origin: Origin | undefined): string =>
  origin?.call === undefined ? '' : `, from ${origin.call}()${facts.lineOf(origin.index)},`

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
