// Where the bundled libbpf and libelf come from: Debian's source packages, pinned by version and checksum, fetched
// from the mirror that this machine's apt is set up for. No third-party source is kept in this repository.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { besides, outputOf, Problem, say } from '../support.mjs'

/**
 * Newest first. A mirror drops a version when no suite of Debian holds it any more; the last of each list is in
 * Debian 13's pool, so it stays for as long as that release is served.
 */
export const libbpfReleases = [
  {
    name: 'libbpf',
    version: '1.7.0',
    path: 'pool/main/libb/libbpf/libbpf_1.7.0.orig.tar.gz',
    sha256: '7ab5feffbf78557f626f2e3e3204788528394494715a30fc2070fcddc2051b7b',
  },
  {
    name: 'libbpf',
    version: '1.5.0',
    path: 'pool/main/libb/libbpf/libbpf_1.5.0.orig.tar.gz',
    sha256: '53492aff6dd47e4da04ef5e672d753b9743848bdb38e9d90eafbe190b7983c44',
  },
]

export const elfutilsReleases = [
  {
    name: 'elfutils',
    version: '0.192',
    path: 'pool/main/e/elfutils/elfutils_0.192.orig.tar.bz2',
    sha256: '616099beae24aba11f9b63d86ca6cc8d566d968b802391334c91df54eab416b4',
  },
  {
    name: 'elfutils',
    version: '0.188',
    path: 'pool/main/e/elfutils/elfutils_0.188.orig.tar.bz2',
    sha256: 'fb8b0e8d0802005b9a309c60c1d8de32dd2951b56f0c3a3cb56d21ce01595dff',
  },
]

/** The mirrors named by EBPF_DEBIAN_MIRROR, else by apt's own configuration; Debian's main archive comes first. */
export function mirrors(environment = process.env, aptTargets = readAptTargets) {
  if (environment.EBPF_DEBIAN_MIRROR) return [withoutSlash(environment.EBPF_DEBIAN_MIRROR)]
  const bases = aptTargets()
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .flatMap(mirrorList)
    .map(withoutSlash)
  const isMainArchive = (base) => base.endsWith('/debian')
  return [...new Set(bases)].sort((a, b) => Number(isMainArchive(b)) - Number(isMainArchive(a)))
}

function readAptTargets() {
  return outputOf('apt-get', ['indextargets', '--format', '$(REPO_URI)']) ?? ''
}

/** Cloud images name their mirrors in a file: mirror+file:/etc/apt/mirrors/debian.list. */
function mirrorList(uri) {
  const file = /^mirror\+file:(?:\/\/)?(\/.*?)\/?$/.exec(uri)?.[1]
  if (file === undefined) return [uri]
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(/\s/)[0])
    .filter((entry) => entry.includes('://'))
}

function withoutSlash(uri) {
  return uri.replace(/\/+$/, '')
}

/** The first of `releases` that can be had, as { release, archive }: an archive whose checksum was verified. */
export async function obtain(releases, folder) {
  const failures = []
  for (const release of releases) {
    const archive = await download(release, folder, failures)
    if (archive) return { release, archive }
  }
  const wanted = releases.map((release) => release.version).join(' nor ')
  throw new Problem(
    `Neither ${releases[0].name} ${wanted} could be fetched from a Debian mirror (${summary(failures)}). ` +
      "Check the network, name a mirror in EBPF_DEBIAN_MIRROR, or build against the system's library: " +
      'npm run build -- --libbpf=system',
  )
}

function summary(failures) {
  if (failures.length === 0) return "apt's configuration names none"
  return [...new Set(failures)].join('; ')
}

async function download(release, folder, failures) {
  const archive = join(folder, release.path.split('/').at(-1))
  if (existsSync(archive) && checksum(readFileSync(archive)) === release.sha256) return archive
  for (const mirror of mirrors()) {
    const host = URL.canParse(mirror) ? new URL(mirror).host : mirror
    say(`Fetching ${release.name} ${release.version} from ${host}`)
    let bytes
    try {
      bytes = await fetchBytes(`${mirror}/${release.path}`, folder)
    } catch (error) {
      failures.push(`${release.name} ${release.version}: ${host}: ${error.message}`)
      continue
    }
    if (checksum(bytes) !== release.sha256) {
      failures.push(`${release.name} ${release.version}: ${host} served other bytes than the pinned ones`)
      continue
    }
    const fresh = besides(archive)
    writeFileSync(fresh, bytes)
    renameSync(fresh, archive)
    return archive
  }
  return undefined
}

const aptHelper = '/usr/lib/apt/apt-helper'

/** apt's own downloader where there is one, because it knows about proxies and credentials; else plain fetch. */
async function fetchBytes(url, folder) {
  if (existsSync(aptHelper) && !process.env.EBPF_DEBIAN_MIRROR) {
    mkdirSync(folder, { recursive: true })
    const target = besides(join(folder, 'download'))
    try {
      // Root's downloads run as the user _apt, who may not write into root's cache: keep them as who we are.
      const asOurselves = ['-o', 'APT::Sandbox::User=', '-o', 'Acquire::Retries=2', '-o', 'Acquire::http::Timeout=30']
      const done = outputOf(aptHelper, [...asOurselves, 'download-file', url, target])
      if (done === undefined || !existsSync(target)) throw new Error('not served there, or not reached')
      return readFileSync(target)
    } finally {
      rmSync(target, { force: true })
    }
  }
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) }).catch((error) => {
    throw new Error(error.cause?.message ?? error.message)
  })
  if (!response.ok) throw new Error(`answered ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

function checksum(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}
