/** Where a program goes among those of a hook that takes several (`bpf_mprog` of the kernel, and cgroups). */
import { constants } from 'node:os'
import { boolean, inspectBriefly, integer, optionsObject, unsigned64 } from '../arguments.ts'
import type { NativeAnchor } from '../native-hook.ts'
import { invalidArgument, outOfRange } from '../errors.ts'
import type { Link } from '../link.ts'
import type { BpfProgram } from '../program.ts'
import { Resource } from '../resource.ts'

/**
 * A program that is attached at the same hook, by its link or by itself. The kernel finds by a program alone also what is
 * attached by a link.
 */
export type Anchor = Link | BpfProgram | { linkId: number } | { programId: number }

/** At most one place; the last one without it. */
export interface Ordering {
  before?: Anchor
  after?: Anchor
  /** Before all that are there now. */
  first?: boolean
  /** After all that are there now. */
  last?: boolean
  /** Attach only when the hook is still at this revision, as `query(hook)` told it; ESTALE otherwise. */
  expectedRevision?: number | bigint
}

/** BPF_F_* of linux/bpf.h. */
const BEFORE = 1 << 3
const AFTER = 1 << 4
const ID = 1 << 5
const LINK = 1 << 13

const PLACES = ['before', 'after', 'first', 'last'] as const

/**
 * The ordering among a builder's options, checked; `undefined` when they say nothing about it.
 *
 * @throws TypeError or RangeError when there are two places, or one that cannot be.
 */
export function orderingOf(options: Ordering): Ordering | undefined {
  const { before, after, first, last, expectedRevision } = options
  const wanted = PLACES.filter((place) => options[place] !== undefined && options[place] !== false)
  if (wanted.length > 1)
    throw invalidArgument(`only one of ${PLACES.join(', ')} can be meant, not ${wanted.join(' and ')}`)
  for (const [name, value] of Object.entries({ first, last })) {
    if (value !== undefined) boolean(value, name)
  }
  if (before !== undefined) checkAnchor(before, 'before')
  if (after !== undefined) checkAnchor(after, 'after')
  const revision = expectedRevision === undefined ? undefined : checkRevision(expectedRevision)
  const ordering: Ordering = {
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    ...(first === true && { first }),
    ...(last === true && { last }),
    ...(revision !== undefined && { expectedRevision: revision }),
  }
  return Object.keys(ordering).length === 0 ? undefined : ordering
}

/**
 * The ordering of a hook, which may be made by hand, for one native call: descriptors in it are those of the anchors, which
 * stay theirs.
 *
 * @throws TypeError or RangeError as {@link orderingOf}, and when it is no object.
 * @throws EbpfError ERR_EBPF_CLOSED when the anchor was closed.
 */
export function nativeAnchor(ordering: Ordering | undefined): NativeAnchor {
  const checked = ordering === undefined ? undefined : orderingOf(optionsObject(ordering, 'ordering'))
  const { before, after, first, last, expectedRevision = 0n } = checked ?? {}
  const place = before !== undefined || first === true ? BEFORE : after !== undefined || last === true ? AFTER : 0
  const anchor = before ?? after
  const found =
    anchor === undefined
      ? { flags: 0, relative: 0 }
      : checkAnchor(anchor, before === undefined ? 'after' : 'before').resolve()
  return { flags: place | found.flags, relative: found.relative, expectedRevision: BigInt(expectedRevision) }
}

/** What an attach to an ordered list of programs that failed with a negative errno means. */
export function orderingHint(ordering: Ordering | undefined, errno: number): string | undefined {
  switch (-errno) {
    case constants.errno.ESTALE:
      return 'Programs were attached or detached there since: query(hook) tells the revision that it is at now.'
    case constants.errno.ENOENT:
      return ordering?.before === undefined && ordering?.after === undefined
        ? undefined
        : 'The link or program of before or after is not attached there: query(hook) tells which are.'
    case constants.errno.EINVAL:
      return ordering?.before === undefined && ordering?.after === undefined
        ? undefined
        : 'The link or program of before or after is of another kind than this hook takes.'
    case constants.errno.ERANGE:
      // BPF_MPROG_MAX of linux/bpf_mprog.h.
      return 'As many programs as the kernel takes there, 64, are attached.'
    default:
      return undefined
  }
}

interface ResolvableAnchor {
  resolve(): Pick<NativeAnchor, 'flags' | 'relative'>
}

function checkAnchor(anchor: unknown, argument: string): ResolvableAnchor {
  if (typeof anchor === 'object' && anchor !== null) {
    // Links and programs are told apart by what only they have: both modules need the hooks, and so this one.
    if (anchor instanceof Resource) {
      if ('section' in anchor) return { resolve: () => ({ flags: 0, relative: (anchor as BpfProgram).fd }) }
      if ('program' in anchor)
        return { resolve: () => ({ flags: LINK, relative: linkFd(anchor as unknown as Link, argument) }) }
    } else if ('linkId' in anchor) {
      const relative = integer(anchor.linkId, `${argument}.linkId`, 1, 0xffff_ffff)
      return { resolve: () => ({ flags: LINK | ID, relative }) }
    } else if ('programId' in anchor) {
      const relative = integer(anchor.programId, `${argument}.programId`, 1, 0xffff_ffff)
      return { resolve: () => ({ flags: ID, relative }) }
    }
  }
  throw invalidArgument(
    `${argument} must be a link, a program, { linkId } or { programId }, not ${inspectBriefly(anchor)}`,
  )
}

function linkFd(link: Link, argument: string): number {
  try {
    return link.fd
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EOPNOTSUPP') throw error
    throw invalidArgument(`${argument} must be a link that the kernel has: link '${link.name}' is attached without one`)
  }
}

/** 0 is what kernels say that do not count, and what the kernel takes for "at any revision". */
function checkRevision(value: number | bigint): bigint {
  const revision = unsigned64(value, 'expectedRevision')
  if (revision === 0n)
    throw outOfRange('expectedRevision must be at least 1: this kernel counts no revisions at this hook')
  return revision
}
