// Builds all that the package runs on: the addon, the compiled TypeScript, and the BPF programs of tests and examples.
//
//   node scripts/build.mjs [--libbpf=bundled|system] [--force]

import { buildAddon, readOptions } from './build-addon.mjs'
import { compilePrograms } from './compile-bpf.mjs'
import { main } from './support.mjs'
import { compileTypeScript } from './typescript.mjs'

await main(import.meta.url, async (args) => {
  // First the addon: it brings the headers that BPF programs include.
  await buildAddon(readOptions(args))
  await compilePrograms()
  compileTypeScript('tsconfig.json')
})
