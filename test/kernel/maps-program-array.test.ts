import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EbpfError, ProgramArray, createMap, openMap, openProgram } from '../../lib/index.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { refuses } from '../support/bad-input.ts'
import { fixture, withObject } from '../support/fixtures.ts'
import { loadObject } from '../../lib/object-spec.ts'
import { run } from '../support/run.ts'

const made = (): ProgramArray => createMap({ type: 'prog_array', maxEntries: 2 }) as ProgramArray

function programOf(object: BpfObject, name: string): BpfProgram {
  return object.programs[name] as BpfProgram
}

describe('a program array', () => {
  it('has the programs that others jump to', () =>
    withObject('maps-descriptors', async (object) => {
      const jumps = object.map('jumps', ProgramArray)
      const [ten, twenty] = [programOf(object, 'ten'), programOf(object, 'twenty')]
      expect([jumps.length, jumps.get(0), [...jumps]]).toEqual([4, undefined, []])
      expect(await run(object, 'jump')).toBe(-1)
      jumps.set(0, ten)
      jumps.set(3, twenty)
      expect(await run(object, 'jump')).toBe(10)
      object.globals.place = 3
      expect(await run(object, 'jump')).toBe(20)
      expect([...jumps]).toEqual([
        [0, { id: ten.id }],
        [3, { id: twenty.id }],
      ])
      using again = openProgram(jumps.get(3)!)
      expect(again.name).toBe('twenty')
      jumps.set(3, ten)
      expect(await run(object, 'jump')).toBe(10)
      expect([jumps.delete(3), jumps.delete(3)]).toEqual([true, false])
      expect(await run(object, 'jump')).toBe(-1)
      expect([jumps.clear(), [...jumps]]).toEqual([1, []])
    }))

  it('takes programs of one type', () =>
    withObject('maps-descriptors', (object) => {
      const jumps = object.map('jumps', ProgramArray)
      const expected = { code: 'EINVAL', message: expect.stringMatching(/raw_tracepoint.*'packet' is of type xdp/) }
      expect(() => jumps.set(0, programOf(object, 'packet'))).toThrowError(expect.objectContaining(expected))
      using free = made()
      free.set(0, programOf(object, 'packet'))
      expect(() => free.set(1, programOf(object, 'ten'))).toThrowError(/of type xdp/)
    }))

  it('holds its programs when their object is closed', async () => {
    using array = made()
    await withObject('maps-descriptors', (object) => array.set(1, programOf(object, 'ten')))
    using program = openProgram(array.get(1)!)
    expect((await program.testRun()).returnValue).toBe(10)
    using again = openMap({ id: array.id }, ProgramArray)
    array.close()
    expect(again.get(1)).toEqual({ id: program.id })
  })

  it('is emptied by the kernel when only programs have it', async () => {
    const object = await loadObject(fixture('maps-descriptors'))
    object.map('jumps', ProgramArray).set(0, programOf(object, 'ten'))
    using program = openProgram({ id: programOf(object, 'jump').id })
    expect((await program.testRun()).returnValue).toBe(10)
    await object.close()
    await expect.poll(async () => (await program.testRun()).returnValue | 0).toBe(-1)
  })
})

describe('refuses', () => {
  let array: ProgramArray
  beforeAll(() => {
    array = made()
  })
  afterAll(() => array.close())
  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  const RANGE = 'ERR_EBPF_OUT_OF_RANGE'
  refuses([
    { name: 'an index past the end', act: () => array.get(2), code: RANGE, message: /0 to 1/ },
    { name: 'a negative index', act: () => array.delete(-1), code: RANGE },
    { name: 'half an index', act: () => array.get(0.5), code: INVALID },
    { name: 'text for an index', act: () => array.get('0' as never), code: INVALID },
    { name: 'a number for a program', act: () => array.set(0, 3 as never), code: INVALID, message: /BpfProgram/ },
    { name: 'a look-alike of a program', act: () => array.set(0, { fd: 0 } as never), code: INVALID },
    {
      name: 'a closed program',
      act: () =>
        withObject('maps-descriptors', async (object) => {
          const program = openProgram({ id: programOf(object, 'ten').id })
          program.close()
          array.set(0, program)
        }),
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'an index past the end, though the program is one',
      act: () => withObject('maps-descriptors', (object) => array.set(2, programOf(object, 'ten'))),
      code: RANGE,
    },
    {
      name: 'a closed array',
      act: () => {
        const closed = made()
        closed.close()
        closed.get(0)
      },
      type: EbpfError,
      code: 'ERR_EBPF_CLOSED',
    },
  ])
  it('and is empty after all of that', () => expect([...array]).toEqual([]))
})
