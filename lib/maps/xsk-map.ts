import { constants } from 'node:os'
import { binding } from '../binding.ts'
import { type SocketOrDescriptor, socketDescriptor } from '../system/socket-descriptor.ts'
import { type SetCondition, conditionFlags } from './entry-options.ts'
import { TargetMap } from './target-map.ts'

const { EBADF, ENOTSOCK, EOPNOTSUPP } = constants.errno

/**
 * `BPF_MAP_TYPE_XSKMAP`: AF_XDP sockets by index, usually that of their queue, that XDP programs redirect packets to. The
 * kernel tells nobody which ones are in it; those that are closed vanish by themselves. Linux 4.18.
 */
export class XskMap extends TargetMap<number> {
  /** The number of places. */
  get length(): number {
    return this.maxEntries
  }

  /**
   * Puts a socket in.
   *
   * @param socket `{ fd }` of an AF_XDP socket, which Node itself cannot make; it stays the caller's
   * @returns whether it was written: always, or as the condition says; the kernel writes the socket that is there already
   * whatever the condition
   * @throws EbpfError EOPNOTSUPP when it is a socket of another kind, ENOTSOCK or EBADF for a descriptor of something else or
   * of nothing
   */
  set(index: number, socket: SocketOrDescriptor, options?: SetCondition): boolean {
    const flags = conditionFlags(options?.if)
    const fd = socketDescriptor(socket, 'socket')
    return this.putDescriptor(index, fd, flags, (status) => HINTS[status]?.(fd))
  }

  /** Empties a place. The kernel does not say whether there was something. */
  delete(index: number): void {
    this.bindKey(index, 'delete')
    const status = binding.mapDelete(this.use('delete'))
    if (status < 0) throw this.failure(status, 'bpf_map_delete_elem')
  }

  /** Empties all places. */
  clear(): void {
    for (let index = 0; index < this.maxEntries; index++) this.delete(index)
  }
}

const HINTS: Readonly<Record<number, (fd: number) => string>> = {
  [-EOPNOTSUPP]: (fd) => `The socket ${fd} is none of the address family AF_XDP.`,
  [-ENOTSOCK]: (fd) => `The descriptor ${fd} is not one of a socket.`,
  [-EBADF]: (fd) => `There is no open descriptor ${fd}.`,
}
