import { release } from 'node:os'
import { inspectBriefly, integer, optionsObject } from '../arguments.ts'
import type { NativeHook } from '../native-hook.ts'
import { invalidArgument, ruleError } from '../errors.ts'
import { BpfMap } from '../maps/map.ts'
import { kernelOlderThan } from '../system/kernel-version.ts'
import { type PathOrDescriptor, checkPathOrDescriptor, describeDescriptor, openDescriptor } from './descriptor.ts'
import type { HookFamily } from './family.ts'
import { iteratorFeature } from './iterator-targets.ts'
import { sectionTarget } from './section.ts'

/** `enum bpf_cgroup_iter_order` of linux/bpf.h. */
const ORDERS = { self: 1, descendants_pre: 2, descendants_post: 3, ancestors_up: 4, children: 5 } as const

/**
 * Which cgroups: only it (`self`), it and all below it, parents first (`descendants_pre`) or children first
 * (`descendants_post`), it and all above it (`ancestors_up`), or only those right below it (`children`, Linux 7.0).
 */
export type CgroupOrder = keyof typeof ORDERS

/** What an iterator walks over, as far as the program's section leaves it open. */
export interface IteratorHook {
  kind: 'iterator'
  map: BpfMap | undefined
  cgroup: PathOrDescriptor | undefined
  order: CgroupOrder | undefined
  tid: number | undefined
  pid: number | undefined
  pidFd: number | undefined
}

/** At most one of `map`, `cgroup`, `tid`, `pid` and `pidFd`. */
export interface IteratorOptions {
  /** For `iter/bpf_map_elem`, `iter/bpf_sk_storage_map` and `iter/sockmap`: whose entries. */
  map?: BpfMap
  /** For `iter/cgroup`: from where, a folder of the version 2 hierarchy. Linux 6.1. */
  cgroup?: PathOrDescriptor
  /** With `cgroup`. */
  order?: CgroupOrder
  /** For `iter/task`, `iter/task_file` and `iter/task_vma`: only this thread. Linux 6.1. */
  tid?: number
  /** Only the threads of this process. Linux 6.1. */
  pid?: number
  /** The same, by a descriptor of `pidfd_open(2)`. Linux 6.1. */
  pidFd?: number
}

/**
 * An iterator: a program that runs once for each task, socket, map entry and so on, when its link is read, and writes what
 * the reader gets. What it walks over is in its section, such as `SEC("iter/task")`. Linux 5.8.
 *
 * @throws TypeError when more than one thing is named to walk over
 */
export function iterator(options: IteratorOptions = {}): IteratorHook {
  const { map, cgroup, order, tid, pid, pidFd } = optionsObject(options)
  const scopes = Object.entries({ map, cgroup, tid, pid, pidFd }).filter(([, value]) => value !== undefined)
  if (scopes.length > 1) {
    throw invalidArgument(`an iterator walks over one thing, not ${scopes.map(([name]) => name).join(' and ')}`)
  }
  if (map !== undefined && !(map instanceof BpfMap)) {
    throw invalidArgument(`map must be a map, not ${inspectBriefly(map)}`)
  }
  if (order !== undefined && (cgroup === undefined || !Object.hasOwn(ORDERS, order))) {
    throw invalidArgument(
      `order is for a cgroup, and one of ${Object.keys(ORDERS).join(', ')}, not ${inspectBriefly(order)}`,
    )
  }
  return {
    kind: 'iterator',
    map,
    cgroup: cgroup === undefined ? undefined : checkPathOrDescriptor(cgroup, 'cgroup'),
    order,
    tid: tid === undefined ? undefined : integer(tid, 'tid', 1, 0x7fff_ffff),
    pid: pid === undefined ? undefined : integer(pid, 'pid', 1, 0x7fff_ffff),
    pidFd: pidFd === undefined ? undefined : integer(pidFd, 'pidFd', 0, 0x7fff_ffff),
  }
}

