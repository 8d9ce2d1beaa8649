/** Why an object was not loaded. */
import { constants, release } from 'node:os'
import type { Outcome } from './binding.ts'
import type { NativeMapDescription } from './native-object.ts'
import { elementBeyond } from './btf/core-beyond.ts'
import { variables } from './btf/datasec.ts'
import type { Btf } from './btf/btf.ts'
import { EbpfError, ruleError } from './errors.ts'
import { sectionTarget } from './hooks/section.ts'
import { sectionFeature, sectionLibbpf } from './hooks/section-feature.ts'
import { type Feature, attachError, lackOf } from './hooks/support.ts'
import { NO_EMPTY_ENTRIES } from './map-spec.ts'
import { mapTypeName } from './maps/types.ts'
import { type Names, failureContext, libbpfError, warningsOf } from './outcome.ts'
import type { ProgramDescription } from './program.ts'
import { isOlder } from './system/kernel-version.ts'
import { libbpfVersion } from './system/libbpf-version.ts'
import { publish } from './system/logging.ts'
import { type VerifierError, isRefusal, verifierError } from './verifier-error.ts'
import type { LineLookup } from './verifier/explain.ts'
import { CUT_WARNING, failedProgram, type RejectedProgram, rejectedProgram } from './verifier/load-log.ts'

/** libbpf maps an object's arenas before it loads programs that use them. */
const UNMAPPED_ARENA = "arena's user address must be set"
const ARENA_LIBBPF = '1.4'

/** Tells of a program where in the source its instructions come from. */
export type LinesOf = (program: string) => Promise<LineLookup | undefined>

export async function loadError(
  outcome: Outcome<unknown>,
  object: string,
  programs: readonly ProgramDescription[],
  btf: Btf | undefined,
  maps: readonly NativeMapDescription[],
  linesOf: LinesOf = async () => undefined,
): Promise<EbpfError> {
  const messages = outcome.log.map(({ message }) => message)
  const rejected = rejectedProgram(messages)
  if (rejected?.log.includes(UNMAPPED_ARENA) === true && isOlder(libbpfVersion, ARENA_LIBBPF)) {
    publish(outcome.log)
    return libbpfError('an arena of an object', ARENA_LIBBPF, failureContext(outcome, { object }))
  }
  const refusal = rejected === undefined ? undefined : await refusalOf(outcome, object, rejected, linesOf)
  if (refusal !== undefined && isRefusal(refusal)) {
    publish(outcome.log)
    return refusal
  }
  const names: Names = { object, program: (rejected?.program || undefined) ?? failedProgram(messages) }
  const program = programs.find(({ name }) => name === names.program)
  const known =
    unknownSection(outcome, names, messages) ??
    emptyEntry(outcome, names, messages, maps) ??
    unknownFunction(outcome, names, messages) ??
    beyondArray(outcome, names, messages, btf) ??
    (await unknownStruct(outcome, names, messages)) ??
    (await unknownStructLink(outcome, names, messages, btf))
  return (
    known ??
    attachError(
      outcome,
      {
        ...names,
        hint:
          declarationHint(messages) ??
          extensionHint(messages, program) ??
          targetHint(outcome.errno, program) ??
          sizeHint(outcome.errno, program),
      },
      feature(program),
    )
  )
}

async function refusalOf(
  outcome: Outcome<unknown>,
  object: string,
  rejected: RejectedProgram,
  linesOf: LinesOf,
): Promise<VerifierError> {
  const { errno, operation } = outcome
  const { program, log, cut } = rejected
  const warnings = cut ? [...warningsOf(outcome), CUT_WARNING] : warningsOf(outcome)
  return verifierError(log, { program, object, errno, operation, warnings, lineInfo: await linesOf(program) })
}

function feature(program: ProgramDescription | undefined): ReturnType<typeof sectionFeature> {
  return program === undefined
    ? undefined
    : sectionFeature({ ...program, expectedAttachType: program.expectedAttachType ?? '' })
}

