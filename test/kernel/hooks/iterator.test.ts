/** Iterators: what they walk over, how they are read, and what ends that. */
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type IteratorOptions, iterator } from '../../../lib/hooks/iterator.ts'
import { ITERATOR_TARGETS } from '../../../lib/hooks/iterator-targets.ts'
import { tracepoint } from '../../../lib/hooks/tracepoint.ts'
import type { Link } from '../../../lib/link.ts'
import type { BpfObject } from '../../../lib/object.ts'
import { openLink } from '../../../lib/open-link.ts'
import { withBpffs } from '../../support/bpffs.ts'
import { Cgroup } from '../../support/cgroup.ts'
import { type Effect, proveHook } from '../../support/hook-proof.ts'
import { type IteratorFixture, loadIterators, putEntry } from '../../support/iterator-fixture.ts'
import { absence, olderThan } from '../../support/kernel-features.ts'
import { bpfDescriptors } from '../../support/kernel-objects.ts'
import { callGetppid, withTrace } from '../../support/trace.ts'
import { rejection } from '../../support/wait.ts'

type Fixture = BpfObject<IteratorFixture>

/** What is there to be found, and the line that it is told by. */
interface Subject {
  line: string | RegExp
  options?: IteratorOptions
  end?(): Promise<void> | void
}

/** The descriptor that libuv keeps for a socket. */
const fdOf = (owner: object): number => (owner as { _handle: { fd: number } })._handle.fd

