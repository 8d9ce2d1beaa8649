/** Sections and map declarations as clang writes them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { entryLayouts, ringRecordLayout, variables } from '../../../lib/btf/datasec.ts'
import type { Layout } from '../../../lib/btf/layout.ts'
import { allocateMemory } from '../../../lib/btf/memory.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import { createRecordCodec } from '../../../lib/btf/record-codec.ts'
import { BtfBuilder } from './btf-builder.ts'
import { elfSection } from './elf.ts'

const source = `
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) __typeof__(val) *name
#define RINGBUF(name, T) struct { T (*type)[27]; __uint(max_entries, 4096); } name SEC(".maps")
typedef unsigned int __u32;
typedef unsigned long long __u64;

enum kind { EVENT_EXEC = 1, EVENT_EXIT = 2, EVENT_EXIT_GROUP = 3, EVENT_NONE = 9 };
struct exec { enum kind kind; __u32 pid; char comm[16]; };
struct exit { enum kind kind; int code; };
struct open { enum kind kind; __u32 flags; char path[]; };
union event { struct exec exec; struct exit exit; };
union more { struct exec none; struct open EXIT_GROUP; struct exit exit; };
union untagged { struct { int a; } x; struct { int b; } y; };
union unnamed { struct { enum kind kind; int a; } other; struct { enum kind kind; int b; } exit; };
union numbered { struct { __u32 kind; } exec; struct { __u32 kind; int b; } exit; };
union ambiguous { struct { enum { A_X, B_X } kind; } x; struct { __u32 kind; } y; };
enum two { A_SAME, B_SAME };
union twice { struct { enum two kind; } same; struct { enum two kind; int b; } a_same; };

RINGBUF(typed, struct exec);
RINGBUF(tagged, union event);
RINGBUF(several, union more);
RINGBUF(plain_union, union untagged);
RINGBUF(unmatched, union unnamed);
RINGBUF(integers, union numbered);
RINGBUF(mixed, union ambiguous);
RINGBUF(doubled, union twice);
RINGBUF(words, __u64);
RINGBUF(varying, struct open);
struct { __uint(type, 27); __uint(max_entries, 4096); } bytes SEC(".maps");
struct { __uint(type, 1); __uint(max_entries, 9); __type(key, __u32); __type(value, struct exec); } table SEC(".maps");

int counter = 1;
static volatile int hidden;
const volatile __u64 limit = 7;
const volatile char name[8] = "x";
extern _Bool CONFIG_BPF __attribute__((section(".kconfig"), weak));
__attribute__((section("xdp"))) int main(void) { hidden++; return CONFIG_BPF + (int)limit + name[0] + counter; }
`

const folder = mkdtempSync(join(tmpdir(), 'ebpf-datasec-'))
const object = join(folder, 'types.o')
const flags = ['-w', '-g', '-O2', '-target', 'bpf', '-x', 'c', '-c', '-', '-o', object]
execFileSync(process.env.CLANG ?? 'clang', flags, { input: source })
const btf = parseBtf(elfSection(readFileSync(object), '.BTF'))
rmSync(folder, { recursive: true })

test('variables of sections', () => {
  const summary = (section: string) =>
    variables(btf, section).map(({ name, size, linkage, layout }) => ({ name, size, linkage, kind: layout().kind }))
  expect(summary('.data')).toEqual([{ name: 'counter', size: 4, linkage: 'global', kind: 'integer' }])
  expect(summary('.bss')).toEqual([{ name: 'hidden', size: 4, linkage: 'static', kind: 'integer' }])
  expect(summary('.rodata')).toEqual([
    { name: 'limit', size: 8, linkage: 'global', kind: 'integer' },
    { name: 'name', size: 8, linkage: 'global', kind: 'string' },
  ])
  expect(summary('.kconfig')).toEqual([{ name: 'CONFIG_BPF', size: 1, linkage: 'extern', kind: 'boolean' }])
  expect(summary('.nowhere')).toEqual([])
})

test('functions in a section are no variables', () => {
  const builder = new BtfBuilder()
  const func = builder.add('func', 'bpf_kfunc', builder.add('func_proto', '', 0), [], { length: 2 })
  builder.add('datasec', '.ksyms', 0, [func, 0, 0], { length: 1 })
  expect(variables(parseBtf(builder.bytes()), '.ksyms')).toEqual([])
})

test('types of keys and values', () => {
  expect(entryLayouts(btf, 'table')).toMatchObject({ key: { kind: 'integer', name: '__u32' }, value: { name: 'exec' } })
  expect(entryLayouts(btf, 'bytes')).toEqual({ key: undefined, value: undefined })
  expect(entryLayouts(btf, 'nosuch')).toEqual({ key: undefined, value: undefined })
})

test('types of records', () => {
  expect(ringRecordLayout(btf, 'typed')).toMatchObject({ kind: 'struct', name: 'exec', size: 24 })
  expect(ringRecordLayout(btf, 'words')).toMatchObject({ kind: 'integer', name: '__u64' })
  expect(ringRecordLayout(btf, 'tagged')).toMatchObject({ kind: 'union', name: 'event' })
  expect(ringRecordLayout(btf, 'bytes')).toBeUndefined()
  expect(ringRecordLayout(btf, 'table')).toBeUndefined()
  expect(ringRecordLayout(btf, 'nosuch')).toBeUndefined()
  expect(ringRecordLayout(btf, 'counter')).toBeUndefined()
})

/** A record of 32-bit words in memory, and a reader for a map's records. */
function reader(map: string): (words: number[], length?: number) => unknown {
  const codec = createRecordCodec(ringRecordLayout(btf, map) as Layout, map, { int64: 'bigint' })
  return (words, length = words.length * 4) => {
    const memory = allocateMemory(40)
    memory.u8.fill(0x41)
    memory.u32.set(words, 2)
    return codec.read(memory, 8, length)
  }
}

