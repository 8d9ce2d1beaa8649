// Compiles one TypeScript project of this package (tsconfig.json, tsconfig.examples.json, tsconfig.bench.json) when one
// of its sources changed.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bundle } from './bundle.mjs'
import { withLock } from './lock.mjs'
import { besides, filesUnder, fingerprint, main, Problem, refill, root, run, say } from './support.mjs'

const projects = {
  'tsconfig.json': { sources: ['lib'], output: 'dist' },
  'tsconfig.examples.json': { sources: ['examples', 'lib'], output: 'build/examples' },
  'tsconfig.bench.json': { sources: ['bench', 'lib'], output: 'build/bench' },
}

/** Two at once are one after the other, and whoever reads the output meanwhile finds whole files there. */
export async function compileTypeScript(project) {
  const { sources, output } = projects[project] ?? {}
  if (output === undefined) throw new Problem(`${project} is none of ${Object.keys(projects).join(', ')}.`)
  const folder = join(root, output)
  const stamp = join(root, 'build/typescript', `${project}.stamp`)
  // What is up to date is only read: the checkout may be another user's, or a guest's host's.
  if (isUpToDate(folder, stamp, stateOf(project, sources))) return
  await withLock(dirname(stamp), async () => {
    const state = stateOf(project, sources)
    if (isUpToDate(folder, stamp, state)) return
    say(`Compiling the TypeScript of ${sources[0]}/`)
    // As deep in the checkout as the output itself: source maps name their sources relative to themselves.
    const fresh = besides(folder)
    try {
      compile(project, sources[0], fresh)
      if (output === 'dist') await bundle(fresh)
      rmSync(stamp, { force: true })
      // Files whose source is gone must not stay in the package; the other outputs hold more than compiled TypeScript.
      refill(fresh, folder, { exactly: output === 'dist' })
    } finally {
      rmSync(fresh, { recursive: true, force: true })
    }
    writeFileSync(stamp, state)
  })
}

function isUpToDate(folder, stamp, state) {
  return existsSync(folder) && existsSync(stamp) && readFileSync(stamp, 'utf8') === state
}

function stateOf(project, sources) {
  const files = sources.flatMap((folder) =>
    filesUnder(join(root, folder), (file) => file.endsWith('.ts')).map((file) => join(root, folder, file)),
  )
  const compiler = join(root, 'node_modules/typescript/package.json')
  if (!existsSync(compiler)) throw new Problem('TypeScript is not installed. Run: npm run setup')
  const settings = ['tsconfig.json', project, 'package.json', 'scripts/bundle.mjs'].map((file) => join(root, file))
  return fingerprint([project], [...settings, compiler, ...files])
}

function compile(project, source, folder) {
  const compiler = join(root, 'node_modules/typescript/lib/tsc.js')
  run(process.execPath, [compiler, '-p', project, '--outDir', folder, '--noEmitOnError'], {
    stdio: ['ignore', 2, 'inherit'],
    problem: `The TypeScript of ${source}/ did not compile; the compiler's words are above.`,
  })
}

await main(import.meta.url, async (args) => {
  for (const project of args.length > 0 ? args : ['tsconfig.json']) await compileTypeScript(project)
})
