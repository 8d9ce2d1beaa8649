// What this machine is and has: the facts that packages.mjs decides on.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { dirname, join } from 'node:path'
import { compiler } from './libbpf/compile.mjs'
import { isOlder, managers } from './packages.mjs'
import { outputOf } from './support.mjs'

/** Older ones lack functions that the addon cannot do without. */
export const oldestLibbpf = '1.1'

/** The first clang whose BPF code the oldest supported kernels and our headers agree on. */
export const oldestClang = 14

const programs = { apt: 'apt-get', dnf: 'dnf', apk: 'apk', pacman: 'pacman' }

export const system = {
  platform: process.platform,
  uid: process.getuid?.() ?? -1,
  get manager() {
    return managers.find((manager) => findProgram(programs[manager]) !== undefined)
  },
  get distribution() {
    if (!existsSync('/etc/os-release')) return undefined
    return /^ID="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  },
}

/** What the running kernel offers, and what this process may do. */
export function kernelFacts() {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
  return {
    release: release(),
    hasBpf: existsSync('/proc/sys/kernel/unprivileged_bpf_disabled'),
    capabilities: BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(status)?.[1] ?? '0'}`),
  }
}

/** Is a need of packages.mjs met here? */
export const present = {
  clang: () => newestClang() !== undefined,
  'kernel headers': () => existsSync('/usr/include/linux/bpf.h') && kernelArchitectureHeaders() !== undefined,
  'C++ compiler': () => runs(process.env.CXX || 'c++') && runs(compiler),
  make: () => runs('make'),
  python: () => runs(process.env.PYTHON || 'python3'),
  'Node headers': () => nodeHeaders() !== undefined,
  'pkg-config': () => runs('pkg-config'),
  zlib: () => existsSync('/usr/include/zlib.h') && compilerFinds('libz.a'),
  bzip2: () => findProgram('bzip2') !== undefined,
  libbpf: () => systemLibbpfVersion() !== undefined && !isOlder(systemLibbpfVersion(), oldestLibbpf),
  iproute2: () => findProgram('ip') !== undefined,
  qemu: () => findProgram('qemu-system-x86_64') !== undefined,
  busybox: () => ['busybox', 'busybox.static'].map(findProgram).some((path) => path !== undefined && isStatic(path)),
  kmod: () => findProgram('depmod') !== undefined && findProgram('modprobe') !== undefined,
  xz: () => findProgram('xz') !== undefined,
  zstd: () => findProgram('zstd') !== undefined,
  lz4: () => findProgram('lz4') !== undefined,
}

/** The version of the libbpf that pkg-config finds, or undefined. */
export function systemLibbpfVersion() {
  return outputOf('pkg-config', ['--modversion', 'libbpf'])
}

/** The folder of asm/types.h: Debian keeps it apart for each architecture. */
export function kernelArchitectureHeaders() {
  const triplet = outputOf(compiler, ['-dumpmachine'])
  return [`/usr/include/${triplet}`, '/usr/include'].find((folder) => existsSync(join(folder, 'asm/types.h')))
}

/** What binding.gyp asks for. Node-API never breaks, so the headers of another Node that has it do as well. */
const nodeApi = 9

/**
 * A prefix whose include/node holds headers to build with, as node-gyp wants it in --nodedir, or undefined: those of
 * this Node, else of any that has our Node-API.
 */
export function nodeHeaders() {
  const prefixes = [dirname(dirname(process.execPath)), '/usr/local', '/usr']
  const found = prefixes.map((prefix) => ({ prefix, ...headerVersion(prefix) })).filter(({ api }) => api >= nodeApi)
  const own = found.find(({ major }) => major === process.versions.node.split('.')[0])
  return (own ?? found[0])?.prefix
}

function headerVersion(prefix) {
  const header = join(prefix, 'include/node/node_version.h')
  if (!existsSync(header) || !existsSync(join(prefix, 'include/node/common.gypi'))) return { api: 0 }
  const text = readFileSync(header, 'utf8')
  return {
    major: /#define NODE_MAJOR_VERSION (\d+)/.exec(text)?.[1],
    api: Number(/#define (?:NAPI_VERSION|NODE_API_SUPPORTED_VERSION_MAX)\s+(\d+)/.exec(text)?.[1] ?? 0),
  }
}

/**
 * The newest clang here that is new enough, as { path, version }, or undefined. EBPF_CLANG names one outright. The library has
 * the same rule (lib/compile/clang.ts), but is compiled only after this was asked; a test holds them together.
 */
export function newestClang() {
  const named = process.env.EBPF_CLANG
  const candidates = named
    ? [named]
    : [...programNames().filter((name) => /^clang(-\d+)?$/.test(name)), ...clangsOfDistributions()]
  return candidates
    .map((path) => ({ path, version: Number(/version (\d+)/.exec(outputOf(path, ['--version']) ?? '')?.[1] ?? 0) }))
    .filter(({ version }) => version >= oldestClang)
    .sort((a, b) => b.version - a.version)[0]
}

function clangsOfDistributions() {
  return ['/usr/lib', '/usr/lib64']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name, 'bin/clang')))
    .filter((path) => /\/llvm-?\d+\//.test(path) && existsSync(path))
}

function programFolders() {
  // Root's tools are not in everybody's PATH.
  return [...new Set([...(process.env.PATH ?? '').split(':').filter(Boolean), '/usr/sbin', '/sbin'])]
}

function programNames() {
  return [...new Set(programFolders().flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : [])))]
}

function findProgram(name) {
  return programFolders()
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
}

/** Debian has busybox twice; only the one without an interpreter runs where there is no C library yet. */
function isStatic(path) {
  return !readFileSync(path).includes('/lib64/ld-') && !readFileSync(path).includes('/lib/ld-')
}

function runs(program) {
  return outputOf(program, ['--version']) !== undefined
}

function compilerFinds(library) {
  const path = outputOf(compiler, [`-print-file-name=${library}`])
  return path !== undefined && path !== library
}
