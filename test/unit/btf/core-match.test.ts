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
