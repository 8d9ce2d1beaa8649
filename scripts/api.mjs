// The public API as one declaration file, docs/api.d.ts: node scripts/api.mjs [--check]
//
// It is committed, so that every change of what users see shows in review; --check fails when it is out of date.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main, Problem, root } from './support.mjs'
import { compileTypeScript } from './typescript.mjs'

const file = join(root, 'docs/api.d.ts')
const heading = '// The public API, rolled up from lib/index.ts. Made by "npm run api"; do not edit.\n\n'

async function rolledUp() {
  await compileTypeScript('tsconfig.json')
  const { rollup } = await import('rollup')
  const { dts } = await import('rollup-plugin-dts')
  const bundle = await rollup({ input: join(root, 'dist/index.d.ts'), plugins: [dts()], external: [/^node:/] })
  const { output } = await bundle.generate({ format: 'es' })
  return heading + output[0].code.trimEnd().replaceAll('\r\n', '\n').concat('\n')
}

await main(import.meta.url, async (args) => {
  const current = await rolledUp()
  if (!args.includes('--check')) return writeFileSync(file, current)
  const committed = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (committed !== current) {
    const [before, after] = [committed, current].map((text) => new Set(text.split('\n')))
    const changes = [
      ...[...before].filter((line) => !after.has(line)).map((line) => `- ${line}`),
      ...[...after].filter((line) => !before.has(line)).map((line) => `+ ${line}`),
    ]
    process.stderr.write(`${changes.slice(0, 40).join('\n')}\n`)
    throw new Problem('The public API is not what docs/api.d.ts says. If that is meant, run: npm run api')
  }
})
