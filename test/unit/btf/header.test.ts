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
