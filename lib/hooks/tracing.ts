/** Kernel functions whose programs get the arguments with their kernel types, by a trampoline instead of a breakpoint. */
import { constants } from 'node:os'
import { nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import { invalidArgument, kernelError } from '../errors.ts'
import type { LinkInfo } from '../link-info.ts'
import { isFunctionOfKernel, isKernelFunction } from '../system/kernel-targets.ts'
import type { HookFamily } from './family.ts'

/** Entry of a kernel function, its return, both, or a place where its return value is decided. */
export interface TracingHook {
  kind: 'fentry' | 'fexit' | 'fmod_ret' | 'fsession'
  /** As in the kernel's BTF; `module:function` where a module's is meant. */
  function: string
  cookie: bigint
}

export interface TracingOptions {
  /** What `bpf_get_attach_cookie()` gives the program; Linux 5.19. */
  cookie?: number | bigint
}

/**
 * Entry of a kernel function. Linux 5.5 with kernel BTF (arm64: 6.4).
 *
 * The verifier checks the program against this function, so the target is fixed at load: name it in the section
 * (`SEC("fentry/vfs_unlink")`, or `fentry.s` for a program that may sleep) or in `spec.programs.<name>.attachTarget`
 * before loading. Attaching elsewhere is refused.
 */
export function fentry(kernelFunction: string, options: TracingOptions = {}): TracingHook {
  return build('fentry', kernelFunction, options)
}

/**
 * Return of a kernel function, with its arguments and what it returned. Linux 5.5 with kernel BTF (arm64: 6.4). The target
 * is fixed at load as that of {@link fentry}.
 */
export function fexit(kernelFunction: string, options: TracingOptions = {}): TracingHook {
  return build('fexit', kernelFunction, options)
}

/**
 * Runs before a kernel function, and when it returns other than 0, that is what the caller gets in place of the function's
 * run. Linux 5.7 with kernel BTF; only for functions whose name begins with `security_`, and those that the kernel marks
 * for error injection. The target is fixed at load as that of {@link fentry}.
 */
export function fmodRet(kernelFunction: string, options: TracingOptions = {}): TracingHook {
  return build('fmod_ret', kernelFunction, options)
}

/**
 * Entry and return of a kernel function by one program, which tells them apart by the kfunc `bpf_session_is_return()` and
 * keeps 8 bytes between them by `bpf_session_cookie()`. Linux 7.0, libbpf 1.7. The target is fixed at load as that of
 * {@link fentry}.
 */
export function fsession(kernelFunction: string, options: TracingOptions = {}): TracingHook {
  return build('fsession', kernelFunction, options)
}

function build(kind: TracingHook['kind'], kernelFunction: unknown, options: TracingOptions): TracingHook {
  return {
    kind,
    function: nonEmptyString(kernelFunction, 'function'),
    cookie: unsigned64(optionsObject(options).cookie ?? 0n, 'cookie'),
  }
}

/**
 * @throws TypeError for a function of a module, whose types no other BTF knows
 * @throws EbpfError ENOENT for one that the kernel does not have: nothing is attached there, and nothing can be
 */
export function requireKernelFunction(kernelFunction: string, link: string): void {
  if (kernelFunction.includes(':')) {
    throw invalidArgument(
      `nobody can tell who is attached to ${kernelFunction}: links tell only of the kernel's functions`,
    )
  }
  if (isFunctionOfKernel(kernelFunction)) return
  throw kernelError(-constants.errno.ENOENT, {
    operation: `looking for '${kernelFunction}' among the kernel's types`,
    link,
    hint: 'All functions with types are listed by "bpftool btf dump file /sys/kernel/btf/vmlinux"; of modules links do not tell.',
  })
}

/** Whether the kernel runs a program at this function by that link. Links tell their target since Linux 5.13. */
export function isTracing(link: LinkInfo, attachType: string, kernelFunction: string): boolean {
  if (link.type !== 'tracing' || link.attachType !== attachType) return false
  return isKernelFunction(link.targetObjectId, link.targetBtfId, kernelFunction)
}

/** The kernel looks for what the load prepared for the one attach (`bpf_tracing_prog_attach` of kernel/bpf/syscall.c). */
export function onceHint(errno: number): string | undefined {
  if (errno === -constants.errno.EBUSY) return 'The program is attached there already.'
  if (errno !== -constants.errno.ENOENT) return undefined
  return 'Before Linux 5.13 a loaded program of this type can be attached once: load the object again.'
}

/** The helper that gives the programs of trampolines their cookie, since Linux 5.19. */
const COOKIE_EVIDENCE = 'bpf_get_attach_cookie_tracing'

function family(attachType: string, since: string, evidence: string): HookFamily<TracingHook> {
  return {
    programTypes: ['tracing'],
    attachTypes: [attachType],
    feature: ({ kind, cookie }) => (cookie > 0n ? `a cookie of ${kind}` : kind),
    since: ({ cookie }) => (cookie > 0n && since.startsWith('5.') ? '5.19' : since),
    evidence: ({ cookie }) => (cookie > 0n ? [evidence, COOKIE_EVIDENCE] : evidence),
    describe: (hook) => `${hook.kind} ${hook.function}`,
    loadTarget: (hook) => hook.function,
    hint: (_hook, errno) => onceHint(errno),
    check: (hook) =>
      requireKernelFunction(build(hook.kind, hook.function, hook).function, `${hook.kind} ${hook.function}`),
    holds: (hook, link) => isTracing(link, attachType, hook.function),
    prepare: (hook) => ({ native: { kind: 'tracing', cookie: build(hook.kind, hook.function, hook).cookie } }),
  }
}

export const fentryFamily: HookFamily<TracingHook> = family('trace_fentry', '5.5', 'bpf_trampoline_link_prog')
export const fexitFamily: HookFamily<TracingHook> = family('trace_fexit', '5.5', 'bpf_trampoline_link_prog')
export const fmodRetFamily: HookFamily<TracingHook> = family('modify_return', '5.7', 'bpf_trampoline_link_prog')
export const fsessionFamily: HookFamily<TracingHook> = family('trace_fsession', '7.0', 'bpf_jit_supports_fsession')
