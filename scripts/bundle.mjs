// Joins the compiled modules of lib/ into the few files that the package ships. Each module costs who imports the package the time
// to find, open and link a file, and Node opens them all at once: 290 of them take three times as long as the same code in few files.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { filesUnder, Problem, root } from './support.mjs'

/** Reached by their URLs: what runs in threads of its own, and what the benchmark shares. */
const others = ['loader/compiler-thread.js', 'loader/hooks.js', 'testing/archive-mirror.js']

/**
 * What the compiler writes for `using` asks for `this` where there is none, and copes; codecs of structs and of unions, which may
 * hold each other, call each other.
 */
const harmless = new Set(['THIS_IS_UNDEFINED', 'CIRCULAR_DEPENDENCY'])

/** Replaces the modules of a folder; the declarations stay. What several entries share comes to lie directly in the folder. */
export async function bundle(folder) {
  const { rollup } = await import('rollup')
  const build = await rollup({
    input: Object.fromEntries(entries(folder).map((file) => [file.slice(0, -'.js'.length), join(folder, file)])),
    external: (name) => !name.startsWith('.') && !name.startsWith('/'),
    plugins: [{ name: 'source-maps', load: readModule }],
    onwarn(warning) {
      if (!harmless.has(warning.code)) throw new Problem(`lib/ cannot be joined: ${warning.message}`)
    },
  })
  // All is read by now.
  for (const file of filesUnder(folder, (file) => /\.js(\.map)?$/.test(file))) rmSync(join(folder, file))
  await build.write({
    dir: folder,
    format: 'esm',
    generatedCode: 'es2015',
    chunkFileNames: '[name]-[hash].js',
    hoistTransitiveImports: false,
    minifyInternalExports: false,
    sourcemap: true,
  })
  await build.close()
}

/** What package.json names. */
function entries(folder) {
  const { exports = {}, bin = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const named = [...Object.values(exports).map((each) => each.default), ...Object.values(bin)]
  const files = named.filter((path) => path?.startsWith('./dist/')).map((path) => path.slice('./dist/'.length))
  return [...new Set([...files, ...others])].filter((file) => existsSync(join(folder, file)))
}

/** With the compiler's source map, so that the one that is written leads to the TypeScript. */
function readModule(path) {
  return { code: readFileSync(path, 'utf8'), map: JSON.parse(readFileSync(`${path}.map`, 'utf8')) }
}
