/**
 * Every error class of the package.
 *
 * Failures of the kernel or of libbpf are {@link EbpfError}s; mistakes in an argument are TypeErrors and RangeErrors that
 * carry a `code`. A miss (no such key) is never an error.
 */
import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'
import { mostSimilar } from './similarity.ts'
import { privilegeHint } from './system/privileges.ts'

/** Our own codes. Kernel failures carry the kernel's name instead, such as `EPERM`. */
export type EbpfErrorCode =
  /** The native addon could not be loaded. */
  | 'ERR_EBPF_ADDON'
  /** The BTF of an object or of the kernel is malformed. */
  | 'ERR_EBPF_BTF'
  /** Another consumer in this process already reads this ring, or another producer writes to it. */
  | 'ERR_EBPF_BUSY'
  /** No clang was found that can compile for BPF. */
  | 'ERR_EBPF_CLANG'
  /** The handle was closed. */
  | 'ERR_EBPF_CLOSED'
  /** clang refused a source. */
  | 'ERR_EBPF_COMPILE'
  /** The program or library that a probe is for is no ELF file that libbpf can read. */
  | 'ERR_EBPF_INVALID_BINARY'
  /** The file is not an eBPF object that libbpf can read. */
  | 'ERR_EBPF_INVALID_OBJECT'
  /** The running kernel lacks the hook, or was built without it. */
  | 'ERR_EBPF_KERNEL'
  /** The libbpf that the addon was built with lacks the operation. */
  | 'ERR_EBPF_LIBBPF'
  /** Object files that cannot be linked into one: they define the same, or disagree on what it is. */
  | 'ERR_EBPF_LINKER'
  /** The map's class is not the one that was asked for. */
  | 'ERR_EBPF_MAP_CLASS'
  /** Keys, values or records have no BTF, so they cannot be decoded. */
  | 'ERR_EBPF_NO_BTF'
  /** A record is shorter than its type. */
  | 'ERR_EBPF_RECORD_SIZE'
  /** An iteration met its bound because the map kept changing underneath it. */
  | 'ERR_EBPF_ITERATION'
  /** Another map is pinned at this path. */
  | 'ERR_EBPF_PINNED'
  /** The memory is read-only in a loaded object. */
  | 'ERR_EBPF_READ_ONLY'
  /** A batch of records was used after its handler had returned. */
  | 'ERR_EBPF_RELEASED'
  /** None of several ways to attach was taken. */
  | 'ERR_EBPF_NONE_ATTACHED'
  /** The kernel puts no other program in the place of one that is attached so. */
  | 'ERR_EBPF_NOT_UPDATABLE'
  /** No program, map, global or field has this name. */
  | 'ERR_EBPF_UNKNOWN_NAME'
  /** An argument has the wrong type or form. */
  | 'ERR_EBPF_INVALID_ARGUMENT'
  /** A number or size is outside of its range. */
  | 'ERR_EBPF_OUT_OF_RANGE'

/** What was being done to what, when an operation failed. */
export interface FailureContext {
  /** The failing call as libbpf or the kernel names it, such as `bpf_object__load`. */
  operation: string
  object?: string | undefined
  program?: string | undefined
  map?: string | undefined
  link?: string | undefined
  /** Of an operation on many entries: how many were done before it failed. */
  done?: number | undefined
  /** What a user can do about it, when the cause is known. */
  hint?: string | undefined
  /** libbpf's last warnings that explain the failure. */
  warnings?: readonly string[] | undefined
}

/** A failure of the kernel, of libbpf, or of this library's own rules. */
export class EbpfError extends Error {
  /** The kernel's name (`EPERM`, `ENOTSUPP` for 524) or one of {@link EbpfErrorCode}. */
  readonly code: string
  /** Negative errno as in Node, when the kernel or libbpf gave one. */
  declare readonly errno?: number
  readonly operation: string
  // Declared, not defined: what is not known is not there, and not printed as `undefined`.
  declare readonly object?: string
  declare readonly program?: string
  declare readonly map?: string
  declare readonly link?: string
  /** Of an operation on many entries: how many were done before it failed. */
  declare readonly done?: number
  /** What to do about it, where the cause is known. */
  declare readonly hint?: string
  /** libbpf's last warnings that explain the failure, each one line. */
  readonly warnings: readonly string[]

  constructor(message: string, code: string, errno: number | undefined, context: FailureContext) {
    super(context.hint === undefined ? message : `${message}\n  ${context.hint}`)
    this.name = 'EbpfError'
    this.code = code
    this.operation = context.operation
    const { object, program, map, link, done, hint } = context
    for (const [name, value] of Object.entries({ errno, object, program, map, link, done, hint })) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true })
    }
    this.warnings = context.warnings ?? []
  }
}

/** The native addon could not be loaded: says what was tried and what to do. */
export class AddonLoadError extends EbpfError {
  constructor(failures: readonly { path: string; reason: string }[]) {
    const tried = failures.map(({ path, reason }) => `    ${path}: ${reason}`).join('\n')
    super(`the native addon of ebpf cannot be loaded:\n${tried}`, 'ERR_EBPF_ADDON', undefined, {
      operation: 'dlopen',
      hint: addonRemedy(failures.map(({ reason }) => reason).join('\n')),
    })
    this.name = 'AddonLoadError'
  }
}

function addonRemedy(reasons: string): string {
  if (process.platform !== 'linux') return `eBPF is part of Linux; this is ${process.platform}.`
  const glibc = /version `(GLIBC_[0-9.]+)' not found/.exec(reasons)
  if (glibc !== null) {
    return `The prebuilt binary needs ${glibc[1]}, which this system's C library lacks; build it here with "npm run build" in the package's folder.`
  }
  if (/ld-musl|libc\.musl/.test(reasons)) {
    return 'The prebuilt binary is for glibc; on musl (Alpine) build it with "npm run build" in the package\'s folder.'
  }
  return `There is no binary for linux-${process.arch} here; build it with "npm run build" in the package's folder.`
}

