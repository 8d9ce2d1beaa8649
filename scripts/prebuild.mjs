// Makes everything that the npm package ships and the repository does not hold: the stripped addon with the bundled
// libbpf under prebuilds/, the compiled TypeScript, and the BPF programs of the examples.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildAddon, builtAddon } from './build-addon.mjs'
import { compilePrograms } from './compile-bpf.mjs'
import { fingerprint, main, Problem, replace, root } from './support.mjs'
import { compileTypeScript } from './typescript.mjs'

/** npm also runs a script of this name before the one called "build", which wants none of this. */
function isHookOfBuild() {
  for (let pid = process.ppid, generation = 0; pid > 1 && generation < 3; generation++) {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    if (/^npm (run|run-script) build\b/.test(command)) return true
    pid = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  }
  return false
}

async function prebuildAddon() {
  await buildAddon({ libbpf: 'bundled' })
  const addon = builtAddon('bundled')
  const prebuilt = join(root, 'prebuilds', `linux-${process.arch}`, 'ebpf.node')
  const stamp = join(root, 'build/prebuild.stamp')
  const state = fingerprint([], [addon])
  if (existsSync(prebuilt) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return
  // prebuildify knows where a prebuilt addon belongs, and strips it. It would build anew what is built already, and
  // move it out of the build folder: so it gets a folder of its own, and "true" for a compiler.
  const stage = join(root, 'build/prebuild')
  replace(addon, join(stage, 'build/Release/ebpf.node'))
  const { default: prebuildify } = await import('prebuildify')
  await promisify(prebuildify)({ cwd: stage, out: root, name: 'ebpf', napi: true, strip: true, nodeGyp: 'true' })
  rmSync(stage, { recursive: true, force: true })
  if (!existsSync(prebuilt)) throw new Problem(`prebuildify made no ${prebuilt}.`)
  writeFileSync(stamp, state)
}

await main(import.meta.url, async () => {
  if (isHookOfBuild()) return
  await prebuildAddon()
  await compilePrograms()
  await compileTypeScript('tsconfig.json')
})
