/** A kernel to boot: found by version among Debian's packages, or by path. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { cacheFolder, makeFolder, readJson, withLock, writeWhole } from './cache.ts'
import { requireTool } from './host-tools.ts'
import { extractVmlinux, readKernelImage } from './kernel-image.ts'
import { isVersion, type KernelPackage, newestMatch, seriesIn } from './kernel-packages.ts'
import { type IndexOptions, PackageIndex } from './package-index.ts'
import { runCommand } from '../system/subprocess.ts'
import { VmError } from './vm-error.ts'

export interface Kernel {
  /** What `uname -r` says, as far as the image tells. */
  release: string
  /** What QEMU boots. */
  image: string
  /** The folder with its modules.dep, such as /lib/modules/6.1.0-56-amd64, where it has modules. */
  modules: string | undefined
}

/** The file that says how the kernel was built, where its package holds one: libbpf looks for it at /boot/config-RELEASE. */
export function configurationOf({ modules, release }: Kernel): string | undefined {
  if (modules === undefined) return undefined
  const boot = ['../../../boot', '../../../../boot'].map((path) => join(modules, path, `config-${release}`))
  return [join(modules, 'config'), ...boot].find((path) => existsSync(path))
}

export interface KernelOptions extends IndexOptions {
  /** Ask the mirror for a newer one, also where the cache has one that matches. */
  refresh?: boolean
}

const DAY = 86_400_000

/** Raise it when what a cached kernel's folder holds changes. */
const LAYOUT = 2

/**
 * @param wanted a version (`6.12`, `6.12.107`, `latest`), or the path of a kernel or of a folder that holds one
 */
export async function resolveKernel(wanted: string, options: KernelOptions = {}): Promise<Kernel> {
  if (isVersion(wanted)) return await kernelOfVersion(wanted, options)
  const path = resolve(wanted)
  const status = await stat(path).catch(() => undefined)
  if (status === undefined) {
    throw new VmError(
      'ERR_EBPF_VM_KERNEL',
      `"${wanted}" is neither a version of Linux (such as 6.12 or latest) nor the path of a kernel.`,
    )
  }
  return status.isDirectory() ? await kernelInFolder(path) : await kernelFromFile(path)
}

/** The series of the kernels that the mirror has, oldest first. */
export async function availableKernels(options: IndexOptions = {}): Promise<string[]> {
  return await withLock('apt', options.signal, async () =>
    seriesIn(await (await PackageIndex.open(DAY, options)).kernels()),
  )
}

interface CachedKernel extends Kernel {
  version: string
}

async function kernelOfVersion(wanted: string, options: KernelOptions): Promise<Kernel> {
  const cached = newestMatch(await cachedKernels(), wanted)
  // What "latest" means changes with the mirror, not with what happens to be here.
  const settled = cached !== undefined && /^\d+\.\d/.test(wanted)
  if (settled && options.refresh !== true) return cached
  return await withLock('apt', options.signal, async () => {
    let kernels: KernelPackage[]
    let index: PackageIndex
    try {
      index = await PackageIndex.open(options.refresh === true ? 0 : DAY, options)
      kernels = await index.kernels()
    } catch (error) {
      if (cached !== undefined && error instanceof VmError) return cached
      throw error
    }
    const found = newestMatch(kernels, wanted)
    if (found === undefined) {
      if (cached !== undefined) return cached
      throw new VmError(
        'ERR_EBPF_VM_KERNEL',
        `The mirror has no Linux ${wanted}. It has ${seriesIn(kernels).join(', ') || 'none'}.`,
      )
    }
    // Another process may have fetched it while this one waited.
    const present = (await cachedKernels()).find(({ release }) => release === found.release)
    return present ?? (await install(index, found, options))
  })
}

const kernelsFolder = (): string => cacheFolder('kernels')

async function cachedKernels(): Promise<CachedKernel[]> {
  const names = await readdir(kernelsFolder()).catch(() => [])
  // Folders whose names begin with a dot are being made.
  const whole = names.filter((name) => !name.startsWith('.'))
  const kernels = await Promise.all(whole.map((name) => readJson(join(kernelsFolder(), name, 'kernel.json'))))
  return kernels
    .filter(
      (entry): entry is CachedKernel & { layout: number } =>
        (entry as { layout?: unknown } | undefined)?.layout === LAYOUT,
    )
    .map(({ release, version, image, modules }) => ({ release, version, image, modules }))
}

