/** The value of the maps that are measured: `struct flow` of baseline/baseline.h. */
import { createMap, type HashMap, struct, u32, u64 } from 'ebpf'
import { loadBaseline } from './baseline.ts'
import { spreadKeys } from './keys.ts'

export interface Flow {
  packets: bigint
  bytes: number
  flags: number
}

export type FlowMap = HashMap<number, Flow>

const flow = struct({ packets: u64, bytes: u32, flags: u32 })

/** A full map. */
export function createFlowMap(entries: number): FlowMap {
  const map = createMap({ type: 'hash', key: u32, value: flow, maxEntries: entries })
  loadBaseline().mapFill(map.fd, spreadKeys(entries))
  return map
}
