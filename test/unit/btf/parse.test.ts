import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BtfFormatError } from '../../../lib/btf/format-error.ts'
import { layoutOf } from '../../../lib/btf/layout-of.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import { BtfBuilder } from './btf-builder.ts'

/** One type of every kind; ids count from 1 in this order. */
function everyKind(littleEndian: boolean): Uint8Array {
  const btf = new BtfBuilder(littleEndian)
  const int = btf.int('int', 4, 1)
  btf.add('ptr', '', int)
  btf.array(int, 7)
  btf.struct('point', 8, [
    ['x', int, 0],
    ['y', int, 32],
  ])
  btf.struct('either', 4, [['a', int, 0, 3]], 'union')
  btf.add('enum', 'sign', 4, [btf.string('MINUS'), 0xffffffff, btf.string('PLUS'), 1], { length: 2, flag: true })
  btf.add('fwd', 'later', 0, [], { flag: true })
  btf.add('typedef', 'number', int)
  btf.add('volatile', '', 8)
  btf.add('const', '', 9)
  btf.add('restrict', '', 10)
  btf.add('func', 'main', 13, [], { length: 1 })
  btf.add('func_proto', '', int, [btf.string('argc'), int, 0, 0], { length: 2 })
  btf.add('var', 'counter', int, [2])
  btf.add('datasec', '.bss', 16, [14, 4, 4], { length: 1 })
  btf.add('float', 'double', 8)
  btf.add('decl_tag', 'note', 4, [0xffffffff])
  btf.add('type_tag', 'user', 11)
  btf.add('enum64', 'big', 8, [btf.string('LOW'), 0, 0x80000000, btf.string('ONE'), 1, 0], { length: 2, flag: true })
  return btf.bytes()
}

describe.each([
  ['little', true],
  ['big', false],
])('%s-endian BTF', (_, littleEndian) => {
  const btf = parseBtf(everyKind(littleEndian))

  test('every kind of type', () => {
    expect(btf.littleEndian).toBe(littleEndian)
    expect(btf.typeCount).toBe(20)
    expect(Array.from({ length: 20 }, (_, id) => btf.type(id))).toEqual([
      { kind: 'void', id: 0, name: '' },
      { kind: 'int', id: 1, name: 'int', size: 4, bits: 32, bitOffset: 0, signed: true, char: false, bool: false },
      { kind: 'ptr', id: 2, name: '', type: 1 },
      { kind: 'array', id: 3, name: '', element: 1, indexType: 1, length: 7 },
      {
        kind: 'struct',
        id: 4,
        name: 'point',
        size: 8,
        members: [
          { name: 'x', type: 1, bitOffset: 0, bitSize: 0 },
          { name: 'y', type: 1, bitOffset: 32, bitSize: 0 },
        ],
      },
      { kind: 'union', id: 5, name: 'either', size: 4, members: [{ name: 'a', type: 1, bitOffset: 0, bitSize: 3 }] },
      {
        kind: 'enum',
        id: 6,
        name: 'sign',
        size: 4,
        signed: true,
        values: [
          { name: 'MINUS', value: -1 },
          { name: 'PLUS', value: 1 },
        ],
      },
      { kind: 'fwd', id: 7, name: 'later', of: 'union' },
      { kind: 'typedef', id: 8, name: 'number', type: 1 },
      { kind: 'volatile', id: 9, name: '', type: 8 },
      { kind: 'const', id: 10, name: '', type: 9 },
      { kind: 'restrict', id: 11, name: '', type: 10 },
      { kind: 'func', id: 12, name: 'main', type: 13, linkage: 'global' },
      {
        kind: 'func_proto',
        id: 13,
        name: '',
        returnType: 1,
        parameters: [
          { name: 'argc', type: 1 },
          { name: '', type: 0 },
        ],
      },
      { kind: 'var', id: 14, name: 'counter', type: 1, linkage: 'extern' },
      { kind: 'datasec', id: 15, name: '.bss', size: 16, variables: [{ type: 14, offset: 4, size: 4 }] },
      { kind: 'float', id: 16, name: 'double', size: 8 },
      { kind: 'decl_tag', id: 17, name: 'note', type: 4, component: -1 },
      { kind: 'type_tag', id: 18, name: 'user', type: 11 },
      {
        kind: 'enum64',
        id: 19,
        name: 'big',
        size: 8,
        signed: true,
        values: [
          { name: 'LOW', value: -(2n ** 63n) },
          { name: 'ONE', value: 1n },
        ],
      },
    ])
  })

  test('finds types by name and kind', () => {
    expect(btf.find('point')?.id).toBe(4)
    expect(btf.find('point', 'struct')?.id).toBe(4)
    expect(btf.find('point', 'union')).toBeUndefined()
    expect(btf.find('oint')).toBeUndefined()
    expect(btf.find('')).toBeUndefined()
    expect(btf.find('MINUS')).toBeUndefined()
    expect(btf.datasec('.bss')?.variables).toHaveLength(1)
    expect(btf.datasec('.data')).toBeUndefined()
  })

  test('sees through modifiers, and knows sizes', () => {
    expect(btf.resolve(18).id).toBe(1)
    expect([1, 2, 3, 4, 5, 6, 14, 15, 16, 18, 19].map((id) => btf.sizeOf(id))).toEqual([
      4, 8, 28, 8, 4, 4, 4, 16, 8, 4, 8,
    ])
    for (const id of [0, 7, 12, 13, 17]) expect(() => btf.sizeOf(id)).toThrow(/has no size/)
  })
})

