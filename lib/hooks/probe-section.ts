/** Which programs a probe of user space takes: the kernel says no more than EINVAL of the others. */
import { invalidArgument } from '../errors.ts'
import type { HookedProgram } from './family.ts'

/** The first part of a section, such as `uprobe.multi`, also of a sleepable program. */
function probeSection(section: string): string {
  return (section.replace(/^\?/, '').split('/')[0] as string).replace(/\.s$/, '')
}

/** @throws TypeError when the program is of none of the sections; one that was opened, and has none, is left to the kernel. */
export function requireSection(program: HookedProgram | undefined, sections: readonly string[], hook: string): void {
  if (program === undefined || program.section === '' || program.type !== 'kprobe') return
  if (sections.includes(probeSection(program.section))) return
  const names = sections.map((section) => `SEC("${section}")`).join(' or ')
  throw invalidArgument(
    `program '${program.name}' of SEC("${program.section}") cannot be attached to ${hook}, which takes ${names}`,
  )
}

/** @throws TypeError when the program is of one of the sections. */
export function refuseSection(program: HookedProgram | undefined, sections: readonly string[], hook: string): void {
  if (program === undefined || !sections.includes(probeSection(program.section))) return
  throw invalidArgument(
    `program '${program.name}' of SEC("${program.section}") cannot be attached to ${hook}: it was loaded for another kind of probe`,
  )
}
