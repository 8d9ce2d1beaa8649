import { describe, expect, test } from 'vitest'
import { createCodec } from '../../../lib/btf/codec.ts'
import { layoutOf } from '../../../lib/btf/layout-of.ts'
import type { Layout } from '../../../lib/btf/layout.ts'
import { allocateMemory } from '../../../lib/btf/memory.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import { BtfBuilder } from './btf-builder.ts'

const signed = 1
const char = 2
const bool = 4

/** The layout of the last type that `build` adds. */
function last(build: (btf: BtfBuilder) => number): Layout {
  const btf = new BtfBuilder()
  const id = build(btf)
  return layoutOf(parseBtf(btf.bytes()), id)
}

describe('one-byte elements', () => {
  test.each<[string, string, number, string]>([
    ["clang's char", 'char', signed, 'string'],
    ["gcc's char", 'char', signed | char, 'string'],
    ['an unsigned char', 'unsigned char', 0, 'bytes'],
    ["gcc's unsigned char", 'unsigned char', char, 'bytes'],
    ["gcc's signed char", 'signed char', signed | char, 'array'],
    ['a signed char', 'signed char', signed, 'array'],
    ["Rust's u8", 'u8', 0, 'bytes'],
    ["Rust's i8", 'i8', signed, 'array'],
    ['a bool', '_Bool', bool, 'array'],
    ['another character type', 'wide', char, 'string'],
  ])('%s', (_, name, encoding, kind) => {
    expect(last((btf) => btf.array(btf.int(name, 1, encoding), 5))).toMatchObject({ kind, size: 5 })
  })

  test('behind a typedef', () => {
    const layout = last((btf) =>
      btf.array(btf.add('typedef', 'letter', btf.add('const', '', btf.int('char', 1, 1))), 3),
    )
    expect(layout).toEqual({ kind: 'string', size: 3 })
  })

  test('in rows', () => {
    const layout = last((btf) => btf.array(btf.array(btf.int('char', 1, 1), 16), 4))
    expect(layout).toEqual({ kind: 'array', size: 64, length: 4, element: { kind: 'string', size: 16 } })
  })
})

describe('what the kernel keeps in a value', () => {
  /** A struct of `before`, a member of the kernel's own type, and `after`. */
  const around = (own: (btf: BtfBuilder) => { type: number; size: number }): Layout =>
    last((btf) => {
      const u32 = btf.int('unsigned int', 4)
      const { type, size } = own(btf)
      return btf.struct('value', 8 + size, [
        ['before', u32, 0],
        ['own', type, 32],
        ['after', u32, 32 + size * 8],
      ])
    })
  const tagged = (btf: BtfBuilder, tag: string): number =>
    btf.add('ptr', '', btf.add('type_tag', tag, btf.add('fwd', 'task_struct', 0)))
  const names = (layout: Layout): string[] =>
    layout.kind === 'struct' ? layout.fields.map(({ name, offset }) => `${name}@${offset}`) : []

  test.each([
    'bpf_spin_lock',
    'bpf_res_spin_lock',
    'bpf_timer',
    'bpf_wq',
    'bpf_task_work',
    'bpf_refcount',
    'bpf_list_head',
    'bpf_rb_root',
  ])('struct %s', (name) => {
    const layout = around((btf) => ({ type: btf.struct(name, 16, []), size: 16 }))
    expect(names(layout)).toEqual(['before@0', 'after@20'])
  })

  test('behind a typedef, and as an array', () => {
    const layout = around((btf) => ({
      type: btf.array(btf.add('typedef', 'head', btf.struct('bpf_list_head', 16, [])), 2),
      size: 32,
    }))
    expect(names(layout)).toEqual(['before@0', 'after@36'])
  })

  test.each(['kptr', 'kptr_ref', 'kptr_untrusted', 'percpu_kptr'])('a pointer that is tagged %s', (tag) => {
    expect(names(around((btf) => ({ type: tagged(btf, tag), size: 8 })))).toEqual(['before@0', 'after@12'])
    expect(names(around((btf) => ({ type: btf.array(tagged(btf, tag), 3), size: 24 })))).toEqual([
      'before@0',
      'after@28',
    ])
  })

  test('is no pointer of another kind, no struct of another name, and no member of a union', () => {
    const all = ['before@0', 'own@4', 'after@12']
    expect(names(around((btf) => ({ type: tagged(btf, 'uptr'), size: 8 })))).toEqual(all)
    expect(names(around((btf) => ({ type: btf.add('ptr', '', 0), size: 8 })))).toEqual(all)
    expect(names(around((btf) => ({ type: btf.struct('bpf_timers', 8, []), size: 8 })))).toEqual(all)
    const union = last((btf) => btf.struct('either', 4, [['lock', btf.struct('bpf_spin_lock', 4, []), 0]], 'union'))
    expect(union).toMatchObject({ fields: [{ name: 'lock' }] })
  })

  test('is zero in what is written, and nothing in what is read', () => {
    const layout = around((btf) => ({ type: btf.struct('bpf_timer', 16, []), size: 16 }))
    for (const interpret of [false, true]) {
      const codec = createCodec<{ before: number; after: number }>(layout, { int64: 'bigint', interpret })
      const memory = allocateMemory(24)
      memory.u8.fill(0xff)
      codec.encode({ before: 1, after: 2 }, memory, 0)
      expect([...memory.u8]).toEqual([1, 0, 0, 0, ...Array<number>(16).fill(0), 2, 0, 0, 0])
      memory.u8.fill(0xff, 4, 20)
      expect(codec.decode(memory, 0)).toEqual({ before: 1, after: 2 })
    }
  })
})

