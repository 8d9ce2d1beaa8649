/** The verifier refused a program: what it says, as data, and as compilers say it. */
import { inspect } from 'node:util'
import { codeFrame, printable } from './code-frame.ts'
import { EbpfError, type FailureContext, errnoName } from './errors.ts'
import {
  type LineLookup,
  type VerifierInstruction,
  type VerifierLocation,
  type VerifierReport,
  type VerifierStep,
  explainLog,
} from './verifier/explain.ts'
import type { VerifierFailureKind } from './verifier/kinds.ts'
import { NO_REASON } from './verifier/load-log.ts'
import type { RegisterState } from './verifier/registers.ts'
import type { VerifierStatistics } from './verifier/statistics.ts'

export type { VerifierFailureKind, VerifierInstruction, VerifierLocation, VerifierStatistics, VerifierStep }

/** What was loaded, and how that failed. */
export interface RefusedProgram {
  program: string
  object?: string | undefined
  /** Negative. */
  errno: number
  /** The failing call, such as `bpf_object__load`. */
  operation: string
  warnings?: readonly string[] | undefined
  /** Where instructions come from, by number. */
  lineInfo?: LineLookup | undefined
}

/** Steps that {@link VerifierError.toString} shows; `path` has all. */
const SHOWN_STEPS = 8

/** The verifier refused a program. */
export class VerifierError extends EbpfError {
  /** The verifier's whole text, never cut. Not printed with the error: it can have many megabytes. */
  declare readonly log: string
  /** The class of the mistake; `unknown` where the log says something that this package does not know. */
  readonly kind: VerifierFailureKind
  /** The verifier's own sentence. */
  readonly rule: string
  /** The kernel's own explanation; Linux 7.3. */
  declare readonly reason?: string
  /** What was refused; `undefined` when it is the program as a whole. */
  declare readonly instruction?: VerifierInstruction
  /**
   * What the registers and the slots of the stack hold before that instruction, as the verifier prints it, by name: `r1`,
   * `fp-8`. Before Linux 5.18 the log seldom tells all: load with a `logLevel` of 2.
   */
  declare readonly registers: RegisterState
  /** Where it is in the source: from the object's line information, else from the log. */
  declare readonly location?: VerifierLocation
  /** The branches and calls that led there, in order; one that repeats comes once. The last 4096 lines of a way are looked at. */
  declare readonly path: readonly VerifierStep[]
  /** How far the verifier came, where the log says. */
  declare readonly stats?: VerifierStatistics

  /** @internal */
  constructor(message: string, errno: number, context: FailureContext, log: string, report: VerifierReport) {
    super(message, errnoName(errno), errno, { ...context, hint: report.hint })
    this.name = 'VerifierError'
    this.kind = report.kind
    this.rule = report.rule
    const { reason, instruction, location, registers, path, stats } = report
    const seen = { instruction, location }
    const silent = { log, reason, registers, path, stats }
    for (const [enumerable, values] of [[true, seen] as const, [false, silent] as const]) {
      for (const [name, value] of Object.entries(values)) {
        if (value !== undefined) Object.defineProperty(this, name, { value, enumerable })
      }
    }
  }

  /** The place in the source, the registers, how the verifier came there, and what to do, as compilers print it. */
  override toString(): string {
    const subject = `program '${this.program}'${this.object === undefined ? '' : ` of object '${this.object}'`}`
    const lines = [frame(this.location, `error: the verifier refused ${subject}: ${this.rule}`)]
    if (this.instruction !== undefined) {
      lines.push(`  instruction ${this.instruction.number}: ${this.instruction.text}`.trimEnd())
      lines.push(...this.#usedRegisters().map((register) => `  ${register}`))
    }
    if (this.reason !== undefined) lines.push(`  ${this.reason}`)
    const hidden = this.path.length - SHOWN_STEPS
    if (hidden > 0) lines.push(`note: ${hidden} earlier ${hidden === 1 ? 'step' : 'steps'} in error.path`)
    for (const { why, location } of this.path.slice(-SHOWN_STEPS)) lines.push(frame(location, `note: ${why}`, 0))
    if (this.hint !== undefined) lines.push(`hint: ${this.hint}`)
    return lines.join('\n')
  }

  /** Those that the instruction or the verifier's sentence names: calls take theirs without a word. */
  #usedRegisters(): string[] {
    const named = [...(this.instruction?.text.match(/\b[rw]\d+\b/g) ?? []), ...(this.rule.match(/\bR\d+\b/g) ?? [])]
    const used = new Set(named.map((name) => name.toLowerCase().replace('w', 'r')))
    return Object.entries(this.registers)
      .filter(([name]) => used.has(name))
      .map(([name, value]) => `${name} = ${value}`)
  }

  /** @internal For `console.log`; Node prints an error that nobody catches without it. */
  [inspect.custom](): string {
    const calls = (this.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
    return [`${this.name} [${this.code}]:`, this.toString(), ...calls].join('\n')
  }
}

function frame(location: VerifierLocation | undefined, message: string, context = 2): string {
  if (location === undefined) return message
  const { file, line, column, text } = location
  return codeFrame({ file: file === '' ? '<source>' : file, line: Math.max(line, 0), column, text, message, context })
}

/** The verifier's own errors: what is not compiled or not allowed fails with others, behind a log without a reason. */
const REFUSALS: ReadonlySet<string> = new Set(['EACCES', 'EINVAL', 'EFAULT', 'E2BIG'])

/** Whether it was the verifier that refused: it says why, or it stopped at an instruction and says what this package does not read. */
export function isRefusal({ rule, instruction, errno }: VerifierError): boolean {
  return rule !== NO_REASON || (instruction !== undefined && REFUSALS.has(errnoName(errno ?? 0)))
}

/** The error of a program that the verifier refused, from its log. */
export function verifierError(log: string, refused: RefusedProgram): VerifierError {
  const { program, object, errno, operation, warnings, lineInfo } = refused
  const report = explainLog(log, lineInfo)
  const where = report.location
  const at = where === undefined || where.line === 0 ? '' : ` at ${where.file}:${where.line}`
  const of = object === undefined ? '' : ` of object '${object}'`
  const message = `the verifier refused program '${program}'${of} (${errnoName(errno)})${at}: ${report.rule}`
  return new VerifierError(printable(message, true), errno, { operation, object, program, warnings }, log, report)
}
