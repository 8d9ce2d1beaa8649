/** Where clang finds what programs include: ours, the system's, and the kernel's types. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import { inspectBriefly } from '../arguments.ts'
import { parseBtf } from '../btf/parse.ts'
import { invalidArgument } from '../errors.ts'
import { objectBtf } from '../object-btf.ts'
import { packageRoot } from '../package-root.ts'
import { markUsed, writeWhole } from '../system/cache-folder.ts'
import { ownCacheFolder } from './own-cache.ts'
import { readKernelBtf } from '../system/kernel-btf.ts'

/** The package's own headers. */
export const INCLUDE: string = fileURLToPath(new URL('include', packageRoot))

/** An architecture: libbpf's name of it (bpf_tracing.h), and Debian's folder of its `asm/`. */
interface Architecture {
  target: string
  triplet: string
}

/** By Node's names. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: { target: 'x86', triplet: 'x86_64-linux-gnu' },
  arm64: { target: 'arm64', triplet: 'aarch64-linux-gnu' },
  arm: { target: 'arm', triplet: 'arm-linux-gnueabihf' },
  riscv64: { target: 'riscv', triplet: 'riscv64-linux-gnu' },
  s390x: { target: 's390', triplet: 's390x-linux-gnu' },
  ppc64: { target: 'powerpc', triplet: 'powerpc64le-linux-gnu' },
  mips: { target: 'mips', triplet: 'mips-linux-gnu' },
  loong64: { target: 'loongarch', triplet: 'loongarch64-linux-gnu' },
}

/** By Node's name or the kernel's. */
export function architectureOf(name: string): Architecture {
  const found = ARCHITECTURES[name] ?? Object.values(ARCHITECTURES).find(({ target }) => target === name)
  if (found !== undefined) return found
  const names = Object.entries(ARCHITECTURES).map(([node, { target }]) =>
    node === target ? node : `${node} (${target})`,
  )
  throw invalidArgument(`architecture must be one of ${names.join(', ')}, not ${inspectBriefly(name)}`)
}

/**
 * Where the kernel's `asm/` is, where clang does not look by itself: Debian keeps it apart for each architecture, and clang
 * knows no folder for the target bpf.
 */
export function systemFolders({ triplet }: Architecture): string[] {
  return [`/usr/include/${triplet}`, `/usr/${triplet}/include`].filter((folder) =>
    existsSync(join(folder, 'asm/types.h')),
  )
}

/** Of which kernel the types are: the running one's, of bytes or a file (BTF, or ELF with it), or none. */
export type KernelTypes = string | URL | Uint8Array | false | undefined

/** Types that a header is made of. */
export interface HeaderSource {
  /** The same for the same header. */
  identity: string
  bytes: Uint8Array
}

/** How each ends: see lib/btf/header.ts. */
const END = '#endif /* __VMLINUX_H__ */\n'

/** Raise it when the same types give another header. */
const GENERATION = 1

/** The running kernel's never change. */
let running: HeaderSource | undefined

/** @throws EbpfError ERR_EBPF_KERNEL where the running kernel has no BTF; the error of `fs.readFile` for a file */
export async function headerSource(kernel: Exclude<KernelTypes, false>): Promise<HeaderSource> {
  if (kernel !== undefined) return sourceOf(types.isUint8Array(kernel) ? kernel : await readFile(kernel))
  running ??= sourceOf(readKernelBtf())
  return running
}

function sourceOf(bytes: Uint8Array): HeaderSource {
  return { identity: `${GENERATION}-${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`, bytes }
}

/**
 * A folder that holds vmlinux.h. It is made once for the same types, in the cache, or in `otherwise` where that cannot be
 * written.
 */
export async function vmlinuxFolder(
  { identity, bytes }: HeaderSource,
  cache: string | undefined,
  otherwise: string,
): Promise<string> {
  const folder = join(cache ?? otherwise, 'vmlinux', identity)
  const path = join(folder, 'vmlinux.h')
  if (await isWhole(path)) {
    await markUsed(path)
    return folder
  }
  const header = await headerText(bytes)
  try {
    await writeWhole(path, header)
    return folder
  } catch {
    await writeWhole(join(otherwise, 'vmlinux.h'), header)
    return otherwise
  }
}

async function headerText(bytes: Uint8Array): Promise<string> {
  const isElf = bytes[0] === 0x7f && bytes[1] === 0x45
  return (isElf ? (await objectBtf(bytes)).btf : parseBtf(bytes)).header()
}

/** Files are put in place whole, but a machine that loses its power may leave one that is empty, or a part. */
async function isWhole(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return false
  try {
    const { size } = await file.stat()
    const end = Buffer.alloc(Math.min(size, END.length))
    await file.read(end, 0, end.length, size - end.length)
    return end.toString() === END
  } catch {
    return false
  } finally {
    await file.close()
  }
}

/** The folder of what is kept, or undefined where there is no home to have one in. */
export function defaultCache(): string | undefined {
  return ownCacheFolder('compile')
}
