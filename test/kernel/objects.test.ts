/** From a file to an object in the kernel, and back. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ArrayMap, type BpfObject, HashMap, LruHashMap, loadObject, openMap, openObject } from '../../lib/index.ts'
import { withBpffs } from '../support/bpffs.ts'
import { fixture } from '../support/fixtures.ts'
import { run } from '../support/run.ts'

/** Keeps the map that is declared with a pin out of the system's own folder. */
const withoutPins = { maps: { kept: { autocreate: false } } }
const load = (options: Parameters<typeof loadObject>[1] = {}): Promise<BpfObject> =>
  loadObject(fixture('objects'), { ...withoutPins, ...options })

describe('an object file', () => {
  it('is opened from a path, a URL and its bytes', async () => {
    const url = fixture('objects')
    const bytes = new Uint8Array(readFileSync(url))
    for (const source of [fileURLToPath(url), url, bytes, Buffer.from(bytes)]) {
      const spec = await openObject(source)
      expect(spec.name).toBe(source instanceof Uint8Array ? 'object' : 'objects')
      expect(Object.keys(spec.programs)).toContain('bump')
    }
    expect((await openObject(url, { name: 'mine' })).name).toBe('mine')
  })

  it('is read once: what becomes of its bytes afterwards does not matter', async () => {
    const bytes = new Uint8Array(readFileSync(fixture('objects')))
    const opening = openObject(bytes)
    bytes.fill(0, 0, 64)
    const spec = await opening
    bytes.fill(0)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    expect(bytes.length).toBe(0)
    spec.maps.kept!.autocreate = false
    await using object = await spec.load()
    expect(await run(object, 'bump')).toBe(1)
  })

  it('says what is in it', async () => {
    const spec = await openObject(fixture('objects'))
    expect(spec.license).toBe('Dual MIT/GPL')
    const programs = Object.values(spec.programs).map(({ name, section, type, autoload }) => [
      name,
      section,
      type,
      autoload,
    ])
    expect(programs.sort()).toEqual(
      [
        ['bump', 'raw_tp', 'raw_tracepoint', true],
        ['on_exit', 'tp/sched/sched_process_exit', 'tracepoint', true],
        ['on_fork', 'tp/sched/sched_process_fork', 'tracepoint', true],
        ['on_packet', 'xdp', 'xdp', true],
        ['on_nothing', 'tp/no_such_category/no_such_event', 'tracepoint', false],
        ['on_something', 'tp_btf', 'tracing', false],
        ['careless', 'raw_tp', 'raw_tracepoint', false],
        ['relocated', 'raw_tp', 'raw_tracepoint', false],
      ].sort(),
    )
    expect(spec.programs.on_packet!.instructionCount).toBe(2)
    expect(spec.programs.bump!.instructionCount).toBeGreaterThan(10)
    expect({ ...spec.maps }).toEqual({
      counts: {
        name: 'counts',
        type: 'hash',
        keySize: 4,
        valueSize: 8,
        maxEntries: 16,
        flags: 0,
        numaNode: 0,
        autocreate: true,
      },
      kept: expect.objectContaining({
        type: 'array',
        keySize: 4,
        valueSize: 4,
        maxEntries: 4,
        pinPath: '/sys/fs/bpf/kept',
      }),
      unused: expect.objectContaining({ type: 'lru_hash', maxEntries: 1024 }),
    })
    expect({ ...spec.globals }).toEqual({ step: 1n })
  })

  it('needs no BTF where nothing has a type', async () => {
    const spec = await openObject(fixture('plain.nobtf'))
    expect(Object.keys(spec.globals)).toEqual([])
    expect(Object.keys(spec.maps)).toEqual([])
    await using object = await spec.load()
    expect((await object.programs.decide!.testRun({ data: new Uint8Array(14) })).returnValue).toBe(1)
  })
})

