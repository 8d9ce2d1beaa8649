/** Our codecs against C: every way in which values are read and written, on random structs. */
import { beforeAll, describe, expect, test } from 'vitest'
import { type Codec, createCodec } from '../../../lib/btf/codec.ts'
import type { StructLayout } from '../../../lib/btf/layout.ts'
import { flexibleField } from '../../../lib/btf/layout.ts'
import { createMemory, type Memory } from '../../../lib/btf/memory.ts'
import { createRecordCodec } from '../../../lib/btf/record-codec.ts'
import type { Batch } from '../../../lib/events/batch.ts'
import { hasUnsafeInteger, type Int64, printedLines } from './c-values.ts'
import { expectedColumns, isTooWide, plainColumn } from './column-values.ts'
import { kinds } from './codec-helpers.ts'
import { askC, type OracleStruct, type Sample } from './oracle.ts'
import { batchOf } from './record-helpers.ts'

let structs: OracleStruct[]

beforeAll(() => {
  structs = askC()
}, 120_000)

function memoryOf(bytes: Uint8Array): Memory {
  const memory = createMemory(new ArrayBuffer(Math.ceil(bytes.length / 8) * 8))
  memory.u8.set(bytes)
  return memory
}

const outOfRange = expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE', message: expect.stringContaining('2^53') })

describe.each(
  kinds.flatMap(([kind, interpret]) => [
    { kind, interpret, int64: 'bigint' as Int64 },
    { kind, interpret, int64: 'number' as Int64 },
  ]),
)('$kind codecs with 64-bit integers as $int64, and C', ({ interpret, int64 }) => {
  const each = (check: (codec: Codec<unknown>, struct: OracleStruct) => void): void => {
    for (const struct of structs) check(createCodec<unknown>(struct.layout, { int64, interpret }), struct)
  }

  /**
   * The samples of each struct as the records of a batch, and alone in one those that C says have an integer that no
   * number holds, where numbers were asked for.
   */
  const eachBatch = (
    check: (batch: Batch<unknown>, struct: OracleStruct, samples: Sample[]) => void,
    refused: (batch: Batch<unknown>, struct: OracleStruct, sample: Sample) => void,
  ): void => {
    let [read, unread] = [0, 0]
    for (const struct of structs) {
      const options = { int64, interpret, sharedRecords: 0 }
      const codec = createRecordCodec(struct.layout, 'records', options)
      const isRefused = ({ unsafe }: Sample): boolean => unsafe && int64 === 'number'
      const samples = struct.samples.filter((sample) => !isRefused(sample))
      check(batchOf(codec, samples), struct, samples)
      read += samples.length
      for (const sample of struct.samples.filter(isRefused)) {
        refused(batchOf(codec, [sample]), struct, sample)
        unread++
      }
    }
    expect(read).toBeGreaterThan(structs.length)
    if (int64 === 'number') expect(unread).toBeGreaterThan(structs.length)
  }

  test('give structs the same size', () => {
    each((codec, { size, shape }) => expect(codec.size, shape.c).toBe(size))
  })

  test('read the same members from the same bytes', () => {
    each((codec, { shape, samples }) => {
      for (const { bytes, lines, unsafe } of samples) {
        const read = (): unknown => codec.decode(memoryOf(bytes), 0, bytes.length)
        if (unsafe && int64 === 'number') expect(read, shape.c).toThrow(outOfRange)
        else expect(printedLines(shape, read(), int64), shape.c).toEqual(lines)
      }
    })
  })

  test('read the same members from the records of a batch, all at once and one by one', () => {
    eachBatch(
      (batch, { shape }, samples) => {
        const lines = samples.map((sample) => sample.lines)
        const printed = (record: unknown): string[] => printedLines(shape, record, int64)
        expect(batch.toArray().map(printed), shape.c).toEqual(lines)
        const visited: string[][] = []
        batch.forEach((record) => void visited.push(printed(record)))
        expect(visited, shape.c).toEqual(lines)
        expect(Array.from(batch, printed), shape.c).toEqual(lines)
      },
      (batch, { shape }) => {
        expect(() => batch.toArray(), shape.c).toThrow(outOfRange)
        expect(() => batch.forEach(() => {}), shape.c).toThrow(outOfRange)
        expect(() => batch.at(0), shape.c).toThrow(outOfRange)
      },
    )
  })

  test('show the same members by views', () => {
    eachBatch(
      (batch, { shape }, samples) => {
        let seen = 0
        batch.forEachView((view) => {
          expect(printedLines(shape, view, int64), shape.c).toEqual(samples[seen++]!.lines)
        })
        expect(seen).toBe(samples.length)
      },
      (batch, { shape }) => {
        batch.forEachView((view) => {
          expect(() => ({ ...(view as object) }), shape.c).toThrow(outOfRange)
        })
      },
    )
  })

  test('gather the same members into columns', () => {
    let gathered = 0
    const fixed = ({ layout }: OracleStruct): StructLayout => {
      const flexible = flexibleField(layout)
      const struct = layout as StructLayout
      return { ...struct, fields: struct.fields.filter((field) => field !== flexible) }
    }
    const names = ({ shape }: OracleStruct, records: readonly unknown[]): string[] =>
      Object.keys(records[0] as object).filter((name) => {
        const member = shape.members.at(-1)!
        return member.shape.kind !== 'rest' || member.name !== name
      })
    eachBatch(
      (batch, struct) => {
        const layout = fixed(struct)
        if (isTooWide(layout) || batch.length === 0) return
        // What the records hold was compared with C already.
        const records = batch.toArray()
        const columns = batch.columns(names(struct, records) as never)
        expect(plainColumn(columns), struct.shape.c).toEqual(expectedColumns(layout, records))
        gathered++
      },
      (batch, struct, { lines }) => {
        const { shape } = struct
        if (isTooWide(fixed(struct)) || shape.members.at(-1)!.shape.kind === 'rest') return
        expect(hasUnsafeInteger(shape, lines.values())).toBe(true)
        expect(() => batch.columns(), shape.c).toThrow(outOfRange)
      },
    )
    expect(gathered).toBeGreaterThan(structs.length / 4)
  })

  test('make the same bytes of the same values', () => {
    each((codec, { shape, value, written }) => {
      const memory = memoryOf(new Uint8Array(codec.size).fill(0xee))
      const bytes = (): string => Buffer.from(memory.u8.subarray(0, codec.size)).toString('hex')
      codec.encode(value, memory, 0)
      expect(bytes(), shape.c).toBe(written)
      memory.u8.fill(0xee)
      codec.writer!()(memory, value)
      expect(bytes(), shape.c).toBe(written)
    })
  })

  test('find keys again, whatever their bytes are', () => {
    each((codec, { shape, samples }) => {
      if (shape.members.at(-1)!.shape.kind === 'rest') return
      for (const { bytes } of samples) {
        const key = codec.decodeKey(memoryOf(bytes), 0)
        const memory = memoryOf(new Uint8Array(codec.size).fill(0xee))
        codec.encode(key, memory, 0)
        expect(memory.u8.subarray(0, codec.size), shape.c).toEqual(bytes)
      }
    })
  })
})
