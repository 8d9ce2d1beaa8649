/** Network namespaces of a test's own: nothing that these tests attach ever meets the machine's traffic. */
import { execFileSync } from 'node:child_process'
import { Child } from './child.ts'

let created = 0

/** Two namespaces, and a cable between them: a pair of virtual Ethernet interfaces. */
export class Cable implements AsyncDisposable {
  readonly left: End
  readonly right: End

  constructor() {
    const [left, right] = ['a', 'b'].map((side) => `ebpf${process.pid}-${++created}${side}`) as [string, string]
    this.left = new End(left, 'left0', '10.99.0.1')
    this.right = new End(right, 'right0', '10.99.0.2')
    try {
      for (const { namespace } of [this.left, this.right]) ip('netns', 'add', namespace)
      ip('-n', left, 'link', 'add', 'left0', 'type', 'veth', 'peer', 'name', 'right0', 'netns', right)
      for (const { namespace, interface: name, address } of [this.left, this.right]) {
        ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', name)
        ip('-n', namespace, 'link', 'set', name, 'up')
      }
    } catch (error) {
      this.#remove()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.left, this.right].map((end) => end.stop()))
    this.#remove()
  }

  #remove(): void {
    for (const { namespace } of [this.left, this.right]) {
      try {
        ip('netns', 'del', namespace)
      } catch {
        // It was not created.
      }
    }
  }
}

/** One end: a namespace, its interface, and at need a process in it. */
export class End {
  readonly namespace: string
  readonly interface: string
  readonly address: string
  #peer: Promise<Child> | undefined

  constructor(namespace: string, name: string, address: string) {
    this.namespace = namespace
    this.interface = name
    this.address = address
  }

  get path(): string {
    return `/run/netns/${this.namespace}`
  }

  /** The interface's index in its namespace. */
  get index(): number {
    return Number(/^(\d+):/.exec(ip('-n', this.namespace, '-o', 'link', 'show', this.interface))?.[1])
  }

  /** What `ip link` says of the interface's XDP: `xdp`, `xdpgeneric` or nothing. */
  get xdpMode(): string | undefined {
    return /\b(xdp\w*)\b/.exec(ip('-n', this.namespace, 'link', 'show', this.interface))?.[1]
  }

  /** A process of node in the namespace, which listens to UDP packets. */
  async process(): Promise<Child> {
    this.#peer ??= Child.start(peer, ['ip', 'netns', 'exec', this.namespace])
    return await this.#peer
  }

  /** Sends `count` packets to a port of the other end, and gives how many of them arrived there. */
  async send(other: End, port: number, count: number): Promise<number> {
    const [sender, receiver] = await Promise.all([this.process(), other.process()])
    await receiver.ask({ listen: port })
    await sender.ask({ send: count, port, address: other.address })
    return (await receiver.ask({ received: port, wanted: count })) as number
  }

  async stop(): Promise<void> {
    await (await this.#peer)?.[Symbol.asyncDispose]()
  }
}

/**
 * What runs at each end. Packets that follow in the order of the cable arrive in it: when a last packet to another port
 * is there, those before it were received or dropped.
 */
const peer = `
import { createSocket } from 'node:dgram'
const marker = 40999
const sockets = new Map()
const counts = new Map()
async function open(port) {
  if (sockets.has(port)) return
  const socket = createSocket('udp4')
  sockets.set(port, socket)
  counts.set(port, 0)
  socket.on('message', () => counts.set(port, counts.get(port) + 1))
  await new Promise((resolve) => socket.bind(port, resolve))
}
const sender = createSocket('udp4')
const send = (port, address) => new Promise((resolve, reject) => {
  sender.send('packet', port, address, (error) => (error ? reject(error) : resolve()))
})
process.on('message', async (message) => {
  if (message.listen) {
    await open(message.listen)
    await open(marker)
    counts.set(message.listen, 0)
    counts.set(marker, 0)
    process.send('listening')
  } else if (message.send) {
    for (let packet = 0; packet < message.send; packet++) await send(message.port, message.address)
    await send(marker, message.address)
    process.send('sent')
  } else {
    while (counts.get(marker) === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    process.send(counts.get(message.received))
  }
})
process.send('ready')
`

export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