test('records of one type', () => {
  const read = reader('typed')
  const record = { kind: 2, pid: 5, comm: 'AB' }
  expect(read([2, 5, 0x4241, 0, 0, 0])).toEqual(record)
  expect(read([2, 5, 0x4241, 0, 0, 0, 99])).toEqual(record)
  expect(() => read([2, 5, 0x4241, 0, 0])).toThrow(
    expect.objectContaining({
      code: 'ERR_EBPF_RECORD_SIZE',
      map: 'typed',
      message: "a record of 20 bytes in map 'typed' is shorter than its type of 24 bytes",
    }),
  )
})

test('records of varying length', () => {
  const read = reader('varying')
  expect(read([1, 7, 0x42424242], 11)).toEqual({ kind: 1, flags: 7, path: 'BBB' })
  expect(read([1, 7])).toEqual({ kind: 1, flags: 7, path: '' })
  expect(() => read([1, 7], 7)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RECORD_SIZE' }))
})

test('several types, told apart by their tag', () => {
  const read = reader('tagged')
  expect(read([1, 5, 0x4241, 0, 0, 0])).toEqual({ kind: 'exec', pid: 5, comm: 'AB' })
  expect(read([2, 0xffffffff])).toEqual({ kind: 'exit', code: -1 })
  expect(Object.keys(read([2, 0]) as object)).toEqual(['kind', 'code'])
  expect(() => read([1, 5])).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RECORD_SIZE' }))
  expect(() => read([], 3)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_RECORD_SIZE' }))
  expect(() => read([9, 5, 0, 0, 0, 0])).toThrow(
    expect.objectContaining({
      code: 'ERR_EBPF_OUT_OF_RANGE',
      message: "a record in map 'tagged' has kind 9, which is none of its types",
    }),
  )
})

test('tags match whatever their case, and as whole words', () => {
  const read = reader('several')
  expect(read([3, 1, 0x4242], 10)).toEqual({ kind: 'EXIT_GROUP', flags: 1, path: 'BB' })
  expect(read([2, 1])).toEqual({ kind: 'exit', code: 1 })
  expect(read([9, 1, 0, 0, 0, 0])).toEqual({ kind: 'none', pid: 1, comm: '' })
})

test('structs without a common first field are readings of the same bytes', () => {
  expect(reader('plain_union')([7])).toEqual({ x: { a: 7 }, y: { b: 7 } })
  expect(reader('mixed')([7])).toEqual({ x: { kind: 7 }, y: { kind: 7 } })
})

test('structs that start with an integer, which says nothing of their kind, are readings of the same bytes', () => {
  expect(reader('integers')([7, 0, 0, 0, 0, 0, 0, 0])).toMatchObject({ exec: { kind: 7 }, exit: { kind: 7 } })
})

test.each([
  ['unmatched', /enum kind has no enumerator for other/],
  ['doubled', /enum two has several for same: A_SAME, B_SAME/],
])('%s tags are an error', (map, message) => {
  expect(() => reader(map)).toThrow(message)
  expect(() => reader(map)).toThrow(
    expect.objectContaining({ code: 'ERR_EBPF_BTF', hint: expect.stringContaining('Declare kind as an enum') }),
  )
})
