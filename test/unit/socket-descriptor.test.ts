import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { fstatSync } from 'node:fs'
import { get, createServer as createHttpServer } from 'node:http'
import { type AddressInfo, Server, Socket, connect, createServer } from 'node:net'
import { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { socketDescriptor } from '../../lib/system/socket-descriptor.ts'

const cleanup: (() => unknown)[] = []
afterEach(async () => {
  for (const end of cleanup.splice(0).toReversed()) await end()
})

async function listening(server: Server = createServer()): Promise<Server> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanup.push(() => new Promise((resolve) => server.close(resolve)))
  return server
}

function connectTo(server: Server): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  cleanup.push(() => socket.destroy())
  return socket
}

const isSocket = (fd: number): boolean => fstatSync(fd).isSocket()
const refused = (socket: unknown): Error => {
  try {
    socketDescriptor(socket as Socket, 'socket')
  } catch (error) {
    return error as Error
  }
  throw new Error('it was taken')
}

describe('the descriptor of', () => {
  it('a server and a connection', async () => {
    const server = await listening()
    const accepted = once(server, 'connection')
    const client = connectTo(server)
    await once(client, 'connect')
    const [other] = (await accepted) as [Socket]
    cleanup.push(() => other.destroy())
    const fds = [server, client, other].map((socket) => socketDescriptor(socket, 'socket'))
    expect(new Set(fds).size).toBe(3)
    expect(fds.every(isSocket)).toBe(true)
    // A connection with TLS is that of the connection beneath.
    expect(socketDescriptor(new TLSSocket(client), 'socket')).toBe(fds[1])
  })

  it('a socket of datagrams, without a warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const socket = createSocket('udp4')
    cleanup.push(
      () => process.off('warning', onWarning),
      () => socket.close(),
    )
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    expect(isSocket(socketDescriptor(socket, 'socket'))).toBe(true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  })

  it('the sockets of HTTP', async () => {
    const server = createHttpServer()
    await listening(server)
    const asked = once(server, 'request')
    const request = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
    const [incoming, answer] = await asked
    expect(isSocket(socketDescriptor(server, 'server'))).toBe(true)
    expect(isSocket(socketDescriptor(incoming.socket, 'socket'))).toBe(true)
    expect(isSocket(socketDescriptor(request.socket!, 'socket'))).toBe(true)
    for (const message of [incoming, answer, request])
      expect(refused(message).message).toMatch(/take its property socket/)
    answer.end()
    const [response] = await once(request, 'response')
    await once(response.resume(), 'end')
  })

  it('anything that has one, read once', () => {
    let reads = 0
    const given = {
      get fd() {
        return ++reads
      },
    }
    expect([socketDescriptor({ fd: 0 }, 'socket'), socketDescriptor(given, 'socket'), reads]).toEqual([0, 1, 1])
  })
})

describe('refuses', () => {
  it('connections that are none yet, or none any more', async () => {
    const server = await listening()
    expect(refused(new Socket()).message).toBe('socket has no descriptor: it was never connected')
    const byName = new Socket()
    byName.on('error', () => {}).connect({ port: 1, host: 'localhost', lookup: () => {} })
    expect(refused(byName).message).toMatch(/not connected yet: wait for its event 'connect'/)
    const destroyed = connectTo(server)
    await once(destroyed, 'connect')
    for (const socket of [byName, destroyed]) {
      socket.destroy()
      expect(refused(socket).message).toMatch(/it is destroyed/)
    }
  })

  it('servers that do not listen', async () => {
    expect(refused(new Server()).message).toMatch(/does not listen: wait for its event 'listening'/)
    const server = await listening()
    server.close()
    expect(refused(server).message).toMatch(/does not listen/)
  })

  it('sockets of datagrams that are not bound, or closed', () => {
    const socket = createSocket('udp4')
    expect(refused(socket).message).toMatch(/it is not bound: wait for its event 'listening'/)
    socket.close()
    expect(refused(socket).message).toMatch(/it is closed/)
  })

  it.each([null, undefined, 3, 'socket', true, {}, [], () => {}, { _handle: undefined }])('%o', (value) => {
    const error = refused(value)
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(/^socket must be a socket or server of node:net/)
  })

  it.each(['3', null, 0.5, Number.NaN, 3n])('{ fd: %o }', (fd) => {
    expect(refused({ fd })).toMatchObject({ name: 'TypeError', code: 'ERR_EBPF_INVALID_ARGUMENT' })
  })

  it.each([-1, 2 ** 31])('{ fd: %o }', (fd) => {
    expect(refused({ fd })).toMatchObject({ name: 'RangeError', code: 'ERR_EBPF_OUT_OF_RANGE' })
  })
})
