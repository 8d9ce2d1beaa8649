import { inspectBriefly, nonEmptyString } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import type { BpfProgram } from '../program.ts'
import type { HookFamily } from './family.ts'

/** A global function of a loaded program, whose place another program takes. */
export interface FreplaceHook {
  kind: 'freplace'
  /** It stays the caller's, and open. */
  program: BpfProgram
  function: string
}

export interface FreplaceTarget {
  /** The loaded program whose function is replaced. */
  program: BpfProgram
  /** Its function's name in C; also the program's own name, for all of it. */
  function: string
}

/**
 * A global function (neither `static` nor inlined) of a loaded program: from now on the extension runs in its place, until
 * the link is closed. Linux 5.6 with BTF in both objects.
 *
 * The verifier checks the extension against the function, so a target is named before loading:
 * `spec.programs.<name>.attachTarget = { program, function }`. Attaching by this hook to another function of the same
 * prototype is Linux 5.10. One extension at a time: the second is EBUSY.
 *
 * @throws TypeError when `target` is not `{ program, function }`
 */
export function freplace(target: FreplaceTarget): FreplaceHook {
  const { program, function: name } = checkTarget(target, 'target')
  return { kind: 'freplace', program, function: name }
}

/** @throws TypeError unless `target` is an open program and the name of a function. */
export function checkTarget(target: unknown, argument: string): FreplaceTarget {
  if (typeof target !== 'object' || target === null) {
    throw invalidArgument(`${argument} must be { program, function }, not ${inspectBriefly(target)}`)
  }
  const { program, function: name } = target as Partial<FreplaceTarget>
  if (!isProgram(program)) {
    throw invalidArgument(`${argument}.program must be a loaded program, not ${inspectBriefly(program)}`)
  }
  return { program, function: nonEmptyString(name, `${argument}.function`) }
}

/** By its shape: program.ts imports the hooks, so that these cannot import it. */
function isProgram(value: unknown): value is BpfProgram {
  const program = value as Partial<BpfProgram> | null | undefined
  return typeof program === 'object' && program !== null && 'borrow' in program && 'testRun' in program
}

export const freplaceFamily: HookFamily<FreplaceHook> = {
  programTypes: ['ext'],
  since: '5.6',
  evidence: 'bpf_trampoline_link_prog',
  describe: (hook) => `freplace ${hook.program.name}:${hook.function}`,
  prepare(hook) {
    const checked = freplace(hook)
    return { native: { kind: 'freplace', targetFd: checked.program.fd, function: checked.function } }
  },
}
