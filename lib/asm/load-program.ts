/** Loading instructions as a program, without an object file and without clang. */
import { type Handle, type Outcome, binding } from '../binding.ts'
import { boolean, integer, nonEmptyString, optionsObject } from '../arguments.ts'
import { EbpfError, invalidArgument, ruleError } from '../errors.ts'
import { sectionTarget } from '../hooks/section.ts'
import { sectionFeature } from '../hooks/section-feature.ts'
import { attachError } from '../hooks/support.ts'
import { failureContext, unwrap, warningsOf } from '../outcome.ts'
import { BpfProgram, type ProgramDescription } from '../program.ts'
import { releaseWhenIdle } from '../shared-btf.ts'
import { kernelBtfNow } from '../system/kernel-btf.ts'
import { publish } from '../system/logging.ts'
import { isRefusal, verifierError } from '../verifier-error.ts'
import type { LineLookup } from '../verifier/explain.ts'
import { CUT_WARNING, rejectedProgram } from '../verifier/load-log.ts'
import { readStatistics } from '../verifier/statistics.ts'
import { type Code, codeOf } from './code.ts'
import { type DebugInfo, debugInfoOf, lineLookup } from './debug-info.ts'
import { encodeFields } from './encode.ts'
import type { InstructionFields, Item } from './instruction.ts'

/** A program of instructions. */
export interface ProgramOptions {
  /** What the functions of `ebpf/asm` make, in order. */
  instructions: readonly Item[]
  /**
   * What kind of program it is, as `SEC()` says it in C: `xdp`, `socket`, `tracepoint`, `raw_tp`, `tp_btf/sched_switch`. A target behind the
   * slash counts where the kernel verifies the program against it.
   */
  section: string
  /** Letters, digits, `_` and `.`, of which the kernel keeps 15; `program` by default. */
  name?: string
  /** `GPL` by default, which helpers for tracing need. */
  license?: string
  /** `BPF_F_*` of linux/bpf.h; those that `.s`, `.frags` and `syscall` of the section mean come by themselves. */
  flags?: number
  /** Tells the kernel of functions and source lines, so that its log shows them; on by default. */
  debugInfo?: boolean
  /** Verifier log level: 0 only on failure, 1, 2 more, 4 statistics. */
  logLevel?: number
}

const KNOWN = ['instructions', 'section', 'name', 'license', 'flags', 'debugInfo', 'logLevel']

/** The kernel's BPF_COMPLEXITY_LIMIT_INSNS; unprivileged processes may load 4096. */
const MOST_SLOTS = 1_000_000

/** BPF_F_SLEEPABLE and BPF_F_XDP_HAS_FRAGS of linux/bpf.h, as libbpf takes them from sections. */
const SLEEPABLE = 1 << 4
const FRAGMENTS = 1 << 5

/** Sections whose program is verified against a function, which the section names behind the slash. */
const FOR_A_FUNCTION = /^(?:fentry|fexit|fmod_ret|fsession|tp_btf|lsm|lsm_cgroup|iter)(?:\.s)?(?:\/|$)/

const NOTHING = new Uint8Array(0)

/**
 * Loads instructions as a program, off the JavaScript thread: attach it by a hook, run it with `testRun`, and close it. The lines of
 * your source that made the instructions are in the verifier's log and its error.
 *
 * @throws TypeError or RangeError for what is no program: a label that is missing, a jump that is too far
 * @throws VerifierError when the verifier refuses it
 * @throws EbpfError with the kernel's code for all else, such as EPERM; ERR_EBPF_CLOSED for a map that is closed
 */
export async function loadProgram(options: ProgramOptions): Promise<BpfProgram> {
  const given = { ...optionsObject(options) }
  const unknown = Object.keys(given).find((field) => !KNOWN.includes(field))
  if (unknown !== undefined) throw invalidArgument(`'${unknown}' is no option of loadProgram: ${KNOWN.join(', ')}`)
  const name = programName(given.name ?? 'program')
  const section = nonEmptyString(given.section, 'section')
  const isForFunction = FOR_A_FUNCTION.test(section)
  if (isForFunction && sectionTarget(section) === '') {
    throw invalidArgument(
      `section '${section}' must say behind a slash what the program is for, such as '${exampleOf(section)}'`,
    )
  }
  // An empty one is none, which the kernel takes.
  const license = given.license === '' ? '' : nonEmptyString(given.license ?? 'GPL', 'license')
  const flags = integer(given.flags ?? 0, 'flags', 0, 0xffff_ffff)
  const logLevel = integer(given.logLevel ?? 0, 'logLevel', 0, 7)
  const debugInfo = boolean(given.debugInfo ?? true, 'debugInfo')
  const code = codeOf(given.instructions, name)
  const instructions = encodeFields(resolveKernelFunctions(code))
  requireLength(instructions.length / 8)
  const { types, functions, lines }: DebugInfo = debugInfo
    ? debugInfoOf(code)
    : { types: NOTHING, functions: NOTHING, lines: NOTHING }
  const outcome = await binding.programLoad({
    name,
    section,
    attachTarget: isForFunction ? sectionTarget(section) : '',
    license,
    instructions,
    maps: code.maps.map(({ slot, map }) => ({ slot, map: map.borrow('load a program') })),
    types,
    functions,
    lines,
    flags: (flags | flagsOf(section)) >>> 0,
    logLevel,
  })
  releaseWhenIdle()
  if (outcome.errno !== 0) throw await failure(outcome, name, section, debugInfo ? lineLookup(code) : undefined)
  const { program, log, ...facts } = unwrap(outcome, { program: name })
  if (logLevel !== 0) publish([{ level: DEBUG, message: log }])
  return programOf(program, { ...facts, name, section, verifier: readStatistics(log) })
}

