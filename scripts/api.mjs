// The public API as declaration files, one for each entry point, docs/api*.d.ts: node scripts/api.mjs [--check]
// What two entries share is in the first.
//
// They are committed, so that every change of what users see shows in review; --check fails when one is out of date.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import typescript from 'typescript'
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
  return output[0].code.trimEnd().replaceAll('\r\n', '\n').concat('\n')
}

/** Its statements, each with the comment before it. */
function statementsOf(text) {
  const source = typescript.createSourceFile('api.d.ts', text, typescript.ScriptTarget.Latest)
  return source.statements.map((statement) => ({
    name: statement.name?.text ?? '',
    text: statement.getFullText(source).trim(),
  }))
}

/** What the first entry declares in the same words is only named. */
function withoutThatOf(first, text) {
  const known = new Set(statementsOf(first).map((statement) => statement.text))
  const isKnown = (statement) => statement.name !== '' && known.has(statement.text)
  const statements = statementsOf(text)
  const names = statements.filter(isKnown).map(({ name }) => name)
  const own = statements.filter((statement) => !isKnown(statement)).map((statement) => `${statement.text}\n`)
  return names.length === 0 ? text : `// As in api.d.ts: ${names.sort().join(', ')}\n\n${own.join('')}`
}

await main(import.meta.url, async (args) => {
  await compileTypeScript('tsconfig.json')
  const first = await rolledUp(Object.values(entries)[0])
  for (const [name, entry] of Object.entries(entries)) {
    const text = await rolledUp(entry)
    const heading = `// The public API, rolled up from lib/${entry}.ts. Made by "npm run api"; do not edit.\n\n`
    const current = heading + (text === first ? text : withoutThatOf(first, text))
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