/** Downloads and unpacks a kernel. It appears in the cache in one step, whole. */
async function install(index: PackageIndex, kernel: KernelPackage, options: IndexOptions): Promise<CachedKernel> {
  const folder = await makeFolder(kernelsFolder())
  const target = join(folder, kernel.release)
  await removeAbandoned(folder)
  const work = await mkdtemp(join(folder, '.work-'))
  try {
    const archives = await makeFolder(join(work, 'archives'))
    const root = join(work, 'root')
    const packages = await index.download(kernel, archives, options)
    options.onProgress?.({ step: 'unpack', subject: `Linux ${kernel.release}` })
    for (const archive of packages) {
      const { code, stderr } = await runCommand('dpkg-deb', ['-x', archive, root], { signal: options.signal })
      if (code !== 0)
        throw new VmError('ERR_EBPF_VM_KERNEL', `${basename(archive)} cannot be unpacked: ${stderr.trim()}`)
    }
    await rm(archives, { recursive: true })
    const image = await findFile(root, /^vmlinuz/)
    const modules = await findModules(root, kernel.release)
    if (image === undefined || modules === undefined) {
      throw new VmError('ERR_EBPF_VM_KERNEL', `The packages of Linux ${kernel.release} hold no kernel with modules.`)
    }
    await indexModules(modules, kernel.release)
    const parsed = await readKernelImage(image)
    const extracted = parsed?.kind === 'bzImage' && (await extractVmlinux(parsed.image, join(work, 'vmlinux')))
    if (extracted) await rm(image)
    const place = (path: string) => join(target, path.slice(work.length + 1))
    const entry: CachedKernel = {
      release: kernel.release,
      version: kernel.version,
      image: extracted ? join(target, 'vmlinux') : place(image),
      modules: place(modules),
    }
    await writeWhole(join(work, 'kernel.json'), `${JSON.stringify({ layout: LAYOUT, ...entry }, undefined, 2)}\n`)
    await rm(target, { recursive: true, force: true })
    await rename(work, target)
    return entry
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** What killed processes left; nobody else is installing, as the caller holds the lock. */
async function removeAbandoned(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('.work-'))
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true })
}

/** No maintainer script of the package is run, so nobody made modules.dep yet. */
async function indexModules(modules: string, release: string): Promise<void> {
  const base = dirname(dirname(dirname(modules)))
  const { code, stderr } = await runCommand(await requireTool('depmod'), ['-b', base, release])
  if (code !== 0)
    throw new VmError('ERR_EBPF_VM_KERNEL', `The modules of Linux ${release} cannot be indexed: ${stderr.trim()}`)
}

async function findFile(folder: string, name: RegExp): Promise<string | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const found = entries.find((entry) => entry.isFile() && name.test(entry.name))
  return found === undefined ? undefined : join(found.parentPath, found.name)
}

async function findModules(root: string, release: string): Promise<string | undefined> {
  const candidates = ['lib/modules', 'usr/lib/modules'].map((path) => join(root, path, release))
  return candidates.find((path) => existsSync(join(path, 'kernel')))
}

/** What a build of Linux, an unpacked package, or /boot may hold, best first. */
const IMAGES_IN_FOLDER: readonly RegExp[] = [/^vmlinux$/, /^bzImage$/, /^vmlinuz$/, /^vmlinuz-.*$/]
const FOLDERS_OF_IMAGES = ['.', 'boot', 'arch/x86/boot'] as const

async function kernelInFolder(folder: string): Promise<Kernel> {
  for (const place of FOLDERS_OF_IMAGES) {
    const names = await readdir(join(folder, place)).catch(() => [])
    for (const pattern of IMAGES_IN_FOLDER) {
      const name = names
        .filter((candidate) => pattern.test(candidate))
        .sort()
        .at(-1)
      if (name !== undefined) return await kernelFromFile(join(folder, place, name), folder)
    }
  }
  const inModules = await readdir(join(folder, 'usr/lib/modules')).catch(() => [])
  for (const release of inModules) {
    const path = join(folder, 'usr/lib/modules', release, 'vmlinuz')
    if (existsSync(path)) return await kernelFromFile(path, folder)
  }
  throw new VmError(
    'ERR_EBPF_VM_KERNEL',
    `${folder} holds no kernel: no vmlinux, bzImage or vmlinuz, itself or below boot/ or arch/x86/boot/.`,
  )
}

async function kernelFromFile(path: string, root = dirname(dirname(path))): Promise<Kernel> {
  const parsed = await readKernelImage(path)
  if (parsed === undefined) {
    throw new VmError(
      'ERR_EBPF_VM_KERNEL',
      `${path} is no kernel for x86-64: neither an ELF file (vmlinux) nor a bzImage.`,
    )
  }
  if (parsed.kind === 'vmlinux' && !parsed.bootable) {
    throw new VmError(
      'ERR_EBPF_VM_KERNEL',
      `${path} cannot be booted directly, as it was built without CONFIG_PVH. Give its bzImage.`,
    )
  }
  const release = (parsed.kind === 'vmlinux' ? parsed.release : parsed.image.release) ?? 'unknown'
  const modules = [
    join(root, 'lib/modules', release),
    join(root, 'usr/lib/modules', release),
    dirname(path),
    join('/lib/modules', release),
  ].find((folder) => existsSync(join(folder, 'modules.dep')))
  const image =
    parsed.kind === 'vmlinux'
      ? path
      : await extractedImage(path, async (target) => await extractVmlinux(parsed.image, target))
  return { release, image, modules }
}

/** The uncompressed kernel of a bzImage, kept for as long as the file stays the same; the bzImage where there is none. */
async function extractedImage(path: string, extract: (target: string) => Promise<boolean>): Promise<string> {
  const key = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
    .slice(0, 16)
  const target = join(await makeFolder(cacheFolder('extracted')), `vmlinux-${key}`)
  if (existsSync(target)) return target
  return (await extract(target)) ? target : path
}
