// The public API as declaration files, one for each entry point, docs/api*.d.ts: node scripts/api.mjs [--check]
//
// They are committed, so that every change of what users see shows in review; --check fails when one is out of date.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main, Problem, root } from './support.mjs'
import { compileTypeScript } from './typescript.mjs'

/** Each entry point of the package that has an API of its own. */
const entries = {
  'docs/api.d.ts': 'index',
  'docs/api-asm.d.ts': 'asm/index',
  'docs/api-plugin.d.ts': 'loader/plugin',
}

async function rolledUp(entry) {
  const { rollup } = await import('rollup')
  const { dts } = await import('rollup-plugin-dts')
  const bundle = await rollup({ input: join(root, `dist/${entry}.d.ts`), plugins: [dts()], external: [/^node:/] })
  const { output } = await bundle.generate({ format: 'es' })
  const heading = `// The public API, rolled up from lib/${entry}.ts. Made by "npm run api"; do not edit.\n\n`
  return heading + output[0].code.trimEnd().replaceAll('\r\n', '\n').concat('\n')
}

await main(import.meta.url, async (args) => {
  await compileTypeScript('tsconfig.json')
  for (const [name, entry] of Object.entries(entries)) {
    const current = await rolledUp(entry)
    const file = join(root, name)
    if (args.includes('--check')) compare(name, existsSync(file) ? readFileSync(file, 'utf8') : '', current)
    else writeFileSync(file, current)
  }
})

function compare(name, committed, current) {
  if (committed === current) return
  const [before, after] = [committed, current].map((text) => new Set(text.split('\n')))
  const changes = [
    ...[...before].filter((line) => !after.has(line)).map((line) => `- ${line}`),
    ...[...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`),
  ]
  process.stderr.write(`${changes.slice(0, 40).join('\n')}\n`)
  throw new Problem(`The public API is not what ${name} says. If that is meant, run: npm run api`)
}
