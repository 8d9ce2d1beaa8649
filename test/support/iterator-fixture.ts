/** test/fixtures/hooks-iterator.bpf.c: two programs for each thing that is walked over. */
import { binding } from '../../lib/binding.ts'
import type { HashMap } from '../../lib/maps/hash-map.ts'
import type { BpfMap } from '../../lib/maps/map.ts'
import { loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { fixture } from './fixtures.ts'

export interface IteratorFixture {
  maps: { entries: HashMap<number, bigint>; other: BpfMap; storage: BpfMap; sockets: BpfMap }
  programs: Record<string, BpfProgram>
  globals: { target_pid: number }
}

/** Loads only some programs, since kernels do not have all of their targets. */
export async function loadIterators(
  names: readonly string[],
  globals: Partial<IteratorFixture['globals']> = {},
): Promise<BpfObject<IteratorFixture>> {
  const programs = Object.fromEntries(names.map((name) => [name, { autoload: true }]))
  return await loadObject<IteratorFixture>(fixture('hooks-iterator'), { programs, globals })
}

/** An entry of a map whose class cannot be written to: 32-bit key, 64-bit value. */
export function putEntry(map: BpfMap, key: number, value: bigint): void {
  const scratch = new ArrayBuffer(16)
  new Uint32Array(scratch, 0, 1)[0] = key
  new BigUint64Array(scratch, 8, 1)[0] = value
  const handle = map.borrow('put an entry')
  const status = binding.mapBind(handle, scratch) || binding.mapUpdate(handle, 0)
  if (status !== 0) throw new Error(`map '${map.name}' does not take ${key}: errno ${-status}`)
}
