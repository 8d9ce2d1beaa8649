import { constants } from 'node:os'
import { boolean, inspectBriefly, optionsObject } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { ATTACH_TYPES } from '../kernel-enums.ts'
import { privilegeHint } from '../system/privileges.ts'
import type { Link } from '../link.ts'
import { Resource } from '../resource.ts'
import { type Ordering, nativeAnchor, orderingHint, orderingOf } from './anchor.ts'
import { type PathOrDescriptor, checkPathOrDescriptor, describeDescriptor, openDescriptor } from './descriptor.ts'
import type { HookFamily, HookedProgram } from './family.ts'

/** What happens in a cgroup, and libbpf's name of the program type that it takes. */
const PROGRAM_TYPES = {
  inet_ingress: 'cgroup_skb',
  inet_egress: 'cgroup_skb',
  inet_sock_create: 'cgroup_sock',
  inet_sock_release: 'cgroup_sock',
  inet4_post_bind: 'cgroup_sock',
  inet6_post_bind: 'cgroup_sock',
  inet4_bind: 'cgroup_sock_addr',
  inet6_bind: 'cgroup_sock_addr',
  inet4_connect: 'cgroup_sock_addr',
  inet6_connect: 'cgroup_sock_addr',
  unix_connect: 'cgroup_sock_addr',
  udp4_sendmsg: 'cgroup_sock_addr',
  udp6_sendmsg: 'cgroup_sock_addr',
  unix_sendmsg: 'cgroup_sock_addr',
  udp4_recvmsg: 'cgroup_sock_addr',
  udp6_recvmsg: 'cgroup_sock_addr',
  unix_recvmsg: 'cgroup_sock_addr',
  inet4_getpeername: 'cgroup_sock_addr',
  inet6_getpeername: 'cgroup_sock_addr',
  unix_getpeername: 'cgroup_sock_addr',
  inet4_getsockname: 'cgroup_sock_addr',
  inet6_getsockname: 'cgroup_sock_addr',
  unix_getsockname: 'cgroup_sock_addr',
  sock_ops: 'sock_ops',
  device: 'cgroup_device',
  sysctl: 'cgroup_sysctl',
  getsockopt: 'cgroup_sockopt',
  setsockopt: 'cgroup_sockopt',
} as const

/** What happens in a cgroup, as in `enum bpf_attach_type` of linux/bpf.h, without `BPF_CGROUP_`. */
export type CgroupAttachType = keyof typeof PROGRAM_TYPES

/** The processes of a cgroup and of those below it. */
export interface CgroupHook {
  kind: 'cgroup'
  cgroup: PathOrDescriptor
  /** `undefined`: what the program was loaded for. */
  attachType: CgroupAttachType | undefined
  /** `undefined`: after all that are there. */
  ordering: Ordering | undefined
  preorder: boolean
}

/** A link to the same cgroup. */
export type CgroupAnchor = Link | { linkId: number }

/**
 * Places among the programs of the same cgroup, Linux 6.17; `before`, `after` and `expectedRevision` also libbpf 1.6. By
 * default a program goes after the others.
 */
export interface CgroupOptions extends Omit<Ordering, 'before' | 'after'> {
  before?: CgroupAnchor
  after?: CgroupAnchor
  /** What the program was loaded for, which its section says, by default. Named for a program that was opened, and for `SEC("cgroup/skb")`. */
  attachType?: CgroupAttachType
  /**
   * Runs before the programs of cgroups further down, which are otherwise the first. Linux 6.17.
   */
  preorder?: boolean
}

/**
 * What the processes of a cgroup and of those below it do, by a link: their packets, sockets, addresses, socket options,
 * devices, sysctls. Linux 5.7; getpeername and getsockname 5.8, inet_sock_release 5.9, unix_* 6.7.
 *
 * A program that returns 0 denies (the call fails with EPERM, the packet is dropped); all programs must allow.
 *
 * @param cgroup folder of a version 2 hierarchy, such as `/sys/fs/cgroup/user.slice`, or an open descriptor of it
 */
