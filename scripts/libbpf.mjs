// The bundled libbpf: one folder with libbpf.a, libelf.a, their headers and licences, ready to be linked into the
// addon. It is built once per user and kept in the cache, so that a second clone costs nothing.
//
//   node scripts/libbpf.mjs            makes sure it is there, and prints its folder (binding.gyp asks this)
//   node scripts/libbpf.mjs --headers  also copies what a .bpf.c includes to include/, and the licences to licenses/

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { compileLibbpf, compileLibelf, compiler, elfutilsConfiguration, flags } from './libbpf/compile.mjs'
import { elfutilsReleases, libbpfReleases, obtain } from './libbpf/sources.mjs'
import { besides, fingerprint, main, outputOf, Problem, replace, root, run, say } from './support.mjs'

/** Raise it when the contents of a cached folder change in a way that neither versions nor flags show. */
const layout = 1

export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ebpf')

/** The folder of the bundled libbpf, built when it is not in the cache yet. */
export async function bundledLibbpf() {
  const cached = cachedFolder([libbpfReleases[0], elfutilsReleases[0]])
  if (existsSync(cached)) return cached
  requireTools()
  const downloads = join(cache, 'sources')
  createFolder(downloads)
  const libbpf = await obtain(libbpfReleases, downloads)
  const elfutils = await obtain(elfutilsReleases, downloads)
  for (const { release, first } of [
    { release: libbpf.release, first: libbpfReleases[0] },
    { release: elfutils.release, first: elfutilsReleases[0] },
  ]) {
    if (release !== first) say(`${first.name} ${first.version} could not be had: using ${release.version} instead.`)
  }
  const folder = cachedFolder([libbpf.release, elfutils.release])
  if (!existsSync(folder)) await build(libbpf, elfutils, folder)
  return folder
}

/** Which versions a cached folder holds: { libbpf, elfutils }. */
export function versionsIn(folder) {
  return JSON.parse(readFileSync(join(folder, 'versions.json'), 'utf8'))
}

/** Copies what the package ships beside the addon, BPF-side headers and licences, unless that was done before. */
export function copyShipped(folder) {
  const contents = (path) => existsSync(path) && readFileSync(path, 'utf8')
  const inPlace = existsSync(join(root, 'include/bpf')) && existsSync(join(root, 'include/uapi'))
  if (inPlace && contents(join(root, 'licenses/README.md')) === contents(join(folder, 'licenses/README.md'))) return
  replace(join(folder, 'bpf-include/bpf'), join(root, 'include/bpf'))
  replace(join(folder, 'bpf-include/uapi'), join(root, 'include/uapi'))
  replace(join(folder, 'licenses'), join(root, 'licenses'))
}

function cachedFolder(releases) {
  const key = fingerprint([
    layout,
    JSON.stringify(releases.map((release) => release.sha256)),
    JSON.stringify(flags),
    elfutilsConfiguration,
    process.arch,
    outputOf(compiler, ['--version']) ?? compiler,
  ])
  return join(cache, [...releases.flatMap((release) => [release.name, release.version]), key.slice(0, 12)].join('-'))
}

function createFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new Problem(`The cache folder ${folder} cannot be made (${error.code}). Name another one in XDG_CACHE_HOME.`)
  }
}

function requireTools() {
  for (const [tool, args] of [
    [compiler, ['--version']],
    ['ar', ['--version']],
    ['tar', ['--version']],
    ['bzip2', ['--help']],
  ]) {
    if (outputOf(tool, args) === undefined)
      throw new Problem(`"${tool}" is needed to build libbpf and cannot be run. Run: npm run setup`)
  }
}

/**
 * Everything is made in a folder of our own and put in place by one rename: an interrupted build leaves nothing that
 * could be taken for a whole one, and of two builds at once the second finds the first's result and drops its own.
 */
