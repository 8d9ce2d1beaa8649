import { binding } from '../binding.ts'
import type { Btf } from '../btf/btf.ts'
import { parseBtf } from '../btf/parse.ts'
import { checkValue } from '../outcome.ts'

/** The types that the kernel keeps with a map, if any. Needs CAP_SYS_ADMIN. */
export function kernelBtf(map: string, info: { btfId: number }): Btf | undefined {
  if (info.btfId === 0) return undefined
  return parseBtf(checkValue(binding.btfById(info.btfId), 'bpf_btf_get_fd_by_id', { map }))
}
