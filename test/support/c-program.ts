/** C programs of the tests: compiled into build/test, where guests without a compiler find them, too. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const output = fileURLToPath(new URL('../../build/test/', import.meta.url))

export interface CProgram {
  /** File name of what is made, such as `target` or `libtarget.so`. */
  name: string
  /** Files of test/support. */
  sources: readonly string[]
  /** Further files that it depends on. */
  headers?: readonly string[]
  /** For the compiler, after the sources; `{output}` stands for the folder of what is made. */
  flags?: readonly string[]
}

/** The path of the program, compiled anew when one of its files or flags has changed. */
export function compileC({ name, sources, headers = [], flags = [] }: CProgram): string {
  const path = `${output}${name}`
  const stamp = `${path}.stamp`
  const hash = createHash('sha256').update(flags.join('\0'))
  for (const file of [...sources, ...headers]) hash.update(readFileSync(`${folder}${file}`))
  const state = hash.digest('hex')
  if (existsSync(path) && existsSync(stamp) && readFileSync(stamp, 'latin1') === state) return path
  mkdirSync(output, { recursive: true })
  const fresh = `${path}.${process.pid}`
  const args = ['-O2', '-g', '-Wall', '-Werror', `-I${folder}`, ...sources.map((source) => `${folder}${source}`)]
  execFileSync('cc', [...args, '-o', fresh, ...flags.map((flag) => flag.replaceAll('{output}', output))], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  renameSync(fresh, path)
  writeFileSync(stamp, state)
  return path
}
