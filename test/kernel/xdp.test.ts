/** XDP on a cable between two network namespaces of this test: real packets, dropped and counted. */
import { closeSync, fstatSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { xdp } from '../../lib/hooks/xdp.ts'
import { loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { fixture } from '../support/fixtures.ts'
import { cableForTests } from '../support/cable-for-tests.ts'
import { Cable, type End, ip } from '../support/netns.ts'
import { rejection } from '../support/wait.ts'

interface XdpFixture {
  maps: Record<never, never>
  programs: { drop_port: BpfProgram; pass: BpfProgram }
  globals: { port: number; dropped: bigint; dropped_bytes: bigint; interface_index: number }
}

const PORT = 4242
const cable = cableForTests()
let left: End
let right: End

beforeAll(() => {
  ;({ left, right } = cable)
})

async function withXdp<T>(body: (object: BpfObject<XdpFixture>) => Promise<T>): Promise<T> {
  await using object = await loadObject<XdpFixture>(fixture('xdp'), { globals: { port: PORT } })
  return await body(object)
}

describe('a program on an interface', () => {
  test('drops and counts real packets, until its link is closed', async () => {
    await withXdp(async ({ programs, globals }) => {
      expect(await left.send(right, PORT, 5)).toBe(5)
      const link = await programs.drop_port.attach(xdp(right.interface, { netns: right.path }))
      expect(link.info()).toMatchObject({ type: 'xdp', programId: programs.drop_port.id })
      expect(await left.send(right, PORT, 7)).toBe(0)
      expect(await left.send(right, PORT + 1, 3)).toBe(3)
      expect(globals.dropped).toBe(7n)
      // Ethernet, IPv4 and UDP headers, and 'packet'.
      expect(globals.dropped_bytes).toBe(7n * (14n + 20n + 8n + 6n))
      expect(globals.interface_index).toBe(right.index)
      await link.close()
      expect(await left.send(right, PORT, 4)).toBe(4)
      expect(globals.dropped).toBe(7n)
    })
  })

  test('sees only what that interface receives', async () => {
    await withXdp(async ({ programs, globals }) => {
      await programs.drop_port.attach(xdp(left.interface, { netns: left.path }))
      expect(await left.send(right, PORT, 2)).toBe(2)
      expect(await right.send(left, PORT, 2)).toBe(0)
      expect(globals.dropped).toBe(2n)
    })
  })

  test('is gone with its object', async () => {
    await withXdp(async ({ programs }) => {
      await programs.drop_port.attach(xdp(right.interface, { netns: right.path }))
      expect(await left.send(right, PORT, 1)).toBe(0)
    })
    expect(await left.send(right, PORT, 1)).toBe(1)
    expect(right.xdpMode).toBeUndefined()
  })

  test.each([
    ['native', 'xdp'],
    ['generic', 'xdpgeneric'],
    [undefined, 'xdp'],
  ] as const)('is in the mode that was asked for: %s', async (mode, shown) => {
    await withXdp(async ({ programs, globals }) => {
      await programs.drop_port.attach(xdp(right.interface, { netns: right.path, ...(mode && { mode }) }))
      expect(right.xdpMode).toBe(shown)
      expect(await left.send(right, PORT, 2)).toBe(0)
      expect(globals.dropped).toBe(2n)
    })
  })

  test('cannot be offloaded to a card that is none', async () => {
    await withXdp(async ({ programs }) => {
      const hook = xdp(right.interface, { netns: right.path, mode: 'offload' })
      expect(await rejection(programs.drop_port.attach(hook))).toMatchObject({ program: 'drop_port', errno: -22 })
      expect(right.xdpMode).toBeUndefined()
    })
  })

  test('is the only one there: a second is EBUSY, and the first goes on', async () => {
    await withXdp(async ({ programs }) => {
      const hook = xdp(right.interface, { netns: right.path })
      await programs.drop_port.attach(hook)
      const error = await rejection(programs.pass.attach(hook))
      expect(error).toMatchObject({ code: 'EBUSY', errno: -16, program: 'pass', object: 'xdp' })
      expect(await left.send(right, PORT, 2)).toBe(0)
    })
  })

  test('is left out by object.attach(), whose section says no interface', async () => {
    await withXdp(async (object) => {
      expect(await object.attach()).toEqual({ links: [], skipped: ['drop_port', 'pass'] })
      const error = await rejection(object.programs.pass.attach())
      expect(error).toMatchObject({ program: 'pass' })
      expect(error.message).toContain('xdp')
    })
  })
})

describe('the network namespace', () => {
  test('can be a path, a process in it, or a descriptor; the interface a name or an index', async () => {
    const fd = openSync(right.path, 'r')
    const { pid } = await right.process()
    try {
      const hooks = [
        xdp(right.interface, { netns: right.path }),
        xdp(right.interface, { netns: { pid } }),
        xdp(right.interface, { netns: { fd } }),
        xdp(right.index, { netns: right.path }),
        xdp(right.index, { netns: { fd } }),
      ]
      for (const hook of hooks) {
        await withXdp(async ({ programs, globals }) => {
          await programs.drop_port.attach(hook)
          expect(await left.send(right, PORT, 1)).toBe(0)
          expect(globals.dropped).toBe(1n)
        })
      }
      // It is still the caller's.
      expect(() => fstatSync(fd)).not.toThrow()
    } finally {
      closeSync(fd)
    }
  })

  test('is that of the process by default', async () => {
    await withXdp(async ({ programs }) => {
      // The cable's ends are not there.
      const error = await rejection(programs.pass.attach(xdp(right.interface)))
      expect(error).toMatchObject({ code: 'ENODEV' })
    })
  })

  test('without such an interface is ENODEV', async () => {
    await withXdp(async ({ programs }) => {
      for (const name of ['nosuch0', left.interface, 'a-name-that-is-longer-than-any-interface']) {
        const error = await rejection(programs.pass.attach(xdp(name, { netns: right.path })))
        expect(error).toMatchObject({ code: 'ENODEV', errno: -19, program: 'pass', link: `xdp ${name}` })
        expect(error.message).toContain(name)
      }
    })
  })

  test('without such an index is an error that names it', async () => {
    await withXdp(async ({ programs }) => {
      const error = await rejection(programs.pass.attach(xdp(4_000_000, { netns: right.path })))
      expect(error).toMatchObject({ errno: expect.any(Number), program: 'pass', link: 'xdp 4000000' })
    })
  })

  test('that does not exist is an error with its path', async () => {
    await withXdp(async ({ programs }) => {
      const error = await rejection(programs.pass.attach(xdp('eth0', { netns: '/run/netns/no-such' })))
      expect(error).toMatchObject({ code: 'ENOENT' })
      expect(error.message).toContain('/run/netns/no-such')
    })
  })

  test('that is none is refused', async () => {
    await withXdp(async ({ programs }) => {
      const fd = openSync('/dev/null', 'r')
      try {
        expect(await rejection(programs.pass.attach(xdp('eth0', { netns: { fd } })))).toMatchObject({ code: 'EINVAL' })
        expect(await rejection(programs.pass.attach(xdp('eth0', { netns: '/dev/null' })))).toMatchObject({
          code: 'EINVAL',
        })
        expect(await rejection(programs.pass.attach(xdp('eth0', { netns: { fd: 9999 } })))).toMatchObject({
          code: 'EBADF',
        })
      } finally {
        closeSync(fd)
      }
    })
  })

  test('is entered by no thread that stays: all of them are where they were', async () => {
    const namespaces = (): string[] => {
      const threads = readdirSync('/proc/self/task')
      return [...new Set(threads.map((thread) => readlinkSync(`/proc/self/task/${thread}/ns/net`)))]
    }
    const before = namespaces()
    await withXdp(async ({ programs }) => {
      const attempts = ['nosuch0', 'nosuch1', right.interface, 'nosuch2', 'nosuch3'].map((name) =>
        programs.pass.attach(xdp(name, { netns: right.path })).catch(() => {}),
      )
      await Promise.all(attempts)
      expect(programs.pass.links).toHaveLength(1)
      expect(namespaces()).toEqual(before)
    })
    expect(namespaces()).toEqual(before)
    expect(before).toHaveLength(1)
  })

  test('leaves no descriptor of itself behind', async () => {
    const count = (): number => readdirSync('/proc/self/fd').length
    await withXdp(async ({ programs }) => {
      const before = count()
      for (const netns of [right.path, { pid: (await right.process()).pid }]) {
        await rejection(programs.pass.attach(xdp('nosuch0', { netns })))
      }
      expect(count()).toBe(before)
    })
  })

  test('that is deleted takes the interface and its program along, without harm', async () => {
    const own = new Cable()
    await withXdp(async ({ programs }) => {
      const link = await programs.pass.attach(xdp(own.left.interface, { netns: own.left.path }))
      ip('-n', own.left.namespace, 'link', 'del', own.left.interface)
      expect(link.info()).toMatchObject({ type: 'xdp' })
      await link.close()
    })
    await own[Symbol.asyncDispose]()
  })
})