/** Without a log: the kernel counts the instructions before it looks at them (`bpf_prog_load` of kernel/bpf/syscall.c). */
function sizeHint(errno: number, program: ProgramDescription | undefined): string | undefined {
  if (errno !== -constants.errno.E2BIG || program === undefined) return undefined
  return 'Its instructions are too many: a program may have 1,000,000, and 4096 where the process lacks CAP_BPF. Split it by tail calls.'
}

function declarationHint(messages: readonly string[]): string | undefined {
  const name = matched(messages, /extern \(func ksym\) '([^']*)': func_proto \[\d+\] incompatible/)?.[1]
  if (name !== undefined)
    return `The object declares ${name}() otherwise than this kernel has it: by other arguments, another result, or a struct that is only named (struct x;). vmlinux.h has the declaration, and the structs with their members.`
  return matched(messages, /failed to re-mmap\(\) contents: (?:-ENOTSUPP|-524|Unknown error 524)/) === undefined
    ? undefined
    : 'Variables with a lock or a pointer of the kernel cannot be where user space sees them: keep them in a section of their own, hidden: SEC(".bss.locks") __hidden __attribute__((aligned(8))).'
}

/** Kernels verify it against what it stands for (`libbpf_prepare_prog_load` of libbpf.c). */
function extensionHint(messages: readonly string[], program: ProgramDescription | undefined): string | undefined {
  if (program === undefined || matched(messages, /: attach program FD is not set/) === undefined) return undefined
  return `It replaces a function of another program, which it is verified against: name both before loading, by spec.programs.${program.name}.attachTarget = { program, function }.`
}

function targetHint(errno: number, program: ProgramDescription | undefined): string | undefined {
  if (errno !== -constants.errno.ESRCH || program === undefined) return undefined
  if (program.attachTarget !== undefined) {
    return `Its attachTarget '${program.attachTarget}' is nothing that this kernel has.`
  }
  const target = sectionTarget(program.section)
  return target === ''
    ? undefined
    : `Its target '${target}', of section '${program.section}', is nothing that this kernel has.`
}

/** libbpf opens what it does not know, and refuses to load it (`bpf_object_load_prog`). */
function unknownSection(outcome: Outcome<unknown>, names: Names, messages: readonly string[]): EbpfError | undefined {
  const match = matched(messages, /prog '([^']*)': missing BPF prog type, check ELF section name '([^']*)'/)
  if (match === undefined) return undefined
  const [, program = '', section = ''] = match
  publish(outcome.log)
  const context = { ...failureContext(outcome, names), program }
  const version = sectionLibbpf(section)
  if (version !== undefined) return libbpfError(`section '${section}' of program '${program}'`, version, context)
  return ruleError(
    'ERR_EBPF_INVALID_OBJECT',
    `section '${section}' of program '${program}' says no type of program that libbpf knows`,
    context,
  )
}

/** The kernel says only EINVAL. */
function emptyEntry(
  outcome: Outcome<unknown>,
  names: Names,
  messages: readonly string[],
  maps: readonly NativeMapDescription[],
): EbpfError | undefined {
  const failed = matched(messages, /map '([^']*)': failed to create/)?.[1]
  const map = maps.find(({ name }) => name === failed)
  if (map === undefined || !TYPES_WITH_ENTRIES.test(mapTypeName(map.type))) return undefined
  const empty = (['key', 'value'] as const).find((part) => map[`${part}Size`] === 0)
  if (empty === undefined) return undefined
  publish(outcome.log)
  const message = `the type of the ${empty}s of map '${map.name}' has no bytes: ${NO_EMPTY_ENTRIES}`
  return new EbpfError(message, 'ERR_EBPF_INVALID_OBJECT', outcome.errno, {
    ...failureContext(outcome, names),
    map: map.name,
  })
}

/** Types whose maps have keys and values, both of the user's types. */
const TYPES_WITH_ENTRIES = /^(?:(?:lru_)?(?:percpu_)?hash|(?:percpu_)?array|lpm_trie)$/