/** `LIBBPF_DEBUG` of libbpf.h. */
const DEBUG = 2

function programOf(handle: Handle, { section, ...facts }: ProgramDescription): BpfProgram {
  const target = FOR_A_FUNCTION.test(section) ? { attachTarget: sectionTarget(section) } : {}
  try {
    return new BpfProgram(handle, { ...facts, ...target, section: '' })
  } catch (error) {
    binding.programClose(handle)
    throw error
  }
}

/** @throws TypeError for a name that the kernel refuses (`bpf_obj_name_cpy`) */
function programName(name: unknown): string {
  const text = nonEmptyString(name, 'name')
  if (/^[\w.]+$/.test(text)) return text
  throw invalidArgument(`name must be of letters, digits, _ and ., not ${JSON.stringify(text.slice(0, 40))}`)
}

function exampleOf(section: string): string {
  const [kind = ''] = section.split('/')
  const examples: Readonly<Record<string, string>> = {
    tp_btf: 'sched_switch',
    lsm: 'file_open',
    lsm_cgroup: 'socket_bind',
    iter: 'task',
  }
  return `${kind}/${examples[kind.replace(/\.s$/, '')] ?? 'vfs_read'}`
}

function requireLength(slots: number): void {
  if (slots > 0 && slots <= MOST_SLOTS) return
  const message = `instructions must fill 1 to ${MOST_SLOTS} slots, not ${slots}`
  throw Object.assign(new RangeError(message), { code: 'ERR_EBPF_OUT_OF_RANGE' })
}

function flagsOf(section: string): number {
  const [kind = ''] = section.split('/')
  if (kind === 'xdp.frags') return FRAGMENTS
  // Programs of type syscall are only sleepable (check_attach_btf_id of kernel/bpf/verifier.c).
  return kind.endsWith('.s') || kind === 'syscall' ? SLEEPABLE : 0
}

/** By their ids in the running kernel's BTF. */
function resolveKernelFunctions({ instructions, kernelFunctions }: Code): InstructionFields[] {
  const fields = instructions.map((each) => each.fields)
  if (kernelFunctions.length === 0) return fields
  const btf = kernelBtfNow()
  for (const { index, name } of kernelFunctions) {
    const found = btf.find(name, 'func')
    if (found === undefined) {
      throw ruleError('ERR_EBPF_KERNEL', `this kernel has no function '${name}' that programs may call`, {
        operation: 'load a program',
      })
    }
    fields[index] = { ...(fields[index] as InstructionFields), immediate: found.id }
  }
  return fields
}

async function failure(
  outcome: Outcome<unknown>,
  program: string,
  section: string,
  lineInfo: LineLookup | undefined,
): Promise<Error> {
  const { errno, operation, log } = outcome
  const rejected = rejectedProgram(log.map(({ message }) => message))
  if (rejected !== undefined) {
    const warnings = rejected.cut ? [...warningsOf(outcome), CUT_WARNING] : warningsOf(outcome)
    const error = verifierError(rejected.log, { program, errno, operation, warnings, lineInfo })
    if (isRefusal(error)) {
      publish(log)
      return error
    }
  }
  if (outcome.operation === 'libbpf_prog_type_by_name') {
    publish(outcome.log)
    const message = `section '${section}' says no type of program that libbpf knows`
    return new EbpfError(message, 'ERR_EBPF_INVALID_ARGUMENT', outcome.errno, failureContext(outcome, { program }))
  }
  const feature = sectionFeature({ name: program, section, type: '', expectedAttachType: '' })
  const hint =
    outcome.operation === 'libbpf_find_vmlinux_btf_id'
      ? `'${sectionTarget(section)}', of section '${section}', is nothing that this kernel has for such programs, its modules left out: listFunctions() and listTracepoints() tell what there is.`
      : undefined
  return await attachError(outcome, { program, ...(hint !== undefined && { hint }) }, feature)
}
