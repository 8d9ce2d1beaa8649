import { closeSync, constants as fsConstants, openSync } from 'node:fs'
import { constants } from 'node:os'
import { ruleError } from '../errors.ts'
import { type PathOrDescriptor, checkPathOrDescriptor } from '../hooks/descriptor.ts'
import { bpfModuleHint, hasBpfModule } from '../system/security-modules.ts'
import { type Owner, StorageMap } from './storage.ts'

const { EBADF } = constants.errno

/** O_PATH of fcntl.h: opens nothing, so that a pipe does not wait for its other end, and no permission is needed. */
const PATH_ONLY = 0o10000000

/**
 * `BPF_MAP_TYPE_INODE_STORAGE`: a value with each inode, while the kernel has it in memory: at least as long as the file is open
 * or a folder is in use; afterwards the kernel may forget it. Only programs of security hooks (LSM) have it. Linux 5.10, with
 * BPF among the security modules that the kernel was booted with (`lsm=…,bpf`).
 *
 * Inodes are named by a path, of which the last link is followed, or by `{ fd }` of anything that is open.
 */
export class InodeStorage<V = unknown> extends StorageMap<PathOrDescriptor, V> {
  /** @internal */
  protected override find(file: PathOrDescriptor): Owner {
    const checked = checkPathOrDescriptor(file, 'file')
    this.#requireModule()
    if (typeof checked !== 'string') return { fd: checked.fd, name: `fd ${checked.fd}`, release() {} }
    const fd = this.#open(checked)
    return { fd, name: checked, release: () => closeSync(fd) }
  }

  /** @internal */
  protected override hint(status: number, { name }: Owner): string | undefined {
    return status === -EBADF ? `${name} is not open, or has no inode that can store anything.` : undefined
  }

  #open(path: string): number {
    try {
      return openSync(path, PATH_ONLY | fsConstants.O_RDONLY)
    } catch (error) {
      const { errno } = error as NodeJS.ErrnoException
      if (errno === undefined) throw error
      throw this.openingFailure(errno, path)
    }
  }

  /**
   * Without the module an inode has no place for it, and kernels that do not look take another module's memory for that
   * (`bpf_inode` in include/linux/bpf_lsm.h; newer ones look when the map is made, `inode_storage_map_alloc`).
   */
  #requireModule(): void {
    const found = hasBpfModule()
    if (found === true) return
    const fact =
      found === false
        ? 'BPF is none of the security modules of this kernel'
        : 'it is not known whether BPF is a security module of this kernel'
    throw ruleError('ERR_EBPF_KERNEL', `${fact}: inodes have no place for map '${this.name}'`, {
      operation: 'bpf_map_lookup_elem',
      ...this.names(),
      hint: bpfModuleHint(),
    })
  }
}
