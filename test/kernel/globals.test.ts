import { describe, expect, it } from 'vitest'
import { loadObject, openObject } from '../../lib/index.ts'
import { fixture, withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'

const initial = {
  threshold: 10,
  target: 'init',
  defaults: { limit: 3, strict: true, name: 'dflt', mask: 1n << 63n },
  mode: 4,
  offset: -5n,
  big: 0xfedcba9876543210n,
  negative: -0x7edcba9876543210n,
  settings: { limit: 7, strict: false, name: 'start', mask: 2n },
  table: [1, 2, 3, 4],
  label: 'eight ch',
  hidden: 99,
  counter: 0n,
  seen_threshold: 0,
  copy: { limit: 0, strict: false, name: '', mask: 0n },
  current: 0,
  matched: false,
  runs: 0,
  special: 42,
  fixed: 43,
  sum: 0n,
}

const constants = ['threshold', 'target', 'defaults', 'mode', 'offset', 'fixed']

describe('globals before loading', () => {
  it('have the values of the file: constants, data, zeros, statics and sections of their own', async () => {
    const spec = await openObject(fixture('globals'))
    expect({ ...spec.globals }).toEqual(initial)
  })

  it('are what the program starts with', async () => {
    const spec = await openObject(fixture('globals'))
    Object.assign(spec.globals, {
      threshold: 77,
      target: 'node',
      mode: 'OFF',
      defaults: { ...initial.defaults, strict: false },
      big: (1n << 53n) + 1n,
      offset: -(1n << 62n),
      counter: 5n,
      special: 1,
      fixed: 100,
      hidden: 65_534,
      table: [10, 20, 30, 40],
    })
    expect(spec.globals.threshold).toBe(77)
    await using object = await spec.load()
    const { globals } = object
    expect(await run(object, 'step')).toBe(6)
    expect(globals.seen_threshold).toBe(77)
    expect(globals.matched).toBe(true)
    expect(globals.current).toBe(0)
    expect(globals.settings.strict).toBe(false)
    expect(globals.sum).toBe((1n << 53n) + 1n - (1n << 62n) + (1n << 64n))
    expect(globals.special).toBe(101)
    expect(globals.hidden).toBe(65_535)
    expect(globals.table).toEqual([10, 20, 30, 30])
  })

  it('are edited by loadObject, too', async () => {
    await using object = await loadObject(fixture('globals'), { globals: { threshold: 8, counter: 1 } })
    expect(await run(object, 'step')).toBe(2)
    expect(object.globals.seen_threshold).toBe(8)
  })

  it('are a snapshot of the moment of loading', async () => {
    const spec = await openObject(fixture('globals'))
    spec.globals.counter = 100n
    const loading = spec.load()
    spec.globals.counter = 200n
    await using first = await loading
    await using second = await spec.load()
    expect([await run(first, 'step'), await run(second, 'step')]).toEqual([101, 201])
    expect(spec.globals.counter).toBe(200n)
    expect((await openObject(fixture('globals'))).globals.counter).toBe(0n)
  })

  it('refuse what does not fit, and stay as they were', async () => {
    const spec = await openObject(fixture('globals'))
    const bad: [string, unknown, ErrorConstructor][] = [
      ['threshold', -1, RangeError],
      ['threshold', 2 ** 32, RangeError],
      ['threshold', 1.5, RangeError],
      ['threshold', '10', TypeError],
      ['threshold', undefined, TypeError],
      ['target', 'seventeen letters', RangeError],
      ['target', 5, TypeError],
      ['mode', 'MAYBE', TypeError],
      ['settings', { limit: 1 }, TypeError],
      ['settings', { ...initial.settings, extra: 1 }, TypeError],
      ['settings', null, TypeError],
      ['table', [1, 2, 3], RangeError],
      ['table', [1, 2, 3, -4], RangeError],
      ['big', 1n << 64n, RangeError],
      ['negative', -(1n << 63n) - 1n, RangeError],
      ['matched', 2, RangeError],
      ['label', 'nine chars', RangeError],
    ]
    for (const [name, value, type] of bad) {
      let error: unknown
      try {
        ;(spec.globals as Record<string, unknown>)[name] = value
      } catch (thrown) {
        error = thrown
      }
      expect(error, `${name} = ${String(value)}`).toBeInstanceOf(type)
      expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_EBPF_/), message: expect.stringContaining(name) })
    }
    expect({ ...spec.globals }).toEqual(initial)
  })
})