test('an id that does not exist is a mistake of the caller', () => {
  const btf = parseBtf(everyKind(true))
  for (const id of [-1, 20, 1.5, Number.NaN]) {
    expect(() => btf.type(id)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' }))
  }
})

test('a name may be the end of another', () => {
  const btf = new BtfBuilder()
  btf.int('unsigned int', 4)
  const bytes = btf.bytes()
  // The name starts 9 characters later: linkers that share the ends of strings do this.
  new DataView(bytes.buffer).setUint32(24, 1 + 9, true)
  expect(parseBtf(bytes).find('int')?.id).toBe(1)
})

test('more values than 16 bits count, which Linux 7.3 takes', () => {
  const btf = new BtfBuilder()
  const words = Array.from({ length: 70_000 }, (_, value) => [0, value]).flat()
  btf.add('enum', 'many', 4, words, { length: 70_000 })
  const after = btf.int('int', 4)
  const parsed = parseBtf(btf.bytes())
  expect(parsed.find('many', 'enum')?.values).toHaveLength(70_000)
  expect(parsed.type(after).name).toBe('int')
})

describe('names that are longer than any', () => {
  test.each(['n', 'ñ'])('are refused, however many types share one: %s', (letter) => {
    const btf = new BtfBuilder()
    const place = btf.string(letter.repeat(500_000))
    const id = btf.add('enum', 'shares', 4, Array(30_000).fill([place, 0]).flat(), { length: 30_000 })
    const tag = btf.add('decl_tag', letter.repeat(2048), id, [-1])
    const parsed = parseBtf(btf.bytes())
    expect(() => parsed.type(id)).toThrow(/a name of more than 4096 bytes/)
    expect(() => [...parsed.types()]).toThrow(BtfFormatError)
    expect(parsed.type(tag).name).toHaveLength(2048)
  })
})

test('the bytes are copied', () => {
  const bytes = everyKind(true)
  const btf = parseBtf(bytes)
  bytes.fill(0xff)
  expect(btf.type(4).name).toBe('point')
})

describe('bad BTF', () => {
  const good = everyKind(true)
  const stringsLength = new DataView(good.buffer).getUint32(20, true)
  const changed = (change: (view: DataView, bytes: Uint8Array) => void): Uint8Array => {
    const bytes = good.slice()
    change(new DataView(bytes.buffer), bytes)
    return bytes
  }
  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /at byte 0: 0 bytes are fewer than a header's 24/],
    ['text', Buffer.from('this is certainly no BTF at all'), /at byte 0: .*magic/],
    ['an unknown version', changed((view) => view.setUint8(2, 2)), /at byte 2: version 2/],
    ['a short header', changed((view) => view.setUint32(4, 20, true)), /at byte 4: .*20 bytes/],
    ['a long header', changed((view) => view.setUint32(4, 0x7fffffff, true)), /at byte 4/],
    ['types past the end', changed((view) => view.setUint32(12, 0xffffffff, true)), /at byte 8: the type section/],
    ['strings past the end', changed((view) => view.setUint32(16, 0xfffffff0, true)), /at byte 16: the string section/],
    ['no strings', changed((view) => view.setUint32(20, 0, true)), /does not start and end with a NUL/],
    ['an endless string', changed((_, bytes) => bytes.fill(65, -1)), /does not start and end with a NUL/],
    [
      'an unknown kind',
      changed((view) => view.setUint32(28, 31 << 24, true)),
      /at byte 28: type 1 has the unknown kind 31/,
    ],
    [
      'a kind of later kernels, of seven bits',
      changed((view) => view.setUint32(28, 33 << 24, true)),
      /type 1 has the unknown kind 33, which is newer than the last one that this version knows, 19/,
    ],
    [
      "that of a module, without the kernel's",
      changed((_, bytes) => bytes.fill(65, good.length - stringsLength, -1)),
      /builds on other BTF/,
    ],
    ['a stored void', changed((view) => view.setUint32(28, 0, true)), /type 1 has the unknown kind 0/],
    ['half a type', changed((view) => view.setUint32(12, 8, true)), /at byte 24: type 1 is cut off/],
    ['a type without its end', changed((view) => view.setUint32(12, 12, true)), /type 1 \(int\) is cut off/],
  ])('%s', (_, bytes, message) => {
    expect(() => parseBtf(bytes)).toThrow(message)
    expect(() => parseBtf(bytes)).toThrow(BtfFormatError)
    expect(() => parseBtf(bytes)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_BTF' }))
  })

  test('references to what does not exist', () => {
    const btf = new BtfBuilder()
    btf.add('ptr', '', 99)
    btf.add('typedef', 'a', 1)
    const bytes = btf.bytes()
    new DataView(bytes.buffer).setUint32(36, 12345, true)
    const parsed = parseBtf(bytes)
    expect(() => parsed.type(1)).toThrow(/at byte 32: a reference to type 99, but the last is 2/)
    expect(() => parsed.type(2)).toThrow(/at byte 36: a name at byte 12345/)
  })

  test('circles', () => {
    const btf = new BtfBuilder()
    btf.add('typedef', 'a', 2)
    btf.add('const', '', 1)
    btf.array(3, 2)
    const parsed = parseBtf(btf.bytes())
    expect(() => parsed.resolve(1)).toThrow(/a circle/)
    expect(() => parsed.sizeOf(2)).toThrow(/a circle/)
    expect(() => parsed.sizeOf(3)).toThrow(/nests arrays/)
  })

  test('sizes past 4 GiB', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4)
    const row = btf.array(int, 0xffffffff)
    const grid = btf.array(row, 0xffffffff)
    expect(() => parseBtf(btf.bytes()).sizeOf(grid)).toThrow(/larger than 4 GiB/)
  })

  test('any other bytes never crash', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(good.length),
        (changes, length) => {
          const bytes = good.slice(0, length)
          for (const [at, value] of changes) bytes[at] = value
          useEverything(bytes)
        },
      ),
      { numRuns: 3000 },
    )
  })
})

