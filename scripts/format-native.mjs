// Formats the C++ and C sources, or with --check only says which are not: node scripts/format-native.mjs [--check]
//
// The clang-format is npm's, in one exact version, because each version of it formats differently.

import { spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import { filesUnder, main, Problem, root } from './support.mjs'

const formatted = { native: /\.(cc|h)$/, 'test/fixtures': /\.bpf\.c$/, examples: /\.bpf\.c$/, bench: /\.(bpf\.c|c|h)$/ }

const program = join(
  root,
  'node_modules/clang-format-node/bin',
  `cfn-${process.platform}-${process.arch}`,
  'clang-format',
)

await main(import.meta.url, (args) => {
  if (!existsSync(program)) throw new Problem('clang-format is not installed. Run: npm run setup')
  makeExecutable(program)
  const files = Object.entries(formatted).flatMap(([folder, pattern]) =>
    filesUnder(join(root, folder), (file) => pattern.test(file)).map((file) => join(folder, file)),
  )
  if (files.length === 0) return
  const mode = args.includes('--check') ? ['--dry-run', '--Werror'] : ['-i']
  const result = spawnSync(program, ['--style=file', ...mode, ...files], { cwd: root, stdio: 'inherit' })
  if (result.error) throw new Problem(`clang-format cannot be run (${result.error.message}).`)
  if (result.status !== 0) throw new Problem('Some native sources are not formatted. Run: npm run format')
})

/** The package does this in an install script, and npm may be told not to run those. */
function makeExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
  } catch {
    chmodSync(file, 0o755)
  }
}
