/** What an ELF section asks of the kernel. */
import type { Feature } from './support.ts'

export function sectionFeature(_section: string): Feature | undefined {
  return undefined
}
