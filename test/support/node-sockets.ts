/** Sockets of Node over the loopback, which end with the test that opened them. */
import { type Socket as DatagramSocket, createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net'

/** Both ends of a connection. */
export interface Connection {
  client: Socket
  server: Socket
}

export class NodeSockets implements AsyncDisposable {
  readonly #ends: (() => unknown)[] = []

  async connection(): Promise<Connection> {
    const listening = await this.listening()
    const accepted = once(listening, 'connection')
    const client = connect((listening.address() as AddressInfo).port, '127.0.0.1')
    this.#ends.push(() => client.destroy())
    await once(client, 'connect')
    const [server] = (await accepted) as [Socket]
    this.#ends.push(() => server.destroy())
    for (const end of [client, server]) end.setNoDelay(true).on('error', () => {})
    return { client, server }
  }

  async listening(): Promise<Server> {
    const server = createServer().listen(0, '127.0.0.1')
    this.#ends.push(() => new Promise((resolve) => server.close(resolve)))
    await once(server, 'listening')
    return server
  }

  async datagrams(): Promise<DatagramSocket> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    this.#ends.push(() => socket.close())
    return socket
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) await end()
  }
}
