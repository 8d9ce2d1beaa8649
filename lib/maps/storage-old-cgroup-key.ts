/** Keys of the storages that lie with attached programs: a cgroup, and what the program is attached to there. */
import { fstatSync, statSync, statfsSync } from 'node:fs'
import { types } from 'node:util'
import { inspectBriefly, integer, unsigned64 } from '../arguments.ts'
import type { Codec } from '../btf/codec.ts'
import { isBytes, refuseBytes } from '../btf/codec-convert.ts'
import { hostIsLittleEndian } from '../btf/memory.ts'
import { invalidArgument, kernelError } from '../errors.ts'
import type { CgroupAttachType } from '../hooks/cgroup.ts'
import { type PathOrDescriptor, checkPathOrDescriptor, describeDescriptor } from '../hooks/descriptor.ts'
import { ATTACH_TYPES } from '../kernel-enums.ts'

/** Where a program is attached. */
export interface AttachedPlace {
  /** The cgroup's id, which is the inode of its folder. */
  cgroup: bigint
  /** Absent where keys are cgroups alone; a number where this library has no word for it. */
  attachType?: CgroupAttachType | number
}

/** The same as a caller has it. */
export interface AttachedPlaceInput {
  /** Its folder, such as `/sys/fs/cgroup/system.slice`, an open descriptor of it, or its id. */
  cgroup: PathOrDescriptor | number | bigint
  attachType?: CgroupAttachType | number
}

/** CGROUP2_SUPER_MAGIC of linux/magic.h. */
const CGROUP2 = 0x6367_7270

const WORDS: ReadonlyMap<number, string> = new Map(
  Object.entries(ATTACH_TYPES).flatMap(([name, number]): [number, string][] =>
    name.startsWith('cgroup_') ? [[number, name.slice('cgroup_'.length)]] : [],
  ),
)

/** @param declared `struct bpf_cgroup_storage_key` of linux/bpf.h, or since Linux 5.9 its first member alone */
export function createPlaceCodec(declared: Codec<unknown>): Codec<AttachedPlace> {
  const { size } = declared
  const isolated = size > 8
  const decode: Codec<AttachedPlace>['decode'] = ({ view }, offset) => {
    const cgroup = view.getBigUint64(offset, hostIsLittleEndian)
    if (!isolated) return { cgroup }
    const number = view.getUint32(offset + 8, hostIsLittleEndian)
    return { cgroup, attachType: (WORDS.get(number) ?? number) as CgroupAttachType | number }
  }
  return {
    size,
    decode,
    decodeKey: decode,
    encode: (value, memory, offset) => {
      const { u8, view } = memory
      if (types.isUint8Array(value)) {
        if (!isBytes(value, size)) refuseBytes(value, size, 'key')
        u8.set(value, offset)
        return
      }
      if (typeof value !== 'object' || value === null || !('cgroup' in value)) {
        declared.encode(value, memory, offset)
        return
      }
      // All of the user's getters run before the first byte is written.
      const { cgroup, attachType } = value as AttachedPlaceInput
      const number = attachTypeOf(attachType, isolated)
      const id = idOf(cgroup)
      u8.fill(0, offset, offset + size)
      view.setBigUint64(offset, id, hostIsLittleEndian)
      if (isolated) view.setUint32(offset + 8, number, hostIsLittleEndian)
    },
  }
}

function attachTypeOf(value: unknown, isolated: boolean): number {
  if (!isolated) {
    if (value === undefined) return 0
    throw invalidArgument('key.attachType does not apply: keys of this map are cgroups alone')
  }
  if (typeof value === 'number' || typeof value === 'bigint')
    return integer(Number(value), 'key.attachType', 0, 0xffff_ffff)
  const name = `cgroup_${String(typeof value === 'string' ? value : '')}`
  if (Object.hasOwn(ATTACH_TYPES, name)) return ATTACH_TYPES[name as keyof typeof ATTACH_TYPES]
  throw invalidArgument(`key.attachType must be one of ${[...WORDS.values()].join(', ')}, not ${inspectBriefly(value)}`)
}

/** Since Linux 5.5, and on 64-bit machines before, the number of a folder's inode is the cgroup's id (`kernfs_ino`). */
function idOf(cgroup: unknown): bigint {
  if (typeof cgroup === 'bigint' || typeof cgroup === 'number') return unsigned64(cgroup, 'key.cgroup')
  const folder = checkPathOrDescriptor(cgroup as PathOrDescriptor, 'key.cgroup')
  const path = typeof folder === 'string' ? folder : `/proc/self/fd/${folder.fd}`
  try {
    if (statfsSync(path).type === CGROUP2) {
      return (typeof folder === 'string' ? statSync(folder, { bigint: true }) : fstatSync(folder.fd, { bigint: true }))
        .ino
    }
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException
    if (errno === undefined) throw error
    throw kernelError(errno, { operation: `looking up cgroup ${describeDescriptor(folder)}` })
  }
  throw invalidArgument(`key.cgroup: ${describeDescriptor(folder)} is no folder of a cgroup2 file system`)
}
