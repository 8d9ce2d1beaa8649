/** The programs of the host that a run needs, and the command that installs the missing ones. */
import { access, constants, open } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { VmError } from './vm-error.ts'

interface Tool {
  /** Names it may have, best first. */
  names: readonly string[]
  /** Completes "needed to ...". */
  why: string
  /** Its package, by package manager. */
  packages: Readonly<Record<string, string>>
}

export type ToolName =
  | 'qemu'
  | 'busybox'
  | 'modprobe'
  | 'depmod'
  | 'xz'
  | 'zstd'
  | 'lz4'
  | 'apt-get'
  | 'apt-cache'
  | 'dpkg-deb'

const TOOLS: Readonly<Record<ToolName, Tool>> = {
  qemu: {
    names: ['qemu-system-x86_64'],
    why: 'run the virtual machine',
    packages: {
      apt: 'qemu-system-x86',
      dnf: 'qemu-system-x86-core',
      apk: 'qemu-system-x86_64',
      pacman: 'qemu-system-x86',
    },
  },
  busybox: {
    names: ['busybox', 'busybox.static', 'busybox-static'],
    why: "start the guest's user space, linked statically",
    packages: { apt: 'busybox-static', dnf: 'busybox', apk: 'busybox-static', pacman: 'busybox' },
  },
  modprobe: {
    names: ['modprobe'],
    why: "load the kernel's modules in the guest",
    packages: { apt: 'kmod', dnf: 'kmod', apk: 'kmod', pacman: 'kmod' },
  },
  depmod: {
    names: ['depmod'],
    why: "index the kernel's modules",
    packages: { apt: 'kmod', dnf: 'kmod', apk: 'kmod', pacman: 'kmod' },
  },
  xz: {
    names: ['xz'],
    why: 'decompress kernels and modules',
    packages: { apt: 'xz-utils', dnf: 'xz', apk: 'xz', pacman: 'xz' },
  },
  zstd: {
    names: ['zstd'],
    why: 'decompress kernels and modules',
    packages: { apt: 'zstd', dnf: 'zstd', apk: 'zstd', pacman: 'zstd' },
  },
  lz4: {
    names: ['lz4'],
    why: 'decompress the kernel',
    packages: { apt: 'lz4', dnf: 'lz4', apk: 'lz4', pacman: 'lz4' },
  },
  'apt-get': { names: ['apt-get'], why: 'fetch kernels', packages: { apt: 'apt' } },
  'apt-cache': { names: ['apt-cache'], why: 'find kernels', packages: { apt: 'apt' } },
  'dpkg-deb': {
    names: ['dpkg-deb'],
    why: 'unpack kernels',
    packages: { apt: 'dpkg', dnf: 'dpkg', apk: 'dpkg', pacman: 'dpkg' },
  },
}

const INSTALLERS: Readonly<Record<string, { program: string; command: string }>> = {
  apt: { program: 'apt-get', command: 'apt-get install --yes --no-install-recommends' },
  dnf: { program: 'dnf', command: 'dnf install --assumeyes' },
  apk: { program: 'apk', command: 'apk add' },
  pacman: { program: 'pacman', command: 'pacman --sync --needed' },
}

/** The folders to look into: root's tools are not in everybody's PATH. */
function folders(): string[] {
  return [
    ...new Set([
      ...(process.env.PATH ?? '').split(delimiter).filter(Boolean),
      '/usr/sbin',
      '/sbin',
      '/usr/bin',
      '/bin',
    ]),
  ]
}

/** The path of a program, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of folders()) {
    const path = join(folder, name)
    try {
      await access(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

async function find(name: ToolName): Promise<string | undefined> {
  for (const candidate of TOOLS[name].names) {
    const path = await findProgram(candidate)
    if (path !== undefined && (name !== 'busybox' || (await isStatic(path)))) return path
  }
  return undefined
}

/**
 * The path of a tool.
 *
 * @throws VmError `ERR_EBPF_VM_TOOL` when it is missing: one sentence, with the command that installs it.
 */
export async function requireTool(name: ToolName): Promise<string> {
  const found = await find(name)
  if (found !== undefined) return found
  throw await missing([name])
}

/** Checks several tools at once, so that one command installs all that is missing. */
export async function requireTools(names: readonly ToolName[]): Promise<void> {
  const lacking: ToolName[] = []
  for (const name of names) if ((await find(name)) === undefined) lacking.push(name)
  if (lacking.length > 0) throw await missing(lacking)
}

async function missing(names: readonly ToolName[]): Promise<VmError> {
  const needed = names.map((name) => `${TOOLS[name].names[0]} (to ${TOOLS[name].why})`).join(', ')
  let manager: string | undefined
  for (const [candidate, { program }] of Object.entries(INSTALLERS)) {
    if ((await findProgram(program)) !== undefined) {
      manager = candidate
      break
    }
  }
  return new VmError(
    'ERR_EBPF_VM_TOOL',
    `Not installed here: ${needed}. ${remedy(names, manager, process.getuid?.() ?? -1)}`,
  )
}

/** What to do about missing tools, as a sentence. */
export function remedy(names: readonly ToolName[], manager: string | undefined, uid: number): string {
  const installer = manager === undefined ? undefined : INSTALLERS[manager]
  const packages = names.map((name) => TOOLS[name].packages[manager ?? ''])
  if (installer === undefined || packages.some((name) => name === undefined)) return 'Install them by hand.'
  const command = `${installer.command} ${[...new Set(packages)].join(' ')}`
  return `Run: ${uid === 0 ? command : `sudo ${command}`}`
}

const PT_INTERP = 3

/** Whether an ELF program needs no interpreter: a guest that has nothing else yet can run it. */
export async function isStatic(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const header = Buffer.alloc(64)
    await file.read(header, 0, 64, 0)
    if (header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2) return false
    const offset = Number(header.readBigUInt64LE(32))
    const [size, count] = [header.readUInt16LE(54), header.readUInt16LE(56)]
    const table = Buffer.alloc(size * count)
    await file.read(table, 0, table.length, offset)
    for (let index = 0; index < count; index++) if (table.readUInt32LE(index * size) === PT_INTERP) return false
    return true
  } finally {
    await file.close()
  }
}
