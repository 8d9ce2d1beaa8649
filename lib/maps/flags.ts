/** Flags of maps, as words. */
import { inspectBriefly, integer } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'

/** BPF_F_* of linux/bpf.h, as far as they are for the creation of maps. */
export const MAP_FLAGS = {
  /** Entries are allocated when they are set, not with the map: BPF_F_NO_PREALLOC. */
  noPreallocation: 0x1,
  /** Each CPU has a list of its own of what was used last: BPF_F_NO_COMMON_LRU. */
  noCommonLru: 0x2,
  /** Memory comes from the node that `numaNode` names: BPF_F_NUMA_NODE. */
  numaNode: 0x4,
  /** This process's descriptor can only read: BPF_F_RDONLY. */
  readOnly: 0x8,
  /** This process's descriptor can only write: BPF_F_WRONLY. */
  writeOnly: 0x10,
  /** Stacks as build ids and offsets in place of addresses: BPF_F_STACK_BUILD_ID. */
  stackBuildId: 0x20,
  /** Hashes with the seed 0, to compare speed; never for keys that strangers choose: BPF_F_ZERO_SEED. */
  zeroSeed: 0x40,
  /** Programs can only read: BPF_F_RDONLY_PROG. */
  readOnlyProgram: 0x80,
  /** Programs can only write: BPF_F_WRONLY_PROG. */
  writeOnlyProgram: 0x100,
  /** A socket that is accepted gets the storage of the one that listens: BPF_F_CLONE. */
  clone: 0x200,
  /** The contents can be mapped into memory: BPF_F_MMAPABLE. */
  mmapable: 0x400,
  /** Perf events stay when the descriptor is closed by which they were set: BPF_F_PRESERVE_ELEMS. */
  preserveElements: 0x800,
  /** An array whose length may differ from that of the template of a map of maps: BPF_F_INNER_MAP. */
  innerMap: 0x1000,
  /** An access to a page that an arena does not have is SIGSEGV and allocates none: BPF_F_SEGV_ON_FAULT. */
  segvOnFault: 0x20000,
  /** An arena's pointers stay the kernel's: BPF_F_NO_USER_CONV. */
  noUserConversion: 0x40000,
  /** A ring that is full overwrites its oldest records: BPF_F_RB_OVERWRITE. */
  overwrite: 0x80000,
} as const

/** The word for a flag of a map. */
export type MapFlag = keyof typeof MAP_FLAGS

/**
 * The kernel's number for flags given as words or as that number.
 *
 * @throws TypeError or RangeError for what is no flag
 */
export function mapFlags(flags: number | readonly MapFlag[], argument: string = 'flags'): number {
  if (!Array.isArray(flags)) {
    if (typeof flags !== 'number') {
      throw invalidArgument(`${argument} must be a number or a list of words, not ${inspectBriefly(flags)}`)
    }
    return integer(flags, argument, 0, 0xffff_ffff)
  }
  let number = 0
  for (const word of flags as readonly unknown[]) {
    if (typeof word !== 'string' || !Object.hasOwn(MAP_FLAGS, word)) {
      throw invalidArgument(`${argument}: ${inspectBriefly(word)} is none of ${Object.keys(MAP_FLAGS).join(', ')}`)
    }
    number |= MAP_FLAGS[word as MapFlag]
  }
  return number >>> 0
}