describe('globals of a loaded object', () => {
  it('show what the program writes, at once', () =>
    withObject('globals', async (object) => {
      const { globals } = object
      expect({ ...globals }).toEqual(initial)
      for (let round = 1; round <= 3; round++) {
        await run(object, 'step')
        expect(globals).toMatchObject({
          counter: BigInt(round),
          runs: round,
          hidden: 99 + round,
          seen_threshold: 10,
          current: 4,
          special: 42 + 43 * round,
          negative: initial.negative + BigInt(round),
          sum: initial.big - 5n,
          label: 'Eight ch',
          table: [1, 2, 3, 3],
          settings: { ...initial.settings, limit: 7 + round, strict: true },
          copy: { ...initial.settings, limit: 6 + round, strict: round > 1 },
        })
      }
    }))

  it('are seen by the program as they are assigned', () =>
    withObject('globals', async (object) => {
      Object.assign(object.globals, {
        big: (1n << 53n) + 1n,
        negative: -1,
        settings: { limit: 1000, strict: true, name: 'exact 8.', mask: (1n << 64n) - 1n },
        table: [9, 8, 7, 6],
        label: 'hi',
        counter: 2 ** 40,
        special: 5,
        hidden: 65_535,
        matched: true,
        current: 'ON',
      })
      expect(await run(object, 'check_assigned'), 'line of the first that is wrong').toBe(0)
      expect(object.globals.label).toBe('hi')
    }))

  it('are each of its own object', () =>
    withObject('globals', (one) =>
      withObject('globals', async (two) => {
        one.globals.counter = 50n
        expect(two.globals.counter).toBe(0n)
        expect([await run(one, 'step'), await run(two, 'step')]).toEqual([51, 1])
      }),
    ))

  it('that are constant can be read, and not assigned', () =>
    withObject('globals', async ({ globals }) => {
      for (const name of constants) {
        const value = globals[name]
        expect(value, name).toEqual(initial[name as 'mode'])
        expect(() => {
          globals[name] = value
        }, name).toThrowError(
          expect.objectContaining({
            name: 'EbpfError',
            code: 'ERR_EBPF_READ_ONLY',
            message: expect.stringContaining(`'${name}'`),
            hint: expect.stringContaining(`spec.globals.${name}`),
          }),
        )
      }
    }))

  it('are copies: a struct or array is assigned whole', () =>
    withObject('globals', ({ globals }) => {
      const { settings, table } = globals
      settings.limit = 99
      table[0] = 99
      expect(globals.settings).toEqual(initial.settings)
      expect(globals.table).toEqual(initial.table)
      globals.settings = { ...settings, name: 'whole' }
      expect(globals.settings).toEqual({ ...initial.settings, limit: 99, name: 'whole' })
    }))

  it('refuse what does not fit, and stay as they were', () =>
    withObject('globals', ({ globals }) => {
      for (const value of [-1, 2 ** 64, 1.5, 'x', null, {}, 1n << 64n]) {
        expect(() => {
          globals.counter = value
        }).toThrowError(expect.objectContaining({ code: expect.stringMatching(/^ERR_EBPF_/) }))
      }
      const hostile = {
        get limit(): number {
          throw new Error('mine')
        },
      }
      expect(() => {
        globals.settings = { ...initial.settings, ...Object.create(null), limit: Symbol() }
      }).toThrowError(TypeError)
      expect(() => {
        globals.settings = Object.defineProperties(
          { strict: true, name: '', mask: 0 },
          Object.getOwnPropertyDescriptors(hostile),
        )
      }).toThrowError('mine')
      expect(globals).toMatchObject({ counter: 0n, settings: initial.settings })
    }))

  it('are numbers where that was chosen', async () => {
    await using object = await loadObject(fixture('globals'), { int64: 'number', globals: { big: 5, negative: -6 } })
    expect(object.globals.big).toBe(5)
    expect(object.globals.negative).toBe(-6)
    expect(object.globals.counter).toBe(0)
    object.globals.counter = 2n ** 60n
    expect(() => object.globals.counter).toThrowError(RangeError)
  })

  it('are gone when the object is closed', async () => {
    const object = await loadObject(fixture('globals'))
    const { globals } = object
    expect(globals.counter).toBe(0n)
    await object.close()
    for (const name of Object.keys(initial)) {
      expect(() => globals[name], name).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
    }
    expect(() => {
      globals.counter = 1n
    }).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
  })

  it('assigned by a value whose getter closes the object end in an error', async () => {
    const object = await loadObject(fixture('globals'))
    const { globals } = object
    const value = {
      ...initial.settings,
      get limit() {
        object[Symbol.dispose]()
        globalThis.gc?.()
        return 5
      },
    }
    expect(() => {
      globals.settings = value
    }).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
  })
})
