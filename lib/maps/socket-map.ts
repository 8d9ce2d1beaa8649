import { constants } from 'node:os'
import { binding } from '../binding.ts'
import { ENOTSUPP, ruleError } from '../errors.ts'
import { type SocketOrDescriptor, socketDescriptor } from '../system/socket-descriptor.ts'
import { type SetCondition, conditionFlags } from './entry-options.ts'
import type { Input } from './keyed-map.ts'
import { ReadableTargetMap } from './target-map.ts'
import type { Cursor } from './walk.ts'

const { EBADF, EBUSY, EINVAL, ENOTSOCK, EOPNOTSUPP } = constants.errno

/** Bytes of a value that the kernel gives a socket's cookie in. */
const COOKIE_SIZE = 8

/**
 * Sockets, which are in it until they are deleted or closed: it does not keep them open. They are read as their cookies, the
 * numbers that `bpf_get_socket_cookie` gives programs, if values are of 8 bytes.
 */
export abstract class SocketMap<K = unknown> extends ReadableTargetMap<K, bigint> {
  /**
   * Puts a socket in.
   *
   * @param socket of Node, or `{ fd }`; it stays the caller's
   * @returns whether it was written: always, or as the condition says
   * @throws TypeError when the socket has no descriptor: not bound or connected, or closed
   * @throws EbpfError EOPNOTSUPP when this map takes no sockets of its kind or in its state, ENOTSOCK or EBADF for a descriptor
   * of something else or of nothing, E2BIG when a hash is full
   */
  set(key: Input<K>, socket: SocketOrDescriptor, options?: SetCondition): boolean {
    const flags = conditionFlags(options?.if)
    const fd = socketDescriptor(socket, 'socket')
    return this.putDescriptor(key, fd, flags, (status) => this.socketHint(status, fd))
  }

  /**
   * The cookie of the socket of a key, or `undefined` when there is none.
   *
   * @throws EbpfError ERR_EBPF_INVALID_ARGUMENT when values are not of 8 bytes
   */
  override get(key: Input<K>): bigint | undefined {
    return super.get(key)
  }

  /** @internal */
  protected socketHint(status: number, fd: number): string | undefined {
    if (status === -ENOTSOCK) return `The descriptor ${fd} is not one of a socket.`
    if (status === -EBADF) return `There is no open descriptor ${fd}.`
    return status === -EOPNOTSUPP || status === -ENOTSUPP ? this.stateHint : undefined
  }

  /** @internal Which sockets it takes. */
  protected abstract get stateHint(): string

  /** @internal */
  protected override lookUp(operation: string): boolean {
    if (this.valueSize === COOKIE_SIZE) return super.lookUp(operation)
    this.use(operation)
    throw ruleError('ERR_EBPF_INVALID_ARGUMENT', `the sockets in map '${this.name}' cannot be read (${operation})`, {
      operation,
      ...this.names(),
      hint: `The kernel tells their cookies only where values are of 8 bytes: declare the value as __u64, not of ${this.valueSize} bytes.`,
    })
  }

  /** @internal */
  protected override decodeValue(u32: Uint32Array, word: number): bigint {
    return new BigUint64Array(u32.buffer as ArrayBuffer, u32.byteOffset + word * 4, 1)[0]!
  }
}

/** What sockets redirect messages to. The programs at the map are those of all sockets that are put into it (`sockmap`). */
abstract class RedirectingSocketMap<K> extends SocketMap<K> {
  /** @internal */
  protected get stateHint(): string {
    return 'It takes TCP sockets that are connected or listen, and, as the kernel is newer, bound UDP (5.13), Unix (5.15) and vsock (6.4) ones.'
  }

  /** @internal */
  protected override socketHint(status: number, fd: number): string | undefined {
    if (status !== -EBUSY) return super.socketHint(status, fd)
    return 'The socket is in a map already that gave it a program of the same kind, or something else has taken it over.'
  }
}

/**
 * `BPF_MAP_TYPE_SOCKMAP`: sockets by index, that programs of type `sk_skb` and `sk_msg` redirect messages to, and that
 * programs of type `sk_lookup` give connections to. Linux 4.14, to be read 5.7.
 */
export class SockMap extends RedirectingSocketMap<number> {
  /** The number of places. */
  get length(): number {
    return this.maxEntries
  }

  /** @internal The kernel says EINVAL of an empty place (`__sock_map_delete` of net/core/sock_map.c). */
  protected override deleteBound(): boolean {
    const status = binding.mapDelete(this.use('delete'))
    if (status === -EINVAL) return false
    if (status < 0) throw this.failure(status, 'bpf_map_delete_elem')
    return true
  }

  /** @internal */
  protected override get cursor(): Cursor {
    return 'index'
  }
}

/** `BPF_MAP_TYPE_SOCKHASH`: as {@link SockMap}, by any key. Linux 4.18, to be read 5.7. */
export class SockHash<K = unknown> extends RedirectingSocketMap<K> {
  /** @internal */
  protected override get cursor(): Cursor {
    return 'key'
  }

  /** @internal Its keys are those of sockets, even where the kernel does not tell their cookies. */
  protected override isThere(): boolean {
    return this.valueSize !== COOKIE_SIZE || super.isThere()
  }
}