test('integers are called as the source calls them', () => {
  expect(last((btf) => btf.int('unsigned int', 4))).toEqual({
    kind: 'integer',
    name: 'unsigned int',
    size: 4,
    signed: false,
  })
  expect(last((btf) => btf.add('const', '', btf.add('typedef', '__u32', btf.int('unsigned int', 4))))).toEqual({
    kind: 'integer',
    name: '__u32',
    size: 4,
    signed: false,
  })
})

test('an anonymous struct is called as its typedef', () => {
  expect(
    last((btf) => {
      const int = btf.int('int', 4, signed)
      return btf.add('typedef', 'point_t', btf.struct('', 4, [['x', int, 0]]))
    }),
  ).toMatchObject({ kind: 'struct', name: 'point_t' })
})

test('anonymous members belong to the struct around them', () => {
  const layout = last((btf) => {
    const int = btf.int('int', 4, signed)
    const pair = btf.struct('', 8, [
      ['c', int, 0],
      ['d', int, 32],
    ])
    const either = btf.struct(
      '',
      8,
      [
        ['e', int, 0],
        ['', pair, 0],
      ],
      'union',
    )
    const inner = btf.struct('', 12, [
      ['a', int, 0],
      ['', either, 32],
    ])
    return btf.struct('outer', 20, [
      ['x', int, 0],
      ['', inner, 64],
    ])
  })
  expect(layout).toMatchObject({
    fields: [
      { name: 'x', offset: 0 },
      { name: 'a', offset: 8 },
      {
        name: '',
        offset: 12,
        layout: { kind: 'union', fields: [{ name: 'e' }, { name: '', layout: { kind: 'struct' } }] },
      },
    ],
  })
  const codec = createCodec<object>(layout, { int64: 'bigint' })
  expect(Object.keys(codec.decode(allocateMemory(20), 0))).toEqual(['x', 'a', 'e', 'c', 'd'])
})

test('a pointer ends recursion', () => {
  const layout = last((btf) => {
    const node = btf.struct('node', 8, [['next', 2, 0]])
    btf.add('ptr', '', node)
    return node
  })
  expect(layout).toMatchObject({ fields: [{ name: 'next', layout: { kind: 'pointer', size: 8 } }] })
})

test('bitfields, as compilers write them now and as they did before clang 8', () => {
  const now = last((btf) => {
    const int = btf.int('unsigned int', 4)
    return btf.struct('flags', 4, [
      ['a', int, 0, 3],
      ['b', int, 3, 7],
    ])
  })
  const before = last((btf) => {
    const three = btf.int('unsigned int', 4, 0, 3)
    const seven = btf.int('unsigned int', 4, 0, 7, 3)
    return btf.struct('flags', 4, [
      ['a', three, 0],
      ['b', seven, 0],
    ])
  })
  expect(now).toMatchObject({
    fields: [
      { name: 'a', offset: 0, bitfield: { bitOffset: 0, bitSize: 3 } },
      { name: 'b', offset: 0, bitfield: { bitOffset: 3, bitSize: 7 } },
    ],
  })
  expect(before).toEqual(now)
})

test('floats of unusual sizes are bytes', () => {
  expect(last((btf) => btf.add('float', 'long double', 16))).toEqual({ kind: 'bytes', size: 16 })
  expect(last((btf) => btf.add('float', '_Float16', 2))).toEqual({ kind: 'bytes', size: 2 })
})

test('enums of 64 bits have bigints', () => {
  expect(last((btf) => btf.add('enum64', 'e', 8, [btf.string('A'), 5, 1], { length: 1 }))).toEqual({
    kind: 'enum',
    name: 'e',
    size: 8,
    signed: false,
    values: [{ name: 'A', value: 0x1_0000_0005n }],
  })
  // As clang 14 describes them.
  expect(last((btf) => btf.add('enum', 'e', 8, [btf.string('A'), 5], { length: 1 }))).toEqual({
    kind: 'enum',
    name: 'e',
    size: 8,
    signed: false,
    values: [{ name: 'A', value: 5n }],
    cut: true,
  })
})

