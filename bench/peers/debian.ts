/**
 * Packages of Debian's newest suites, found in an apt state of our own and unpacked into the cache: nothing is installed, the
 * system's package lists stay as they are, and root is not needed.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cache, root } from '../places.ts'

const SUITES = ['sid', 'trixie', 'trixie-backports']
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const MAX_AGE_MS = 7 * 24 * 3600e3

const state = join(cache, 'apt')
const configuration = join(state, 'apt.conf')

export interface DebianPackage {
  name: string
  version: string
}

/** Fetches the package lists when they are a week old; older ones do where the network does not. */
export async function openPackageLists(): Promise<void> {
  const fetched = join(state, 'fetched')
  if (existsSync(fetched) && Date.now() - statSync(fetched).mtimeMs < MAX_AGE_MS) return
  await configure()
  process.stderr.write("Fetching Debian's package lists\n")
  let failure: unknown
  try {
    run('apt-get', ['-q', '-o', 'APT::Update::Error-Mode=any', 'update'])
  } catch (error) {
    failure = error
  }
  // One suite that the mirror lacks fails the command, and does no harm.
  if (!readdirSync(join(state, 'lists')).some((name) => name.endsWith('_Packages'))) throw failure
  writeFileSync(fetched, '')
}

/** The newest first. */
export function versionsOf(name: string): DebianPackage[] {
  const lines = run('apt-cache', ['madison', name]).split('\n')
  const versions = lines.map((line) => line.split('|')[1]?.trim() ?? '').filter((version) => version !== '')
  return [...new Set(versions)].map((version) => ({ name, version }))
}

export function namesThatBegin(prefix: string): string[] {
  return run('apt-cache', ['pkgnames', prefix]).split('\n')
}

/** Downloads packages of these exact versions and gives the folder that holds their files. */
export function unpack(packages: readonly DebianPackage[]): string {
  const folder = join(
    cache,
    packages
      .map(({ name, version }) => `${name}_${version}`)
      .join('+')
      .replaceAll(':', '-'),
  )
  if (existsSync(folder)) return folder
  process.stderr.write(`Downloading ${packages.map(({ name, version }) => `${name} ${version}`).join(', ')}\n`)
  mkdirSync(cache, { recursive: true })
  const fresh = mkdtempSync(join(cache, 'unpacking-'))
  try {
    run('apt-get', ['-q', 'download', ...packages.map(({ name, version }) => `${name}=${version}`)], fresh)
    for (const archive of readdirSync(fresh)) run('dpkg-deb', ['--extract', archive, 'files'], fresh)
    renameSync(join(fresh, 'files'), folder)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
  return folder
}

async function configure(): Promise<void> {
  if (!existsSync(KEYRING)) throw new Error("the keys of Debian's archive are not here (debian-archive-keyring)")
  for (const folder of ['lists/partial', 'archives/partial', 'empty'])
    mkdirSync(join(state, folder), { recursive: true })
  const mirror = await findMirror()
  const line = (suite: string): string => `deb [arch=amd64 signed-by=${KEYRING}] ${mirror} ${suite} main\n`
  writeFileSync(join(state, 'sources.list'), SUITES.map(line).join(''))
  writeFileSync(join(state, 'status'), '')
  const settings = {
    'Dir::State': state,
    'Dir::State::Lists': join(state, 'lists'),
    'Dir::State::status': join(state, 'status'),
    'Dir::Cache': state,
    'Dir::Etc::SourceList': join(state, 'sources.list'),
    'Dir::Etc::SourceParts': join(state, 'empty'),
    'Dir::Etc::Parts': join(state, 'empty'),
    'Dir::Etc::Preferences': join(state, 'empty/preferences'),
    'Dir::Etc::PreferencesParts': join(state, 'empty'),
    'APT::Architecture': 'amd64',
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Check-Valid-Until': 'false',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";\n`)
  writeFileSync(configuration, `${lines.join('')}APT::Architectures { "amd64"; };\n`)
}

/** As ebpf/testing finds it for kernels: from EBPF_DEBIAN_MIRROR, else from apt's sources. */
async function findMirror(): Promise<string> {
  const module: unknown = await import(pathToFileURL(join(root, 'dist/testing/archive-mirror.js')).href)
  const { findArchives } = module as { findArchives(): Promise<{ main: string }> }
  return (await findArchives()).main
}

function run(command: string, args: string[], cwd?: string): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', APT_CONFIG: configuration },
    ...(cwd !== undefined && { cwd }),
  })
}
