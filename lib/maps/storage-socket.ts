import { constants } from 'node:os'
import { type SocketOrDescriptor, socketDescriptor } from '../system/socket-descriptor.ts'
import { type Owner, StorageMap } from './storage.ts'

const { EBADF, ENOMEM, ENOTSOCK } = constants.errno

/**
 * `BPF_MAP_TYPE_SK_STORAGE`: a value with each socket, until that is closed by everybody. Programs that read all of them are
 * iterators (`SEC("iter/bpf_sk_storage_map")`). Linux 5.2.
 *
 * Sockets are those of `node:net`, `node:dgram`, `node:http` and `node:tls`, or `{ fd }`.
 */
export class SocketStorage<V = unknown> extends StorageMap<SocketOrDescriptor, V> {
  /** @internal */
  protected override find(socket: SocketOrDescriptor): Owner {
    const fd = socketDescriptor(socket, 'socket')
    return { fd, name: `fd ${fd}`, release() {} }
  }

  /** @internal */
  protected override hint(status: number, { name }: Owner): string | undefined {
    if (status === -EBADF) return `${name} is not open.`
    if (status === -ENOTSOCK) return `${name} is no socket.`
    // `omem_charge` in net/core/bpf_sk_storage.c
    if (status === -ENOMEM)
      return 'Values count as options of their socket, of which sysctl net.core.optmem_max bytes may be.'
    return undefined
  }
}
