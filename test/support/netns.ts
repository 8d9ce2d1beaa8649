/** Network namespaces of a test's own: nothing that these tests attach ever meets the machine's traffic. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Child } from './child.ts'

let created = 0

export interface CableOptions {
  /** A pair of virtual Ethernet interfaces by default; the left end of a netkit pair is its primary device. */
  kind?: 'veth' | 'netkit'
  /** Bytes of a packet, 1500 by default. */
  mtu?: number
}

/** Two namespaces, and a cable between them: a pair of interfaces. */
export class Cable implements AsyncDisposable {
  readonly left: End
  readonly right: End

  constructor(options: CableOptions = {}) {
    const { kind = 'veth', mtu = 1500 } = options
    const [left, right] = ['a', 'b'].map((side) => `ebpf${process.pid}-${++created}${side}`) as [string, string]
    this.left = new End(left, 'left0', '10.99.0.1', 'fd99::1')
    this.right = new End(right, 'right0', '10.99.0.2', 'fd99::2')
    try {
      for (const { namespace } of [this.left, this.right]) ip('netns', 'add', namespace)
      if (kind === 'veth') {
        // Packets of different ports would take different queues, and overtake each other.
        const queues = ['numtxqueues', '1', 'numrxqueues', '1']
        ip('-n', left, 'link', 'add', 'left0', ...queues, 'type', 'veth', 'peer', 'right0', ...queues, 'netns', right)
      } else {
        // The kernel names the peer nk0: this iproute2 may know no netkit, and so no name for it.
        ip('-n', left, 'link', 'add', 'left0', 'type', 'netkit')
        ip('-n', left, 'link', 'set', 'nk0', 'netns', right, 'name', 'right0')
      }
      for (const { namespace, interface: name, address, address6 } of [this.left, this.right]) {
        ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', name)
        // Without the search for duplicates, which takes a second before the address can be used.
        ip('-n', namespace, 'addr', 'add', `${address6}/64`, 'dev', name, 'nodad')
        ip('-n', namespace, 'link', 'set', name, 'mtu', String(mtu), 'up')
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
        // It was not created, or the test deleted it.
      }
    }
  }
}

export interface SendOptions {
  /** Bytes of UDP payload; that of `packet` by default. */
  size?: number
  /** IPv6 in place of IPv4. */
  ipv6?: boolean
}

/** What became of packets that were sent while something else went on. */
export interface Conversation {
  sent: number
  /** How many of them came back from the other end. */
  echoed: number
}

/** One end: a namespace, its interface, and at need a process in it. */
export class End {
  readonly namespace: string
  readonly interface: string
  readonly address: string
  readonly address6: string
  #peer: Promise<Child> | undefined

