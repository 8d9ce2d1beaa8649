// Builds all that the package runs on: the addon, the compiled TypeScript, and the BPF programs of tests and examples.
//
//   node scripts/build.mjs [--libbpf=bundled|system] [--force]
//
// In an installed package, which holds the rest compiled, it builds the addon alone.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildAddon, readOptions } from './build-addon.mjs'
import { compilePrograms } from './compile-bpf.mjs'
import { main, root } from './support.mjs'
import { compileTypeScript } from './typescript.mjs'

await main(import.meta.url, async (args) => {
  // First the addon: it brings the headers that BPF programs include.
  await buildAddon(readOptions(args))
  if (!existsSync(join(root, 'lib'))) return
  await compilePrograms()
  await compileTypeScript('tsconfig.json')
})
