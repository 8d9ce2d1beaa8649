/** Programs of single sockets. The kernel has no links for these: what was attached goes with the socket, or when closed. */
import { type SocketOrDescriptor, socketDescriptor } from '../system/socket-descriptor.ts'
import { descriptor } from './descriptor.ts'
import type { HookFamily } from './family.ts'

/** What one socket receives. */
export interface SocketFilterHook {
  kind: 'socket_filter'
  socket: number
}

/** Which socket of a group that shares an address receives. */
export interface ReuseportHook {
  kind: 'reuseport'
  socket: number
}

/**
 * What one socket receives: the program returns how many bytes of a packet to keep, 0 to drop it. Linux 3.19.
 *
 * The kernel holds one filter for each socket and no link: another one takes its place, closing takes it away, and neither
 * can be seen from outside.
 *
 * @param socket any socket, which stays the caller's; a number is its descriptor
 */
export function socketFilter(socket: SocketOrDescriptor | number): SocketFilterHook {
  return { kind: 'socket_filter', socket: descriptorOf(socket) }
}

/**
 * Which socket of a group that shares an address (SO_REUSEPORT) gets a packet or connection. A program of section
 * `socket` returns its index in the order in which they were bound, Linux 4.5; one of `sk_reuseport` selects it from a
 * map by `bpf_sk_select_reuseport()`, Linux 4.19; one of `sk_reuseport/migrate` also for connections of a socket that is
 * closed, Linux 5.14.
 *
 * The kernel holds one program for each group and no link.
 *
 * @param socket any socket of the group, which stays the caller's; a number is its descriptor
 */
export function reuseport(socket: SocketOrDescriptor | number): ReuseportHook {
  return { kind: 'reuseport', socket: descriptorOf(socket) }
}

/** @throws TypeError or RangeError for what is no socket, or one without a descriptor. */
export function descriptorOf(socket: SocketOrDescriptor | number): number {
  return typeof socket === 'object' ? socketDescriptor(socket, 'socket') : descriptor(socket, 'socket')
}

export const socketFilterFamily: HookFamily<SocketFilterHook> = {
  programTypes: ['socket_filter'],
  since: '3.19',
  evidence: 'sk_attach_bpf',
  config: 'CONFIG_NET',
  describe: ({ socket }) => `socket filter of fd ${socket}`,
  prepare: ({ socket }) => ({
    native: { kind: 'socket_filter', socketFd: socketFilter(socket).socket },
  }),
}

export const reuseportFamily: HookFamily<ReuseportHook> = {
  programTypes: ['sk_reuseport', 'socket_filter'],
  since: (_hook, program) => (program?.type === 'sk_reuseport' ? '4.19' : '4.5'),
  evidence: (_hook, program) =>
    program?.type === 'sk_reuseport' ? 'sk_reuseport_prog_free' : 'sk_reuseport_attach_bpf',
  config: 'CONFIG_INET',
  describe: ({ socket }) => `reuseport group of fd ${socket}`,
  prepare: ({ socket }) => ({
    native: { kind: 'reuseport', socketFd: reuseport(socket).socket },
  }),
}
