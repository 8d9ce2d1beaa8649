/**
 * Debian's package lists, in an apt state of our own: the system's sources and lists stay as they are, and no package is
 * ever installed. Root is not needed.
 */
import { existsSync } from 'node:fs'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findArchives } from './archive-mirror.ts'
import { cacheFolder, makeFolder } from './cache.ts'
import { findProgram, requireTools } from './host-tools.ts'
import {
  isKernelImage,
  isKernelPart,
  isMetaPackage,
  type KernelPackage,
  kernelsIn,
  parseRecords,
  strictDependencies,
} from './kernel-packages.ts'
import type { OnProgress } from './progress.ts'
import { runCommand } from '../system/subprocess.ts'
import { VmError } from './vm-error.ts'

/** Security updates and backports have every series that Debian supports, and lists of a few hundred kilobytes. */
const SUITES = {
  security: ['bullseye-security', 'bookworm-security', 'trixie-security'],
  main: ['bookworm-backports', 'trixie-backports'],
} as const

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

export interface IndexOptions {
  signal?: AbortSignal | undefined
  onProgress?: OnProgress | undefined
}

export class PackageIndex {
  readonly #configuration: string

  private constructor(configuration: string) {
    this.#configuration = configuration
  }

  /**
   * Opens the index, and fetches its lists when they are older than `maxAge`, in milliseconds. Lists that are there
   * already do where the network does not.
   *
   * @throws VmError where there is no apt, no archive of Debian, or no network
   */
  static async open(maxAge: number, { signal, onProgress }: IndexOptions): Promise<PackageIndex> {
    if ((await findProgram('apt-get')) === undefined) {
      throw new VmError(
        'ERR_EBPF_VM_KERNEL',
        'Kernels are found by version only where apt is, and it is not here. Give the kernel as a path: --kernel PATH',
      )
    }
    await requireTools(['apt-get', 'apt-cache', 'dpkg-deb'])
    const folder = cacheFolder('apt')
    const index = new PackageIndex(await configure(folder))
    const lists = join(folder, 'state/lists')
    if ((await ageOf(lists)) > maxAge) {
      onProgress?.({ step: 'index', subject: "Debian's package lists" })
      await index.#update(lists, signal)
    }
    return index
  }

