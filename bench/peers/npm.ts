/** npm, wherever it is: this may be run without it, and by a Node that brings none. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/** Installs one package, with nothing that it would run. */
export function installPackage(name: string, folder: string): void {
  process.stderr.write(`Installing ${name}\n`)
  mkdirSync(folder, { recursive: true })
  const own = process.env.npm_execpath
  const [command, ...first] = own === undefined ? ['npm'] : [process.execPath, own]
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts', '--no-save', '--no-package-lock']
  execFileSync(command!, [...first, 'install', ...quiet, `--prefix=${folder}`, name], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
