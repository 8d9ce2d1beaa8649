/** What each part of the package may import: the library nothing, the runner no addon, the program what it needs. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const lib = fileURLToPath(new URL('../../../lib/', import.meta.url))

interface Imports {
  files: Set<string>
  packages: Set<string>
}

/** All that a file imports when it is loaded, and what that imports; also by `import()` where `lazily`. */
function importsOf(
  entry: string,
  lazily: boolean,
  found: Imports = { files: new Set(), packages: new Set() },
): Imports {
  const path = resolve(lib, entry)
  if (found.files.has(path)) return found
  found.files.add(path)
  const source = readFileSync(path, 'utf8')
  const eager = /^(?:import|export)\s(?!type\s)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
  const lazy = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g
  for (const pattern of lazily ? [eager, lazy] : [eager]) {
    for (const [, name = ''] of source.matchAll(pattern)) {
      if (name.startsWith('.')) importsOf(resolve(dirname(path), name), lazily, found)
      else if (!name.startsWith('node:')) found.packages.add(name)
    }
  }
  return found
}

const names = ({ files }: Imports) => [...files].map((file) => file.slice(lib.length))

describe('the library', () => {
  it.each(['index.ts', 'testing/index.ts'])('from %s on, imports no package', (entry) => {
    const imports = importsOf(entry, true)
    expect(imports.files.size).toBeGreaterThan(10)
    expect([...imports.packages]).toEqual([])
  })

  it('does not import the program, nor the runner', () => {
    expect(names(importsOf('index.ts', true)).filter((file) => /^(?:cli|testing)\//.test(file))).toEqual([])
  })
})

describe('without the addon', () => {
  it.each(['testing/index.ts', 'cli/main.ts', 'cli/vm.ts'])('%s can be imported', (entry) => {
    expect(names(importsOf(entry, false))).not.toContain('binding.ts')
  })

  it('would not be true of the library: this test can tell', () => {
    expect(names(importsOf('index.ts', false))).toContain('binding.ts')
  })
})

it('the program imports packages that are dependencies, and no others', () => {
  const { dependencies } = JSON.parse(readFileSync(resolve(lib, '../package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  expect([...importsOf('cli/main.ts', true).packages].sort()).toEqual(Object.keys(dependencies).sort())
})
