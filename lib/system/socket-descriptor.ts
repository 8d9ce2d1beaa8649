/** Descriptors of sockets: of Node's own, and of any others. */
import type { Socket as DatagramSocket } from 'node:dgram'
import type { Server, Socket } from 'node:net'
import { inspectBriefly } from '../arguments.ts'
import { invalidArgument, outOfRange } from '../errors.ts'

/** A socket or a server of Node, those of `node:http` and `node:tls` among them, or an open descriptor. It stays the caller's. */
export type SocketOrDescriptor = Socket | Server | DatagramSocket | { readonly fd: number }

/**
 * The descriptor of a socket, for one call: nobody else keeps it.
 *
 * @param argument the name for messages
 * @throws TypeError when it is no socket, or one that has no descriptor: not bound or connected, or closed; RangeError for a
 * number that no descriptor has
 */
export function socketDescriptor(socket: SocketOrDescriptor, argument: string): number {
  if (typeof socket !== 'object' || (socket as unknown) === null) throw notASocket(socket, argument)
  if ('fd' in socket) return checkedDescriptor(socket.fd, argument)
  const handle = handleOf(socket)
  if (handle === undefined) throw notASocket(socket, argument)
  const fd: unknown = handle?.fd
  if (typeof fd === 'number' && fd >= 0) return fd
  throw invalidArgument(`${argument} has no descriptor: ${whyNone(socket, handle)}`)
}

function checkedDescriptor(fd: unknown, argument: string): number {
  if (typeof fd !== 'number' || !Number.isInteger(fd)) {
    throw invalidArgument(`${argument}.fd must be the number of an open descriptor, not ${inspectBriefly(fd)}`)
  }
  if (fd >= 0 && fd <= 0x7fff_ffff) return fd
  throw outOfRange(`${argument}.fd must be the number of an open descriptor, not ${fd}`)
}

function notASocket(value: unknown, argument: string): Error {
  const said = `${argument} must be a socket or server of node:net, node:dgram, node:http or node:tls, or { fd }`
  // What is of a request or an answer is one step away.
  const owner = typeof value === 'object' && value !== null && 'socket' in value
  return invalidArgument(`${said}, not ${inspectBriefly(value)}${owner ? ': take its property socket' : ''}`)
}

/** Node's own object behind a socket: null when there is none yet, or none any more; `undefined` when this is no socket. */
type Handle = { readonly fd?: unknown } | null

function handleOf(socket: object): Handle | undefined {
  // Sockets of datagrams keep theirs under a symbol; to read their `_handle` makes Node warn of DEP0112.
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol')
  if (symbol === undefined) return (socket as { _handle?: Handle })._handle
  return (socket as Record<symbol, { handle?: Handle } | undefined>)[symbol]?.handle
}

function whyNone(socket: object, handle: Handle): string {
  const { destroyed, connecting, listening } = socket as {
    destroyed?: unknown
    connecting?: unknown
    listening?: unknown
  }
  if (destroyed === true) return 'it is destroyed'
  if (connecting === true) return "it is not connected yet: wait for its event 'connect'"
  if (listening === true) return 'another process of the cluster has it'
  if (listening === false) return "it does not listen: wait for its event 'listening'"
  if (destroyed === false) return 'it was never connected'
  return handle === null ? 'it is closed' : "it is not bound: wait for its event 'listening'"
}
