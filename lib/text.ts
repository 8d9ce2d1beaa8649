import { types } from 'node:util'
import { inspectBriefly } from './arguments.ts'
import type { Memory } from './btf/memory.ts'
import { readText } from './btf/text.ts'
import { invalidArgument } from './errors.ts'

/**
 * The text of a C string in bytes, such as those of a record without a type: UTF-8 up to the first NUL, or all of it. Bytes
 * that are not UTF-8 become U+DC80 to U+DCFF, as in every `char[]` that is decoded.
 *
 * @example text(record.subarray(8, 24)) // the comm of a task
 * @throws TypeError unless it is a Uint8Array, of which a Buffer is one
 */
export function text(bytes: Uint8Array): string {
  if (!types.isUint8Array(bytes)) throw invalidArgument(`bytes must be a Uint8Array, not ${inspectBriefly(bytes)}`)
  return readText({ u8: bytes } as Pick<Memory, 'u8'>, 0, bytes.length)
}
