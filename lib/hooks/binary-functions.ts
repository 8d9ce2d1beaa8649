/** Where functions are in the file of a binary, as the attach itself finds them. */
import { binding } from '../binding.ts'

/** Which functions: those whose names fit a pattern, or have one of some names, whatever their version unless it is named. */
export type FunctionNames =
  | { pattern: string; symbols?: undefined }
  | { pattern?: undefined; symbols: readonly string[] }

/** File offsets, found off the JavaScript thread; of a file that is no ELF file, broken or not there, none. */
export async function functionOffsets(path: string, { pattern, symbols }: FunctionNames): Promise<readonly bigint[]> {
  const { value } = await binding.functionOffsets(path, pattern, symbols && [...symbols])
  return value === undefined ? [] : [...value]
}
