/** All types as one header: what a compiler makes of it has to be what the BTF says. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Btf } from '../../../lib/btf/btf.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import { BtfBuilder } from './btf-builder.ts'

const clang = process.env.CLANG ?? 'clang'
const folder = mkdtempSync(join(tmpdir(), 'ebpf-header-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Compiles C that includes the header; every warning is an error. */
function compile(header: string, source: string): void {
  writeFileSync(join(folder, 'types.h'), header)
  writeFileSync(join(folder, 'x.c'), `#include "types.h"\n${source}`)
  const flags = ['-Werror', '-Wno-flexible-array-extensions', '-Wno-unknown-warning-option', '-Wno-visibility']
  execFileSync(clang, [...flags, '-g', '-O2', '-target', 'bpf', '-c', '-o', join(folder, 'x.o'), join(folder, 'x.c')])
}

/** Statements that hold when each struct and union has its size, and each member its place. */
function assertions(btf: Btf, except: ReadonlySet<string>): string[] {
  const lines: string[] = []
  const taken = new Set(Array.from(btf.types(), ({ kind, name }) => (kind.startsWith('enum') ? name : '')))
  for (const kind of ['struct', 'union'] as const) {
    for (const { name, size, members } of btf.types(kind)) {
      // A name that several have: which of them keeps it is not what this looks at.
      if (name === '' || taken.has(name) || except.has(name)) continue
      taken.add(name)
      lines.push(`_Static_assert(sizeof(${kind} ${name}) == ${size}, "");`)
      for (const { name: member, bitOffset, bitSize } of members) {
        if (member === '' || bitSize !== 0) continue
        lines.push(`_Static_assert(__builtin_offsetof(${kind} ${name}, ${member}) == ${bitOffset / 8}, "");`)
      }
    }
  }
  return lines
}

