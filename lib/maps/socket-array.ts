import { constants } from 'node:os'
import { SocketMap } from './socket-map.ts'
import type { Cursor } from './walk.ts'

const { EBUSY, EINVAL } = constants.errno

/**
 * `BPF_MAP_TYPE_REUSEPORT_SOCKARRAY`: sockets by index, from which a program of type `sk_reuseport` selects the one that gets
 * a packet or connection of a group that shares an address. Linux 4.19.
 */
export class ReuseportSocketArray extends SocketMap<number> {
  /** The number of places. */
  get length(): number {
    return this.maxEntries
  }

  /** @internal */
  protected get stateHint(): string {
    return 'It takes UDP sockets that are bound and TCP sockets that listen, which share their address by SO_REUSEPORT (reusePort).'
  }

  /** @internal */
  protected override socketHint(status: number, fd: number): string | undefined {
    if (status === -EBUSY) return 'The socket is in such a map already: it can be at one place of one map only.'
    return status === -EINVAL ? this.stateHint : super.socketHint(status, fd)
  }

  /** @internal */
  protected override get cursor(): Cursor {
    return 'index'
  }
}
