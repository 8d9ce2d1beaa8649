import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LoadOptions, loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'

/** A compiled object of test/fixtures, by its name without `.bpf.o`. */
export function fixture(name: string): URL {
  return new URL(`../fixtures/${name}.bpf.o`, import.meta.url)
}

/** Loads a fixture for the length of `body`. */
export async function withObject<T>(
  name: string,
  body: (object: BpfObject) => T | Promise<T>,
  options?: LoadOptions,
): Promise<T> {
  await using object = await loadObject(fixture(name), options)
  return await body(object)
}

/** Paths of all compiled objects of test/fixtures and of its folders. */
export function compiledObjects(): string[] {
  const folder = fileURLToPath(new URL('../fixtures', import.meta.url))
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.bpf.o'))
    .sort()
    .map((name) => join(folder, name))
}
