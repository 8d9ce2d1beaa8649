/** An object as the text of a module, and of its types. */
import { dirname, join, basename } from 'node:path'
import { readFile } from 'node:fs/promises'
import { skeleton } from '../skeleton/index.ts'
import { writeOutput } from '../system/output-file.ts'
import type { ImportedObject } from './imported.ts'

/**
 * The module as JavaScript.
 *
 * @param runtime what it imports the package by
 * @param object where it finds the object; by default the object is in it
 */
export async function moduleText(imported: ImportedObject, runtime: string, object?: string): Promise<string> {
  const { bytes, name, int64 } = imported
  const place = object === undefined ? { embed: true } : { object }
  return await skeleton({ bytes, name }, { ...place, int64, runtime, form: 'javascript' })
}

/** The file that TypeScript (`allowArbitraryExtensions`) reads for an import of `path`: `x.bpf.d.c.ts` for `x.bpf.c`. */
export function declarationPath(path: string): string {
  const name = basename(path)
  const extension = name.slice(name.lastIndexOf('.'))
  return join(dirname(path), `${name.slice(0, -extension.length)}.d${extension}.ts`)
}

/** Writes the types of an import beside its file, unless they are there already: editors and watchers look at what changes. */
export async function writeDeclaration(path: string, imported: ImportedObject): Promise<void> {
  const { bytes, name, int64 } = imported
  const text = await skeleton({ bytes, name }, { int64, form: 'declaration' })
  const file = declarationPath(path)
  const present = await readFile(file, 'utf8').catch(() => undefined)
  if (present !== text) await writeOutput(file, Buffer.from(text))
}