async function listening(where: string | number): Promise<{ server: ReturnType<typeof createServer>; port: number }> {
  const server = createServer()
  if (typeof where === 'string') server.listen(where)
  else server.listen(where, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

const subjects: { [target: string]: (object: Fixture) => Promise<Subject> | Subject } = {
  task: () => ({ line: `${process.pid} ` }),
  task_file: () => {
    const fd = openSync('/dev/null', 'r')
    return { line: `${process.pid} ${fd}`, end: () => closeSync(fd) }
  },
  task_vma: () => ({ line: `${process.pid} ${/^0*([0-9a-f]+)/.exec(readFileSync('/proc/self/maps', 'latin1'))?.[1]}` }),
  bpf_map: ({ maps }) => ({ line: String(maps.entries.id) }),
  bpf_map_elem: ({ maps }) => {
    maps.entries.set(7, 1n << 40n)
    return { line: `7 ${1n << 40n}`, options: { map: maps.entries } }
  },
  bpf_sk_storage_map: async ({ maps }) => {
    const { server } = await listening(0)
    putEntry(maps.storage, fdOf(server), 12345n)
    return { line: '12345', options: { map: maps.storage }, end: () => void server.close() }
  },
  sockmap: async ({ maps }) => {
    const { server } = await listening(0)
    putEntry(maps.sockets, 3, BigInt(fdOf(server)))
    return { line: '3', options: { map: maps.sockets }, end: () => void server.close() }
  },
  bpf_prog: ({ programs }) => ({ line: String(Object.values(programs)[0]?.id) }),
  bpf_link: () => ({ line: /^\d+$/ }),
  cgroup: async () => {
    const cgroup = new Cgroup()
    return {
      line: String(cgroup.id),
      options: { cgroup: cgroup.path, order: 'self' },
      end: () => cgroup[Symbol.asyncDispose](),
    }
  },
  tcp: async () => {
    const { server, port } = await listening(0)
    return { line: String(port), end: () => void server.close() }
  },
  udp: async () => {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    return { line: String(socket.address().port), end: () => void socket.close() }
  },
  unix: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ebpf-unix-'))
    const path = join(folder, 'socket')
    const { server } = await listening(path)
    const end = (): void => {
      server.close()
      rmSync(folder, { recursive: true })
    }
    return { line: path, end }
  },
  // The kernel's own.
  netlink: () => ({ line: '0' }),
  ksym: () => ({ line: 'vfs_unlink' }),
  ipv6_route: () => ({ line: /^\d+$/ }),
}

/** IPv6 can be off; then there are no routes. */
const hasRoutes = readdirSync('/proc/net').includes('ipv6_route')

for (const [target, subject] of Object.entries(subjects)) {
  if (target === 'ipv6_route' && !hasRoutes) continue
  proveHook({
    hook: `iter/${target}`,
    family: 'other',
    since: ITERATOR_TARGETS[target as keyof typeof ITERATOR_TARGETS],
    link: '5.8',
    update: '5.8',
    async setUp() {
      const names = [`${target}_first`, `${target}_second`] as const
      const object = await loadIterators(names, { target_pid: process.pid })
      const { line, options, end } = await subject(object)
      const program = object.program(names[0])
      let link: Link | undefined
      return {
        second: object.program(names[1]),
        async attach() {
          link = await program.attach(...(options === undefined ? [] : [iterator(options)]))
          return link
        },
        async observe() {
          if (link === undefined) return 'none'
          if (!link.closed) return await told(link, line)
          expect(() => link?.read()).toThrow(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
          return 'none'
        },
        async [Symbol.asyncDispose]() {
          await object.close()
          await end?.()
        },
      }
    },
  })
}

/** Who wrote the line. */
async function told(link: Link, line: string | RegExp): Promise<Effect> {
  const lines = (await link.text()).split('\n')
  const writers = lines
    .filter((text) => {
      const said = text.slice(text.indexOf(' ') + 1)
      return typeof line === 'string' ? said.startsWith(line) : line.test(said)
    })
    .map((text) => text.split(' ')[0])
  const effect = new Set(writers)
  expect(effect.size, `${line} among ${lines.length} lines: ${lines.slice(0, 5).join('; ')}`).toBe(1)
  return [...effect][0] as Effect
}

async function withEntries(body: (object: Fixture, link: Link) => Promise<void>, count = 4): Promise<void> {
  await using object = await loadIterators(['bpf_map_elem_first', 'bpf_map_elem_second'])
  const { entries } = object.maps
  for (let key = 0; key < count; key++) entries.set(key, BigInt(key))
  await body(object, await object.program('bpf_map_elem_first').attach(iterator({ map: entries })))
}

const lineCount = (text: string): number => text.split('\n').length - 1

describe('link.read()', () => {
  test('is a fresh run each time', async () => {
    await withEntries(async ({ maps }, link) => {
      expect(lineCount(await link.text())).toBe(4)
      maps.entries.set(99, 1n)
      expect((await link.text()).split('\n').sort()).toEqual([
        '',
        'first 0 0',
        'first 1 1',
        'first 2 2',
        'first 3 3',
        'first 99 1',
      ])
      const both = await Promise.all([link.text(), link.text()])
      expect(both.map(lineCount)).toEqual([5, 5])
    })
  })

  test('gives all of what is longer than one buffer, in chunks', async () => {
    await withEntries(async (_object, link) => {
      let bytes = 0
      let chunks = 0
      for await (const chunk of link.read() as AsyncIterable<Buffer>) {
        bytes += chunk.length
        chunks++
      }
      expect(chunks).toBeGreaterThan(1)
      const text = await link.text()
      expect(text.length).toBe(bytes)
      expect(new Set(text.split('\n').filter((line) => line !== '')).size).toBe(4096)
    }, 4096)
  })

  test('is nothing for an empty map, and an empty stream ends', async () => {
    await withEntries(async (_object, link) => {
      expect(await link.text()).toBe('')
    }, 0)
  })

  test('can be ended early, before, while and after it reads', async () => {
    await withEntries(async (_object, link) => {
      const before = bpfDescriptors()
      const unread = link.read()
      expect(bpfDescriptors()).not.toEqual(before)
      unread.destroy()
      await once(unread, 'close')
      for await (const chunk of link.read()) {
        expect((chunk as Buffer).length).toBeGreaterThan(0)
        break
      }
      const reading = link.read()
      reading.read()
      reading.destroy()
      await once(reading, 'close')
      const failed = link.read()
      const error = rejection(once(failed, 'end'))
      failed.destroy(new Error('enough'))
      expect((await error).message).toBe('enough')
      expect(bpfDescriptors()).toEqual(before)
    }, 4096)
  })

  test('goes on when the link is closed, its object too', async () => {
    const object = await loadIterators(['bpf_map_elem_first'])
    object.maps.entries.set(1, 1n)
    const link = await object.program('bpf_map_elem_first').attach(iterator({ map: object.maps.entries }))
    const stream = link.read().setEncoding('utf8')
    await object.close()
    expect(await stream.toArray()).toEqual(['first 1 1\n'])
    expect(() => link.read()).toThrow(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
    expect(bpfDescriptors()).toEqual({})
  })

  test('of a link that is no iterator is refused in words', async () => {
    await withTrace(async ({ programs }) => {
      const before = bpfDescriptors()
      const link = await programs.on_raw.attach()
      expect(() => link.read()).toThrow(
        expect.objectContaining({
          code: 'EINVAL',
          operation: 'bpf_iter_create',
          hint: expect.stringContaining('iterator'),
        }),
      )
      await rejection(link.text())
      await link.close()
      expect(bpfDescriptors()).toEqual(before)
      callGetppid(1)
    })
  })

  test('tells when a program writes more than fits', async () => {
    await using object = await loadIterators(['too_much'])
    object.maps.entries.set(1, 1n)
    const link = await object.program('too_much').attach(iterator({ map: object.maps.entries }))
    const before = bpfDescriptors()
    expect(await rejection(link.text())).toMatchObject({
      name: 'EbpfError',
      code: 'E2BIG',
      program: 'too_much',
      hint: expect.stringContaining('8 pages'),
    })
    expect(bpfDescriptors()).toEqual(before)
  })
})

describe('a pinned iterator', () => {
  test('is a file that any program can read', async () => {
    await withBpffs(async (folder) => {
      const path = join(folder, 'entries')
      await withEntries(async ({ programs }, link) => {
        link.pin(path)
        expect(lineCount(execFileSync('cat', [path], { encoding: 'latin1' }))).toBe(4)
        await link.close()
        await using opened = openLink(path)
        expect(opened.info()).toMatchObject({ type: 'iter', target: 'bpf_map_elem' })
        expect(lineCount(await opened.text())).toBe(4)
        await opened.update(programs.bpf_map_elem_second!)
        expect(execFileSync('cat', [path], { encoding: 'latin1' })).toMatch(/^(second \d+ \d+\n){4}$/)
        opened.unpin(path)
      })
    })
  })
})

describe('link.info()', () => {
  test('says over what it iterates', async () => {
    await withEntries(async ({ maps, programs }, link) => {
      const programId = programs.bpf_map_elem_first!.id
      expect(link.info()).toEqual({
        id: link.id,
        programId,
        type: 'iter',
        target: 'bpf_map_elem',
        mapId: maps.entries.id,
      })
      await link.update(programs.bpf_map_elem_second!)
      expect(link.info()).toMatchObject({ programId: programs.bpf_map_elem_second!.id })
      expect(link.program).toBe('bpf_map_elem_second')
    })
    await using object = await loadIterators(['task_first'])
    const link = await object.program('task_first').attach()
    expect(link.info()).toEqual({
      id: link.id,
      programId: object.program('task_first').id,
      type: 'iter',
      target: 'task',
    })
  })

  test.skipIf(olderThan('6.1'))('says of which process or cgroup', async () => {
    await using object = await loadIterators(['task_first', 'cgroup_first'])
    await using cgroup = new Cgroup()
    const task = await object.program('task_first').attach(iterator({ pid: process.pid }))
    expect(task.info()).toMatchObject({ target: 'task', pid: process.pid })
    const thread = await object.program('task_first').attach(iterator({ tid: process.pid }))
    expect(thread.info()).toMatchObject({ target: 'task', tid: process.pid })
    const walk = await object.program('cgroup_first').attach(iterator({ cgroup: cgroup.path, order: 'ancestors_up' }))
    expect(walk.info()).toMatchObject({ target: 'cgroup', cgroup: { id: cgroup.id, order: 'ancestors_up' } })
    await object.close()
  })
})

describe('attaching an iterator', () => {
  test('is refused in words where the target does not fit', async () => {
    await using object = await loadIterators(['bpf_map_elem_first', 'task_first'])
    const { bpf_map_elem_first: elements, task_first: tasks } = object.programs
    const { entries, other, sockets } = object.maps
    const before = bpfDescriptors()
    const invalid = { name: 'TypeError', code: 'ERR_EBPF_INVALID_ARGUMENT' }
    expect(await rejection(elements!.attach(iterator()))).toMatchObject(invalid)
    expect(await rejection(elements!.attach(iterator({ pid: 1 })))).toMatchObject(invalid)
    expect(await rejection(tasks!.attach(iterator({ map: entries })))).toMatchObject(invalid)
    expect(await rejection(tasks!.attach(tracepoint('sched', 'sched_switch')))).toMatchObject(invalid)
    expect(await rejection(elements!.attach())).toMatchObject({ name: 'EbpfError', program: 'bpf_map_elem_first' })
    // The keys of this map are as large as the other's; a sockhash has none that can be read so.
    expect(await rejection(elements!.attach(iterator({ map: sockets })))).toMatchObject({ name: 'EbpfError' })
    await (await elements!.attach(iterator({ map: other }))).close()
    other.close()
    expect(await rejection(elements!.attach(iterator({ map: other })))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    expect(bpfDescriptors()['bpf-link']).toBe(before['bpf-link'])
  })

  test('and updating it by one over something else is refused', async () => {
    await using object = await loadIterators(['bpf_map_elem_first', 'task_first'])
    const link = await object.program('task_first').attach()
    expect(await rejection(link.update(object.program('bpf_map_elem_first')))).toMatchObject({
      code: 'EINVAL',
      hint: expect.stringContaining('same type'),
    })
    expect(link.program).toBe('task_first')
    expect(await link.text()).toContain(`first ${process.pid} `)
  })

  test('to a hook of another kind is refused', async () => {
    await withTrace(async ({ programs }) => {
      expect(await rejection(programs.on_btf.attach(iterator()))).toMatchObject({
        code: 'ERR_EBPF_INVALID_ARGUMENT',
        message: expect.stringContaining('was loaded for trace_raw_tp'),
      })
    })
  })

  test.skipIf(absence(ITERATOR_TARGETS.cgroup) !== undefined)('of a cgroup that is none', async () => {
    await using object = await loadIterators(['cgroup_first'])
    const program = object.program('cgroup_first')
    expect(await rejection(program.attach(iterator({ cgroup: '/nowhere', order: 'self' })))).toMatchObject({
      code: 'ENOENT',
    })
    expect(await rejection(program.attach(iterator({ cgroup: '/tmp', order: 'self' })))).toMatchObject({
      name: 'EbpfError',
    })
    expect(await rejection(program.attach(iterator({ cgroup: '/dev/null' })))).toMatchObject({ code: 'ENOTDIR' })
  })
})
