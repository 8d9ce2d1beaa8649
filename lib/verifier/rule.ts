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
/** The map that the call gets has no keys: where one of no bytes is read, nothing else has no size. */
export const isKeyless = (facts: Facts): boolean => /^bpf_map_(?:lookup|update|delete)_elem$/.test(facts.call ?? '')
/** The size in the argument that the first group of the words counts is a constant: what is wrong is the buffer. */
export const isConstantSize = (facts: Facts, match: RegExpExecArray): boolean =>
  /^(?:inv|P|scalar\()?\d+\)?$/.test(typeOf(facts, Number(match[1]) + 1))
/** Helpers that give a pointer or NULL: their result is no number otherwise. */
const GIVES_POINTER =
  /^bpf_(?:ringbuf_reserve|map_lookup_elem|sk_lookup_(?:tcp|udp)|skc_lookup_tcp|sk_fullsock|tcp_sock)$/
/** NULL that a call has returned, and no number that was meant. Linux 5.10 does not print that it is 0. */
export const isNullResult = (facts: Facts, match: RegExpExecArray): boolean => {
  const call = facts.origin(namedRegister(match[0]) ?? -1)?.call
  return call !== undefined && (GIVES_POINTER.test(call) || isZero(facts, match))
}
/** The verifier went round a loop. */
export const goesRound = (facts: Facts): boolean => facts.path.some(({ kind }) => kind === 'loop')