  constructor(namespace: string, name: string, address: string, address6: string) {
    this.namespace = namespace
    this.interface = name
    this.address = address
    this.address6 = address6
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

  /** What `tc` says of the interface, such as `tc('qdisc', 'show')`. */
  tc(object: string, verb: string, ...rest: string[]): string {
    return run('tc', '-n', this.namespace, object, verb, 'dev', this.interface, ...rest)
  }

  /** A process of node in the namespace, which sends and listens to UDP packets. */
  async process(): Promise<Child> {
    // On one CPU, whose packets keep their order.
    this.#peer ??= Child.start(peer, ['ip', 'netns', 'exec', this.namespace, 'taskset', '--cpu-list', firstCpu()])
    return await this.#peer
  }

  /** Sends `count` packets to a port of the other end, and gives how many of them arrived there. */
  async send(other: End, port: number, count: number, options: SendOptions = {}): Promise<number> {
    const { size, ipv6 = false } = options
    const [sender, receiver] = await Promise.all([this.process(), other.process()])
    await receiver.ask({ listen: port, ipv6 })
    await sender.ask({ send: count, port, address: other.#address(ipv6), size, ipv6 })
    return (await receiver.ask({ received: port, ipv6 })) as number
  }

  /** Sends `count` packets to a port of any address, and does not look where they go. */
  async post(address: string, port: number, count: number): Promise<void> {
    const sender = await this.process()
    await sender.ask({ send: count, port, address, ipv6: address.includes(':') })
  }

  /** Sends packets to a port of the other end, which sends them back, for as long as `body` takes. */
  async converse(other: End, port: number, body: () => Promise<void>): Promise<Conversation> {
    const [sender, receiver] = await Promise.all([this.process(), other.process()])
    await receiver.ask({ echo: port })
    await sender.ask({ converse: port, address: other.#address(false) })
    let conversation: Conversation
    try {
      await body()
    } finally {
      conversation = (await sender.ask({ hush: true })) as Conversation
      await receiver.ask({ silence: true })
    }
    return conversation
  }

  #address(ipv6: boolean): string {
    return ipv6 ? this.address6 : this.address
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
const name = (port, ipv6) => (ipv6 ? '6:' : '4:') + port
const make = (ipv6) => createSocket(ipv6 ? { type: 'udp6', ipv6Only: true } : 'udp4')
const transmit = (socket, packet, port, address) => new Promise((resolve, reject) => {
  // What a program drops on its way out, the kernel tells the sender so.
  const dropped = (error) => error.code === 'EPERM' || error.code === 'ENOBUFS'
  socket.send(packet, port, address, (error) => (error && !dropped(error) ? reject(error) : resolve()))
})

async function open(port, ipv6) {
  const key = name(port, ipv6)
  counts.set(key, 0)
  if (sockets.has(key)) return
  const socket = make(ipv6)
  sockets.set(key, socket)
  socket.on('message', async (packet, from) => {
    counts.set(key, counts.get(key) + 1)
    if (ipv6 || echoed === 0) return
    if (port === marker) await drained(echoed, ipv6)
    if (port === marker || port === echoed) socket.send(packet, from.port, from.address)
  })
  await new Promise((resolve) => socket.bind(port, resolve))
}

/** What arrived in the order of the cable is read in any order of sockets: waits until this one has no more. */
async function drained(port, ipv6) {
  const key = name(port, ipv6)
  for (let before = -1; counts.get(key) !== before; ) {
    before = counts.get(key)
    // The first turn may be in the midst of reading sockets; the second reads all.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
}

let echoed = 0
let conversation

/** Batches, each followed by a packet to the marker's port: when that is back, the others were, or are lost. */
function converse(port, address) {
  const socket = make(false)
  const counted = { sent: 0, echoed: 0 }
  let hushed = false
  let back
  socket.on('message', (packet) => {
    if (packet.toString() === 'marker') back()
    else counted.echoed++
  })
  const done = (async () => {
    do {
      const returned = new Promise((resolve) => { back = resolve })
      for (let packet = 0; packet < 16; packet++) await transmit(socket, 'packet', port, address)
      await transmit(socket, 'marker', marker, address)
      await returned
      counted.sent += 16
    } while (!hushed)
    socket.close()
    return counted
  })()
  return { hush: () => { hushed = true; return done } }
}

const senders = new Map([false, true].map((ipv6) => [ipv6, make(ipv6)]))
process.on('message', async (message) => {
  const { ipv6 = false } = message
  if (message.listen) {
    await open(message.listen, ipv6)
    await open(marker, ipv6)
    process.send('listening')
  } else if (message.send) {
    const packet = message.size === undefined ? 'packet' : Buffer.alloc(message.size)
    for (let count = 0; count < message.send; count++) {
      await transmit(senders.get(ipv6), packet, message.port, message.address)
    }
    await transmit(senders.get(ipv6), 'marker', marker, message.address)
    process.send('sent')
  } else if (message.received) {
    while (counts.get(name(marker, ipv6)) === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    await drained(message.received, ipv6)
    process.send(counts.get(name(message.received, ipv6)))
  } else if (message.echo) {
    echoed = message.echo
    await open(message.echo, false)
    await open(marker, false)
    process.send('echoing')
  } else if (message.silence) {
    echoed = 0
    process.send('silent')
  } else if (message.converse) {
    conversation = converse(message.converse, message.address)
    process.send('conversing')
  } else if (message.hush) {
    process.send(await conversation.hush())
  }
})
process.send('ready')
`

/** One that this process may run on. */
function firstCpu(): string {
  return /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'
}

export function ip(...args: string[]): string {
  return run('ip', ...args)
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
