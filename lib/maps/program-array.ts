import { constants } from 'node:os'
import { inspectBriefly } from '../arguments.ts'
import { binding } from '../binding.ts'
import { invalidArgument } from '../errors.ts'
import { BpfProgram } from '../program.ts'
import { DescriptorArray } from './descriptor-array.ts'

const { EINVAL, ENOENT } = constants.errno

/**
 * `BPF_MAP_TYPE_PROG_ARRAY`: the programs that `bpf_tail_call` jumps to. It takes programs of one type only, that of the first
 * one that uses it or is put into it (`info().owner`). The kernel empties it when no process and no pin has it any more, though
 * programs still do. Linux 4.2.
 */
export class ProgramArray extends DescriptorArray {
  /**
   * Puts a program in. The place keeps it when its object is closed.
   *
   * @throws EbpfError EINVAL when it is not of the type that this array takes
   */
  set(index: number, program: BpfProgram): void {
    if (!(program instanceof BpfProgram)) {
      throw invalidArgument(`program must be a BpfProgram, not ${inspectBriefly(program)}`)
    }
    this.put(index, program.fd, (status) => (status === -EINVAL ? this.#ownerHint(program) : undefined))
  }

  /** The program at an index, for `openProgram`; `undefined` when there is none. Linux 4.13. */
  get(index: number): { id: number } | undefined {
    const { u32 } = this.bound()
    u32[0] = this.checkIndex(index)
    const status = binding.mapLookup(this.use('get'), 0)
    if (status === 0) return { id: u32[this.valueOffset / 4]! }
    if (status === -ENOENT) return undefined
    throw this.failure(status, 'bpf_map_lookup_elem')
  }

  /** The places that have a program, as `[index, { id }]`. */
  *entries(): Generator<[number, { id: number }], void, undefined> {
    for (let index = 0; index < this.maxEntries; index++) {
      const program = this.get(index)
      if (program !== undefined) yield [index, program]
    }
  }

  [Symbol.iterator](): Generator<[number, { id: number }], void, undefined> {
    return this.entries()
  }

  #ownerHint(program: BpfProgram): string | undefined {
    const { owner } = this.info()
    if (owner === undefined) return undefined
    const compiled = owner.jited ? 'compiled to machine code' : 'interpreted'
    return `The array takes programs of type ${owner.programType}, ${compiled}, as its first user is. '${program.name}' is of type ${program.type}.`
  }
}
