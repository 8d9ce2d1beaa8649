/** Types as C: read by people, and by a compiler, which has to make the same of them. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Btf } from '../../../lib/btf/btf.ts'
import { BtfFormatError } from '../../../lib/btf/format-error.ts'
import { HeaderWriter } from '../../../lib/btf/header.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import { writeTypes } from '../../../lib/btf/write-types.ts'
import { BtfBuilder } from './btf-builder.ts'
import { elfSection } from './elf.ts'
import { Random, StructGenerator } from './random-c.ts'

const clang = process.env.CLANG ?? 'clang'
const folder = mkdtempSync(join(tmpdir(), 'ebpf-declaration-'))
afterAll(() => rmSync(folder, { recursive: true }))

let compilations = 0

function compile(source: string): Btf {
  const path = join(folder, `${compilations++}`)
  writeFileSync(`${path}.c`, source)
  execFileSync(clang, ['-w', '-g', '-O2', '-target', 'bpf', '-c', '-o', `${path}.o`, `${path}.c`])
  return parseBtf(elfSection(readFileSync(`${path}.o`), '.BTF'))
}

/** What a compiler says of a struct or union: its size, and where its members are, those of anonymous ones as well. */
function placesOf(btf: Btf, id: number, start: number = 0): string[] {
  const type = btf.resolve(id)
  if (type.kind !== 'struct' && type.kind !== 'union') return []
  return type.members.flatMap(({ name, type: member, bitOffset, bitSize }) => {
    const at = start + bitOffset
    return name === '' ? placesOf(btf, member, at) : [`${name} ${at} ${bitSize} ${btf.sizeOf(member)}`]
  })
}

describe('declarations', () => {
  const source = `
    typedef unsigned int number;
    enum color { RED, GREEN = 5 };
    union both { int i; char bytes[4]; };
    struct node {
      struct node *next;
      const char *const name;
      number counts[2][3];
      int (*compare)(const struct node *, void *context, ...);
      int *(*table[4])(void);
      char (*row)[16];
      enum color color;
      struct { unsigned low : 3; unsigned : 5; unsigned high : 24; };
      struct { union both both; } inner;
      volatile unsigned char flexible[];
    };
    struct __attribute__((packed)) tight { char a; int b; };
    typedef struct { long x; } anonymous_t;
    typedef int (*callback)(struct node *node, number);
    static int helper(const struct node *node, number count) { return node->next != 0 && count; }
    int add(struct node *node, int count) { return helper(node, count) + count; }
    int counter = 4;
    struct node *first; struct tight *t; anonymous_t a; callback c;
  `
  let btf: Btf

  beforeAll(() => {
    btf = compile(source)
  })

  const declared = (name: string): string => btf.declaration(btf.find(name)!.id)

  test('of structs', () => {
    expect(declared('node')).toBe(
      [
        'struct node {',
        '\tstruct node *next;',
        '\tconst char *const name;',
        '\tnumber counts[2][3];',
        '\tint (*compare)(const struct node *, void *, ...);',
        '\tint *(*table[4])(void);',
        '\tchar (*row)[16];',
        '\tenum color color;',
        '\tstruct {',
        '\t\tunsigned int low: 3;',
        '\t\tchar: 5;',
        '\t\tunsigned int high: 24;',
        '\t};',
        '\tstruct {',
        '\t\tunion both both;',
        '\t} inner;',
        '\tvolatile unsigned char flexible[0];',
        '};',
      ].join('\n'),
    )
    expect(declared('tight')).toBe('struct tight {\n\tchar a;\n\tint b;\n} __attribute__((packed));')
  })

  test('of enums, unions, typedefs and variables', () => {
    expect(declared('color')).toBe('enum color {\n\tRED = 0,\n\tGREEN = 5,\n};')
    expect(declared('both')).toBe('union both {\n\tint i;\n\tchar bytes[4];\n};')
    expect(declared('number')).toBe('typedef unsigned int number;')
    expect(declared('anonymous_t')).toBe('typedef struct {\n\tlong x;\n} anonymous_t;')
    expect(declared('callback')).toBe('typedef int (*callback)(struct node *, number);')
    expect(declared('counter')).toBe('int counter;')
    expect(declared('.data')).toBe('int counter;')
  })

  test('of functions', () => {
    expect(declared('add')).toBe('int add(struct node *node, int count);')
  })

  test('with the place and size of each member', () => {
    expect(btf.declaration(btf.find('tight')!.id, { offsets: true })).toBe(
      'struct tight {\n\tchar a; /* 0 1 */\n\tint b; /* 1 4 */\n} __attribute__((packed)); /* size: 5 */',
    )
    const bits = btf.declaration(btf.find('node')!.id, { offsets: true })
    expect(bits).toContain('unsigned int low: 3; /* 0:0 */')
    expect(bits).toContain('unsigned int high: 24; /* 1:0 */')
  })

  test('of a type without a name, as C writes it alone', () => {
    const node = btf.find('node', 'struct')!
    const types = node.members.map(({ type }) => btf.declaration(type))
    expect(types[0]).toBe('struct node *')
    expect(types[2]).toBe('number [2][3]')
    expect(types[3]).toBe('int (*)(const struct node *, void *, ...)')
  })
})

