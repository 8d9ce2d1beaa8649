/** What objects tell of their instructions, against the sources that they were compiled from. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { elfSections } from '../../../lib/elf/sections.ts'
import { parseBtfExtension } from '../../../lib/btf/extension.ts'
import { BtfFormatError } from '../../../lib/btf/format-error.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import { EbpfError } from '../../../lib/errors.ts'
import { type ObjectBtf, objectBtf } from '../../../lib/object-btf.ts'
import { BtfBuilder } from './btf-builder.ts'

const source = `
struct inner { long deep; } __attribute__((preserve_access_index));
enum mode { OFF, ON = 7 };
struct outer { int first; struct inner inners[4]; unsigned flags : 3; } __attribute__((preserve_access_index));
int seen;
static __attribute__((noinline)) int helper(struct outer *outer) { return outer->first; }
__attribute__((section("tp/one"))) int one(struct outer *outer)
{
  seen = helper(outer);
  seen += outer->inners[2].deep;
  seen += __builtin_preserve_field_info(outer->flags, 2);
  seen += __builtin_preserve_enum_value(*(enum mode *)ON, 0);
  return __builtin_preserve_type_info(*(struct inner *)0, 0);
}
__attribute__((section("tp/two"))) int two(void *context) { return seen; }
`

const folder = mkdtempSync(join(tmpdir(), 'ebpf-extension-'))
const path = (name: string): string => join(folder, name)
const lines = source.split('\n')
let object: ObjectBtf

beforeAll(async () => {
  writeFileSync(path('x.c'), source)
  const clang = process.env.CLANG ?? 'clang'
  execFileSync(clang, ['-g', '-O2', '-target', 'bpf', '-c', '-o', path('x.o'), path('x.c')])
  object = await objectBtf(path('x.o'))
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('an object', () => {
  test('tells where its functions start', () => {
    const names = object.functions.map(({ section, offset, type }) => [section, offset, object.btf.type(type).name])
    expect(names.sort()).toEqual([
      ['.text', 0, 'helper'],
      ['tp/one', 0, 'one'],
      ['tp/two', 0, 'two'],
    ])
  })

  test('tells each line that its instructions are of', () => {
    const known = object.lines.filter(({ line }) => line > 0)
    expect(known.length).toBeGreaterThan(5)
    for (const { file, text, line, column, offset } of known) {
      expect(file).toBe(path('x.c'))
      expect(text).toBe(lines[line - 1])
      expect(column).toBeLessThanOrEqual(text.length + 1)
      expect(offset % 8).toBe(0)
    }
    const ofTwo = known.filter(({ section }) => section === 'tp/two')
    expect(ofTwo[0]).toMatchObject({ offset: 0, text: lines.find((line) => line.includes('int two')) })
  })

  test('tells what is adapted to the running kernel', () => {
    const facts = object.relocations.map(({ section, kind, type, access }) => {
      const { name } = object.btf.type(type)
      return [section, kind, name, access]
    })
    expect(facts).toEqual(
      expect.arrayContaining([
        ['.text', 'field_byte_offset', 'outer', '0:0'],
        ['tp/one', 'field_byte_offset', 'outer', '0:1:2:0'],
        ['tp/one', 'field_exists', 'outer', '0:2'],
        ['tp/one', 'enum_value_exists', 'mode', '1'],
        ['tp/one', 'type_exists', 'inner', '0'],
      ]),
    )
    expect(facts).toHaveLength(5)
  })

  test('with broken types is named', async () => {
    const bytes = readFileSync(path('x.o'))
    bytes[bytes.indexOf(Buffer.from([0x9f, 0xeb, 1])) + 2] = 9
    const broken = path('broken.o')
    writeFileSync(broken, bytes)
    await expect(objectBtf(broken)).rejects.toThrow(/^invalid BTF in '.*broken.*' at byte \d+: /)
  })

  test('without types says what to do', async () => {
    writeFileSync(path('bare.c'), 'int bare(void *context) { return 0; }')
    execFileSync(process.env.CLANG ?? 'clang', ['-O2', '-target', 'bpf', '-c', '-o', path('bare.o'), path('bare.c')])
    await expect(objectBtf(path('bare.o'))).rejects.toMatchObject({ code: 'ERR_EBPF_NO_BTF', hint: /-g/ })
  })
})

test('every object of the tests tells lines of its own source', async () => {
  const fixtures = new URL('../../fixtures/', import.meta.url)
  for (const name of ['hooks-tc', 'globals', 'ring', 'hooks-usdt']) {
    const { btf, functions, lines: told } = await objectBtf(new URL(`${name}.bpf.o`, fixtures))
    const text = readFileSync(new URL(`${name}.bpf.c`, fixtures), 'utf8').split('\n')
    for (const { type } of functions) expect(btf.type(type).kind).toBe('func')
    const own = told.filter(({ file, line }) => file.endsWith(`${name}.bpf.c`) && line > 0)
    expect(own.length, name).toBeGreaterThan(0)
    for (const { line, text: of } of own) expect(of).toBe(text[line - 1])
  }
})

describe('bad bytes', () => {
  test.each(['n', 'ñ'])('of lines that share one text are told: %s', (letter) => {
    const builder = new BtfBuilder()
    const place = builder.string(letter.repeat(500_000))
    const btf = parseBtf(builder.bytes())
    const count = 20_000
    const words = (textOf: (index: number) => number): number[] => [
      ...[0x0001eb9f, 24, 0, 0, 0, 4 + 8 + 16 * count],
      ...[16, place, count],
      ...Array.from({ length: count }, (_, index) => [8 * index, 0, textOf(index), 1024]).flat(),
    ]
    const one = new Uint8Array(Uint32Array.from(words(() => place)).buffer)
    expect(parseBtfExtension(one, btf).lines).toHaveLength(count)
    const many = new Uint8Array(Uint32Array.from(words((index) => place + 2 * index)).buffer)
    expect(() => parseBtfExtension(many, btf)).toThrow(/texts of BTF.ext overlap/)
  })

  const sections = (): { btf: Uint8Array; extension: Uint8Array } => {
    const all = elfSections(readFileSync(path('x.o')))
    return { btf: all.get('.BTF')!, extension: Uint8Array.from(all.get('.BTF.ext')!) }
  }

  test('of BTF.ext are told', () => {
    const { btf, extension } = sections()
    const types = parseBtf(btf)
    const changed = (at: number, value: number): Uint8Array => {
      const bytes = extension.slice()
      new DataView(bytes.buffer).setUint32(at, value, true)
      return bytes
    }
    for (const [index, bytes] of [
      new Uint8Array(0),
      extension.subarray(0, 20),
      changed(0, 7),
      changed(4, 8),
      changed(8, 0xffffff00),
      changed(12, 2),
      changed(32, 4),
      changed(32, 9),
      changed(36, 0x7fffffff),
      changed(40, 0x7fffffff),
      changed(48, 0x7fffffff),
    ].entries()) {
      expect(() => parseBtfExtension(bytes, types), String(index)).toThrow(BtfFormatError)
    }
  })

  test('never crash', async () => {
    const good = readFileSync(path('x.o'))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 12 }),
        fc.nat(good.length),
        async (changes, length) => {
          const bytes = Uint8Array.from(good.subarray(0, length))
          for (const [at, value] of changes) bytes[at] = value
          await objectBtf(bytes).catch((error: unknown) => expect(error).toBeInstanceOf(EbpfError))
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('that are no object', async () => {
    for (const bytes of [new Uint8Array(0), Buffer.from('no elf at all'), Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1)]) {
      await expect(objectBtf(bytes)).rejects.toMatchObject({ code: 'ERR_EBPF_INVALID_OBJECT' })
    }
    const program = fileURLToPath(import.meta.url)
    await expect(objectBtf(program)).rejects.toMatchObject({ code: 'ERR_EBPF_INVALID_OBJECT' })
    await expect(objectBtf(path('none.o'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
