/** Probes on functions of the C library, called by this process and by others. */
import { getPriority } from 'node:os'
import { describe, expect, test } from 'vitest'
import { uprobe, uretprobe } from '../../lib/hooks/uprobe.ts'
import type { HashMap } from '../../lib/maps/hash-map.ts'
import { loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { Child } from '../support/child.ts'
import { functionOffset, libcPath } from '../support/elf.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { callGetppid } from '../support/trace.ts'
import { rejection } from '../support/wait.ts'

interface Seen {
  calls: bigint
  first_argument: bigint
  second_argument: bigint
  returned: bigint
  pid: number
}

interface UprobeFixture {
  maps: { seen: HashMap<bigint, Seen> }
  programs: { on_entry: BpfProgram; on_return: BpfProgram; on_section: BpfProgram }
  globals: { target_pid: number }
}

const libc = libcPath()
/** Several probes of one program are told apart by their cookies. */
const noCookies = olderThan('5.15')

async function withProbes(body: (object: BpfObject<UprobeFixture>) => Promise<void>, target_pid = process.pid) {
  await using object = await loadObject<UprobeFixture>(fixture('uprobe'), { globals: { target_pid } })
  await body(object)
}

describe('a uprobe', () => {
  test.each([libc, 'libc.so.6'])('sees the calls of a function of %s, with their arguments', async (binary) => {
    await withProbes(async ({ maps, programs }) => {
      const link = await programs.on_entry.attach(uprobe(binary, { symbol: 'getpriority' }))
      if (!olderThan('5.15')) {
        expect(link.info()).toMatchObject({ type: 'perf_event', programId: programs.on_entry.id })
      }
      for (let call = 0; call < 3; call++) getPriority(process.pid)
      expect(maps.seen.get(0n)).toEqual({
        calls: 3n,
        first_argument: 0n, // PRIO_PROCESS
        second_argument: BigInt(process.pid),
        returned: 0n,
        pid: process.pid,
      })
    })
  })

  test.skipIf(noCookies)('gives the program its cookie', async () => {
    await withProbes(async ({ maps, programs }) => {
      const cookie = 2n ** 64n - 2n
      await programs.on_entry.attach(uprobe(libc, { symbol: 'getppid', cookie }))
      callGetppid(5)
      expect([...maps.seen.keys()]).toEqual([cookie])
      expect(maps.seen.get(cookie)?.calls).toBe(5n)
    })
  })

  test('is attached by its section', async () => {
    await withProbes(async ({ maps, programs }) => {
      await programs.on_section.attach()
      callGetppid(4)
      expect(maps.seen.get(0n)?.calls).toBe(4n)
    })
  })

  test('of a bare section is left out by object.attach()', async () => {
    await withProbes(async (object) => {
      const { links, skipped } = await object.attach()
      expect(links.map(({ program }) => program)).toEqual(['on_section'])
      expect(skipped).toEqual(['on_entry', 'on_return'])
    })
  })

  test('of a bare section cannot be attached without a hook', async () => {
    await withProbes(async ({ programs }) => {
      const error = await rejection(programs.on_entry.attach())
      expect(error).toMatchObject({ program: 'on_entry' })
      expect(error.message).toContain('uprobe')
    })
  })

  test.skipIf(noCookies)('can be placed by an offset into the file', async () => {
    await withProbes(async ({ maps, programs }) => {
      await programs.on_entry.attach(uprobe(libc, { offset: functionOffset(libc, 'getppid'), cookie: 1 }))
      await programs.on_entry.attach(uprobe(libc, { offset: BigInt(functionOffset(libc, 'getpriority')), cookie: 2 }))
      callGetppid(6)
      getPriority(0)
      expect(maps.seen.get(1n)?.calls).toBe(6n)
      expect(maps.seen.get(2n)?.calls).toBe(1n)
    })
  })

  test('can be placed by an offset from a symbol', async () => {
    await withProbes(async ({ maps, programs }) => {
      const places = ['getppid', 'getpriority'].map((symbol) => ({ symbol, at: functionOffset(libc, symbol) }))
      const [lower, higher] = places.sort((a, b) => a.at - b.at) as [(typeof places)[0], (typeof places)[0]]
      await programs.on_entry.attach(uprobe(libc, { symbol: lower.symbol, offset: higher.at - lower.at }))
      if (higher.symbol === 'getppid') callGetppid(2)
      else for (let call = 0; call < 2; call++) getPriority(0)
      expect(maps.seen.get(0n)?.calls).toBe(2n)
    })
  })

  test('sees nothing any more once its link is closed', async () => {
    await withProbes(async ({ maps, programs }) => {
      const link = await programs.on_entry.attach(uprobe(libc, { symbol: 'getppid' }))
      callGetppid(1)
      await link.close()
      callGetppid(10)
      expect(maps.seen.get(0n)?.calls).toBe(1n)
    })
  })
})

describe('a uretprobe', () => {
  test.skipIf(noCookies)('sees what the function returned', async () => {
    await withProbes(async ({ maps, programs }) => {
      await programs.on_return.attach(uretprobe('libc.so.6', { symbol: 'getppid', cookie: 9 }))
      callGetppid(2)
      expect(maps.seen.get(9n)).toMatchObject({ calls: 2n, returned: BigInt(process.ppid), pid: process.pid })
    })
  })

  test.skipIf(noCookies)('and a uprobe can be on the same function', async () => {
    await withProbes(async ({ maps, programs }) => {
      await programs.on_entry.attach(uprobe(libc, { symbol: 'getppid', cookie: 1 }))
      await programs.on_return.attach(uretprobe(libc, { symbol: 'getppid', cookie: 2 }))
      callGetppid(3)
      expect([maps.seen.get(1n)?.calls, maps.seen.get(2n)?.calls]).toEqual([3n, 3n])
    })
  })
})

describe('the pid of a probe', () => {
  const source = `process.on('message', (times) => {
    for (let call = 0; call < times; call++) process.ppid
    process.send('done')
  })
  process.send('ready')`

  test.skipIf(noCookies)('lets only the calls of that process through', async () => {
    await using child = await Child.start(source)
    // The program filters nothing: what it sees is what the kernel lets through.
    await withProbes(async ({ maps, programs }) => {
      await programs.on_entry.attach(uprobe(libc, { symbol: 'getppid', pid: child.pid, cookie: 1 }))
      await programs.on_entry.attach(uprobe(libc, { symbol: 'getppid', pid: process.pid, cookie: 2 }))
      callGetppid(2)
      await child.ask(5)
      expect(maps.seen.get(1n)).toMatchObject({ calls: 5n, pid: child.pid })
      expect(maps.seen.get(2n)).toMatchObject({ calls: 2n, pid: process.pid })
    }, 0)
  })

  test('can be of a process that is gone when the link is closed', async () => {
    const child = await Child.start(source)
    await withProbes(async ({ programs }) => {
      const link = await programs.on_entry.attach(uprobe(libc, { symbol: 'getppid', pid: child.pid }))
      await child[Symbol.asyncDispose]()
      await link.close()
    }, 0)
  })

  test('is ESRCH when there is no such process', async () => {
    const child = await Child.start(source)
    await child[Symbol.asyncDispose]()
    await withProbes(async ({ programs }) => {
      const error = await rejection(programs.on_entry.attach(uprobe(libc, { symbol: 'getppid', pid: child.pid })))
      expect(error).toMatchObject({ code: 'ESRCH', program: 'on_entry' })
    }, 0)
  })
})

describe('a place that does not exist', () => {
  const missing = [
    ['symbol', uprobe(libc, { symbol: 'no_such_function' }), 'ENOENT', 'no_such_function'],
    ['file', uprobe('/no/such/binary', { symbol: 'main' }), 'ENOENT', '/no/such/binary'],
    ['offset', uprobe(libc, { offset: 2n ** 62n }), 'EINVAL', ''],
  ] as const
  test.each(missing)('is an error that names it: %s', async (_what, hook, code, words) => {
    await withProbes(async ({ programs }) => {
      const error = await rejection(programs.on_entry.attach(hook))
      expect(error).toMatchObject({ code, program: 'on_entry', object: 'uprobe' })
      expect(error.message).toContain(words)
      expect(programs.on_entry.links).toEqual([])
    })
  })
})
