/**
 * Our codecs against C: random structs, which the system's compiler lays out on its own, and clang describes in BTF. A C
 * program prints every member of random bytes, and the bytes of given values.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCodec } from '../../../lib/btf/codec.ts'
import type { Layout, StructLayout } from '../../../lib/btf/layout.ts'
import type { Btf } from '../../../lib/btf/btf.ts'
import { layoutOf } from '../../../lib/btf/layout-of.ts'
import { createMemory, type Memory } from '../../../lib/btf/memory.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import { createRecordCodec } from '../../../lib/btf/record-codec.ts'
import type { Batch } from '../../../lib/events/batch.ts'
import { assignStatements, normalized, printedLines, randomValue } from './c-values.ts'
import { elfSection } from './elf.ts'
import { expectedColumns, isTooWide, plainColumn } from './column-values.ts'
import { batchOf } from './record-helpers.ts'
import { printStatements, Random, type Shape, StructGenerator } from './random-c.ts'

const clang = process.env.CLANG ?? 'clang'
const seed = Number(process.env.ORACLE_SEED ?? 20261122)
const structCount = 240
const samples = 4

const clangVersion = Number(/version (\d+)/.exec(execFileSync(clang, ['--version'], { encoding: 'utf8' }))![1])
const random = new Random(seed)
const generator = new StructGenerator(random, clangVersion >= 16)
const structs = Array.from({ length: structCount }, () => generator.struct())
const values = structs.map((shape) => randomValue(shape, random))

const program = `
#include <stdio.h>
#include <string.h>
${generator.declarations.join('\n')}
static void print_bytes(const void *p, unsigned long n) {
  const unsigned char *bytes = p;
  while (n--) printf("%02x", *bytes++);
  printf("\\n");
}
static void print_text(const void *p, unsigned long n) {
  const unsigned char *bytes = p;
  while (n-- && *bytes) printf("%02x", *bytes++);
  printf("\\n");
}
static void print_bool(const void *p) { printf("%d\\n", *(const unsigned char *)p != 0); }
static void print128(unsigned __int128 v) {
  printf("%016llx%016llx\\n", (unsigned long long)(v >> 64), (unsigned long long)v);
}
${structs
  .map(
    (shape, index) => `
static void print_struct${index}(${shape.c} *p) {
${printStatements(shape, '(*p)', undefined)}}
static void assign_struct${index}(${shape.c} *p) {
${assignStatements(shape, values[index], '(*p)')}}`,
  )
  .join('')}
int main(void) {
  static union { unsigned char bytes[1 << 20]; long double aligned; } memory;
${structs
  .map(
    ({ c }, index) => `  printf("struct %zu\\n", sizeof(${c}));
  for (int i = 0; i < ${samples}; i++) {
    if (fread(memory.bytes, 1, sizeof(${c}), stdin) != sizeof(${c})) return 1;
    print_struct${index}((void *)memory.bytes);
  }
  memset(memory.bytes, 0, sizeof(${c}));
  assign_struct${index}((void *)memory.bytes);
  print_bytes(memory.bytes, sizeof(${c}));`,
  )
  .join('\n')}
  return 0;
}
`

const folder = mkdtempSync(join(tmpdir(), 'ebpf-oracle-'))
const path = (name: string): string => join(folder, name)
let btf: Btf
let input: Uint8Array[]
/** What C printed for each struct: its size first, then leaves, then bytes. */
let output: string[][]

