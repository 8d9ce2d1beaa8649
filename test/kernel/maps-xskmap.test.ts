/** AF_XDP sockets that packets are redirected to, which Node has as descriptors only. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { XskMap, createMap } from '../../lib/index.ts'
import { PYTHON } from '../support/actor.ts'
import { refuses } from '../support/bad-input.ts'
import { builtPackage, run } from '../support/child.ts'
import { fixture } from '../support/fixtures.ts'
import { NodeSockets } from '../support/node-sockets.ts'

/** Two interpreters start, one in the other, and guests are slow. */
const SLOW_MACHINE_MS = 90_000

const made = (): XskMap => createMap({ type: 'xskmap', maxEntries: 4 })

/** Runs node in a network namespace of its own, with a socket: test/support/xdp-socket.py says what it can be asked for. */
async function runWithSocket(source: string): Promise<unknown> {
  const prelude = `
    import { createInterface } from 'node:readline'
    import { XskMap, loadObject, xdp } from ${JSON.stringify(builtPackage())}
    const object = await loadObject(new URL(${JSON.stringify(fixture('maps-xsk').href)}))
    const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
    const ask = async (message) => {
      process.stdout.write(JSON.stringify(message) + '\\n')
      return JSON.parse((await answers.next()).value)
    }
    const socket = { fd: Number(process.env.XDP_SOCKET) }
    const give = (result) => process.stderr.write(JSON.stringify(result))
  `
  const script = fileURLToPath(new URL('../support/xdp-socket.py', import.meta.url))
  const prefix = ['unshare', '--net', PYTHON, '-I', script]
  const { code, signal, stderr } = await run(prelude + source, { prefix, timeoutMs: SLOW_MACHINE_MS })
  if (code !== 0) throw new Error(`the process ended with ${code ?? signal}: ${stderr}`)
  return JSON.parse(stderr)
}

describe('an array of AF_XDP sockets', () => {
  it('has those that packets of an interface are redirected to', { timeout: SLOW_MACHINE_MS }, async () => {
    const result = await runWithSocket(`
      const sockets = object.map('sockets', XskMap)
      await object.programs.to_socket.attach(xdp('two'))
      await ask({ send: 'before' })
      const written = [sockets.set(0, socket, { if: 'present' }), sockets.set(0, socket, { if: 'absent' })]
      // The kernel takes the same socket again before it looks at conditions.
      written.push(sockets.set(0, socket, { if: 'absent' }), sockets.set(0, socket))
      await ask({ send: 'there' })
      await ask({ receive: 1 })
      sockets.delete(0)
      await ask({ send: 'gone' })
      sockets.set(0, socket)
      // Frames keep their order.
      await ask({ send: 'again' })
      const received = await ask({ receive: 2 })
      sockets.clear()
      const empty = sockets.set(0, socket, { if: 'present' })
      await object.close()
      give({ written, received, empty })
      process.stdin.destroy()
    `)
    expect(result).toEqual({ written: [false, true, true, true], received: ['there', 'again'], empty: false })
  })

  it('can be emptied where nothing is', () => {
    using map = made()
    expect(map.length).toBe(4)
    map.delete(3)
    map.clear()
  })
})

describe('refuses', () => {
  let map: XskMap
  let sockets: NodeSockets
  beforeAll(() => {
    map = made()
    sockets = new NodeSockets()
  })
  afterAll(async () => {
    await sockets?.[Symbol.asyncDispose]()
    map?.close()
  })

  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  refuses([
    { name: 'an index past the end', act: () => map.set(4, { fd: 0 }), code: 'ERR_EBPF_OUT_OF_RANGE' },
    { name: 'an index past the end, to delete', act: () => map.delete(4), code: 'ERR_EBPF_OUT_OF_RANGE' },
    { name: 'text for an index', act: () => map.delete('0' as never), code: INVALID },
    { name: 'a number for a socket', act: () => map.set(0, 3 as never), code: INVALID },
    {
      name: 'a condition that there is none of',
      act: () => map.set(0, { fd: 0 }, { if: 'new' as never }),
      code: INVALID,
    },
    {
      name: 'a socket of UDP',
      act: async () => map.set(0, await sockets.datagrams()),
      code: 'EOPNOTSUPP',
      message: /is none of the address family AF_XDP/,
    },
    { name: 'a descriptor that is not open', act: () => map.set(0, { fd: 99_999 }), code: 'EBADF', message: /no open/ },
    {
      name: 'a socket that closes the map when it is read',
      act: () => {
        const closed = made()
        const socket = {
          get fd() {
            closed.close()
            return 0
          },
        }
        closed.set(0, socket)
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'a closed map',
      act: () => {
        const closed = made()
        closed.close()
        closed.clear()
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'a foreign this',
      act: () => XskMap.prototype.delete.call({} as never, 0),
      type: TypeError,
      code: undefined,
    },
  ])
})
