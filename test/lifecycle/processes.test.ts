/** How processes that use the package end, and that nothing of theirs is in the kernel afterwards. */
import { beforeAll, describe, expect, test } from 'vitest'
import { Child, builtPackage, run } from '../support/child.ts'
import { fixture } from '../support/fixtures.ts'
import { untilGone } from '../support/kernel-objects.ts'
import { traceGlobals } from '../support/trace.ts'

/** What each process begins with: a ring of its own, and a way to tell the ids of what it loaded. */
let prelude: string

beforeAll(() => {
  prelude = `
    import { writeSync } from 'node:fs'
    import { setTimeout as sleep } from 'node:timers/promises'
    import { loadObject, openObject, tracepoint } from ${JSON.stringify(builtPackage())}
    const load = () => loadObject(new URL(${JSON.stringify(fixture('ring').href)}))
    const loadTrace = () => loadObject(new URL(${JSON.stringify(fixture('trace').href)}), {
      globals: { target_pid: process.pid, target_call: ${traceGlobals.target_call}n },
    })
    const emit = (object, repeat = 5) => object.programs.submit.testRun({ data: new Uint8Array(64), repeat })
    const print = (value) => writeSync(1, JSON.stringify(value) + '\\n')
    const tell = (object) => print({
      programs: Object.values(object.programs).map(({ id }) => id),
      maps: Object.values(object.maps).map(({ id }) => id),
    })
    const warnings = []
    process.on('warning', ({ name, message }) => warnings.push([name, message]))
  `
})