/** A function of the kernel that programs may call, but for those that may be absent (`__weak`). */
function unknownFunction(outcome: Outcome<unknown>, names: Names, messages: readonly string[]): EbpfError | undefined {
  const name = matched(messages, /extern \(func ksym\) '([^']*)': not found in kernel/)?.[1]
  if (name === undefined) return undefined
  publish(outcome.log)
  const context = failureContext(outcome, {
    ...names,
    hint: 'Declared __weak it may be absent: the program can ask by bpf_ksym_exists().',
  })
  const message = `this kernel, ${release()}, has no function '${name}' that programs may call`
  return new EbpfError(message, 'ERR_EBPF_KERNEL', outcome.errno, context)
}

/** libbpf says only the indexes (`bpf_core_calc_relo_insn` of relo_core.c). */
function beyondArray(
  outcome: Outcome<unknown>,
  names: Names,
  messages: readonly string[],
  btf: Btf | undefined,
): EbpfError | undefined {
  const match = matched(messages, /prog '([^']*)': relo #\d+: parsing \[(\d+)\] (.+) \+ ([\d:]+) failed: -22/)
  if (match === undefined || btf === undefined) return undefined
  const [, program = '', id, type, access = ''] = match
  const beyond = elementBeyond(btf, Number(id), access)
  if (beyond === undefined) return undefined
  publish(outcome.log)
  const { place, array, length } = beyond
  const message = `program '${program}' uses ${place} of ${type}, and ${array} has ${length} element${length === 1 ? '' : 's'}: a place that no kernel's types can tell`
  const hint = `Use an index below ${length}, or, where the kernel's array is longer than the program's declaration says, declare it longer there.`
  return new EbpfError(message, 'ERR_EBPF_INVALID_OBJECT', outcome.errno, {
    ...failureContext(outcome, { ...names, hint }),
    program,
  })
}

function matched(messages: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  for (const message of messages) {
    const match = pattern.exec(message)
    if (match !== null) return match
  }
  return undefined
}

/** The struct that a struct_ops map is of must be in the BTF of the running kernel. */
async function unknownStruct(
  outcome: Outcome<unknown>,
  names: Names,
  messages: readonly string[],
): Promise<EbpfError | undefined> {
  const name = matched(
    messages,
    /struct_ops init_kern: struct (?:bpf_struct_ops_)?(\S+) is not found in kernel BTF/,
  )?.[1]
  if (name === undefined) return undefined
  publish(outcome.log)
  const known = STRUCTS.get(name)
  const lack =
    known === undefined
      ? undefined
      : await lackOf({
          what: `struct_ops '${name}'`,
          since: known.since,
          evidence: [known.evidence],
          config: known.config,
        })
  const message = lack ?? `this kernel has no struct_ops '${name}'`
  return new EbpfError(message, 'ERR_EBPF_KERNEL', outcome.errno, failureContext(outcome, names))
}

/** Older kernels know struct_ops, but no links of them (BPF_F_LINK of linux/bpf.h). */
async function unknownStructLink(
  outcome: Outcome<unknown>,
  names: Names,
  messages: readonly string[],
  btf: Btf | undefined,
): Promise<EbpfError | undefined> {
  const map = matched(messages, /map '([^']*)': failed to create/)?.[1]
  if (map === undefined || btf === undefined || !variables(btf, '.struct_ops.link').some(({ name }) => name === map)) {
    return undefined
  }
  return await attachError(outcome, { ...names, map }, STRUCT_OPS_LINK)
}

const STRUCT_OPS_LINK: Feature = {
  what: "section '.struct_ops.link'",
  since: '6.4',
  evidence: ['bpf_struct_ops_link_create'],
  config: undefined,
}

/** What is known of some structs; `evidence` is a function that comes with them. */
const STRUCTS = new Map(
  Object.entries({
    tcp_congestion_ops: { since: '5.6', evidence: 'bpf_tcp_ca_init', config: 'CONFIG_BPF_JIT' },
    sched_ext_ops: { since: '6.12', evidence: 'bpf_scx_reg', config: 'CONFIG_SCHED_CLASS_EXT' },
    hid_bpf_ops: { since: '6.11', evidence: 'hid_bpf_reg', config: 'CONFIG_HID_BPF' },
    Qdisc_ops: { since: '6.16', evidence: 'bpf_qdisc_reg', config: 'CONFIG_NET_SCH_BPF' },
  }),
)
