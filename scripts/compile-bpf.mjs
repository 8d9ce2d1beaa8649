// Compiles every *.bpf.c of the tests, examples and benchmarks to a .bpf.o beside it, when something changed.
//
// *.nobtf.bpf.c is compiled without BTF. EBPF_CLANG names the compiler; without it the newest one here is used. The
// objects of examples and benchmarks are also put beside their compiled JavaScript under build/, so that
// new URL('./name.bpf.o', import.meta.url) is right for the source and for what is run.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { installCommand } from './packages.mjs'
import { besides, filesUnder, fingerprint, main, Problem, replace, root, say } from './support.mjs'
import { kernelArchitectureHeaders, newestClang, oldestClang, system } from './system.mjs'

const folders = ['test/fixtures', 'examples', 'bench']
const compiledToBuild = ['examples', 'bench']

/** libbpf's bpf_tracing.h wants to know whose registers it reads. */
const architectures = {
  x64: 'x86',
  arm64: 'arm64',
  riscv64: 'riscv',
  s390x: 's390',
  ppc64: 'powerpc',
  loong64: 'loongarch',
}

/** What clang is told, but for the file names. */
export function clangArguments({ btf, architecture, include, headers }) {
  return [
    ...(btf ? ['-g'] : []),
    '-O2',
    '-Wall',
    '-Werror',
    '-target',
    'bpf',
    '-mcpu=v3',
    `-D__TARGET_ARCH_${architectures[architecture] ?? architecture}`,
    `-I${include}`,
    // Kernel headers of the same age as libbpf come before the distribution's, which may be years older.
    '-isystem',
    join(include, 'uapi'),
    '-idirafter',
    headers,
  ]
}

export async function compilePrograms() {
  const clang = newestClang()
  if (clang === undefined) {
    const named = process.env.EBPF_CLANG ? `EBPF_CLANG names ${process.env.EBPF_CLANG}, which is not it. ` : ''
    throw new Problem(`clang ${oldestClang} or newer is needed. ${named}Run: ${installCommand(['clang'], system)}`)
  }
  const headers = kernelArchitectureHeaders()
  if (headers === undefined) {
    throw new Problem(`The kernel's asm/types.h is missing. Run: ${installCommand(['kernel headers'], system)}`)
  }
  const sources = folders.flatMap((folder) =>
    filesUnder(join(root, folder), (file) => file.endsWith('.bpf.c')).map((file) => join(folder, file)),
  )
  const shared = fingerprint([clang.path, clang.version], headersUnder('include'))
  const queue = sources.map((source) => ({ source, ...job(source, { clang, headers, shared }) }))
  const outdated = queue.filter((entry) => !entry.upToDate)
  if (outdated.length > 0)
    say(`Compiling ${outdated.length} BPF program${outdated.length > 1 ? 's' : ''} with ${clang.path}`)
  const failed = []
  const worker = async () => {
    for (let next = outdated.shift(); next !== undefined; next = outdated.shift()) {
      if (!(await compile(clang.path, next))) failed.push(next.source)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  if (failed.length > 0) throw new Problem(`${failed.sort().join(', ')} did not compile; clang's own words are above.`)
  for (const { source } of queue) putBesideCompiledScript(source)
}

function headersUnder(folder) {
  return filesUnder(join(root, folder), (file) => file.endsWith('.h')).map((file) => join(root, folder, file))
}

function job(source, { clang, headers, shared }) {
  const object = objectOf(source)
  const stamp = join(root, 'build/bpf', `${source}.stamp`)
  const btf = !source.endsWith('.nobtf.bpf.c')
  const args = clangArguments({ btf, architecture: process.arch, include: 'include', headers })
  const state = fingerprint([clang.path, shared, ...args], [join(root, source), ...headersUnder(dirname(source))])
  const upToDate = existsSync(object) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state
  return { object, stamp, args, state, upToDate }
}

function objectOf(source) {
  return join(root, source.replace(/\.c$/, '.o'))
}

function compile(clang, { source, object, stamp, args, state }) {
  const fresh = besides(object)
  return new Promise((resolve, reject) => {
    const child = spawn(clang, [...args, '-c', source, '-o', fresh], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
    const words = []
    child.stderr.on('data', (chunk) => words.push(chunk))
    child.on('error', (error) => reject(new Problem(`${clang} cannot be run (${error.code}).`)))
    // The words of one compiler stay together, though several run at once.
    child.on('close', (code) => {
      process.stderr.write(Buffer.concat(words))
      if (code === 0) {
        renameSync(fresh, object)
        mkdirSync(dirname(stamp), { recursive: true })
        writeFileSync(stamp, state)
      }
      rmSync(fresh, { force: true })
      resolve(code === 0)
    })
  })
}

function putBesideCompiledScript(source) {
  if (!compiledToBuild.some((folder) => source.startsWith(`${folder}/`))) return
  const object = objectOf(source)
  const copy = join(root, 'build', source.replace(/\.c$/, '.o'))
  if (!existsSync(copy) || !readFileSync(copy).equals(readFileSync(object))) replace(object, copy)
}

await main(import.meta.url, compilePrograms)
