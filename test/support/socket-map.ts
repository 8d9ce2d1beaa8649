import { binding } from '../../lib/binding.ts'
import type { BpfMap } from '../../lib/maps/map.ts'

/** Puts a socket into a map of sockets with 32-bit keys and 64-bit values. */
export function putSocket(map: BpfMap, key: number, fd: number): void {
  const scratch = new ArrayBuffer(16)
  new Uint32Array(scratch, 0, 1)[0] = key
  new BigUint64Array(scratch, 8, 1)[0] = BigInt(fd)
  const handle = map.borrow('put a socket')
  const status = binding.mapBind(handle, scratch) || binding.mapUpdate(handle, 0)
  if (status !== 0) throw new Error(`map '${map.name}' takes no socket of descriptor ${fd}: errno ${-status}`)
}
