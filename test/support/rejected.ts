/** What the programs of test/fixtures/rejected say of themselves, for the kernel that runs. */
import { isOlder } from '../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../lib/system/libbpf-version.ts'
import { forKernel, rejectedPrograms as readAll } from '../../scripts/rejected-programs.mjs'
import { type GapName, absence, olderThan } from './kernel-features.ts'

export type RejectedProgram = ReturnType<typeof readAll>[number]
export type Statement = RejectedProgram['statements'][number]

export const rejectedPrograms: () => RejectedProgram[] = readAll

export function expectationOf({ name, statements }: RejectedProgram): Statement {
  const found = forKernel(statements, olderThan)
  if (found === undefined) throw new Error(`${name} says nothing of this kernel`)
  return found
}

/** The line of C that the error is to name; `undefined` where it is to name none. */
export function placeOf({ places }: RejectedProgram): RejectedProgram['places'][number] | undefined {
  return forKernel(places, olderThan)
}

/** Why this kernel cannot load such a program, right or wrong. */
export function lackOf({ needs }: RejectedProgram): string | undefined {
  const libbpf = /^libbpf (.+)$/.exec(needs ?? '')?.[1]
  if (libbpf !== undefined) return isOlder(libbpfVersion, libbpf) ? `needs libbpf ${libbpf}` : undefined
  return needs === undefined ? undefined : absence('5.7', needs as GapName)
}
