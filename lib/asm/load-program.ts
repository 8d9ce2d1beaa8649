/** Programs out of instructions, with no object file and no clang. */
import { boolean, inspectBriefly, integer, nonEmptyString, optionsObject } from '../arguments.ts'
import { type Outcome, binding } from '../binding.ts'
import { type EbpfError, invalidArgument, ruleError, unknownName } from '../errors.ts'
import { ATTACH_TYPES, type AttachTypeName, type ProgramTypeName, programTypeNumber } from '../kernel-enums.ts'
import { BpfMap } from '../maps/map.ts'
import { failure, unwrap, warningsOf } from '../outcome.ts'
import { BpfProgram } from '../program.ts'
import { kernelBtf } from '../system/kernel-btf.ts'
import { publish } from '../system/logging.ts'
import type { LineLookup } from '../verifier/explain.ts'
import { NO_REASON, rejectedProgram } from '../verifier/load-log.ts'
import { readStatistics } from '../verifier/statistics.ts'
import { verifierError } from '../verifier-error.ts'
import { debugInfo, lineText } from './debug-info.ts'
import { encodeFields } from './encode.ts'
import type { Instruction, Item } from './instruction.ts'
import { type Resolved, resolve } from './resolve.ts'

/** What `loadProgram` makes a program of. */
export interface ProgramLoadOptions {
  /** bpftool's name of the type, such as `xdp`. */
  type: Exclude<ProgramTypeName, 'unspec'>
  /** What the functions of this module make, or `assemble` reads, or `decode`. */
  instructions: readonly Item[]
  /** In the kernel, which keeps 15 characters; `program` by default. */
  name?: string
  /** `GPL` by default: many helpers are for programs that are compatible with it only. */
  license?: string
  /** What it is to be attached to, where its type alone does not say it, such as `cgroup_inet4_bind`. */
  expectedAttachType?: AttachTypeName
  /** Of tracing and LSM programs: the function, tracepoint or security hook of the kernel. */
  attachTarget?: string
  /** Of `BPF_PROG_LOAD`, such as 0x10 for a program that may sleep (BPF_F_SLEEPABLE). 0 by default. */
  flags?: number
  /** The verifier's: 0, the default, a log only on failure; 1, 2 more, 4 statistics. It comes through `onLog`. */
  logLevel?: number
  /** Whether the kernel is told which lines of the source the instructions were made on. True by default. Linux 5.0. */
  lineInfo?: boolean
}

const OPTIONS: readonly string[] = [
  'type',
  'instructions',
  'name',
  'license',
  'expectedAttachType',
  'attachTarget',
  'flags',
  'logLevel',
  'lineInfo',
]

/**
 * Has the kernel check and take a program, off the JavaScript thread. It is attached by a hook, as one that was opened.
 *
 * The verifier's words show the line of your source where each instruction was made.
 *
 * @throws VerifierError when the verifier refuses it
 * @throws EbpfError with the kernel's code otherwise; ERR_EBPF_KERNEL for a function that the kernel does not have
 * @throws TypeError or RangeError for instructions that cannot be
 */
export async function loadProgram(options: ProgramLoadOptions): Promise<BpfProgram> {
  // Each is read once: an option may be a getter.
  const { type, instructions, attachTarget, expectedAttachType, ...rest } = optionsObject(options)
  for (const option of Object.keys(rest)) {
    if (!OPTIONS.includes(option)) throw unknownName('field of options', option, OPTIONS)
  }
  const name = programName(rest.name)
  const program = resolve(instructions)
  const calls = program.instructions.some(({ reference }) => reference?.kind === 'kernelFunction')
  // Without such a wait, maps are held before this call returns.
  const resolved = calls ? await resolveKfuncs(program.instructions) : program.instructions
  const info = boolean(rest.lineInfo ?? true, 'lineInfo') ? debugInfo(name, program) : undefined
  const native = {
    type: programType(type),
    name,
    license: rest.license === undefined ? 'GPL' : licenseText(rest.license),
    expectedAttachType: attachType(expectedAttachType),
    flags: integer(rest.flags ?? 0, 'flags', 0, 0xffff_ffff),
    logLevel: integer(rest.logLevel ?? 0, 'logLevel', 0, 7),
    ...(attachTarget !== undefined && { attachTarget: nonEmptyString(attachTarget, 'attachTarget') }),
    instructions: encodeFields(resolved),
    ...info,
    // Last: the handles are good for this call only.
    maps: mapUses(program),
  }
  const outcome = await binding.programLoad(native)
  if (outcome.errno !== 0) throw programError(outcome, name, attachTarget, program)
  const { program: handle, log } = unwrap(outcome, { program: name })
  if (log !== '') publish([{ level: 2, message: log }])
  const verifier = log === '' ? undefined : readStatistics(log)
  const description = { name, type, section: '', expectedAttachType: expectedAttachType ?? '', verifier }
  return new BpfProgram(handle, attachTarget === undefined ? description : { ...description, attachTarget })
}

