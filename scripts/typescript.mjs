// Compiles one TypeScript project of this package (tsconfig.json, tsconfig.examples.json, tsconfig.bench.json) when one
// of its sources changed.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { filesUnder, fingerprint, main, Problem, root, run, say } from './support.mjs'

const projects = {
  'tsconfig.json': { sources: ['lib'], output: 'dist' },
  'tsconfig.examples.json': { sources: ['examples', 'lib'], output: 'build/examples' },
  'tsconfig.bench.json': { sources: ['bench', 'lib'], output: 'build/bench' },
}

export function compileTypeScript(project) {
  const { sources, output } = projects[project] ?? {}
  if (output === undefined) throw new Problem(`${project} is none of ${Object.keys(projects).join(', ')}.`)
  const compiler = join(root, 'node_modules/typescript/lib/tsc.js')
  if (!existsSync(compiler)) throw new Problem('TypeScript is not installed. Run: npm run setup')
  const stamp = join(root, 'build/typescript', `${project}.stamp`)
  const files = sources.flatMap((folder) =>
    filesUnder(join(root, folder), (file) => file.endsWith('.ts')).map((file) => join(root, folder, file)),
  )
  const settings = [
    join(root, 'tsconfig.json'),
    join(root, project),
    join(root, 'node_modules/typescript/package.json'),
  ]
  const state = fingerprint([project], [...settings, ...files])
  if (existsSync(join(root, output)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return
  say(`Compiling the TypeScript of ${sources[0]}/`)
  // Files whose source is gone must not stay in the package.
  if (output === 'dist') rmSync(join(root, output), { recursive: true, force: true })
  run(process.execPath, [compiler, '-p', project], {
    stdio: ['ignore', 2, 'inherit'],
    problem: `The TypeScript of ${sources[0]}/ did not compile; the compiler's words are above.`,
  })
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, state)
}

await main(import.meta.url, (args) => {
  for (const project of args.length > 0 ? args : ['tsconfig.json']) compileTypeScript(project)
})
