import type { BpfObject } from '../../lib/object.ts'

/** Runs a program of SEC("raw_tp") once, and gives what it returned, as C's `int`. */
export async function run(object: BpfObject, program: string): Promise<number> {
  const { returnValue } = await (object.programs[program] as BpfObject['programs'][string]).testRun()
  return returnValue | 0
}