describe('a spec', () => {
  it('is loaded again and again, each time anew', async () => {
    const spec = await openObject(fixture('objects'))
    spec.maps.kept!.autocreate = false
    await using one = await spec.load()
    await run(one, 'bump')
    await using two = await spec.load()
    expect(two.maps.counts.id).not.toBe(one.maps.counts.id)
    expect(await run(two, 'bump')).toBe(1)
    expect(await run(one, 'bump')).toBe(2)
  })

  it('is loaded twice at once, each with the edits of its moment', async () => {
    const spec = await openObject(fixture('objects'))
    spec.maps.kept!.autocreate = false
    spec.globals.step = 10n
    spec.maps.counts!.maxEntries = 100
    const first = spec.load()
    spec.globals.step = 20n
    spec.maps.counts!.maxEntries = 200
    const second = spec.load()
    spec.globals.step = 30n
    await using one = await first
    await using two = await second
    expect([await run(one, 'bump'), await run(two, 'bump')]).toEqual([10, 20])
    expect([one.maps.counts.maxEntries, two.maps.counts.maxEntries]).toEqual([100, 200])
  })

  it('is loaded after a failure, with the edits that it had', async () => {
    const spec = await openObject(fixture('objects'))
    spec.maps.kept!.autocreate = false
    spec.maps.counts!.maxEntries = 7
    spec.programs.careless!.autoload = true
    await expect(spec.load()).rejects.toMatchObject({ name: 'VerifierError', program: 'careless' })
    await expect(spec.load()).rejects.toMatchObject({ name: 'VerifierError', program: 'careless' })
    spec.programs.careless!.autoload = false
    await using object = await spec.load()
    expect(object.maps.counts.maxEntries).toBe(7)
    expect(await run(object, 'bump')).toBe(1)
  })

  it('is loaded eight times in parallel', async () => {
    const objects = await Promise.all(Array.from({ length: 8 }, () => load()))
    try {
      expect(new Set(objects.map((object) => object.maps.counts.id)).size).toBe(8)
      await Promise.all(objects.map((object, index) => object.maps.counts.set(1, BigInt(index * 100))))
      const results = await Promise.all(objects.map((object) => run(object, 'bump')))
      expect(results).toEqual([1, 101, 201, 301, 401, 501, 601, 701])
    } finally {
      await Promise.all(objects.map((object) => object.close()))
    }
  })
})

describe('a loaded object', () => {
  it('has its maps by class, and its programs', async () => {
    await using object = await load()
    expect(Object.keys(object.maps)).toEqual(['counts', 'unused'])
    expect(object.maps.counts).toBeInstanceOf(HashMap)
    expect(object.maps.unused).toBeInstanceOf(LruHashMap)
    expect(Object.keys(object.programs)).toEqual(['bump', 'on_exit', 'on_fork', 'on_packet'])
  })

  it('gives a map as the class that is asked for, and no other', async () => {
    await using object = await load()
    expect(object.map('counts', HashMap)).toBe(object.maps.counts)
    expect(object.map('unused', HashMap)).toBe(object.maps.unused)
    expect(() => object.map('counts', ArrayMap)).toThrowError(
      expect.objectContaining({
        code: 'ERR_EBPF_MAP_CLASS',
        map: 'counts',
        message: expect.stringMatching(/hash.*HashMap.*ArrayMap/),
      }),
    )
    expect(() => object.map('counts', LruHashMap)).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_MAP_CLASS' }))
    for (const name of ['nothing', 'then', 'constructor']) {
      expect(() => object.map(name, HashMap)).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_UNKNOWN_NAME' }))
    }
    expect(() => object.map('counts', undefined as never)).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }),
    )
  })

  it('is closed once, with all that is in it', async () => {
    const object = await load()
    const { counts } = object.maps
    const { bump } = object.programs
    expect(object.closed).toBe(false)
    await Promise.all([object.close(), object.close()])
    expect([object.closed, counts.closed, bump!.closed]).toEqual([true, true, true])
    await object.close()
    object[Symbol.dispose]()
    expect(() => counts.get(1)).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
    await expect(bump!.testRun()).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    await expect(object.attach()).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })

  it('is closed at once by using', async () => {
    let id = 0
    {
      using object = await load()
      id = object.maps.counts.id
      openMap({ id }).close()
    }
    await expect.poll(() => codeOf(() => openMap({ id }).close()), { timeout: 10_000 }).toBe('ENOENT')
  })
})