async function build(libbpf, elfutils, folder) {
  removeAbandoned()
  const work = besides(folder)
  const giveUp = (signal) => {
    rmSync(work, { recursive: true, force: true })
    process.kill(process.pid, signal)
  }
  process.once('SIGINT', giveUp).once('SIGTERM', giveUp)
  try {
    say(`Building libbpf ${libbpf.release.version} with elfutils ${elfutils.release.version} (once; kept in ${cache})`)
    const libbpfSource = unpack(libbpf.archive, join(work, 'source/libbpf'))
    const elfutilsSource = unpack(elfutils.archive, join(work, 'source/elfutils'))
    const result = join(work, 'result')
    mkdirSync(join(result, 'lib'), { recursive: true })
    await compileLibelf(elfutilsSource, join(result, 'lib/libelf.a'))
    await compileLibbpf(libbpfSource, join(elfutilsSource, 'libelf'), join(result, 'lib/libbpf.a'))
    collectHeaders(libbpfSource, result)
    collectLicenses(libbpfSource, elfutilsSource, result, [libbpf.release, elfutils.release])
    const versions = { libbpf: libbpf.release.version, elfutils: elfutils.release.version }
    writeFileSync(join(result, 'versions.json'), `${JSON.stringify(versions)}\n`)
    try {
      renameSync(result, folder)
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error
    }
  } catch (error) {
    if (error.code === 'ENOSPC')
      throw new Problem(`The disk that holds ${cache} is full. Free 100 MB, or name another folder in XDG_CACHE_HOME.`)
    throw error
  } finally {
    process.off('SIGINT', giveUp).off('SIGTERM', giveUp)
    rmSync(work, { recursive: true, force: true })
  }
}

/** Work folders of builds that were killed outright; no build takes an hour. */
function removeAbandoned() {
  for (const name of readdirSync(cache).filter((entry) => entry.endsWith('.tmp'))) {
    const path = join(cache, name)
    if (statSync(path, { throwIfNoEntry: false })?.mtimeMs < Date.now() - 3_600_000)
      rmSync(path, { recursive: true, force: true })
  }
}

function unpack(archive, target) {
  mkdirSync(target, { recursive: true })
  run('tar', ['-xf', archive, '-C', target, '--strip-components=1', '--no-same-owner'], {
    problem: `${archive} cannot be unpacked. Delete it and try again.`,
  })
  return target
}

function collectHeaders(source, result) {
  const native = ['bpf.h', 'btf.h', 'libbpf.h', 'libbpf_common.h', 'libbpf_legacy.h', 'libbpf_version.h']
  for (const header of native) cpSync(join(source, 'src', header), join(result, 'include/bpf', header))
  // Newer than the distribution's own kernel headers, which know nothing of what came after their release.
  cpSync(join(source, 'include/uapi/linux'), join(result, 'include/uapi/linux'), { recursive: true })
  const inPrograms = [
    'bpf_helpers.h',
    'bpf_helper_defs.h',
    'bpf_core_read.h',
    'bpf_tracing.h',
    'bpf_endian.h',
    'usdt.bpf.h',
  ]
  for (const header of inPrograms) cpSync(join(source, 'src', header), join(result, 'bpf-include/bpf', header))
  for (const header of ['bpf.h', 'bpf_common.h', 'btf.h']) {
    cpSync(join(source, 'include/uapi/linux', header), join(result, 'bpf-include/uapi/linux', header))
  }
}

function collectLicenses(libbpf, elfutils, result, releases) {
  const licenses = join(result, 'licenses')
  for (const file of ['LICENSE', 'LICENSE.BSD-2-Clause', 'LICENSE.LGPL-2.1'])
    cpSync(join(libbpf, file), join(licenses, 'libbpf', file))
  for (const file of ['COPYING', 'COPYING-GPLV2', 'COPYING-LGPLV3'])
    cpSync(join(elfutils, file), join(licenses, 'elfutils', file))
  // zlib's licence is the comment that opens its header.
  const zlib = existsSync('/usr/include/zlib.h') ? readFileSync('/usr/include/zlib.h', 'utf8') : ''
  mkdirSync(join(licenses, 'zlib'))
  writeFileSync(join(licenses, 'zlib/LICENSE'), `${/\/\*([\s\S]*?)\*\//.exec(zlib)?.[1].trim() ?? 'See zlib.h.'}\n`)
  const list = releases.map(
    ({ name, version, sha256, path }) => `- ${name} ${version} (Debian: ${path}, sha256 ${sha256})`,
  )
  writeFileSync(
    join(licenses, 'README.md'),
    `The addon contains, unchanged and linked statically:\n\n${list.join('\n')}\n- zlib, from the distribution it was built on\n\n` +
      'libbpf is used under its BSD-2-Clause licence, the libelf of elfutils under LGPL-3.0-or-later. To link the addon\n' +
      'with another version of them, change scripts/libbpf/sources.mjs and run: node scripts/build-addon.mjs\n',
  )
}

await main(import.meta.url, async (args) => {
  const folder = await bundledLibbpf()
  if (args.includes('--headers')) copyShipped(folder)
  process.stdout.write(`${folder}\n`)
})