/** Which option says what this target walks over. */
const SCOPES = new Map<string, readonly (keyof IteratorOptions)[]>(
  Object.entries<readonly (keyof IteratorOptions)[]>({
    bpf_map_elem: ['map'],
    bpf_sk_storage_map: ['map'],
    sockmap: ['map'],
    cgroup: ['cgroup'],
    task: ['tid', 'pid', 'pidFd'],
    task_file: ['tid', 'pid', 'pidFd'],
    task_vma: ['tid', 'pid', 'pidFd'],
  }),
)

/** Those that must be told what to walk over. */
const NEEDED = new Set(['bpf_map_elem', 'bpf_sk_storage_map', 'sockmap'])

export const iteratorFamily: HookFamily<IteratorHook> = {
  programTypes: ['tracing'],
  attachTypes: ['trace_iter'],
  since: (_hook, program) => featureOf(program?.section).since,
  evidence: (_hook, program) => featureOf(program?.section).evidence,
  describe: (hook) => ['iterator', ...describeScope(hook)].join(' '),
  prepare(hook, program) {
    const checked = iterator(given(hook))
    if (program !== undefined && program.section !== '')
      refuseScope(checked, program.name, sectionTarget(program.section))
    refuseUnheard(checked)
    const { map, cgroup, order, tid = 0, pid = 0, pidFd = -1 } = checked
    const opened = cgroup === undefined ? undefined : openDescriptor(cgroup, 'cgroup', true)
    try {
      const native: NativeHook = {
        kind: 'iterator',
        mapFd: map?.fd ?? -1,
        cgroupFd: opened?.fd ?? -1,
        cgroupOrder: order === undefined ? 0 : ORDERS[order],
        tid,
        pid,
        pidFd,
      }
      return opened === undefined ? { native } : { native, release: opened.release }
    } catch (error) {
      opened?.release()
      throw error
    }
  },
}

function featureOf(section = ''): ReturnType<typeof iteratorFeature> {
  return iteratorFeature(section === '' ? '' : sectionTarget(section))
}

/** An older kernel does not look at it (`bpf_iter_attach_task`), and would walk over all processes. */
function refuseUnheard(hook: IteratorHook): void {
  const { tid, pid, pidFd } = hook
  if ((tid ?? pid ?? pidFd) === undefined || !kernelOlderThan('6.1')) return
  const what = describeScope(hook).join(' ')
  throw ruleError('ERR_EBPF_KERNEL', `an iterator ${what} needs Linux 6.1: this is ${release()}`, {
    operation: 'attach',
    link: `iterator ${what}`,
    hint: 'Attached without it, the program sees all processes, and can look for those of interest itself.',
  })
}

/** What of the options is not `undefined`. */
function given(hook: IteratorHook): IteratorOptions {
  const { kind: _kind, ...options } = hook
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** The kernel would only say EINVAL, or walk over everything. */
function refuseScope(hook: IteratorHook, program: string, target: string): void {
  const allowed = SCOPES.get(target) ?? []
  const { order: _order, ...scope } = given(hook)
  const named = Object.keys(scope) as (keyof IteratorOptions)[]
  const wrong = named.find((name) => !allowed.includes(name))
  if (wrong !== undefined) {
    const takes = allowed.length === 0 ? 'nothing' : allowed.join(' or ')
    throw invalidArgument(`program '${program}' iterates over ${target}, which takes ${takes}, not ${wrong}`)
  }
  if (named.length === 0 && NEEDED.has(target)) {
    throw invalidArgument(`program '${program}' iterates over ${target}: say of which map, by iterator({ map })`)
  }
}

function describeScope({ map, cgroup, tid, pid, pidFd }: IteratorHook): string[] {
  if (map !== undefined) return [`of map ${map.name}`]
  if (cgroup !== undefined) return [`of cgroup ${describeDescriptor(cgroup)}`]
  if (tid !== undefined) return [`of thread ${tid}`]
  if (pid !== undefined) return [`of process ${pid}`]
  return pidFd === undefined ? [] : [`of process by descriptor ${pidFd}`]
}
