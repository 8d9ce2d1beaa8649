import { boolean, integer, nonEmptyString } from './arguments.ts'
import type { NativeProgramDescription, NativeProgramEdit } from './native-object.ts'
import { type FreplaceTarget, checkTarget } from './hooks/freplace.ts'
import { editableRecord } from './named.ts'
import { interfaceIndex } from './system/interface-index.ts'

/** A program of an object that is not loaded yet. */
export interface ProgramSpec {
  readonly name: string
  readonly section: string
  /** libbpf's name of the program type, such as `xdp`. */
  readonly type: string
  /** 8-byte instructions in the file. */
  readonly instructionCount: number
  /** Whether it is loaded with the object; false by default for sections that start with `?`. */
  autoload: boolean
  /** Verifier log level for this program: 0 only on failure, 1, 2 more, 4 statistics. Of the object's without it. */
  logLevel: number | undefined
  /**
   * What a program whose section names no target is loaded for: the kernel function, tracepoint or security hook of a
   * tracing or LSM program; or the function of a loaded program that an extension (`freplace`) replaces, or that a tracing
   * program observes in place of one of the kernel's.
   */
  attachTarget: string | FreplaceTarget | undefined
  /**
   * The network card that runs it, by name or index in this process's network namespace: such a program can be attached
   * only there, by `xdp(…, { mode: 'offload' })`, and has only maps of the same card. Linux 4.16.
   */
  offload: string | number | undefined
}

/** What of a program can be edited before it is loaded. */
export type ProgramEdit = Partial<Pick<ProgramSpec, 'autoload' | 'logLevel' | 'attachTarget' | 'offload'>>

export function programSpec(program: NativeProgramDescription): ProgramSpec {
  const { name, section, type, instructionCount, autoload } = program
  return editableRecord<ProgramSpec>(
    `field of program '${name}'`,
    { name, section, type, instructionCount },
    { autoload, logLevel: undefined, attachTarget: undefined, offload: undefined },
  )
}

/** @throws TypeError or RangeError for a value that cannot be. */
export function programEdit(program: ProgramSpec): NativeProgramEdit {
  const { name, autoload, logLevel, attachTarget, offload } = program
  return {
    name,
    autoload: boolean(autoload, `programs.${name}.autoload`),
    ...(logLevel !== undefined && { logLevel: integer(logLevel, `programs.${name}.logLevel`, 0, 7) }),
    ...(attachTarget !== undefined && targetEdit(attachTarget, `programs.${name}.attachTarget`)),
    ...(offload !== undefined && { interfaceIndex: interfaceIndex(offload, `programs.${name}.offload`) }),
  }
}

function targetEdit(
  target: NonNullable<ProgramSpec['attachTarget']>,
  argument: string,
): Pick<NativeProgramEdit, 'attachTarget' | 'attachTargetProgram'> {
  if (typeof target === 'string') return { attachTarget: nonEmptyString(target, argument) }
  const { program, function: name } = checkTarget(target, argument)
  return { attachTarget: name, attachTargetProgram: program.borrow('be extended') }
}
