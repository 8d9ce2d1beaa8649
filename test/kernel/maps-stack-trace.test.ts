import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EbpfError, StackTraceMap, createMap } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'

const made = (): StackTraceMap => createMap({ type: 'stack_trace', maxEntries: 16 }) as StackTraceMap

/** Each way into the kernel is another stack. */
async function fill(object: Parameters<typeof run>[0], runs: number): Promise<Set<number>> {
  const ids = new Set<number>()
  for (let count = 0; count < runs; count++) {
    const id = await run(object, 'kernel_stack')
    expect(id).toBeGreaterThanOrEqual(0)
    ids.add(id)
  }
  return ids
}

describe('a map of stacks', () => {
  it('has the addresses of a stack, and their names', () =>
    withObject('maps-stacks', async (object) => {
      const stacks = object.map('stacks', StackTraceMap)
      const id = await run(object, 'kernel_stack')
      const frames = stacks.get(id)!
      expect(frames.length).toBeGreaterThan(2)
      expect(frames.every((address) => address > 2n ** 63n)).toBe(true)
      const resolved = stacks.resolve(id)!
      expect(resolved.map(({ address }) => address)).toEqual(frames)
      expect(resolved.map(({ name }) => name).join(' ')).toMatch(/sys_bpf/)
      expect(resolved.every(({ offset }) => typeof offset === 'number')).toBe(true)
    }))

  it('is walked, and emptied', () =>
    withObject('maps-stacks', async (object) => {
      const stacks = object.map('stacks', StackTraceMap)
      expect([...stacks.keys()]).toEqual([])
      const ids = await fill(object, 10)
      expect(new Set(stacks.keys())).toEqual(ids)
      expect([...stacks].map(([id]) => id)).toEqual([...ids].toSorted((a, b) => a - b))
      const [first] = ids
      expect([stacks.delete(first!), stacks.delete(first!), stacks.get(first!)]).toEqual([true, false, undefined])
      expect(stacks.clear()).toBe(ids.size - 1)
      expect([...stacks]).toEqual([])
    }))

  it('has no stack for what a program got as an error', () =>
    withObject('maps-stacks', (object) => {
      const stacks = object.map('stacks', StackTraceMap)
      expect([stacks.get(-14), stacks.resolve(-1), stacks.delete(-17), stacks.get(99)]).toEqual([
        undefined,
        undefined,
        false,
        undefined,
      ])
    }))

  it('has build ids where it was declared so', () =>
    withObject('maps-stacks', async (object) => {
      const files = object.map('files', StackTraceMap)
      const frames = files.buildIds(await run(object, 'user_stack'))!
      expect(frames.length).toBeGreaterThan(0)
      for (const frame of frames) {
        if ('address' in frame) expect(typeof frame.address).toBe('bigint')
        else expect([frame.buildId, typeof frame.offset]).toEqual([expect.stringMatching(/^[0-9a-f]{40}$/), 'bigint'])
      }
    }))
})

describe('refuses', () => {
  let map: StackTraceMap
  beforeAll(() => {
    map = made()
  })
  afterAll(() => map.close())
  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  refuses([
    { name: 'text for an id', act: () => map.get('1' as never), code: INVALID },
    { name: 'a bigint for an id', act: () => map.get(1n as never), code: INVALID },
    { name: 'an id of 33 bits', act: () => map.get(2 ** 32), code: 'ERR_EBPF_OUT_OF_RANGE' },
    {
      name: 'build ids of addresses',
      act: () => map.buildIds(1),
      type: EbpfError,
      code: INVALID,
      message: /get\(id\)/,
    },
    {
      name: 'addresses of build ids',
      act: () =>
        withObject('maps-stacks', (object) => {
          object.map('files', StackTraceMap).get(1)
        }),
      type: EbpfError,
      code: INVALID,
      message: /buildIds/,
    },
    {
      name: 'a closed map',
      act: () => {
        const closed = made()
        closed.close()
        closed.get(1)
      },
      code: 'ERR_EBPF_CLOSED',
    },
  ])
})
