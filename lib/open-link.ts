import { constants } from 'node:os'
import { type Handle, binding } from './binding.ts'
import { Link } from './link.ts'
import { type LinkInfo, linkInfo } from './link-info.ts'
import { check, checkValue } from './outcome.ts'
import { type KernelTarget, openTarget } from './target.ts'

/**
 * Opens a link that is in the kernel already, to look at it, update, pin, detach or read it. Closing it lets go of it: it
 * stays attached for as long as somebody else holds or pins it. By id needs CAP_SYS_ADMIN, Linux 5.8.
 *
 * @throws EbpfError ENOENT when there is none
 */
export function openLink(target: KernelTarget): Link {
  const handle = openTarget(target, {
    noun: 'link',
    byPath: binding.linkOpenByPath,
    byId: binding.linkOpenById,
    byFd: binding.linkOpenByFd,
  })
  try {
    const { id, programId } = linkInfo(checkValue(binding.linkInfo(handle), 'bpf_link_get_info_by_fd', {}))
    const name = typeof target === 'string' ? target : `id ${id}`
    return new Link({ name, handle, program: programName(programId), opened: true })
  } catch (error) {
    binding.linkCloseSync(handle)
    throw error
  }
}

/**
 * All links of the system, of all processes, in the order of their ids. Needs CAP_SYS_ADMIN. Linux 5.8.
 */
export function listLinks(): LinkInfo[] {
  const links: LinkInfo[] = []
  for (let id = nextId(0); id !== undefined; id = nextId(id)) {
    const link = binding.linkOpenById(id)
    // Gone since, or not yet attached (`bpf_link_by_id` of the kernel).
    if (link === -constants.errno.ENOENT || link === -constants.errno.EAGAIN) continue
    links.push(infoOf(check(link, `opening link with id ${id}`, {})))
  }
  return links
}

function nextId(id: number): number | undefined {
  const next = binding.linkNextId(id)
  return next === -constants.errno.ENOENT ? undefined : check(next, 'bpf_link_get_next_id', {})
}

function infoOf(link: Handle): LinkInfo {
  try {
    return linkInfo(checkValue(binding.linkInfo(link), 'bpf_link_get_info_by_fd', {}))
  } finally {
    binding.linkCloseSync(link)
  }
}

/** The name of a program of the system, at most 15 bytes; `''` where this process may not know it. */
export function programName(id: number): string {
  const program = id === 0 ? -1 : binding.programOpenById(id)
  if (program < 0) return ''
  const info = binding.programInfo(program)
  binding.programClose(program)
  return typeof info === 'number' ? '' : info.name
}