function codeOf(act: () => unknown): unknown {
  try {
    act()
    return undefined
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}

describe('a name that does not exist', () => {
  const strange = ['nothing', 'toString', 'hasOwnProperty', '__proto__', '', 'Counts', '0']

  it.each(['programs', 'maps', 'globals'] as const)('in spec.%s throws and lists the known ones', async (part) => {
    const spec = await openObject(fixture('objects'))
    const record: Record<string, unknown> = spec[part]
    const known = Object.keys(record)
    for (const name of strange) {
      const error = expect.objectContaining({
        code: 'ERR_EBPF_UNKNOWN_NAME',
        message: expect.stringContaining(known.join(', ')),
      })
      expect(() => record[name], name).toThrowError(error)
      expect(() => {
        record[name] = 1
      }, name).toThrowError(error)
      expect(name in record, name).toBe(false)
    }
  })

  it.each(['programs', 'maps', 'globals'] as const)('in object.%s throws and lists the known ones', async (part) => {
    await using object = await load()
    const record: Record<string, unknown> = object[part]
    const known = Object.keys(record)
    for (const name of strange) {
      const error = expect.objectContaining({
        code: 'ERR_EBPF_UNKNOWN_NAME',
        message: expect.stringContaining(known.join(', ')),
      })
      expect(() => record[name], name).toThrowError(error)
      expect(() => {
        record[name] = 1
      }, name).toThrowError(error)
    }
  })

  it.each([
    ['a map', { maps: { nothing: { maxEntries: 1 } } }],
    ['a program', { programs: { nothing: { autoload: false } } }],
    ['a global', { globals: { nothing: 1 } }],
    ['a field of a map', { maps: { counts: { maxEntry: 1 } as object } }],
    ['a field of a program', { programs: { bump: { autoloads: true } as object } }],
  ])('in the options of loadObject, for %s, is refused', async (_, options) => {
    await expect(loadObject(fixture('objects'), options)).rejects.toMatchObject({ code: 'ERR_EBPF_UNKNOWN_NAME' })
  })

  // Node asks values for `href` (is it a URL?), test frameworks for `$$typeof`.
  it('does not stand in the way of printing', async () => {
    await using object = await load()
    const spec = await openObject(fixture('objects'))
    for (const value of [object, object.maps, spec, spec.maps]) expect(inspect(value)).toContain('counts')
    for (const value of [object.programs, spec.programs]) expect(inspect(value)).toContain('bump')
    expect(inspect(spec.globals)).toContain('step')
    expect(() => expect(object.maps).toEqual({}), 'a failing comparison prints both').toThrow('counts')
  })

  it('does not stand in the way of tools that look at values', async () => {
    await using object = await load()
    expect(await object.maps).toBe(object.maps)
    expect(JSON.stringify(Object.keys(object.programs))).toContain('bump')
    expect(() => String(Object.prototype.toString.call(object.maps))).not.toThrow()
    expect(Object.getPrototypeOf(Object.getPrototypeOf(object.maps))).toBeNull()
  })
})

describe('a map that is declared with a pin', () => {
  it('is pinned below pinRoot, and taken from there the next time', () =>
    withBpffs(async (pinRoot) => {
      const spec = await openObject(fixture('objects'))
      spec.pinRoot = pinRoot
      {
        await using object = await spec.load()
        object.maps.kept.set(2, 222)
      }
      await using again = await spec.load()
      expect(again.maps.kept.get(2)).toBe(222)
      using byPath = openMap(`${pinRoot}/kept`, ArrayMap)
      expect(byPath.id).toBe(again.maps.kept.id)
      expect(byPath.get(2)).toBe(222)
    }))

  it('is pinned where pinPath says', () =>
    withBpffs(async (folder) => {
      const pinPath = `${folder}/elsewhere`
      await using object = await loadObject(fixture('objects'), {
        ...withoutPins,
        maps: { ...withoutPins.maps, counts: { pinPath } },
      })
      using counts = openMap(pinPath, HashMap)
      expect(counts.id).toBe(object.maps.counts.id)
    }))

  it('is refused where another kind of map is pinned', () =>
    withBpffs(async (pinRoot) => {
      await using object = await load()
      object.maps.counts.pin(`${pinRoot}/kept`)
      await expect(loadObject(fixture('objects'), { pinRoot })).rejects.toMatchObject({
        name: 'EbpfError',
        code: 'EINVAL',
        object: 'objects',
        warnings: expect.arrayContaining([expect.stringContaining("couldn't reuse pinned map")]),
      })
    }))
})
