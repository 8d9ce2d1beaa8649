// Checks what a built addon needs and shows, so that one file loads on every machine and beside every other addon:
//
//   node scripts/check-addon.mjs [bundled|system]
//
// - bundled: no shared libbpf, libelf or zlib; system: the distribution's libbpf is used, and not a second one
// - no symbol is exported but those that Node looks for
// - no Node-API function is used that is newer than what the package promises

import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { builtAddon } from './build-addon.mjs'
import { main, outputOf, Problem, root } from './support.mjs'

const nodeApiVersion = 9

const exportsAllowed = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']

/** The first word of each line of a tool's table that `pattern` finds. */
function found(text, pattern) {
  return [...text.matchAll(pattern)].map((match) => match[1])
}

function read(tool, args) {
  const text = outputOf(tool, args)
  if (text === undefined) throw new Problem(`"${tool}" cannot be run or cannot read the addon. Run: npm run setup`)
  return text
}

async function functionsOfNodeApi() {
  const { symbols } = await import('node-api-headers').then((module) => module.default)
  const { js_native_api_symbols: language, node_api_symbols: node } = symbols[`v${nodeApiVersion}`]
  return new Set([...language, ...node])
}

export async function checkAddon(kind) {
  const addon = builtAddon(kind)
  if (!existsSync(addon)) throw new Problem(`${addon} is missing. Run: npm run build -- --libbpf=${kind}`)
  const problems = []
  const libraries = found(read('readelf', ['--dynamic', '--wide', addon]), /\(NEEDED\).*\[(.+)\]/g)
  const loaded = found(read('ldd', [addon]), /^\s*(?:\S*\/)?(\S+?\.so\S*)/gm)
  const foreign = loaded.filter((library) => /^lib(bpf|elf|z|stdc\+\+|gcc_s)\./.test(library))
  if (kind === 'bundled' && foreign.length > 0) problems.push(`it needs ${foreign.join(', ')}`)
  if (kind === 'system' && !libraries.includes('libbpf.so.1')) problems.push('it does not use the libbpf of the system')

  const exported = found(read('nm', ['--dynamic', '--defined-only', addon]), /^\S+ \w (\S+)$/gm)
  const extra = exported.filter((symbol) => !exportsAllowed.includes(symbol))
  if (extra.length > 0) problems.push(`it exports ${extra.join(', ')}`)
  if (!exported.includes(exportsAllowed[0])) problems.push(`it does not export ${exportsAllowed[0]}`)

  const imported = found(read('nm', ['--dynamic', '--undefined-only', addon]), /^\s+\w (\S+)$/gm)
  const known = await functionsOfNodeApi()
  const tooNew = imported.filter((symbol) => /^(napi|node_api)_/.test(symbol) && !known.has(symbol))
  if (tooNew.length > 0) problems.push(`it uses ${tooNew.join(', ')}, which Node-API ${nodeApiVersion} does not have`)

  if (problems.length > 0) throw new Problem(`${relative(root, addon)} is not fit to ship: ${problems.join('; ')}.`)
  return { addon, libraries, glibc: newest(imported.flatMap((symbol) => found(symbol, /@GLIBC_([\d.]+)$/g))) }
}

/** The highest of dotted versions. */
function newest(versions) {
  return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
}

await main(import.meta.url, async (args) => {
  const kind = args[0] ?? 'bundled'
  const { addon, libraries, glibc } = await checkAddon(kind)
  process.stdout.write(`${relative(root, addon)}: needs ${libraries.join(', ')} with GLIBC_${glibc} or newer\n`)
})