describe('what a compiler makes of declarations', () => {
  test('is what it made of the originals: random structs', () => {
    const version = Number(/version (\d+)/.exec(execFileSync(clang, ['--version'], { encoding: 'utf8' }))![1])
    const generator = new StructGenerator(new Random(20261122), version >= 16)
    const structs = Array.from({ length: 120 }, () => generator.struct() as { c: string })
    const variables = structs.map(({ c }, index) => `${c} v${index};`).join('\n')
    const original = compile(`${generator.declarations.join('\n')}\n${variables}`)
    const header = new HeaderWriter(original)
    const names = structs.map(({ c }) => c.replace('struct ', ''))
    for (const name of names) header.add(original.find(name, 'struct')!.id)
    const again = compile(`${header.text}\n${variables}`)
    for (const name of names) {
      const before = original.find(name, 'struct')!
      const after = again.find(name, 'struct')!
      expect([name, ...placesOf(again, after.id)]).toEqual([name, ...placesOf(original, before.id)])
      expect(after.size).toBe(before.size)
    }
  })

  test.runIf(existsSync('/sys/kernel/btf/vmlinux'))(
    'is the same for the structs of the running kernel',
    () => {
      const kernel = parseBtf(readFileSync('/sys/kernel/btf/vmlinux'))
      const names = ['sk_buff', 'sock', 'net_device', 'file', 'inode', 'task_struct', 'bpf_prog', 'xdp_buff']
      const header = new HeaderWriter(kernel)
      for (const name of names) header.add(kernel.find(name, 'struct')!.id)
      const variables = names.map((name) => `struct ${name} v_${name};`).join('\n')
      const again = compile(`${header.text}\n${variables}`)
      for (const name of names) {
        const before = kernel.find(name, 'struct')!
        const after = again.find(name, 'struct')!
        expect([name, ...placesOf(again, after.id)]).toEqual([name, ...placesOf(kernel, before.id)])
        expect(after.size).toBe(before.size)
      }
    },
    60_000,
  )
})

describe('tags', () => {
  test('are texts, or attributes of their own', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4)
    const text = btf.add('type_tag', 'user', int)
    const attribute = btf.add('type_tag', 'address_space(1)', int, [], { flag: true })
    const pointers = [text, attribute].map((tag) => btf.add('ptr', '', tag))
    const mark = btf.add('decl_tag', 'preserve_access_index', int, [-1], { flag: true })
    const parsed = parseBtf(btf.bytes())
    expect(parsed.type(text)).not.toHaveProperty('attribute')
    expect(parsed.type(attribute)).toMatchObject({ name: 'address_space(1)', attribute: true })
    expect(pointers.map((id) => parsed.declaration(id))).toEqual([
      'int __attribute__((btf_type_tag("user"))) *',
      'int __attribute__((address_space(1))) *',
    ])
    expect(parsed.declaration(mark)).toBe('__attribute__((preserve_access_index))')
    const all = new Map(Array.from(parsed.types(), ({ id }) => [id, undefined] as const).slice(1))
    expect([...parseBtf(writeTypes(parsed, all)).types()]).toEqual([...parsed.types()])
  })
})

describe('types that C cannot have', () => {
  test('more members than anybody can read', () => {
    const btf = new BtfBuilder()
    let id = btf.int('int', 4)
    for (let level = 0; level < 30; level++) {
      id = btf.struct(level === 29 ? 'top' : '', 8, [
        ['one', id, 0],
        ['other', id, 32],
      ])
    }
    const parsed = parseBtf(btf.bytes())
    expect(() => parsed.declaration(id)).toThrow(/has more than 65536 members/)
    expect(parsed.declaration(id - 26)).toContain('other')
  })

  test('larger gaps than anybody has', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4)
    const id = btf.struct('hole', 0x1000_0000, [['a', int, 0]])
    const far = btf.struct('far', 0x1000_0004, [
      ['a', int, 0],
      ['b', int, 0x7000_0000],
    ])
    const page = btf.struct('page', 8192, [['a', int, 0]])
    const large = btf.struct('large', 0x100_0000, [['a', btf.array(int, 0x40_0000), 0]], 'union')
    const parsed = parseBtf(btf.bytes())
    for (const each of [id, far]) expect(() => parsed.declaration(each)).toThrow(/more than 65536 members/)
    expect(parsed.declaration(page)).toContain('long: 64;')
    expect(parsed.declaration(large)).toContain('int a[4194304];')
  })

  test('functions that take functions that take functions', () => {
    const btf = new BtfBuilder()
    let id = btf.int('int', 4)
    for (let level = 0; level < 40; level++) {
      const prototype = btf.add('func_proto', '', 1, [0, id, 0, id], { length: 2 })
      id = btf.add('ptr', '', prototype)
    }
    const type = btf.add('typedef', 'deep', id)
    const parsed = parseBtf(btf.bytes())
    expect(() => parsed.declaration(type)).toThrow(/more than 65536 members, parameters/)
    expect(() => parsed.header()).toThrow(/more than 65536 members, parameters/)
  })

  test('circles and what has no value', () => {
    const btf = new BtfBuilder()
    btf.add('typedef', 'a', 2)
    btf.add('const', '', 3)
    btf.add('ptr', '', 2)
    btf.struct('', 4, [['x', 4, 0]])
    btf.add('typedef', 'f', 6)
    btf.add('func', 'f', 7, [], { length: 1 })
    btf.add('func_proto', '', 0, [0, 7], { length: 1 })
    const parsed = parseBtf(btf.bytes())
    for (const id of [1, 2, 3, 4, 5, 7]) expect(() => parsed.declaration(id), String(id)).toThrow(BtfFormatError)
    expect(() => parsed.declaration(8)).toThrow(RangeError)
  })
})