describe('a header', () => {
  test('declares what is pointed at before it is used, and defines what is held', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4, 1)
    btf.struct('outer', 16, [
      ['next', 3, 0],
      ['inner', 4, 64],
    ])
    btf.add('ptr', '', 5)
    btf.struct('inner', 4, [['x', int, 0]])
    btf.struct('later', 4, [['y', int, 0]])
    const header = parseBtf(btf.bytes()).header()
    compile(header, 'int f(struct outer *o) { return o->next->y + o->inner.x; }')
    expect(header.indexOf('struct later;')).toBeLessThan(header.indexOf('struct outer {'))
    expect(header.indexOf('struct inner {')).toBeLessThan(header.indexOf('struct outer {'))
  })

  test('gives types of one name different names', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4, 1)
    btf.struct('same', 4, [['a', int, 0]])
    btf.struct('same', 8, [
      ['b', int, 0],
      ['c', int, 32],
    ])
    btf.struct('holder', 12, [
      ['first', 2, 0],
      ['second', 3, 32],
    ])
    btf.add('enum', 'same', 4, [btf.string('ONE'), 1], { length: 1 })
    btf.add('typedef', 'same', int)
    btf.add('enum', '', 4, [btf.string('ONE'), 2], { length: 1 })
    const header = parseBtf(btf.bytes()).header()
    expect(header).toContain('struct same {')
    expect(header).toContain('struct same___2 {')
    expect(header).toContain('enum same___3 {')
    expect(header).toContain('typedef int same;')
    expect(header).toContain('ONE___2 = 2')
    const source = 'same f(struct holder *h) { return h->first.a + h->second.c + ONE + ONE___2; }'
    compile(header, source)
  })

  test('gives no name that a type has already, and leaves functions out whose names mean something else', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4, 1)
    btf.struct('same___2', 4, [['a', int, 0]])
    btf.struct('same', 4, [['b', int, 0]])
    btf.struct('same', 4, [['c', int, 0]])
    btf.add('enum', 'numbers', 4, [btf.string('ONE___2'), 1, btf.string('ONE'), 2, btf.string('taken'), 3], {
      length: 3,
    })
    btf.add('enum', 'others', 4, [btf.string('ONE'), 4], { length: 1 })
    const prototype = btf.add('func_proto', '', int)
    for (const name of ['taken', 'kept']) {
      btf.add('decl_tag', 'bpf_kfunc', btf.add('func', name, prototype, [], { length: 1 }), [-1])
    }
    const header = parseBtf(btf.bytes()).header()
    compile(
      header,
      'int f(struct same___2 *a, struct same *b, struct same___3 *c) { return a->a + b->b + c->c + taken + ONE___3; }',
    )
    expect(header).toContain('kept(void) __weak __ksym;')
    expect(header).not.toContain('taken(void)')
  })

  test('takes what is only declared for what is defined elsewhere', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4, 1)
    btf.add('fwd', 'thing', 0)
    btf.add('ptr', '', 2)
    btf.struct('user', 8, [['thing', 3, 0]])
    btf.struct('thing', 4, [['x', int, 0]])
    const header = parseBtf(btf.bytes()).header()
    compile(header, 'int f(struct user *u) { return u->thing->x; }')
    expect(header).not.toContain('___2')
  })

  test('writes out what is in a struct by no name but that of its type, and enums that are only declared', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4, 1)
    btf.struct('part', 8, [
      ['a', int, 0],
      ['b', int, 32],
    ])
    btf.add('enum', 'unknown', 4)
    btf.add('ptr', '', 3)
    btf.struct('whole', 24, [
      ['', 2, 0],
      ['pointer', 4, 64],
      ['last', int, 128],
    ])
    const header = parseBtf(btf.bytes()).header()
    compile(header, 'int f(struct whole *w, struct part *p) { return w->b + w->last + p->a + (w->pointer != 0); }')
  })

  test('has base types that C does not have by what they are', () => {
    const btf = new BtfBuilder()
    const types = [
      btf.int('__Poly8_t', 1),
      btf.int('i32', 4, 1),
      btf.int('u64', 8),
      btf.int('bool', 1, 4),
      btf.int('u128', 16),
    ]
    btf.struct(
      'foreign',
      48,
      types.map((type, index) => [`m${index}`, type, [0, 32, 64, 128, 256][index]!]),
    )
    const parsed = parseBtf(btf.bytes())
    compile(parsed.header(), assertions(parsed, new Set()).join('\n'))
  })

  test('has attributes as such, and texts of tags in quotation marks', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int', 4, 1)
    btf.struct('tagged', 16, [
      ['arena', btf.add('ptr', '', btf.add('type_tag', 'address_space(1)', int, [], { flag: true })), 0],
      ['odd', btf.add('ptr', '', btf.add('type_tag', 'say "no" \\ \n', int)), 64],
    ])
    const header = parseBtf(btf.bytes()).header()
    expect(header).toContain('int __attribute__((address_space(1))) *arena;')
    compile(header, 'int f(struct tagged *t) { return *t->arena + *t->odd; }')
  })

  test.each<[string, (btf: BtfBuilder, int: number) => void]>([
    ['of a struct', (btf, int) => btf.struct('x {}; int injected(void) { return 1; } struct y', 4, [['a', int, 0]])],
    ['of a type of another language', (btf, int) => btf.struct('Option<u32>', 4, [['a', int, 0]])],
    ['of a member', (btf, int) => btf.struct('x', 4, [['a; int b', int, 0]])],
    ['of a typedef', (btf, int) => btf.add('typedef', 'x;\n#include "/etc/passwd"\ntypedef int y', int)],
    ['of a value', (btf) => btf.add('enum', 'x', 4, [btf.string('A, B'), 1], { length: 1 })],
    ['of a value of what has no name', (btf) => btf.add('enum', '', 4, [btf.string('A, B'), 1], { length: 1 })],
    [
      'of a parameter',
      (btf, int) => {
        const prototype = btf.add('func_proto', '', int, [btf.string('a), x(int'), int], { length: 1 })
        btf.add('typedef', 'x', btf.add('ptr', '', prototype))
      },
    ],
    [
      'of a kernel function',
      (btf, int) => {
        const prototype = btf.add('func_proto', '', int)
        btf.add('decl_tag', 'bpf_kfunc', btf.add('func', 'x(void); int y', prototype, [], { length: 1 }), [-1])
      },
    ],
    [
      'of an attribute',
      (btf, int) =>
        btf.add('typedef', 'x', btf.add('ptr', '', btf.add('type_tag', 'unused)) *a; int', int, [], { flag: true }))),
    ],
    ['that is longer than the kernel takes', (btf, int) => btf.add('typedef', 'n'.repeat(512), int)],
  ])('is refused for a name that C cannot have: %s', (_, add) => {
    const btf = new BtfBuilder()
    add(btf, btf.int('int', 4, 1))
    expect(() => parseBtf(btf.bytes()).header()).toThrow(/has a name that C cannot have/)
  })

  test('takes nothing of the names of what it does not write', () => {
    const btf = new BtfBuilder()
    const int = btf.int('int; int evil', 4, 1)
    btf.add('func', 'x.isra.0', btf.add('func_proto', '', int), [], { length: 0 })
    btf.add('typedef', 'x', int)
    btf.struct('any', 4, [['a', int, 0]])
    const header = parseBtf(btf.bytes()).header()
    expect(header).toContain('typedef signed int x;')
    compile(header, 'x f(x a) { return a; }')
  })

  test('is refused when it would have no end', () => {
    const btf = new BtfBuilder()
    let id = btf.int('int', 4, 1)
    for (let level = 0; level < 13; level++) {
      id = btf.struct('', 8, [
        [`a${level}`, id, 0],
        [`b${level}`, id, 32],
      ])
    }
    for (let index = 0; index < 1000; index++) btf.struct(`s${index}`, 8, [['x', id, 0]])
    expect(() => parseBtf(btf.bytes()).header()).toThrow(/its header is longer than 67108864 characters/)
  })

  test('of a module has its own types, and of the others what they need', () => {
    const kernel = new BtfBuilder()
    const int = kernel.int('int', 4, 1)
    kernel.struct('needed', 4, [['x', int, 0]])
    kernel.struct('other', 4, [['x', int, 0]])
    const module = new BtfBuilder(true, kernel)
    module.struct('own', 4, [['needed', 2, 0]])
    const header = parseBtf(module.bytes(), { base: parseBtf(kernel.bytes()) }).header()
    compile(header, 'int f(struct own *o) { return o->needed.x; }')
    expect(header).not.toContain('other')
  })
})

test.runIf(existsSync('/sys/kernel/btf/vmlinux'))(
  'of the running kernel has every struct as the kernel has it',
  () => {
    const btf = parseBtf(readFileSync('/sys/kernel/btf/vmlinux'))
    // It holds a va_list, which is another one for BPF.
    const lines = assertions(btf, new Set(['warn_args', 'va_format', '__va_list_tag']))
    expect(lines.length).toBeGreaterThan(10_000)
    compile(btf.header(), lines.join('\n'))
  },
  60_000,
)
