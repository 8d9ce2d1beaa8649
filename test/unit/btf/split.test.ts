/** BTF that builds on another one, as that of kernel modules does. */
import { describe, expect, test } from 'vitest'
import { BtfFormatError } from '../../../lib/btf/format-error.ts'
import { layoutOf } from '../../../lib/btf/layout-of.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import { BtfBuilder } from './btf-builder.ts'

function baseAndModule(littleEndian: boolean): { kernel: BtfBuilder; module: BtfBuilder } {
  const kernel = new BtfBuilder(littleEndian)
  const int = kernel.int('int', 4, 1)
  kernel.struct('shared', 8, [
    ['x', int, 0],
    ['y', int, 32],
  ])
  kernel.add('typedef', 'number', int)
  const module = new BtfBuilder(littleEndian, kernel)
  const pointer = module.add('ptr', '', 2)
  module.struct('own', 24, [
    ['shared', 2, 0],
    ['next', pointer, 64],
    ['count', 3, 128],
  ])
  module.struct('shared', 4, [['z', int, 0]])
  return { kernel, module }
}

describe.each([
  ['little', true],
  ['big', false],
])('%s-endian BTF of a module', (_, littleEndian) => {
  const { kernel, module } = baseAndModule(littleEndian)
  const base = parseBtf(kernel.bytes())
  const btf = parseBtf(module.bytes(), { base })

  test('has the types of its base, and its own after them', () => {
    expect(base.typeCount).toBe(4)
    expect(btf).toMatchObject({ base, firstId: 4, typeCount: 7 })
    expect(btf.type(1)).toBe(base.type(1))
    expect(btf.type(4)).toEqual({ kind: 'ptr', id: 4, name: '', type: 2 })
    expect(btf.type(5)).toMatchObject({
      name: 'own',
      members: [{ name: 'shared' }, { name: 'next' }, { name: 'count' }],
    })
    expect(() => btf.type(7)).toThrow(RangeError)
  })

  test('finds those of its base first', () => {
    expect(btf.find('own')?.id).toBe(5)
    expect(btf.find('shared')?.id).toBe(2)
    expect(base.find('own')).toBeUndefined()
  })

  test('lists its own alone', () => {
    expect(Array.from(btf.types(), ({ id }) => id)).toEqual([4, 5, 6])
    expect(Array.from(btf.types('struct'), ({ name }) => name)).toEqual(['own', 'shared'])
    expect(Array.from(base.types(), ({ id }) => id)).toEqual([0, 1, 2, 3])
  })

  test('has sizes and layouts over both', () => {
    expect(btf.sizeOf(5)).toBe(24)
    expect(layoutOf(btf, 5)).toMatchObject({ kind: 'struct', size: 24 })
    expect(btf.declaration(5)).toBe(
      'struct own {\n\tstruct shared shared;\n\tstruct shared *next;\n\tnumber count;\n};',
    )
  })

  test('is JSON with its own types', () => {
    const json = JSON.parse(JSON.stringify(btf))
    expect(json).toMatchObject({ firstId: 4, types: [{ kind: 'ptr' }, { name: 'own' }, { name: 'shared' }] })
  })
})

test('a module may have no names of its own', () => {
  const { kernel } = baseAndModule(true)
  const module = new BtfBuilder(true, kernel)
  module.add('ptr', '', 2)
  const whole = module.bytes()
  const bytes = whole.slice(0, whole.length - 1)
  new DataView(bytes.buffer).setUint32(20, 0, true)
  const btf = parseBtf(bytes, { base: parseBtf(kernel.bytes()) })
  expect(btf.find('shared')?.id).toBe(2)
  expect(btf.type(4)).toMatchObject({ kind: 'ptr' })
})

test('without its base, it refers to what does not exist', () => {
  const { module } = baseAndModule(true)
  const btf = parseBtf(module.bytes())
  expect(() => Array.from(btf.types())).toThrow(BtfFormatError)
})