/** What a process printed, one JSON value a line. */
function lines(stdout: string): unknown[] {
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

async function expectGone(stdout: string): Promise<void> {
  const told = lines(stdout).filter((line) => typeof line === 'object') as { programs: number[]; maps: number[] }[]
  expect(told.length).toBeGreaterThan(0)
  for (const ids of told) await untilGone(ids)
}

describe('a process ends by itself', () => {
  test('when nothing listens, though objects and links are open', async () => {
    const { code, stdout, stderr } = await run(`${prelude}
      const object = await loadTrace()
      await object.attach()
      tell(object)
    `)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    await expectGone(stdout)
  })

  test('when its subscription is closed, and not before', async () => {
    const { code, stdout, stderr } = await run(`${prelude}
      const object = await load()
      tell(object)
      const subscription = object.maps.events.subscribe(() => {})
      setTimeout(() => { print('closing'); subscription.close() }, 300).unref()
    `)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(lines(stdout)).toContain('closing')
    await expectGone(stdout)
  })

  test('when its loop was left', async () => {
    const { code, stdout, stderr } = await run(`${prelude}
      const object = await load()
      setTimeout(() => emit(object), 200).unref()
      for await (const event of object.maps.events) if (event.sequence === 4n) break
      print('left')
      tell(object)
    `)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(lines(stdout)).toContain('left')
    await expectGone(stdout)
  })

  test('when the ring is closed under a loop', async () => {
    const { code, stdout } = await run(`${prelude}
      const object = await load()
      setTimeout(() => object.close(), 100).unref()
      for await (const event of object.maps.events) print(event)
      print('over')
    `)
    expect(code).toBe(0)
    expect(lines(stdout)).toEqual(['over'])
  })

  test('when its signal aborts', async () => {
    const { code, stdout } = await run(`${prelude}
      const object = await load()
      const signal = AbortSignal.timeout(150)
      const subscription = object.maps.events.subscribe(() => {}, { signal })
      await subscription.finished
      print('finished')
    `)
    expect(code).toBe(0)
    expect(lines(stdout)).toEqual(['finished'])
  })

  test('but not while it listens', async () => {
    const { signal, stdout } = await run(
      `${prelude}
      const object = await load()
      tell(object)
      object.maps.events.subscribe(() => {})
    `,
      { timeoutMs: 1500 },
    )
    expect(signal).toBe('SIGKILL')
    await expectGone(stdout)
  })
})

describe('a process that is ended', () => {
  const sudden: [string, string][] = [
    ['process.exit() while it loads', `load(); load(); setImmediate(() => process.exit(7))`],
    ['process.exit() at once when it loads', `load(); process.exit(7)`],
    [
      'process.exit() while it attaches',
      `const trace = await loadTrace(); tell(trace); trace.attach(); process.exit(7)`,
    ],
    [
      'process.exit() while it detaches',
      `const trace = await loadTrace(); tell(trace); await trace.attach(); trace.close(); process.exit(7)`,
    ],
    ['process.exit() while it runs a program', `emit(object, 2 ** 24); await sleep(20); process.exit(7)`],
    [
      'process.exit() in a handler',
      `object.maps.events.subscribe(() => process.exit(7)); await emit(object); await sleep(5000)`,
    ],
    [
      'process.exit() in the body of a loop',
      `await emit(object); for await (const event of object.maps.events) process.exit(7)`,
    ],
    [
      'process.exit() while a handler waits',
      `object.maps.events.subscribe(() => sleep(5000)); await emit(object); await sleep(50); process.exit(7)`,
    ],
  ]
  test.each(sudden)('by %s leaves nothing', async (_how, source) => {
    const { code, stdout, stderr } = await run(`${prelude}
      const object = await load()
      tell(object)
      ${source}
    `)
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' })
    await expectGone(stdout)
  })

  test('by an error in a handler, which nobody caught, says so and leaves nothing', async () => {
    const { code, stdout, stderr } = await run(`${prelude}
      const object = await load()
      tell(object)
      object.maps.events.subscribe(() => { throw new Error('from the handler') })
      await emit(object)
      await sleep(5000)
    `)
    expect(code).toBe(1)
    expect(stderr).toContain('from the handler')
    await expectGone(stdout)
  })

  test('by an error in a timer while records come leaves nothing', async () => {
    const { code, stdout, stderr } = await run(`${prelude}
      const object = await load()
      tell(object)
      object.maps.events.subscribe(() => {})
      setTimeout(() => { throw new Error('from the timer') }, 100)
      for (;;) await emit(object)
    `)
    expect(code).toBe(1)
    expect(stderr).toContain('from the timer')
    await expectGone(stdout)
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('by %s leaves nothing', async (signal) => {
    await using child = await Child.start(`${prelude}
      const ring = await load()
      const trace = await loadTrace()
      await trace.attach()
      ring.maps.events.subscribe(() => {})
      process.on('message', () => process.send({
        programs: [...Object.values(ring.programs), ...Object.values(trace.programs)].map(({ id }) => id),
        maps: [...Object.values(ring.maps), ...Object.values(trace.maps)].map(({ id }) => id),
      }))
      process.send('ready')
      for (;;) await emit(ring)
    `)
    const ids = (await child.ask('ids')) as { programs: number[]; maps: number[] }
    expect(ids.programs).toHaveLength(8)
    expect(await child.end(signal)).toBe(signal)
    await untilGone(ids)
  })
})

test('a ring that could not be listened to for want of descriptors can be later', async () => {
  const { code, stdout, stderr } = await run(
    `${prelude}
    import { closeSync, openSync } from 'node:fs'
    const object = await load()
    const taken = []
    const take = () => taken.push(openSync('/dev/null'))
    try { for (;;) take() } catch {}
    // One is enough for the ring, not for the poller that it needs, too.
    const failures = []
    for (const room of [0, 1]) {
      for (let fd = 0; fd < room; fd++) closeSync(taken.pop())
      try { object.maps.events.subscribe(() => {}) } catch ({ code }) { failures.push(code) }
    }
    for (const fd of taken) closeSync(fd)
    print(failures)
    await emit(object)
    for await (const event of object.maps.events) if (event.sequence === 4n) break
    print('read')
    await object.close()
  `,
    { prefix: ['sh', '-c', 'ulimit -n 400; exec "$0" "$@"'] },
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(lines(stdout)).toEqual([['EMFILE', 'EMFILE'], 'read'])
})

describe('the garbage collector', () => {
  const collect = `
    const collect = async () => { for (let round = 0; round < 20; round++) { gc(); await sleep(5) } }
  `

  test('does not detach a link that nobody holds any more', async () => {
    const { code, stdout, stderr } = await run(
      `${prelude}${collect}
      let calls
      await (async () => {
        const object = await loadTrace()
        await object.programs.on_tracepoint.attach()
        await object.programs.on_raw.attach()
        calls = [object.maps.tracepoint_calls, object.maps.raw_calls]
      })()
      await collect()
      for (let call = 0; call < 3; call++) process.ppid
      print(calls.map((map) => Number(map.get(0n))))
      print(warnings)
    `,
      { flags: ['--expose-gc'] },
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(lines(stdout)).toEqual([[3, 3], []])
  })

  test('does not end a stream whose ring and object nobody holds any more', async () => {
    const { code, stdout, stderr } = await run(
      `${prelude}${collect}
      let program
      await (async () => {
        const object = await load()
        program = object.programs.submit
        let seen = 0
        const subscription = object.maps.events.subscribe((batch) => {
          seen += batch.length
          if (seen === 5) { print('all'); subscription.close() }
        })
      })()
      await collect()
      await program.testRun({ data: new Uint8Array(64), repeat: 5 })
    `,
      { flags: ['--expose-gc'] },
    )
    expect(stderr).not.toContain('Error')
    expect(code).toBe(0)
    expect(lines(stdout)).toEqual(['all'])
  })

  test('closes an object that was forgotten, and warns of it', async () => {
    const { code, stdout } = await run(
      `${prelude}${collect}
      await (async () => tell(await load()))()
      await collect()
      print(warnings)
      await sleep(300)
      print('done')
    `,
      { flags: ['--expose-gc'] },
    )
    expect(code).toBe(0)
    const [ids, told] = lines(stdout) as [object, [string, string][]]
    expect(told).toEqual([
      ['EbpfWarning', expect.stringMatching(/object 'ring' was garbage-collected without being closed/)],
    ])
    await untilGone(ids)
  })

  test('says nothing of what was closed', async () => {
    const { stdout } = await run(
      `${prelude}${collect}
      await (async () => {
        const object = await loadTrace()
        await object.attach()
        await object.close()
      })()
      await collect()
      print(warnings)
    `,
      { flags: ['--expose-gc'] },
    )
    expect(lines(stdout)).toEqual([[]])
  })
})
