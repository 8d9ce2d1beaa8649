// Makes a fresh machine ready: installs the Debian packages that are missing, and only those, and the npm packages.
// A second run finds nothing to do and says nothing.
//
//   node scripts/setup.mjs [--kernel] [--vm] [--libbpf=bundled|system]
//
// --kernel also checks that programs can be loaded into the running kernel, and mounts bpffs and tracefs; --vm adds what
// runs tests in virtual machines.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mountMissing } from './mounts.mjs'
import {
  kernelObstacle,
  libbpfProblem,
  needs,
  obstacle,
  outdatedModules,
  packagesFor,
  plan,
  requirements,
} from './packages.mjs'
import { main, outputOf, Problem, root, run, say } from './support.mjs'
import { kernelFacts, oldestClang, oldestLibbpf, present, system, systemLibbpfVersion } from './system.mjs'

export async function setUp({ kernel, vm = false, libbpf = defaultLibbpf() }) {
  const oldestNode = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '')
  const reason = obstacle({ platform: system.platform, node: process.versions.node, oldestNode })
  if (reason) throw new Problem(reason)
  if (kernel) {
    const kernelReason = kernelObstacle(kernelFacts())
    if (kernelReason) throw new Problem(kernelReason)
    mountMissing()
  }
  installPackages(requirements(libbpf, { vm }))
  installModules()
}

/** What scripts/build-addon.mjs will choose when nothing is said: Ubuntu's archive lacks the bundled one's source. */
function defaultLibbpf() {
  const fromSource = system.manager === 'apt' && system.distribution !== 'ubuntu'
  return fromSource || process.env.EBPF_DEBIAN_MIRROR ? 'bundled' : 'system'
}

function installPackages(required) {
  const missing = required.filter((need) => !present[need]())
  if (missing.includes('clang') && process.env.EBPF_CLANG) {
    throw new Problem(`EBPF_CLANG names ${process.env.EBPF_CLANG}, which is not clang ${oldestClang} or newer.`)
  }
  const decision = plan(missing, system)
  if (decision.action === 'nothing') return
  if (decision.action === 'stop') throw new Problem(decision.reason)
  say('Installing the Debian packages that are missing:')
  for (const need of missing) say(`  ${packagesFor([need], 'apt').join(' ')}, to ${needs[need].why}`)
  aptInstall(decision.packages, decision.command)
  const still = missing.filter((need) => !present[need]())
  if (still.includes('clang')) {
    throw new Problem(
      `clang ${oldestClang} or newer is needed; this distribution's is older. Name a newer one in EBPF_CLANG.`,
    )
  }
  if (still.includes('libbpf')) throw new Problem(libbpfProblem(systemLibbpfVersion(), oldestLibbpf, system))
  if (still.includes('Node headers')) {
    throw new Problem(
      "Node.js's headers are needed and this distribution's are too old. Install Node.js as a whole, with include/node.",
    )
  }
  if (still.length > 0) throw new Problem(`Still missing after the installation: ${still.join(', ')}.`)
}

function aptInstall(packages, command) {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) => ['-q', '-o', 'DPkg::Lock::Timeout=600', '-o', 'Dpkg::Use-Pty=0', ...args]
  const stdio = ['ignore', 2, 'inherit']
  // Package lists that were never fetched, or name versions that the mirror no longer has, are fetched anew.
  if (!packages.every(isKnown))
    run('apt-get', apt('update'), { stdio, env: environment, problem: unreachable('update') })
  const install = apt('install', '--yes', '--no-install-recommends', ...packages)
  try {
    run('apt-get', install, { stdio, env: environment })
  } catch {
    say('The package lists may be old: fetching them again.')
    run('apt-get', apt('update'), { stdio, env: environment, problem: unreachable('update') })
    run('apt-get', install, {
      stdio,
      env: environment,
      problem: `apt-get could not install them; its words are above. By hand: ${command}`,
    })
  }
}

function unreachable(step) {
  return `apt-get ${step} failed; its words are above. Check the network and apt's sources.`
}

function isKnown(name) {
  return /Candidate: (?!\(none\))/.test(
    outputOf('apt-cache', ['policy', name], { env: { ...process.env, LC_ALL: 'C' } }) ?? '',
  )
}

function installModules() {
  const lock = readLock('package-lock.json')
  const installed = readLock('node_modules/.package-lock.json')
  if (outdatedModules(lock, installed).length === 0) return
  say('Installing the npm packages')
  // Not "npm ci": it empties node_modules under whatever else runs in this checkout, and refuses a lock file that was
  // made where the registry lacks a package for some other platform. With --no-save the lock file stays as it is.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 'inherit'],
    problem: "npm install failed; its words are above. Check the network and npm's registry setting.",
  })
}

function readLock(path) {
  const file = join(root, path)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

await main(import.meta.url, async (args) => {
  const unknown = args.find((argument) => !/^--(kernel|vm|libbpf=(bundled|system))$/.test(argument))
  if (unknown !== undefined)
    throw new Problem(`Unknown argument "${unknown}". Known: --kernel, --vm, --libbpf=bundled, --libbpf=system.`)
  const libbpf = args.find((argument) => argument.startsWith('--libbpf='))?.slice('--libbpf='.length)
  await setUp({ kernel: args.includes('--kernel'), vm: args.includes('--vm'), libbpf })
})