describe('a flexible array member', () => {
  const record = (length: number, size: number, offset: number): Layout =>
    last((btf) => {
      const int = btf.int('int', 4, signed)
      const list = btf.array(btf.int('char', 1, signed), length)
      return btf.struct('record', size, [
        ['length', int, 0],
        ['data', list, offset],
      ])
    })

  test('is recognized at the end, also within padding', () => {
    expect(record(0, 4, 32)).toMatchObject({ flexible: true })
    expect(record(0, 8, 40)).toMatchObject({ flexible: true })
  })

  test('is none with a length, or over other fields', () => {
    expect(record(1, 8, 32)).not.toHaveProperty('flexible')
    expect(record(0, 4, 16)).not.toHaveProperty('flexible')
  })
})

describe('types without a layout', () => {
  test.each<[string, (btf: BtfBuilder) => number, RegExp]>([
    ['void', () => 0, /type 0 \(anonymous void\) has no values/],
    ['a function', (btf) => btf.add('func', 'main', btf.add('func_proto', '', 0)), /func main\) has no values/],
    ['a prototype', (btf) => btf.add('func_proto', '', 0), /anonymous func_proto\) has no values/],
    ['a declaration', (btf) => btf.add('fwd', 'later', 0), /struct later is declared but not defined/],
    ['an array of void', (btf) => btf.array(0, 3), /void\) has no size/],
    ['an integer of 3 bytes', (btf) => btf.int('odd', 3), /int odd\) has the size 3/],
    ['a struct in itself', (btf) => btf.struct('loop', 8, [['self', 1, 0]]), /struct loop\) contains itself/],
    ['an array in itself', (btf) => btf.array(1, 2), /nests arrays more than 32 deep/],
    [
      'a member outside of its struct',
      (btf) => btf.struct('small', 4, [['far', btf.int('int', 4), 8]]),
      /member "far" of struct small, 4 bytes from bit 8, is not within its 4 bytes/,
    ],
    ['a member at an odd bit', (btf) => btf.struct('odd', 8, [['x', btf.int('int', 4), 3]]), /from bit 3/],
    [
      'a bitfield wider than its type',
      (btf) => btf.struct('wide', 8, [['x', btf.int('int', 4), 0, 33]]),
      /"x" of struct wide cannot be a bitfield of 33 bits/,
    ],
    [
      'a bitfield of structs',
      (btf) => btf.struct('s', 8, [['x', btf.struct('t', 4, []), 0, 3]]),
      /cannot be a bitfield/,
    ],
    [
      'two members of one name',
      (btf) => {
        const int = btf.int('int', 4)
        const inner = btf.struct('', 4, [['a', int, 0]], 'union')
        return btf.struct('twice', 8, [
          ['a', int, 0],
          ['', inner, 32],
        ])
      },
      /struct twice\) has two members named "a"/,
    ],
    [
      'endless nesting',
      (btf) => {
        let id = btf.int('int', 4)
        for (let level = 0; level < 50; level++) id = btf.struct(`s${level}`, 4, [['x', id, 0]])
        return id
      },
      /nested more than 32 levels deep/,
    ],
    [
      'more members without names and without end than anybody can count',
      (btf) => {
        let id = btf.struct('', 0, [])
        for (let level = 0; level < 30; level++) {
          const members: [string, number, number][] = [
            ['', id, 0],
            ['', id, 0],
          ]
          id = btf.struct('', 0, members, level % 2 === 0 ? 'union' : 'struct')
        }
        return id
      },
      /has more than 65536 members/,
    ],
    [
      'endless nesting whose inner levels are known already',
      (btf) => {
        const structs = [btf.int('int', 4)]
        for (let level = 0; level < 50; level++) structs.push(btf.struct(`s${level}`, 4, [['x', structs.at(-1)!, 0]]))
        const members = [10, 20, 30, 40, 50].map((level, index): [string, number, number] => [
          `m${index}`,
          structs[level]!,
          index * 32,
        ])
        return btf.struct('all', 20, members)
      },
      /nested more than 32 levels deep/,
    ],
  ])('%s', (_, build, message) => {
    expect(() => last(build)).toThrow(message)
    expect(() => last(build)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_BTF' }))
  })

  test('do not spoil the types that only point to them', () => {
    const layout = last((btf) => {
      const later = btf.add('fwd', 'later', 0)
      return btf.struct('holder', 8, [['it', btf.add('ptr', '', later), 0]])
    })
    expect(layout.size).toBe(8)
  })

  test('structs of exponentially many empty structs cost neither time nor memory', () => {
    const layout = last((btf) => {
      let id = btf.struct('s', 0, [])
      for (let level = 0; level < 30; level++)
        id = btf.struct(`s${level}`, 0, [
          ['x', id, 0],
          ['y', id, 0],
        ])
      return id
    })
    expect(() => createCodec(layout, { int64: 'bigint' })).toThrow(/more than 65536/)
  })
})