/** Decodes all types and makes all layouts: whatever the bytes are, the result is that or the right error. */
function useEverything(bytes: Uint8Array): number {
  let failures = 0
  const attempt = <T>(action: () => T): T | undefined => {
    try {
      return action()
    } catch (error) {
      expect(error).toBeInstanceOf(BtfFormatError)
      failures++
      return undefined
    }
  }
  const btf = attempt(() => parseBtf(bytes))
  if (btf === undefined) return failures
  for (let id = 0; id < btf.typeCount; id++) {
    attempt(() => btf.type(id))
    attempt(() => btf.resolve(id))
    attempt(() => btf.sizeOf(id))
    attempt(() => layoutOf(btf, id))
  }
  return failures
}

const kernel = '/sys/kernel/btf/vmlinux'

describe.runIf(existsSync(kernel))("the running kernel's BTF", () => {
  const bytes = new Uint8Array(readFileSync(kernel))

  test('decodes whole', () => {
    const btf = parseBtf(bytes)
    const counts = new Map<string, number>()
    for (let id = 1; id < btf.typeCount; id++) {
      const { kind } = btf.type(id)
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      if (kind === 'struct' || kind === 'union') expect(layoutOf(btf, id).size).toBe(btf.sizeOf(id))
    }
    expect(counts.get('struct')).toBeGreaterThan(1000)
    expect(counts.get('func')).toBeGreaterThan(1000)
  }, 60_000)

  test('one type out of it does not cost the time of all', () => {
    const best = (read: () => void): number => {
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now()
        read()
        return performance.now() - start
      })
      return Math.min(...times)
    }
    const one = best(() => expect(parseBtf(bytes).find('task_struct', 'struct')?.name).toBe('task_struct'))
    const all = best(() => {
      const btf = parseBtf(bytes)
      for (let id = 1; id < btf.typeCount; id++) btf.type(id)
    })
    // Against each other, since a busy machine slows both.
    expect(one).toBeLessThan(all / 2)
  })

  test('survives being damaged', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(200_000), fc.nat(255)), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 24, max: 200_000 }),
        (changes, length) => {
          // A small BTF of its first types: the rest would only cost time.
          const part = bytes.slice(0, 200_000)
          const view = new DataView(part.buffer)
          const little = part[0] === 0x9f
          view.setUint32(12, 100_000, little)
          view.setUint32(16, 100_000, little)
          view.setUint32(20, 200_000 - 24 - 100_000, little)
          part[100_024] = part[199_999] = 0
          for (const [at, value] of changes) part[at] = value
          useEverything(part.subarray(0, length > 150_000 ? part.length : length))
        },
      ),
      { numRuns: 15 },
    )
  }, 60_000)
})
