/** Security hooks: programs that may refuse what a process asks the kernel for. */
import { nonEmptyString, optionsObject, unsigned64 } from '../arguments.ts'
import { ruleError } from '../errors.ts'
import { ATTACH_TYPES } from '../kernel-enums.ts'
import { isProgramFor } from '../system/kernel-targets.ts'
import { bpfModuleHint, hasBpfModule, securityModules } from '../system/security-modules.ts'
import { isTracing, onceHint, requireKernelFunction } from './tracing.ts'
import { type PathOrDescriptor, checkPathOrDescriptor, describeDescriptor, openDescriptor } from './descriptor.ts'
import type { HookFamily } from './family.ts'

/** A security hook, for the whole system. */
export interface LsmHook {
  kind: 'lsm'
  /** As in the kernel's lsm_hook_defs.h. */
  name: string
  cookie: bigint
}

/** A security hook, for the processes of one cgroup. */
export interface LsmCgroupHook {
  kind: 'lsm_cgroup'
  /** As in the kernel's lsm_hook_defs.h. */
  name: string
  /** Folder of the cgroup, or a descriptor of it. */
  cgroup: PathOrDescriptor
}

export interface LsmOptions {
  /** What `bpf_get_attach_cookie()` gives the program; Linux 5.19. */
  cookie?: number | bigint
}

/**
 * A security hook, asked for every process of the system: a program that returns a negative errno refuses. Linux 5.7 with
 * kernel BTF (arm64: 6.4), CONFIG_BPF_LSM, and `bpf` among the security modules that the kernel was booted with
 * (`lsm=…,bpf`); without that, attaching is refused here, since the kernel would attach the program and never ask it.
 *
 * The verifier checks the program against this hook, so the target is fixed at load: name it in the section
 * (`SEC("lsm/file_open")`, or `lsm.s` for a program that may sleep) or in `spec.programs.<name>.attachTarget` before loading.
 *
 * @param name as in the kernel's lsm_hook_defs.h, such as `file_open`
 */
export function lsm(name: string, options: LsmOptions = {}): LsmHook {
  return {
    kind: 'lsm',
    name: nonEmptyString(name, 'name'),
    cookie: unsigned64(optionsObject(options).cookie ?? 0n, 'cookie'),
  }
}

/**
 * A security hook, asked only for the processes (for hooks of sockets: the sockets) of one cgroup and those below it: a
 * program that returns 0 refuses with EPERM, or with the errno that it set by `bpf_set_retval()`; 1 allows. Linux 6.0
 * (arm64: 6.4) with kernel BTF, CONFIG_BPF_LSM, CONFIG_CGROUP_BPF, and `bpf` among the security modules as for {@link lsm}.
 *
 * The target is fixed at load as that of {@link lsm}: `SEC("lsm_cgroup/socket_create")`. Without CAP_SYS_ADMIN, which it takes
 * to see what a program was loaded for, `query()` lists the programs of all security hooks of the cgroup.
 *
 * @param name as in the kernel's lsm_hook_defs.h, such as `socket_create`
 * @param cgroup its folder, such as `/sys/fs/cgroup/my.service`, or a descriptor of it
 */
export function lsmCgroup(name: string, cgroup: PathOrDescriptor): LsmCgroupHook {
  return {
    kind: 'lsm_cgroup',
    name: nonEmptyString(name, 'name'),
    cgroup: checkPathOrDescriptor(cgroup, 'cgroup'),
  }
}

/**
 * @throws EbpfError ERR_EBPF_KERNEL when `bpf` is none of the kernel's security modules. Where securityfs is not mounted, Linux
 * before 6.8 does not tell.
 */
export function requireBpfModule(hook: string): void {
  if (hasBpfModule() !== false) return
  throw ruleError(
    'ERR_EBPF_KERNEL',
    `this kernel never asks the programs of ${hook}: its security modules are ${securityModules() ?? 'without bpf'}`,
    { operation: 'attach', link: hook, hint: bpfModuleHint() },
  )
}

export const lsmFamily: HookFamily<LsmHook> = {
  programTypes: ['lsm'],
  attachTypes: ['lsm_mac'],
  feature: ({ cookie }) => (cookie > 0n ? 'a cookie of lsm' : 'lsm'),
  since: ({ cookie }) => (cookie > 0n ? '5.19' : '5.7'),
  evidence: ({ cookie }) =>
    cookie > 0n ? ['bpf_lsm_verify_prog', 'bpf_get_attach_cookie_tracing'] : 'bpf_lsm_verify_prog',
  config: 'CONFIG_BPF_LSM',
  describe: ({ name }) => `lsm ${name}`,
  loadTarget: ({ name }) => name,
  hint: (_hook, errno) => onceHint(errno),
  check: ({ name, cookie }) => requireKernelFunction(`bpf_lsm_${lsm(name, { cookie }).name}`, `lsm ${name}`),
  holds: ({ name }, link) => isTracing(link, 'lsm_mac', `bpf_lsm_${name}`),
  prepare({ name, cookie }, program) {
    const checked = lsm(name, { cookie })
    // One of another type is refused for that.
    if (program?.type === 'lsm') requireBpfModule(`lsm ${checked.name}`)
    return { native: { kind: 'tracing', cookie: checked.cookie } }
  },
}

export const lsmCgroupFamily: HookFamily<LsmCgroupHook> = {
  programTypes: ['lsm'],
  attachTypes: ['lsm_cgroup'],
  since: '6.0',
  evidence: 'bpf_trampoline_link_cgroup_shim',
  config: 'CONFIG_BPF_LSM',
  describe: ({ name, cgroup }) => `lsm_cgroup ${name} of ${describeDescriptor(cgroup)}`,
  loadTarget: ({ name }) => name,
  prepare(hook, program) {
    const { name, cgroup } = lsmCgroup(hook.name, hook.cgroup)
    if (program?.type === 'lsm') requireBpfModule(`lsm_cgroup ${name}`)
    const { fd, release } = openDescriptor(cgroup, 'cgroup', true)
    return {
      native: {
        kind: 'cgroup',
        attachType: ATTACH_TYPES.lsm_cgroup,
        cgroupFd: fd,
        flags: 0,
        relative: 0,
        expectedRevision: 0n,
      },
      release,
    }
  },
  query(hook) {
    const { name, cgroup } = lsmCgroup(hook.name, hook.cgroup)
    const { fd, release } = openDescriptor(cgroup, 'cgroup', true)
    return {
      native: { kind: 'descriptor', fd, attachType: ATTACH_TYPES.lsm_cgroup, flags: 0 },
      // The kernel answers for all security hooks of the cgroup at once.
      isHere: (programId) => isProgramFor(programId, `bpf_lsm_${name}`) ?? true,
      release,
    }
  },
}
