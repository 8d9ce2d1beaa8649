#!/usr/bin/env node
// Builds the addon: node scripts/build-addon.mjs [--libbpf=bundled|system] [--force]
//
// build/bundled/ebpf.node and build/system/ebpf.node are kept side by side; build/Release/ebpf.node, which the package
// loads, is the one that was asked for last. Without --libbpf it is the bundled libbpf, or the system's where the
// bundled one cannot be had. Nothing is compiled when nothing changed.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { bundledLibbpf, copyShipped, versionsIn } from './libbpf.mjs'
import { withLock } from './lock.mjs'
import { libbpfProblem } from './packages.mjs'
import { filesUnder, fingerprint, main, outputOf, Problem, replace, root, run, say } from './support.mjs'
import { nodeHeaders, oldestLibbpf, present, system, systemLibbpfVersion } from './system.mjs'

const built = join(root, 'build/Release/ebpf.node')

export function builtAddon(libbpf) {
  return join(root, 'build', libbpf, 'ebpf.node')
}

/** Makes sure that build/Release/ebpf.node is up to date, and returns which libbpf it holds. */
export async function buildAddon({ libbpf, force = false } = {}) {
  if (libbpf !== undefined && libbpf !== 'bundled' && libbpf !== 'system') {
    throw new Problem(`--libbpf is either "bundled" or "system", not "${libbpf}".`)
  }
  const source = libbpf === 'system' ? systemLibbpf() : await bundledOrElse(libbpf)
  await withLock(join(root, 'build'), () => {
    const addon = builtAddon(source.kind)
    const stamp = `${addon}.stamp`
    const state = fingerprint([source.identity, compilerIdentity(), process.arch], inputs())
    const upToDate = !force && existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state
    if (!upToDate) {
      say(`Building the addon with ${source.description}`)
      compileAddon(source.kind)
      replace(built, addon)
      writeFileSync(stamp, state)
    }
    if (!existsSync(built) || !readFileSync(built).equals(readFileSync(addon))) replace(addon, built)
  })
  return source.kind
}

/** Everything in the package that ends up in the addon. */
function inputs() {
  const native = filesUnder(join(root, 'native'), (file) => /\.(cc|h)$/.test(file)).map((file) =>
    join(root, 'native', file),
  )
  return [join(root, 'binding.gyp'), join(root, 'scripts/addon.map'), locate('node-addon-api/package.json'), ...native]
}

function compilerIdentity() {
  return outputOf(process.env.CXX || 'c++', ['--version']) ?? ''
}

async function bundledOrElse(libbpf) {
  if (libbpf === undefined && system.distribution === 'ubuntu' && !process.env.EBPF_DEBIAN_MIRROR) {
    say("Ubuntu's archive does not keep the libbpf that is bundled elsewhere: building against the system's libbpf.")
    return systemLibbpf()
  }
  let folder
  try {
    folder = await bundledLibbpf()
  } catch (error) {
    if (libbpf !== undefined || !(error instanceof Problem) || !present.libbpf()) throw error
    say(`${error.message}\nBuilding against the system's libbpf instead.`)
    return systemLibbpf()
  }
  copyShipped(folder)
  const versions = versionsIn(folder)
  const description = `libbpf ${versions.libbpf} and elfutils ${versions.elfutils}, bundled`
  return { kind: 'bundled', identity: folder, description }
}

function systemLibbpf() {
  const version = systemLibbpfVersion()
  if (!present.libbpf()) throw new Problem(libbpfProblem(version, oldestLibbpf, system))
  return { kind: 'system', identity: `system ${version}`, description: `the system's libbpf ${version}` }
}

function compileAddon(kind) {
  const nodeGyp = locate('node-gyp/bin/node-gyp.js')
  const problem = 'The addon did not build; the words of node-gyp and the compiler are above.'
  const headers = nodeHeaders()
  const options = ['--loglevel=warn', ...(headers ? [`--nodedir=${headers}`] : [])]
  // Make's progress is noise: it goes to stderr with all else that is said here, warnings and errors included.
  const stdio = ['ignore', 2, 'inherit']
  run(process.execPath, [nodeGyp, 'configure', ...options, `--libbpf=${kind}`], { problem, stdio })
  run(process.execPath, [nodeGyp, 'build', ...options, `--jobs=${availableParallelism()}`], { problem, stdio })
}

function locate(module) {
  try {
    return createRequire(import.meta.url).resolve(module)
  } catch {
    // Only a checkout has a set-up; who installed the package adds them to the project that uses it.
    const isCheckout = existsSync(join(root, 'scripts/setup.mjs'))
    const remedy = isCheckout ? 'npm run setup' : 'npm install --save-dev node-gyp@12 node-addon-api'
    throw new Problem(`${module.split('/')[0]} is not installed. Run: ${remedy}`)
  }
}

/** The command line as options of buildAddon. */
export function readOptions(args) {
  const unknown = args.find((argument) => !/^--(libbpf=.*|force)$/.test(argument))
  if (unknown !== undefined) {
    throw new Problem(`Unknown argument "${unknown}". Known: --libbpf=bundled, --libbpf=system, --force.`)
  }
  const libbpf = args.find((argument) => argument.startsWith('--libbpf='))?.slice('--libbpf='.length)
  return { libbpf, force: args.includes('--force') }
}

await main(import.meta.url, async (args) => {
  await buildAddon(readOptions(args))
})
