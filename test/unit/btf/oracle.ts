/**
 * What C says of random structs. One header declares them, for a program of the system's compiler, which lays them out
 * on its own, prints every member of random bytes, and assigns given values; and for a BPF object, whose BTF clang writes.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Layout, minimumLength } from '../../../lib/btf/layout.ts'
import { layoutOf } from '../../../lib/btf/layout-of.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import { assignStatements, hasUnsafeInteger, randomValue } from './c-values.ts'
import { elfSection } from './elf.ts'
import { printStatements, Random, type Shape, StructGenerator } from './random-c.ts'

const structCount = 240

/** Bytes of a struct, and what C reads from them. */
export interface Sample {
  bytes: Uint8Array
  lines: string[]
  /** Whether it has a 64-bit integer that no number holds. */
  unsafe: boolean
}

export interface OracleStruct {
  shape: Shape & { kind: 'struct' }
  /** From the BTF. */
  layout: Layout
  /** From C. Bytes. */
  size: number
  samples: Sample[]
  /** As encoding takes it. */
  value: unknown
  /** The bytes that C makes of it, in hexadecimal. */
  written: string
}

const clang = process.env.CLANG ?? 'clang'

/** Machines of tests that need no more than a kernel have none. */
export function hasCompilers(): boolean {
  try {
    for (const compiler of ['gcc', clang]) execFileSync(compiler, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Random structs, the same in every run: `ORACLE_SEED` gives others. */
export function askC(): OracleStruct[] {
  const clangVersion = Number(/version (\d+)/.exec(execFileSync(clang, ['--version'], { encoding: 'utf8' }))![1])
  const random = new Random(Number(process.env.ORACLE_SEED ?? 20261122))
  const generator = new StructGenerator(random, clangVersion >= 16)
  const structs = Array.from({ length: structCount }, () => {
    const shape = generator.struct()
    const extra = shape.members.at(-1)?.shape.kind === 'rest' ? kinds.map(() => random.next(48)) : undefined
    return { shape, value: randomValue(shape, random), extra }
  })
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-oracle-'))
  try {
    const path = (name: string): string => join(folder, name)
    writeFileSync(path('types.h'), `#pragma once\n${generator.declarations.join('\n')}\n`)
    writeFileSync(path('oracle.c'), programSource(structs))
    const variables = structs.map(({ shape: { c } }, index) => `${c} *v${index};`)
    writeFileSync(path('types.bpf.c'), `#include "types.h"\n${variables.join('\n')}\n`)
    execFileSync('gcc', ['-w', '-O0', '-fno-strict-aliasing', '-o', path('oracle'), path('oracle.c')], {
      stdio: 'pipe',
    })
    execFileSync(clang, ['-w', '-g', '-O2', '-target', 'bpf', '-c', '-o', path('types.o'), path('types.bpf.c')])
    const btf = parseBtf(elfSection(readFileSync(path('types.o')), '.BTF'))
    const inputs = structs.map(({ shape, extra }) => {
      const layout = layoutOf(btf, btf.find(shape.c.replace('struct ', ''), 'struct')!.id)
      const lengthOf = (kind: number): number => (extra ? minimumLength(layout) + extra[kind]! : layout.size)
      return { layout, bytes: kinds.map((byte, kind) => Uint8Array.from({ length: lengthOf(kind) }, byte(random))) }
    })
    const input = Buffer.concat(inputs.flatMap(({ bytes }) => bytes))
    const printed = execFileSync(path('oracle'), { input, maxBuffer: 1 << 28, encoding: 'latin1' }).split('struct ')
    return structs.map(({ shape, value }, index) => {
      const { layout, bytes } = inputs[index]!
      const [size, ...parts] = printed[index + 1]!.split('--\n')
      const written = parts.pop()!.trimEnd()
      const samples = parts.map((part, kind) => {
        const lines = part.split('\n').slice(0, -1)
        return { bytes: bytes[kind]!, lines, unsafe: hasUnsafeInteger(shape, lines.values()) }
      })
      return { shape, layout, size: Number(size), samples, value, written }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What the bytes of samples are: noise, then more and more zeros and text; and integers of 48 bits where they are aligned. */
const kinds: ((random: Random) => (_: unknown, at: number) => number)[] = [
  (random) => () => random.next(256),
  ...[25, 50, 75].map(
    (percent) => (random: Random) => () =>
      random.chance(percent) ? random.one([0, 0x41, 0xff, 0x7f]) : random.next(256),
  ),
  (random) => (_, at) => (at % 8 >= 6 ? 0 : random.next(256)),
]

function programSource(
  structs: readonly { shape: Shape & { kind: 'struct' }; value: unknown; extra?: number[] | undefined }[],
): string {
  const functions = structs.map(
    ({ shape, value }, index) => `
static void print_struct${index}(${shape.c} *p, unsigned long rest) {
${printStatements(shape, '(*p)', undefined)}}
static void assign_struct${index}(${shape.c} *p) {
${assignStatements(shape, value, '(*p)')}}`,
  )
  const calls = structs.map(({ shape: { c, members }, extra }, index) => {
    const fixed = extra ? `offsetof(${c}, ${members.at(-1)!.name})` : `sizeof(${c})`
    return `  {
  static const unsigned extra[${kinds.length}] = { ${(extra ?? [0]).join(', ')} };
  printf("struct %zu\\n", sizeof(${c}));
  for (int i = 0; i < ${kinds.length}; i++) {
    printf("--\\n");
    if (!read_exactly(memory.bytes, ${fixed} + extra[i])) return 1;
    print_struct${index}((void *)memory.bytes, extra[i]);
  }
  memset(memory.bytes, 0, sizeof(${c}));
  assign_struct${index}((void *)memory.bytes);
  printf("--\\n");
  print_bytes(memory.bytes, sizeof(${c}));
  }`
  })
  return `
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "types.h"

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
static void print_float(const void *p, int bits) {
  float narrow;
  double wide;
  memcpy(bits == 32 ? (void *)&narrow : &wide, p, bits / 8);
  if (bits == 32) wide = narrow;
  if (wide != wide) printf("NaN\\n");
  else print_bytes(p, bits / 8);
}
static void print128(unsigned __int128 v) {
  printf("%016llx%016llx\\n", (unsigned long long)(v >> 64), (unsigned long long)v);
}
static int read_exactly(void *to, unsigned long size) { return fread(to, 1, size, stdin) == size; }
${functions.join('\n')}
int main(void) {
  static union { unsigned char bytes[1 << 20]; long double aligned; } memory;
${calls.join('\n')}
  return getchar() == EOF ? 0 : 2;
}
`
}
