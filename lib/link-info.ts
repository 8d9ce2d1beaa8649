/** What the kernel knows of a link, with the numbers of its kind decoded. */
import type { NativeLinkInfo } from './binding.ts'
import { linkTypeName } from './kernel-enums.ts'

/** What the kernel knows of a link. */
export interface LinkInfo {
  id: number
  /** bpftool's name of the link type, such as `perf_event` or `xdp`. */
  type: string
  programId: number
}

export function linkInfo(info: NativeLinkInfo): LinkInfo {
  return { id: info.id, type: linkTypeName(info.type), programId: info.programId }
}
