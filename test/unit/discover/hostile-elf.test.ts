/** Binaries of somebody who wants to stop who lists them: a root's tool looks into containers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkObjects, listSymbols, listUsdt, objectBtf } from '../../../lib/index.ts'
import { elfFile, note, symbolTable, type WrittenSection } from '../../support/elf-file.ts'
import { SourceFolder } from '../../support/source-folder.ts'

const PROGBITS = 1
const SYMTAB = 2
const STRTAB = 3
const NOTE = 7
const OBJECT: [number, number] = [1, 247]

let folder: SourceFolder
let count = 0

beforeAll(() => {
  folder = new SourceFolder()
})

afterAll(() => folder[Symbol.dispose]())

function written(...given: Parameters<typeof elfFile>): string {
  return folder.write(`${++count}.elf`, elfFile(...given))
}

/** `\0`, a name of so many bytes, and `\0`. */
function longName(length: number): Uint8Array {
  return Buffer.concat([Buffer.alloc(1), Buffer.alloc(length, 'n'), Buffer.alloc(1)])
}

const indexes = (length: number, from = 0): number[] => Array.from({ length }, (_, index) => from + index)
const sectionNames = (...names: string[]): WrittenSection => ({
  type: STRTAB,
  data: Buffer.from(`\0${names.map((name) => `${name}\0`).join('')}`),
})

/** Ten gigabytes, if each were read for itself. */
const overlapping: WrittenSection[] = [
  { type: STRTAB, data: longName(1_000_000) },
  ...indexes(10_000, 1).map((name) => ({ name, type: PROGBITS, data: new Uint8Array() })),
]

describe('names that overlap', () => {
  it('of symbols are refused', async () => {
    const sections = [
      sectionNames('x'),
      { type: STRTAB, data: longName(2_000_000) },
      { type: SYMTAB, link: 2, data: symbolTable(indexes(20_000, 1)) },
    ]
    await expect(listSymbols(written({ sections }))).rejects.toMatchObject({
      code: 'ERR_EBPF_INVALID_BINARY',
      message: expect.stringContaining('its names overlap'),
    })
    await expect(linkObjects([elfFile({ kind: OBJECT, sections })])).rejects.toMatchObject({
      code: 'ERR_EBPF_INVALID_OBJECT',
      message: expect.stringContaining('its names overlap'),
    })
  })

  it('of symbols are refused when they have no end', async () => {
    const sections = [
      sectionNames('x'),
      { type: STRTAB, data: Buffer.alloc(2_000_000, 'n') },
      { type: SYMTAB, link: 2, data: symbolTable(indexes(20_000, 1)) },
    ]
    await expect(listSymbols(written({ sections }))).rejects.toThrow('its names overlap')
  })

  it('of sections are refused', async () => {
    await expect(listSymbols(written({ sections: overlapping }))).rejects.toThrow('its names overlap')
    await expect(objectBtf(elfFile({ kind: OBJECT, sections: overlapping }))).rejects.toMatchObject({
      code: 'ERR_EBPF_INVALID_OBJECT',
      message: expect.stringContaining('its names overlap'),
    })
  })

  it('are taken where linkers share them', async () => {
    const sections = [
      sectionNames('x'),
      { type: STRTAB, data: longName(40) },
      { type: SYMTAB, link: 2, data: symbolTable(Array(5000).fill(1)) },
    ]
    expect(await listSymbols(written({ sections }))).toHaveLength(5000)
  })
})

describe('sections that overlap', () => {
  const probe = note('stapsdt', 3, Buffer.concat([Buffer.alloc(24, 1), Buffer.from('p\0n\x008@%rax\0')]))

  it('are refused', async () => {
    const notes = Buffer.concat(Array(20_000).fill(probe))
    const shared = indexes(1000).map(() => ({ name: 1, type: NOTE, data: 1 }))
    const sections = [sectionNames('.note.stapsdt'), { name: 1, type: NOTE, data: notes }, ...shared]
    await expect(listUsdt(written({ sections }))).rejects.toThrow('its sections overlap')
  })

  it('are refused of objects, which the linker would copy', async () => {
    const shared = indexes(1000).map(() => ({ name: 1, type: PROGBITS, data: 1 }))
    const sections = [sectionNames('.x'), { name: 1, type: PROGBITS, data: new Uint8Array(100_000) }, ...shared]
    await expect(linkObjects([elfFile({ kind: OBJECT, sections })])).rejects.toMatchObject({
      code: 'ERR_EBPF_INVALID_OBJECT',
      message: expect.stringContaining('its sections overlap'),
    })
  })
})

describe('many of something', () => {
  it('notes are listed', async () => {
    const notes = Buffer.concat(Array(200_000).fill(note('', 0, new Uint8Array())))
    const sections = [sectionNames('.note.stapsdt'), { name: 1, type: NOTE, data: notes }]
    expect(await listUsdt(written({ sections }))).toEqual([])
  })

  it('segments are found by address', async () => {
    const sections = [
      sectionNames('x'),
      { type: STRTAB, data: longName(1) },
      { type: SYMTAB, link: 2, data: symbolTable(Array(50_000).fill(1), (index) => BigInt(index + 40_000)) },
    ]
    const symbols = await listSymbols(written({ sections, segments: 60_000 }))
    expect(symbols.filter(({ offset }) => offset !== undefined)).toHaveLength(20_000)
  })

  it('bytes of a segment are as many as a file can have', async () => {
    const sections = [
      sectionNames('x'),
      { type: STRTAB, data: longName(1) },
      { type: SYMTAB, link: 2, data: symbolTable([1]) },
    ]
    const file = elfFile({ sections, segments: 1 })
    new DataView(file.buffer, file.byteOffset).setBigUint64(64 + 32, 2n ** 64n - 1n, true)
    expect(await listSymbols(folder.write('large.elf', file))).toMatchObject([{ offset: 0 }])
  })

  it.each([
    ['spaces', `1@a${' '.repeat(200_000)}x`],
    ['digits', `8@.a${'1'.repeat(200_000)}`],
    ['arguments', '8@%rax '.repeat(50_000)],
  ])('%s in arguments of a static probe take no hours', async (_, operands) => {
    const description = Buffer.concat([Buffer.alloc(24, 1), Buffer.from(`p\0n\0${operands}\0`)])
    const sections = [sectionNames('.note.stapsdt'), { name: 1, type: NOTE, data: note('stapsdt', 3, description) }]
    const [found] = await listUsdt(written({ sections }))
    expect(found?.places[0]?.arguments.length).toBeGreaterThan(0)
  })
})

it('that is none is named', async () => {
  const path = folder.write('text.bpf.o', 'text')
  await expect(objectBtf(path)).rejects.toMatchObject({
    message: "unreadable object 'text': it is not an ELF file",
    object: 'text',
  })
})
