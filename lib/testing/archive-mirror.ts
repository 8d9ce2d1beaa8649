/** Debian's archives, as this machine's apt knows them. */
import { readFile } from 'node:fs/promises'
import { requireTool } from './host-tools.ts'
import { runCommand } from '../system/subprocess.ts'
import { VmError } from './vm-error.ts'

export interface Archives {
  /** The base of the releases and backports. */
  main: string
  /** The base of the security updates. */
  security: string
}

/**
 * From the environment variable EBPF_DEBIAN_MIRROR, else from apt's sources.
 *
 * @throws VmError when neither names an archive of Debian
 */
export async function findArchives(): Promise<Archives> {
  const named = process.env.EBPF_DEBIAN_MIRROR
  const archives = archivesIn(named === undefined || named === '' ? await aptTargets() : [named])
  if (archives !== undefined) return archives
  throw new VmError(
    'ERR_EBPF_VM_KERNEL',
    "apt's sources here name no archive of Debian, where kernels are found by version. " +
      'Name one in EBPF_DEBIAN_MIRROR (a URL that ends in /debian), or give the kernel as a path: --kernel PATH',
  )
}

/** The archives among base URLs of apt's sources; the one for security lies beside the main one. */
export function archivesIn(bases: readonly string[]): Archives | undefined {
  const trimmed = bases.map((base) => base.replace(/\/+$/, ''))
  const main = trimmed.find((base) => base.endsWith('/debian')) ?? sibling(trimmed.find(isSecurity))
  if (main === undefined) return undefined
  return { main, security: trimmed.find(isSecurity) ?? `${main}-security` }
}

const isSecurity = (base: string): boolean => base.endsWith('/debian-security')
const sibling = (security: string | undefined): string | undefined => security?.replace(/-security$/, '')

async function aptTargets(): Promise<string[]> {
  const { stdout } = await runCommand(await requireTool('apt-get'), ['indextargets', '--format', '$(REPO_URI)'])
  const lists = await Promise.all(
    stdout
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map(mirrorList),
  )
  return lists.flat()
}

/** Cloud images name their mirrors in a file: mirror+file:/etc/apt/mirrors/debian.list. */
async function mirrorList(uri: string): Promise<string[]> {
  const path = /^mirror\+file:(?:\/\/)?(\/.*?)\/?$/.exec(uri)?.[1]
  if (path === undefined) return [uri]
  try {
    const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.split(/\s/)[0] ?? '')
    return lines.filter((line) => line.includes('://'))
  } catch {
    return []
  }
}
