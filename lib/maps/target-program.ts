/** Programs that run where a packet was redirected to. */
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { BpfProgram } from '../program.ts'

/** What a map says of the programs that it takes. */
export interface TargetPrograms {
  name: string
  valueSize: number
  /** libbpf's name of what they are loaded for, and their section. */
  attachType: string
  section: string
  /** The type that its values have to be declared as. */
  declaration: string
}

/**
 * The descriptor of a program for a map; -1 for none.
 *
 * @throws TypeError when it cannot be in that map; EbpfError when it is closed
 */
export function targetProgram(program: BpfProgram | undefined, map: TargetPrograms): number {
  if (program === undefined) return -1
  if (!(program instanceof BpfProgram)) {
    throw invalidArgument(`program must be a BpfProgram, not ${inspectBriefly(program)}`)
  }
  const { section, declaration, valueSize } = map
  if (valueSize < 8) {
    throw invalidArgument(
      `program does not apply: values of map '${map.name}' have ${valueSize} bytes, and no place for one; declare them as ${declaration}`,
    )
  }
  // Of a program that was opened it is not known.
  const { type, expectedAttachType } = program
  if (type !== 'xdp' || (expectedAttachType !== '' && expectedAttachType !== map.attachType)) {
    const what = type === 'xdp' ? `loaded for ${expectedAttachType}` : `of type ${type}`
    throw invalidArgument(`program must be one of SEC("${section}"), and '${program.name}' is ${what}`)
  }
  return program.fd
}
