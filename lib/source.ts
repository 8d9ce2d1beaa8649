/** Where an object's bytes come from. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspectBriefly, nonEmptyString } from './arguments.ts'
import { type Outcome, binding } from './binding.ts'
import { invalidArgument, ruleError } from './errors.ts'
import type { NativeOpenedObject } from './native-object.ts'

/** The bytes of an ELF object with a name for it, such as what `compile()` gives. */
export interface ObjectBytes {
  bytes: Uint8Array
  /** In messages, and the start of names in the kernel. */
  name: string
}

/** A path, a file URL, the bytes of an ELF object, or what `compile()` made. */
export type ObjectSource = string | URL | Uint8Array | ObjectBytes

export interface NamedSource {
  /** A path, or bytes. */
  source: string | Uint8Array
  /** The file's name without `.bpf.o`; `object` for bytes. */
  name: string
}

export function namedSource(source: ObjectSource): NamedSource {
  if (source instanceof Uint8Array) return { source, name: 'object' }
  if (typeof source !== 'string' && !(source instanceof URL)) return namedBytes(source)
  const path = typeof source === 'string' ? source : fileURLToPath(source)
  return { source: path, name: basename(path).replace(/(\.bpf)?\.o$/, '') }
}

function namedBytes(source: ObjectBytes): NamedSource {
  const { bytes, name } = typeof source === 'object' && (source as unknown) !== null ? source : {}
  if (bytes instanceof Uint8Array) return { source: bytes, name: nonEmptyString(name, 'name of the source') }
  throw invalidArgument(
    `source must be a path, a file URL, a Uint8Array or a compiled object, not ${inspectBriefly(source)}`,
  )
}

/**
 * The bytes themselves, an own copy.
 *
 * @throws the error of `fs.readFile`, such as ENOENT with the path
 */
export async function readImage(source: ObjectSource): Promise<{ bytes: Uint8Array; name: string }> {
  const { source: place, name } = namedSource(source)
  return { bytes: typeof place === 'string' ? await readFile(place) : place.slice(), name }
}

/**
 * What libbpf says of the object. Bytes are copied before this returns: the caller's buffer may have other contents later.
 *
 * @param keep leaves it open for one load
 * @throws the error of `fs.readFile`, such as ENOENT with the path; EbpfError when there are no bytes
 */
export async function openSource({ source, name }: NamedSource, keep: boolean): Promise<Outcome<NativeOpenedObject>> {
  if (typeof source === 'string' && isPlain(source)) {
    const outcome = await binding.objectOpen(source, { name }, keep)
    if (outcome.operation !== 'read') return outcome
  }
  // Whatever kept native code from reading it, Node says it better, or knows more: of archives that look like folders.
  const bytes = typeof source === 'string' ? await readFile(source) : source
  if (bytes.length === 0) {
    throw ruleError('ERR_EBPF_INVALID_OBJECT', `object '${name}' is empty`, { operation: 'open', object: name })
  }
  return await binding.objectOpen(bytes, { name }, keep)
}

/** Whether native code may open it: one call in place of the four of `readFile`. */
function isPlain(path: string): boolean {
  // Under --permission only Node knows what may be read.
  const { permission } = process as { permission?: unknown }
  return path !== '' && !path.includes('\0') && permission === undefined
}