  /** All kernels that the mirror has; of one series the meta packages' choice comes first. */
  async kernels(): Promise<KernelPackage[]> {
    const names = (await this.#cache(['pkgnames', 'linux-image-'])).split('\n')
    const wanted = names.filter((name) => isKernelImage(name) || isMetaPackage(name))
    if (wanted.length === 0) return []
    return kernelsIn(parseRecords(await this.#cache(['show', '--all-versions', ...wanted])))
  }

  /** The packages whose files make up a kernel, and their sizes in bytes. */
  async parts(kernel: KernelPackage): Promise<{ name: string; version: string; size: number }[]> {
    const parts = new Map<string, { name: string; version: string; size: number }>()
    const queue = [{ name: kernel.name, version: kernel.version }]
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (parts.has(next.name)) continue
      const [record] = parseRecords(await this.#cache(['show', `${next.name}=${next.version}`]).catch(() => ''))
      // Old kernels depend on packages that the mirror has dropped, none of which hold a file of the kernel.
      if (record?.Filename === undefined) continue
      parts.set(next.name, { ...next, size: Number(record.Size ?? 0) })
      queue.push(...strictDependencies(record).filter(({ name }) => isKernelPart(name)))
    }
    return [...parts.values()]
  }

  /** Downloads a kernel's packages, and gives the paths of the archives. */
  async download(kernel: KernelPackage, folder: string, { signal, onProgress }: IndexOptions): Promise<string[]> {
    const parts = await this.parts(kernel)
    const size = parts.reduce((sum, part) => sum + part.size, 0)
    const subject = `Linux ${kernel.release} (${Math.ceil(size / 1e6)} MB)`
    onProgress?.({ step: 'download', subject, fraction: 0 })
    const { code, stderr } = await runCommand(
      'apt-get',
      ['-q', '-o', 'APT::Status-Fd=3', 'download', ...parts.map(({ name, version }) => `${name}=${version}`)],
      {
        env: this.#environment,
        cwd: folder,
        signal,
        onStatus: (line) => {
          const percent = /^dlstatus:\d+:([\d.]+):/.exec(line)?.[1]
          if (percent !== undefined) onProgress?.({ step: 'download', subject, fraction: Number(percent) / 100 })
        },
      },
    )
    if (code !== 0) {
      throw new VmError('ERR_EBPF_VM_KERNEL', `Linux ${kernel.release} could not be downloaded: ${lastWords(stderr)}`)
    }
    onProgress?.({ step: 'download', subject, fraction: 1 })
    return (await readdir(folder)).filter((name) => name.endsWith('.deb')).map((name) => join(folder, name))
  }

  async #update(lists: string, signal: AbortSignal | undefined): Promise<void> {
    const { code, stderr } = await runCommand('apt-get', ['-q', 'update'], { env: this.#environment, signal })
    const names = existsSync(lists) ? await readdir(lists) : []
    if (names.some((name) => name.endsWith('_Packages'))) {
      // Also after a failure: a suite that the mirror lacks must not be asked for again at every start.
      await writeFile(join(lists, 'fetched'), '')
      return
    }
    const words = code === 0 ? 'it has none for amd64' : lastWords(stderr)
    throw new VmError(
      'ERR_EBPF_VM_KERNEL',
      `Debian's package lists could not be fetched (${words}). Check the network, or give the kernel as a path: --kernel PATH`,
    )
  }

  async #cache(args: readonly string[]): Promise<string> {
    const { stdout } = await runCommand('apt-cache', args, { env: this.#environment })
    return stdout.toString('utf8')
  }

  get #environment(): NodeJS.ProcessEnv {
    return { ...process.env, LC_ALL: 'C', APT_CONFIG: this.#configuration }
  }
}

async function ageOf(lists: string): Promise<number> {
  try {
    return Date.now() - (await stat(join(lists, 'fetched'))).mtimeMs
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** apt's last error or warning, without its prefix. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => /^[EW]: /.test(line))
  return (lines[0] ?? stderr.trim().split('\n').at(-1) ?? '').replace(/^[EW]: /, '').trim()
}

/** Makes the folders and files of the private apt state, and gives the path of its configuration. */
async function configure(folder: string): Promise<string> {
  const archives = await findArchives()
  const empty = [
    'state/lists/partial',
    'cache/archives/partial',
    'etc/apt.conf.d',
    'etc/preferences.d',
    'etc/trusted.gpg.d',
    'etc/sources.list.d',
  ]
  for (const path of empty) await makeFolder(join(folder, path))
  if (!existsSync(KEYRING)) {
    throw new VmError(
      'ERR_EBPF_VM_TOOL',
      "The keys of Debian's archive are missing. Run: apt-get install --yes debian-archive-keyring",
    )
  }
  const source = (base: string, suite: string) => `deb [arch=amd64 signed-by=${KEYRING}] ${base} ${suite} main\n`
  const sources = [
    ...SUITES.security.map((suite) => source(archives.security, suite)),
    ...SUITES.main.map((suite) => source(archives.main, suite)),
  ]
  await writeFile(join(folder, 'etc/sources.list'), sources.join(''))
  await writeFile(join(folder, 'state/status'), '')
  const configuration = join(folder, 'apt.conf')
  await writeFile(
    configuration,
    [
      `Dir::State "${folder}/state";`,
      `Dir::State::status "${folder}/state/status";`,
      `Dir::Cache "${folder}/cache";`,
      `Dir::Etc "${folder}/etc";`,
      `Dir::Etc::parts "${folder}/etc/apt.conf.d";`,
      'APT::Architecture "amd64";',
      'APT::Architectures { "amd64"; };',
      'APT::Sandbox::User "root";',
      'Acquire::Languages "none";',
      // A machine whose clock is off, or a mirror that stands still, still has kernels. Signatures are checked all the same.
      'Acquire::Check-Valid-Until "false";',
      '',
    ].join('\n'),
  )
  return configuration
}