beforeAll(() => {
  // Constant members are for BTF; the program assigns them.
  writeFileSync(path('oracle.c'), program.replaceAll('const ', ''))
  const variables = structs.map(({ c }, index) => `${c} v${index};`).join('\n')
  writeFileSync(path('types.c'), `${generator.declarations.join('\n')}\n${variables}\n`)
  execFileSync('gcc', ['-w', '-O0', '-fno-strict-aliasing', '-o', path('oracle'), path('oracle.c')])
  execFileSync(clang, ['-w', '-g', '-O2', '-target', 'bpf', '-c', '-o', path('types.o'), path('types.c')])
  btf = parseBtf(elfSection(readFileSync(path('types.o')), '.BTF'))
  input = structs.map(({ c }) => randomBytes(btf.find(c.replace('struct ', ''), 'struct') as { size: number }))
  const printed = execFileSync(path('oracle'), { input: Buffer.concat(input), maxBuffer: 1 << 28, encoding: 'latin1' })
  output = printed
    .split('struct ')
    .slice(1)
    .map((part) => part.trimEnd().split('\n'))
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** Samples of a struct one behind the other: noise, then more and more zeros and text. */
function randomBytes({ size }: { size: number }): Uint8Array {
  return Uint8Array.from({ length: size * samples }, (_, at) => {
    const sample = Math.floor(at / size)
    return sample > 0 && random.chance(sample * 25) ? random.one([0, 0x41, 0xff, 0x7f]) : random.next(256)
  })
}

function memoryOf(bytes: Uint8Array): Memory {
  const memory = createMemory(new ArrayBuffer(Math.ceil(bytes.length / 8) * 8))
  memory.u8.set(bytes)
  return memory
}

describe.each([
  ['generated', false],
  ['interpreted', true],
])('%s codecs and C', (_, interpret) => {
  const each = (check: (codec: ReturnType<typeof createCodec<unknown>>, index: number) => void): void => {
    for (const [index, { c }] of structs.entries()) {
      const { id } = btf.find(c.replace('struct ', ''), 'struct')!
      check(createCodec<unknown>(layoutOf(btf, id), { int64: 'bigint', interpret }), index)
    }
  }

  /** The samples of each struct as the records of a batch. */
  const eachRecords = (check: (batch: Batch<unknown>, index: number, layout: Layout) => void): void => {
    for (const [index, { c }] of structs.entries()) {
      const { id } = btf.find(c.replace('struct ', ''), 'struct')!
      const layout = layoutOf(btf, id)
      const codec = createRecordCodec(layout, 'records', { int64: 'bigint', interpret, sharedRecords: 0 })
      const bytes = (sample: number): Uint8Array =>
        input[index]!.subarray(sample * layout.size, (sample + 1) * layout.size)
      const records = Array.from({ length: samples }, (_, sample) => ({ bytes: bytes(sample) }))
      check(batchOf(codec, records), index, layout)
    }
  }

  test('give structs the same size', () => {
    each(({ size }, index) => expect(size).toBe(Number(output[index]![0])))
  })

  test('read the same members from the same bytes', () => {
    each((codec, index) => {
      const shape: Shape = structs[index]!
      const lines = output[index]!.slice(1).values()
      for (let sample = 0; sample < samples; sample++) {
        const bytes = input[index]!.subarray(sample * codec.size, (sample + 1) * codec.size)
        const decoded = codec.decode(memoryOf(bytes), 0)
        expect(printedLines(shape, decoded), structs[index]!.c).toEqual(normalized(shape, lines))
      }
    })
  })

  test('read the same members from the records of a batch', () => {
    eachRecords((batch, index) => {
      const lines = output[index]!.slice(1).values()
      for (const record of batch.toArray()) {
        expect(printedLines(structs[index]!, record), structs[index]!.c).toEqual(normalized(structs[index]!, lines))
      }
    })
  })

  test('show the same members by views', () => {
    eachRecords((batch, index) => {
      const lines = output[index]!.slice(1).values()
      batch.forEachView((view) => {
        expect(printedLines(structs[index]!, view), structs[index]!.c).toEqual(normalized(structs[index]!, lines))
      })
    })
  })

  test('gather the same members into columns', () => {
    let gathered = 0
    eachRecords((batch, index, layout) => {
      if (isTooWide(layout)) return
      // What the records hold was compared with C already.
      const expected = expectedColumns(layout as StructLayout, batch.toArray())
      expect(plainColumn(batch.columns()), structs[index]!.c).toEqual(expected)
      gathered++
    })
    expect(gathered).toBeGreaterThan(structCount / 4)
  })

  test('make the same bytes of the same values', () => {
    each((codec, index) => {
      const memory = memoryOf(new Uint8Array(codec.size).fill(0xee))
      codec.encode(values[index], memory, 0)
      expect(Buffer.from(memory.u8.subarray(0, codec.size)).toString('hex'), structs[index]!.c).toBe(
        output[index]!.at(-1),
      )
    })
  })
})
