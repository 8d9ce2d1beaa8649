// What every script here shares. Plain Node, no dependency: these run before `npm install`.

import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The package's own folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** A failure that the person at the terminal can act on: its message is all that is printed. */
export class Problem extends Error {}

/** Progress goes to stderr, so that stdout holds only what a script was asked to print. */
export function say(message) {
  process.stderr.write(`${message}\n`)
}

/** Runs `work` when the module is the program itself, and turns a Problem into one sentence and exit code 1. */
export async function main(moduleUrl, work) {
  if (moduleUrl !== pathToFileURL(process.argv[1] ?? '').href) return
  try {
    await work(process.argv.slice(2))
  } catch (error) {
    const sentence = error instanceof Problem ? error.message : refusal(error)
    if (sentence === undefined) throw error
    say(`ebpf: ${sentence}`)
    process.exitCode = 1
  }
}

/** What the file system refuses is no bug of a script: a sentence about it, or undefined for all other errors. */
function refusal(error) {
  const { code, path } = error
  if (path === undefined) return undefined
  if (code === 'EACCES' || code === 'EPERM') return `${path} cannot be written (${code}): who owns this checkout?`
  if (code === 'EROFS' || code === 'ENOSPC') return `${path} cannot be written (${code}).`
  return undefined
}

/** Runs a command that is expected to work; `problem` is what to say when it does not. */
export function run(command, args, { problem, ...options } = {}) {
  const result = spawnSync(command, args, { stdio: 'inherit', cwd: root, ...options })
  if (result.signal) throw new Problem(`${command} was ended by ${result.signal}.`)
  if (result.error || result.status !== 0) {
    const reason = result.error ? ` (${result.error.message})` : ''
    throw new Problem(problem ?? `"${[command, ...args].join(' ')}" failed${reason}.`)
  }
  return result
}

/** The trimmed output of a command, or undefined when it is missing or fails. */
export function outputOf(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], ...options })
  return result.status === 0 ? result.stdout.trim() : undefined
}

/**
 * The files under a folder, sorted, as paths relative to it; `wanted` gets that path.
 * @param {string} folder
 * @param {(path: string) => boolean} [wanted]
 * @returns {string[]}
 */
export function filesUnder(folder, wanted = () => true) {
  let entries
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)))
    .filter(wanted)
    .sort()
}

/** One hash over texts and the contents of files: the same hash means that nothing changed. */
export function fingerprint(texts, files = []) {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(`${text}\0`)
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}

/** A name beside `path` that no other process uses, on the same file system, so that a rename is atomic. */
export function besides(path) {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`
}

/**
 * Puts a copy of a file or folder in place in one step. A process that has the old one open or mapped keeps it
 * unharmed; nobody ever sees half a file.
 */
export function replace(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  const fresh = besides(to)
  try {
    cpSync(from, fresh, { recursive: true, preserveTimestamps: true })
    if (lstatSync(from).isDirectory()) rmSync(to, { recursive: true, force: true })
    renameSync(fresh, to)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

/**
 * Moves the files of one folder into another of the same file system, each in one step: nobody ever sees half a file, or
 * misses one that stays. With `exactly`, what else was there is removed.
 */
export function refill(from, to, { exactly = false } = {}) {
  const files = filesUnder(from)
  const present = new Set(filesUnder(to))
  // New ones first: those that are there already may come to need them.
  const inOrder = [...files.filter((file) => !present.has(file)), ...files.filter((file) => present.has(file))]
  for (const file of inOrder) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    renameSync(join(from, file), join(to, file))
    present.delete(file)
  }
  if (!exactly) return
  for (const file of present) rmSync(join(to, file))
  removeEmptyFolders(to)
}

function removeEmptyFolders(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const inner = join(folder, entry.name)
    removeEmptyFolders(inner)
    if (readdirSync(inner).length === 0) rmdirSync(inner)
  }
}
