/** A class of refusals, by the verifier's own words. */
import { type Facts, lostPointer, namedRegister } from './facts.ts'
import type { Hint } from './hint.ts'
import type { VerifierFailureKind } from './kinds.ts'

export interface Rule {
  kind: VerifierFailureKind
  /** The sentence that tells it. */
  words: RegExp
  /** Says more of what the words leave open. */
  when?: (facts: Facts, match: RegExpExecArray) => boolean
  hint: Hint
  /**
   * Where it is: at the instruction where the verifier stopped, by default; at the one of the number that the first group of
   * `words` has; or nowhere, because it is about a whole function or program.
   */
  place?: 'named' | 'none'
}

const typeOf = (facts: Facts, register: number | undefined): string =>
  register === undefined ? '' : (facts.registers[`r${register}`] ?? '')
/** The register that is named is of a type. */
export const registerIs =
  (type: RegExp) =>
  (facts: Facts, match: RegExpExecArray): boolean =>
    type.test(typeOf(facts, namedRegister(match[0])))
/** The register that is named held a pointer that a call took away. */
export const lost =
  (kind: VerifierFailureKind) =>
  (facts: Facts, match: RegExpExecArray): boolean => {
    const register = namedRegister(match[0])
    return register !== undefined && lostPointer(facts, register)?.kind === kind
  }
export const isZero = (facts: Facts, match: RegExpExecArray): boolean => {
  const register = namedRegister(match[0])
  if (register === undefined) return false
  return /^(?:P?0|inv0|invP0|P?scalar\(0\))$/.test(typeOf(facts, register)) || facts.origin(register)?.constant === '0'
}
/** The verifier went round a loop. */
export const goesRound = (facts: Facts): boolean => facts.path.some(({ kind }) => kind === 'loop')
