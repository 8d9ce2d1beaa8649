import { constants } from 'node:os'
import { kernelError } from '../errors.ts'
import {
  type OpenedDescriptor,
  type PathOrDescriptor,
  describeDescriptor,
  openDescriptor,
} from '../hooks/descriptor.ts'
import { DescriptorArray } from './descriptor-array.ts'

const { EBADF } = constants.errno

/**
 * `BPF_MAP_TYPE_CGROUP_ARRAY`: cgroups that programs ask about, by `bpf_current_task_under_cgroup` and `bpf_skb_under_cgroup`.
 * The kernel does not tell which ones are in it. Linux 4.8.
 */
export class CgroupArray extends DescriptorArray {
  /**
   * Puts a cgroup in, which has to be of version 2.
   *
   * @param cgroup its folder, such as `/sys/fs/cgroup/system.slice`, or an open descriptor of it, which stays the caller's
   * @throws EbpfError ENOENT when there is no such folder, EBADF when it is no cgroup of version 2
   */
  set(index: number, cgroup: PathOrDescriptor): void {
    this.checkIndex(index)
    const { fd, release } = this.#open(cgroup)
    try {
      const hint = `${describeDescriptor(cgroup)} is no folder of a cgroup2 file system.`
      this.put(index, fd, (status) => (status === -EBADF ? hint : undefined))
    } finally {
      release()
    }
  }

  #open(cgroup: PathOrDescriptor): OpenedDescriptor {
    try {
      return openDescriptor(cgroup, 'cgroup', true)
    } catch (error) {
      const { errno } = error as NodeJS.ErrnoException
      if (errno === undefined) throw error
      throw kernelError(errno, { operation: `opening cgroup ${describeDescriptor(cgroup)}`, ...this.names() })
    }
  }
}