export function cgroup(cgroup: PathOrDescriptor, options: CgroupOptions = {}): CgroupHook {
  const { attachType, preorder = false } = optionsObject(options)
  return {
    kind: 'cgroup',
    cgroup: checkPathOrDescriptor(cgroup, 'cgroup'),
    attachType: attachType === undefined ? undefined : checkAttachType(attachType),
    ordering: checkOrdering(options),
    preorder: boolean(preorder, 'preorder'),
  }
}

/** For a link the kernel looks only among links (`get_prog_list` in kernel/bpf/cgroup.c), and says EINVAL of programs. */
function checkOrdering(options: Ordering): Ordering | undefined {
  for (const place of ['before', 'after'] as const) {
    const anchor: unknown = options[place]
    if (typeof anchor !== 'object' || anchor === null) continue
    if ((anchor instanceof Resource && 'section' in anchor) || 'programId' in anchor) {
      throw invalidArgument(
        `${place} must be a link or { linkId }: in a cgroup the kernel finds no programs by themselves`,
      )
    }
  }
  return orderingOf(options)
}

/**
 * Kernels that count no revisions would not look at the one that is expected, but they refuse places, and the last one is
 * where a program goes anyway.
 */
function demandingOrdering(asked: Ordering | undefined): Ordering | undefined {
  const ordering = asked === undefined ? undefined : checkOrdering(optionsObject(asked, 'ordering'))
  if (ordering === undefined || ordering.before !== undefined || ordering.after !== undefined) return ordering
  return ordering.first === true ? ordering : { ...ordering, last: true }
}

function checkAttachType(value: unknown): CgroupAttachType {
  if (typeof value === 'string' && Object.hasOwn(PROGRAM_TYPES, value)) return value as CgroupAttachType
  const known = Object.keys(PROGRAM_TYPES).join(', ')
  throw invalidArgument(`attachType must be one of ${known}, not ${inspectBriefly(value)}`)
}

/** BPF_F_PREORDER of linux/bpf.h. */
const PREORDER = 1 << 6

/** BPF_F_QUERY_EFFECTIVE of linux/bpf.h. */
const QUERY_EFFECTIVE = 1 << 0

const TYPES = [...new Set<string>(Object.values(PROGRAM_TYPES))]

export const cgroupFamily: HookFamily<CgroupHook> = {
  programTypes: TYPES,
  feature: (hook, program) => demandOf(hook, program).feature,
  since: (hook, program) => demandOf(hook, program).since,
  evidence: (hook, program) => demandOf(hook, program).evidence,
  config: 'CONFIG_CGROUP_BPF',
  refusals: (hook) => (asksForPlace(hook) ? [constants.errno.EINVAL] : undefined),
  describe: ({ cgroup, attachType }) => `cgroup ${describeDescriptor(cgroup)}${attachType ? ` ${attachType}` : ''}`,
  prepare(hook, program) {
    const attachType = attachTypeFor(hook, program)
    const anchor = nativeAnchor(demandingOrdering(hook.ordering))
    const flags = anchor.flags | (boolean(hook.preorder, 'preorder') ? PREORDER : 0)
    const { fd, release } = openDescriptor(hook.cgroup, 'cgroup', true)
    return {
      native: { kind: 'cgroup', attachType: ATTACH_TYPES[`cgroup_${attachType}`], cgroupFd: fd, ...anchor, flags },
      release,
    }
  },
  hint,
  query(hook, effective) {
    const attachType = attachTypeFor(hook)
    const { fd, release } = openDescriptor(hook.cgroup, 'cgroup', true)
    return {
      native: {
        kind: 'descriptor',
        fd,
        attachType: ATTACH_TYPES[`cgroup_${attachType}`],
        flags: effective ? QUERY_EFFECTIVE : 0,
      },
      release,
    }
  },
}

