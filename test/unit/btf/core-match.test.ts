/** Which places of a kernel's types stand for those of a program: what no kernel has and a compiler never writes. */
import { describe, expect, it } from 'vitest'
import { essentialName, matchField } from '../../../lib/btf/core-match.ts'
import { minimalTypes } from '../../../lib/btf/minimal.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import { BtfWriter } from '../../../lib/btf/writer.ts'

it.each([
  ['task_struct', 'task_struct'],
  ['task_struct___old', 'task_struct'],
  ['task_struct___v2___arm', 'task_struct___v2'],
  ['___task', '___task'],
  ['task____old', 'task____old'],
  ['task___', 'task___'],
])('%s is %s', (name, essential) => {
  expect(essentialName(name)).toBe(essential)
})

/** `struct s { int first; int[middle] inner; int[last] tail; }` */
function structOf(middle: number, last: number): ReturnType<typeof parseBtf> {
  const writer = new BtfWriter()
  const int = writer.add('int', 'int', 4, [(1 << 24) | 32])
  const inner = writer.append('array', '', 0, [int, int, middle])
  const tail = writer.append('array', '', 0, [int, int, last])
  const members = [writer.string('first'), int, 0, writer.string('inner'), inner, 32, writer.string('tail'), tail, 32]
  writer.append('struct', 's', 64, members, 3)
  return parseBtf(writer.bytes())
}

describe('elements of arrays', () => {
  const local = structOf(8, 8)
  const id = local.find('s', 'struct')!.id
  const match = (kernel: ReturnType<typeof parseBtf>, access: string): unknown =>
    matchField({ btf: local, id }, access, { btf: kernel, id: kernel.find('s', 'struct')!.id })

  it('are there as far as the kernel’s array goes, or for ever in the last member without a length', () => {
    expect(match(structOf(2, 2), '0:1:1')).toHaveLength(1)
    expect(match(structOf(2, 2), '0:1:2')).toBeUndefined()
    expect(match(structOf(2, 0), '0:2:7')).toHaveLength(1)
    expect(match(structOf(2, 1), '0:2:7')).toBeUndefined()
    expect(match(structOf(0, 2), '0:1:1')).toBeUndefined()
  })

  it('of no sense match nothing', () => {
    for (const access of ['0:9', '0:0:0', '0:1:1:1']) expect(match(structOf(2, 2), access)).toBeUndefined()
  })

  it('do not become the last ones in what is left', () => {
    const kernel = structOf(0, 2)
    const relocation = { kind: 'field_exists', type: id, access: '0:1', section: '', offset: 0 } as const
    const minimal = parseBtf(minimalTypes(kernel, [{ btf: local, relocations: [relocation] }]))
    expect(minimal.find('s', 'struct')?.members.map(({ name }) => name)).toEqual(['inner', 'tail'])
  })
})

it('a relocation with more indexes than the loader takes asks for nothing', () => {
  const types = structOf(2, 2)
  const id = types.find('s', 'struct')!.id
  const namesWith = (access: string): string[] | undefined => {
    const relocations = [{ kind: 'field_exists', type: id, access, section: '', offset: 0 } as const]
    return parseBtf(minimalTypes(types, [{ btf: types, relocations }]))
      .find('s', 'struct')
      ?.members.map(({ name }) => name)
  }
  expect(namesWith(`${'0'.repeat(600)}:0`)).toEqual(['first'])
  expect(namesWith(`${'0'.repeat(1000)}:0`)).toBeUndefined()
})

describe('types that no compiler writes', () => {
  const INT: [number] = [(1 << 24) | 32]
  const relocation = (kind: 'field_exists' | 'type_exists' | 'type_matches', type: number, access = '0') =>
    ({ kind, type, access, section: '', offset: 0 }) as const

  it('that are in each other twice, and again, are compared once', () => {
    const writer = new BtfWriter()
    let last = writer.add('int', 'int', 4, INT)
    for (let level = 0; level < 14; level++) {
      const prototype = writer.append('func_proto', '', last, Array(64).fill([0, last]).flat(), 64)
      last = writer.append('ptr', '', prototype)
    }
    const top = writer.append('typedef', 'top', last)
    const btf = parseBtf(writer.bytes())
    const minimal = parseBtf(minimalTypes(btf, [{ btf, relocations: [relocation('type_exists', top)] }]))
    expect(minimal.find('top', 'typedef')).toBeDefined()
  })

  it('that have no member of a name, in however many that have none themselves, are looked through once', () => {
    const writer = new BtfWriter()
    let last = writer.append('struct', '', 0)
    for (let level = 0; level < 30; level++) {
      last = writer.append('struct', level === 29 ? 's' : '', 0, Array(64).fill([0, last, 0]).flat(), 64)
    }
    const local = structOf(1, 1)
    const id = local.find('s', 'struct')!.id
    const minimal = minimalTypes(parseBtf(writer.bytes()), [
      { btf: local, relocations: [relocation('field_exists', id, '0:0')] },
    ])
    expect(parseBtf(minimal).typeCount).toBe(1)
  })

  it('arrays of themselves are no match', () => {
    const writer = new BtfWriter()
    writer.append('array', '', 0, [1, 1, 2])
    const id = writer.append('struct', 's', 8, [writer.string('a'), 1, 0], 1)
    const btf = parseBtf(writer.bytes())
    expect(matchField({ btf, id }, '0:0', { btf, id })).toBeUndefined()
  })

  it('chains of any length are kept', () => {
    const writer = new BtfWriter()
    for (let next = 2; next <= 50_000; next++) writer.append('ptr', '', next)
    writer.append('int', 'int', 4, INT)
    const id = writer.append('struct', 's', 8, [writer.string('a'), 1, 0], 1)
    const btf = parseBtf(writer.bytes())
    const minimal = parseBtf(minimalTypes(btf, [{ btf, relocations: [relocation('type_matches', id)] }]))
    expect(minimal.find('s', 'struct')?.members).toHaveLength(1)
  })
})
