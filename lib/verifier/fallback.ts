/** The classes of Linux 7.3, for sentences that are not known. */
import type { VerifierFailureKind } from './kinds.ts'
import type { StructuredLog } from './structured-log.ts'

const titles: readonly (readonly [title: RegExp, kind: VerifierFailureKind])[] = [
  [/Unreleased resource/, 'leaked-reference'],
  [/Access outside bounds/, 'memory-out-of-bounds'],
  [/Unreadable register/, 'uninitialised-register'],
  [/Invalid dereference/, 'invalid-pointer'],
  [/Pointer offset/, 'pointer-arithmetic'],
  [/Invalid call argument/, 'argument-type'],
  [/dynptr/i, 'dynptr'],
  [/iterator/i, 'iterator'],
  [/Jump out of range/, 'jump-out-of-range'],
  [/Recursive/, 'call-depth'],
  [/fall through/, 'no-exit'],
  [/Unreachable/, 'unreachable-code'],
]

export function unknown(log: StructuredLog | undefined): { kind: VerifierFailureKind } | undefined {
  const found = log === undefined ? undefined : titles.find(([title]) => title.test(log.title))
  return found === undefined ? undefined : { kind: found[1] }
}
