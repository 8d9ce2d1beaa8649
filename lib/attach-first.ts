import { inspectBriefly } from './arguments.ts'
import { EbpfError, invalidArgument } from './errors.ts'
import { type Hook, describeHook } from './hooks/hook.ts'
import type { Link } from './link.ts'
import { ownerOf } from './link-owner.ts'
import type { BpfProgram } from './program.ts'

/** A way to attach that was not taken. */
export interface PassedOver {
  /** The program's name; `undefined` for one that was not loaded. */
  program: string | undefined
  /** Such as `fentry vfs_unlink`, or the program's section. */
  hook: string
  /** Why. */
  reason: string
  /** What the attach failed with; absent for a program that was not loaded. */
  error?: EbpfError
}

/** What {@link attachFirst} did. */
export interface FirstAttached {
  link: Link
  /** Those before it in the list. */
  passedOver: PassedOver[]
}

/** A program, and where to attach it; without a hook, where its section says. */
export type AttachChoice = readonly [program: BpfProgram | undefined, hook?: Hook]

/** None of several ways to attach was taken. */
export class NoneAttachedError extends EbpfError {
  readonly passedOver: readonly PassedOver[]

  constructor(passedOver: readonly PassedOver[]) {
    const reasons = passedOver.map(({ program, hook, reason }) => `\n    ${program ?? '-'} at ${hook}: ${reason}`)
    super(
      passedOver.length === 0
        ? 'there is nothing to attach: the list is empty'
        : `none of ${passedOver.length} ways to attach was taken:${reasons.join('')}`,
      'ERR_EBPF_NONE_ATTACHED',
      undefined,
      { operation: 'attachFirst' },
    )
    this.name = 'NoneAttachedError'
    this.passedOver = passedOver
  }
}

/**
 * Attaches the first program that this kernel takes at its hook, and says why those before it were passed over: a newer,
 * faster hook first, what every kernel has last. `undefined` stands for a program that was not loaded.
 *
 * @throws NoneAttachedError with every reason, when it takes none
 * @throws TypeError for a hook that does not fit its program, and EbpfError ERR_EBPF_CLOSED
 */
export async function attachFirst(choices: Iterable<AttachChoice>): Promise<FirstAttached> {
  const passedOver: PassedOver[] = []
  for (const [program, hook] of checked(choices)) {
    const where = hook === undefined ? (program?.section ?? 'its section') : describeHook(hook)
    if (program === undefined) {
      passedOver.push({ program: undefined, hook: where, reason: 'the program was not loaded' })
      continue
    }
    try {
      return { link: await program.attach(hook), passedOver }
    } catch (error) {
      if (!(error instanceof EbpfError) || error.code === 'ERR_EBPF_CLOSED') throw error
      passedOver.push({ program: program.name, hook: where, reason: error.message, error })
    }
  }
  throw new NoneAttachedError(passedOver)
}

/** All of the list, before anything of it is done. */
function checked(choices: Iterable<AttachChoice>): AttachChoice[] {
  if (typeof (choices as Partial<Iterable<AttachChoice>> | null | undefined)?.[Symbol.iterator] !== 'function') {
    throw invalidArgument(`choices must be a list of [program, hook], not ${inspectBriefly(choices)}`)
  }
  return Array.from(choices, (choice: unknown) => {
    if (!Array.isArray(choice)) throw invalidArgument(`a choice must be [program, hook], not ${inspectBriefly(choice)}`)
    const [program, hook] = choice as unknown as AttachChoice
    if (program !== undefined && ownerOf(program)?.kind !== 'program') {
      throw invalidArgument(
        `the program of a choice must be a loaded one, or undefined, not ${inspectBriefly(program)}`,
      )
    }
    if (hook !== undefined) describeHook(hook)
    return choice as unknown as AttachChoice
  })
}