function hint({ ordering }: CgroupHook, errno: number): string | undefined {
  if (errno === -constants.errno.EBADF)
    return 'It must be the folder of a cgroup in a hierarchy of version 2 (cgroup2).'
  if (errno === -constants.errno.EINVAL && (ordering?.before ?? ordering?.after) !== undefined) {
    return 'The link of before or after must be of a program of the same type, and with the same preorder.'
  }
  if (errno !== -constants.errno.EPERM) return orderingHint(ordering, errno)
  return privilegeHint() ?? 'A program is attached here, or above, that allows no others (without BPF_F_ALLOW_MULTI).'
}

/** Known since Linux 6.17, and to kernels that took it over, such as Debian's 6.12.117; no function tells them. */
function asksForPlace({ ordering, preorder }: CgroupHook): boolean {
  return ordering !== undefined || preorder === true
}

interface Demand {
  feature: string
  since: string
  evidence: readonly string[] | undefined
}

/** What a hook asks of the kernel; all that is attached by a link came with Linux 5.7, or later. */
function demandOf(hook: CgroupHook, program?: HookedProgram): Demand {
  const { attachType } = hook
  if (asksForPlace(hook)) {
    return { feature: 'a place among the programs of a cgroup', since: '6.17', evidence: undefined }
  }
  const name = attachType ?? (program === undefined ? undefined : loadedFor(program))
  const link = ['cgroup_bpf_link_attach']
  if (name === undefined) return { feature: 'cgroup', since: '5.7', evidence: link }
  const feature = `cgroup ${name}`
  if (name.startsWith('unix_')) return { feature, since: '6.7', evidence: [...link, 'bpf_sock_addr_set_sun_path'] }
  if (name === 'inet_sock_release') return { feature, since: '5.9', evidence: undefined }
  if (/^inet[46]_get/.test(name)) return { feature, since: '5.8', evidence: undefined }
  return { feature, since: '5.7', evidence: link }
}

/** @throws TypeError when neither the hook nor the program says which, or they contradict each other. */
function attachTypeFor({ attachType }: CgroupHook, program?: HookedProgram): CgroupAttachType {
  if (program === undefined) return named(attachType)
  if (!TYPES.includes(program.type)) {
    const other = program.type === 'lsm' ? ' by cgroup(): security hooks have lsmCgroup()' : ''
    throw invalidArgument(
      `program '${program.name}' is of type ${program.type}, which cannot be attached to a cgroup${other}`,
    )
  }
  const wanted = attachType === undefined ? loadedFor(program) : checkAttachType(attachType)
  if (wanted === undefined) return named(undefined, program)
  if (PROGRAM_TYPES[wanted] !== program.type) {
    throw invalidArgument(
      `attach type ${wanted} takes programs of type ${PROGRAM_TYPES[wanted]}, and '${program.name}' is of type ${program.type}`,
    )
  }
  const loaded = loadedFor(program)
  // The kernel checks addresses and sockets differently for each of their attach types, and packets alike.
  if (loaded !== undefined && loaded !== wanted && program.type !== 'cgroup_skb') {
    throw invalidArgument(`program '${program.name}' was loaded for ${loaded}, and cannot be attached for ${wanted}`)
  }
  return wanted
}

function named(attachType: CgroupAttachType | undefined, program?: HookedProgram): CgroupAttachType {
  if (attachType !== undefined) return checkAttachType(attachType)
  const whose = program === undefined ? '' : `; program '${program.name}' of type ${program.type} does not say it`
  throw invalidArgument(`the cgroup hook needs an attachType, such as inet_ingress${whose}`)
}

/** What a program says of itself: by what it was loaded for, or by its type where that has one attach type only. */
function loadedFor(program: HookedProgram): CgroupAttachType | undefined {
  const { section, type, expectedAttachType } = program
  const only = Object.entries(PROGRAM_TYPES).filter(([, taken]) => taken === type)
  if (only.length === 1) return only[0]?.[0] as CgroupAttachType
  const name = expectedAttachType.replace(/^cgroup_/, '')
  if (!Object.hasOwn(PROGRAM_TYPES, name)) return undefined
  // It is number 0, so also what is said of a program that was loaded for nothing.
  if (name === 'inet_ingress' && !section.replace(/^\?/, '').startsWith('cgroup_skb/ingress')) return undefined
  return name as CgroupAttachType
}