/** A TypeError with `code` ERR_EBPF_INVALID_ARGUMENT. */
export function invalidArgument(message: string): TypeError & { code: EbpfErrorCode } {
  return Object.assign(new TypeError(message), { code: 'ERR_EBPF_INVALID_ARGUMENT' as const })
}

/** A RangeError with `code` ERR_EBPF_OUT_OF_RANGE. */
export function outOfRange(message: string): RangeError & { code: EbpfErrorCode } {
  return Object.assign(new RangeError(message), { code: 'ERR_EBPF_OUT_OF_RANGE' as const })
}

/** An error of this library's own rules. */
export function ruleError(code: EbpfErrorCode, message: string, context: FailureContext): EbpfError {
  return new EbpfError(message, code, undefined, context)
}

/** `what` is the handle's full name, such as `map 'counts'`. */
export function closedError(what: string, operation: string): EbpfError {
  return ruleError('ERR_EBPF_CLOSED', `${what} is closed (${operation})`, { operation })
}

/** More would hide the message that lists them. */
const LISTED = 40

/** An error whose message lists what exists, or what of it is most like the name. */
export function unknownName(what: string, name: string, known: readonly string[]): EbpfError {
  const list =
    known.length === 0
      ? 'there are none'
      : known.length <= LISTED
        ? `known: ${known.join(', ')}`
        : `of ${known.length}, the most similar: ${mostSimilar(name, known, 5).join(', ')}`
  return ruleError('ERR_EBPF_UNKNOWN_NAME', `no ${what} is named '${name}' (${list})`, { operation: 'lookup by name' })
}

/** Exists only inside the kernel, is not in errno(3), and leaks out of bpf(2) all the same. */
export const ENOTSUPP = 524

const systemErrors = getSystemErrorMap()
const errnoNames = new Map(Object.entries(constants.errno).map(([name, errno]) => [errno, name]))

/** Where libuv, from which Node has its names, does not use the kernel's. */
const KERNEL_ERRORS = new Map<number, readonly [name: string, text: string]>([
  [-constants.errno.EOPNOTSUPP, ['EOPNOTSUPP', 'operation not supported']],
  [-constants.errno.ESTALE, ['ESTALE', 'what was expected has changed']],
  [-constants.errno.ENOLINK, ['ENOLINK', 'the link was detached']],
  // Exists only inside the kernel, and leaks out of bpf(2).
  [-524, ['ENOTSUPP', 'operation is not supported by this kernel']],
])

/** The kernel's name of a negative errno. */
export function errnoName(errno: number): string {
  return KERNEL_ERRORS.get(errno)?.[0] ?? systemErrors.get(errno)?.[0] ?? errnoNames.get(-errno) ?? `errno ${-errno}`
}

/** The name and what it means, such as `EPERM, operation not permitted`. */
export function errnoText(errno: number): string {
  const text = KERNEL_ERRORS.get(errno)?.[1] ?? systemErrors.get(errno)?.[1] ?? 'unknown error'
  return `${errnoName(errno)}, ${text}`
}

/** libbpf's own error numbers start above every errno (`enum libbpf_errno` in bpf/libbpf.h). */
const LIBBPF_ERRNO_START = 4000
const libbpfErrors = new Map([
  [4000, 'libelf cannot read it'],
  [4001, 'it is not a valid eBPF object file'],
  [4002, 'its kernel version section is invalid'],
  [4003, 'it was compiled for the other byte order'],
  [4005, 'a relocation in it is invalid'],
])

/** The subject of a sentence: the innermost named thing. */
function subject(context: FailureContext): string {
  const names = [
    context.link === undefined ? '' : `link '${context.link}'`,
    context.map === undefined ? '' : `map '${context.map}'`,
    context.program === undefined ? '' : `program '${context.program}'`,
    context.object === undefined ? '' : `object '${context.object}'`,
  ].filter((name) => name !== '')
  return names.length === 0 ? '' : ` on ${names.join(' of ')}`
}

/** Turns a negative status into the error to throw. `errno` is negative. */
export function kernelError(errno: number, context: FailureContext): EbpfError {
  const warnings = context.warnings ?? []
  const details = warnings.slice(-4).map((warning) => `\n    libbpf: ${warning}`)
  const { code, reason } = -errno >= LIBBPF_ERRNO_START ? libbpfReason(-errno, context) : kernelReason(errno)
  const message = `${context.operation} failed${subject(context)}: ${reason}${details.join('')}`
  return new EbpfError(message, code, errno, { ...context, hint: context.hint ?? hintOf(errno, context.operation) })
}

interface Reason {
  code: string
  reason: string
}

function kernelReason(errno: number): Reason {
  return { code: errnoName(errno), reason: errnoText(errno) }
}

/** The file is the object that is opened, or the program or library that a probe is put into. */
function libbpfReason(number: number, { operation }: FailureContext): Reason {
  const reason = libbpfErrors.get(number) ?? `libbpf error ${number}`
  if (!operation.startsWith('bpf_program__attach')) return { code: 'ERR_EBPF_INVALID_OBJECT', reason }
  return { code: 'ERR_EBPF_INVALID_BINARY', reason: `the binary is no ELF file that can be probed: ${reason}` }
}

/** A map refuses an entry for reasons of its own, such as being frozen. */
function hintOf(errno: number, operation: string): string | undefined {
  const refused = errno === -constants.errno.EPERM || errno === -constants.errno.EACCES
  return refused && !/_(?:elem|batch)$/.test(operation) ? privilegeHint() : undefined
}
