import { constants } from 'node:os'
import {
  type PathOrDescriptor,
  checkPathOrDescriptor,
  describeDescriptor,
  openDescriptor,
} from '../hooks/descriptor.ts'
import { type Owner, StorageMap } from './storage.ts'

const { EBADF } = constants.errno

/**
 * `BPF_MAP_TYPE_CGRP_STORAGE`: a value with each cgroup, until that is removed. Linux 6.2.
 *
 * Cgroups are named by their folder, such as `/sys/fs/cgroup/system.slice`, or an open descriptor of it.
 */
export class CgroupStorage<V = unknown> extends StorageMap<PathOrDescriptor, V> {
  /** @internal */
  protected override find(cgroup: PathOrDescriptor): Owner {
    const checked = checkPathOrDescriptor(cgroup, 'cgroup')
    const name = describeDescriptor(checked)
    try {
      return { ...openDescriptor(checked, 'cgroup', true), name }
    } catch (error) {
      const { errno } = error as NodeJS.ErrnoException
      if (errno === undefined) throw error
      throw this.openingFailure(errno, `cgroup ${name}`)
    }
  }

  /** @internal */
  protected override hint(status: number, { name }: Owner): string | undefined {
    return status === -EBADF ? `${name} is no open folder of a cgroup file system.` : undefined
  }
}