function programName(name: unknown): string {
  const given = name === undefined ? 'program' : nonEmptyString(name, 'name')
  // bpf_obj_name_cpy, kernel/bpf/syscall.c.
  if (/^[\w.]+$/.test(given)) return given
  throw invalidArgument(`name must be letters, digits, _ and ., not ${inspectBriefly(given)}`)
}

/** An empty one is none, which the kernel takes. */
function licenseText(license: unknown): string {
  return license === '' ? '' : nonEmptyString(license, 'license')
}

function programType(type: unknown): number {
  const number = typeof type === 'string' ? programTypeNumber(type) : -1
  if (number > 0) return number
  throw invalidArgument(`type must be the name of a program type, such as 'xdp', not ${inspectBriefly(type)}`)
}

function attachType(type: unknown): number {
  if (type === undefined) return 0
  if (typeof type === 'string' && Object.hasOwn(ATTACH_TYPES, type)) return ATTACH_TYPES[type as AttachTypeName]
  throw invalidArgument(
    `expectedAttachType must be the name of an attach type, such as 'cgroup_inet4_bind', not ${inspectBriefly(type)}`,
  )
}

function mapUses({ instructions, slots }: Resolved): { slot: number; map: number }[] {
  return instructions.flatMap(({ reference }, index) => {
    if (reference?.kind !== 'map') return []
    const { map } = reference
    if (!(map instanceof BpfMap)) throw invalidArgument(`maps must be maps, not ${inspectBriefly(map)}`)
    return [{ slot: slots[index] as number, map: map.borrow('be used by a program') }]
  })
}

async function resolveKfuncs(instructions: readonly Instruction[]): Promise<readonly Instruction[]> {
  const btf = await kernelBtf()
  return instructions.map((instruction) => {
    const { reference } = instruction
    if (reference?.kind !== 'kernelFunction') return instruction
    const id = btf.find(reference.name, 'func')?.id
    if (id !== undefined) return { ...instruction, immediate: id }
    throw ruleError('ERR_EBPF_KERNEL', `this kernel has no function '${reference.name}' that programs may call`, {
      operation: 'lookup by name',
      hint: 'Those of modules are not looked for.',
    })
  })
}

function programError(
  outcome: Outcome<unknown>,
  name: string,
  attachTarget: string | undefined,
  program: Resolved,
): EbpfError {
  const log = rejectedProgram(outcome.log.map(({ message }) => message))?.log
  const { errno, operation } = outcome
  const lineInfo = lineLookup(name, program)
  const refusal =
    log === undefined
      ? undefined
      : verifierError(log, { program: name, errno, operation, warnings: warningsOf(outcome), lineInfo })
  if (refusal !== undefined && refusal.rule !== NO_REASON) {
    publish(outcome.log)
    return refusal
  }
  const notFound = operation === 'libbpf_find_vmlinux_btf_id'
  const hint = notFound ? `Its attachTarget '${attachTarget}' is nothing that this kernel has.` : undefined
  return failure(outcome, { program: name, hint })
}

/** Where the instruction of a slot was made. */
function lineLookup(name: string, { instructions, slots, functions }: Resolved): LineLookup {
  const places = new Map(instructions.map(({ place }, index) => [slots[index] as number, place]))
  return (slot) => {
    const place = places.get(slot)
    if (place === undefined) return undefined
    const inside = functions.findLast((each) => each.slot <= slot)
    return { ...place, text: lineText(place), function: inside?.name ?? name }
  }
}
