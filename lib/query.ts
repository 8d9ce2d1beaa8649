import { boolean, optionsObject } from './arguments.ts'
import { binding } from './binding.ts'
import { EbpfError, invalidArgument } from './errors.ts'
import type { HookFamily, PreparedQuery } from './hooks/family.ts'
import { type Hook, checkHook, describeHook, familyOf, prepareQuery } from './hooks/hook.ts'
import { attachError, featureOf } from './hooks/support.ts'
import type { LinkInfo } from './link-info.ts'
import type { NativeQueryEntry } from './native-hook.ts'
import { listLinks, programName } from './open-link.ts'
import { unwrap } from './outcome.ts'

/** A program that is attached to a hook. */
export interface QueryEntry {
  programId: number
  /** At most 15 bytes; absent where this process may not know it. */
  programName?: string
  /** Absent for what is attached without a link, and where the kernel does not tell. */
  linkId?: number
  /** BPF_F_* of a cgroup's or an interface's programs, XDP_ATTACHED_* of XDP; 0 elsewhere. */
  flags: number
  /** Of a tc filter. */
  handle?: number
  /** Of a tc filter or a netfilter hook. */
  priority?: number
}

/** Who is attached to a hook. */
export interface QueryResult {
  /** Changes with every attach and detach; absent where the kernel does not count (TCX, netkit and cgroups do). */
  revision?: bigint
  /**
   * In the order in which they run; of a cgroup in the order in which they were attached, so that those with `preorder`, which
   * run before all others, are not at the front (see {@link QueryOptions}).
   */
  entries: QueryEntry[]
}

export interface QueryOptions {
  /**
   * Of a cgroup: all programs that run there, also those of the cgroups above it, in the order in which they run, in place of
   * those attached to the cgroup itself. `flags` are 0. Linux 4.15.
   */
  effective?: boolean
}

/**
 * Asks who is attached to a hook, of all processes, off the JavaScript thread. Where the kernel cannot be asked, by looking
 * through all links of the system, which needs CAP_SYS_ADMIN and misses what is attached without a link.
 *
 * @throws TypeError for a hook of which neither can tell, and for `effective` of a hook that is no `cgroup()`
 */
export async function query<H extends Hook>(hook: H, options: QueryOptions = {}): Promise<QueryResult> {
  const family = familyOf(hook)
  const effective = boolean(optionsObject(options).effective ?? false, 'effective')
  if (effective && hook.kind !== 'cgroup') {
    throw invalidArgument(`effective is for cgroup(), whose programs run below it, too: not for ${describeHook(hook)}`)
  }
  const question = prepareQuery(hook, effective)
  const answer = question === undefined ? undefined : await ask(hook, question)
  if (answer !== undefined) return answer
  if (family.holds === undefined) {
    throw invalidArgument(
      `nobody can tell who is attached to ${describeHook(hook)}: the kernel answers no such question`,
    )
  }
  checkHook(hook)
  return await lookThroughLinks(hook, family)
}

/** `undefined` where this kernel cannot be asked. */
async function ask<H extends Hook>(hook: H, question: PreparedQuery): Promise<QueryResult | undefined> {
  const { native, isHere, mayBeOf, isUnknown, release } = question
  const names = { link: describeHook(hook) }
  try {
    const outcome = await binding.hookQuery(native)
    if (outcome.errno !== 0) {
      if (isUnknown?.(outcome.errno) === true) return undefined
      throw await attachError(outcome, names, featureOf(hook))
    }
    const { revision, entries } = unwrap(outcome, names)
    const links = mayBeOf === undefined || entries.length === 0 ? [] : knownLinks()
    const linkOf = (entry: NativeQueryEntry): number => {
      const candidates = links.filter((link) => mayBeOf?.(link, entry))
      return candidates.length === 1 ? (candidates[0] as LinkInfo).id : entry.linkId
    }
    return {
      ...(revision !== 0n && { revision }),
      entries: entries
        .filter(({ programId }) => isHere?.(programId) ?? true)
        .map((entry) => ({ entry, linkId: linkOf(entry) }))
        .map(({ entry: { programId, flags, handle, priority }, linkId }) => ({
          ...named(programId),
          ...(linkId !== 0 && { linkId }),
          flags,
          ...(handle !== 0 && { handle }),
          ...((priority !== 0 || native.kind === 'netfilter') && { priority }),
        })),
    }
  } finally {
    release?.()
  }
}

async function lookThroughLinks<H extends Hook>(hook: H, family: HookFamily<H>): Promise<QueryResult> {
  const links = listLinks()
  const isHere = await Promise.all(links.map((link) => family.holds?.(hook, link)))
  const found = links.filter((_link, index) => isHere[index])
  const entries = found.map((link) => ({
    ...named(link.programId),
    linkId: link.id,
    flags: 0,
    ...(link.type === 'netfilter' && { priority: link.priority }),
  }))
  return { entries: entries.sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0)) }
}

/** None where this process may not list them. */
function knownLinks(): LinkInfo[] {
  try {
    return listLinks()
  } catch (error) {
    if (error instanceof EbpfError && error.code === 'EPERM') return []
    throw error
  }
}

function named(programId: number): { programId: number; programName?: string } {
  const name = programName(programId)
  return { programId, ...(name !== '' && { programName: name }) }
}
