/** Generates loops over the records of a batch: a record's type is known there, so that V8 inlines all of its decoding. */
import type { Int64Mode } from './codec-interpret.ts'
import { readHelpers, ReaderGenerator } from './codec-read.ts'
import { literal, type Place, Source } from './codec-source.ts'
import type { Memory } from './memory.ts'
import { type RecordShape, type RecordShapes, tooShort, unknownTag } from './record-shapes.ts'
import { DISCARD_BIT, HEADER_SIZE, type Lease, LENGTH_MASK, releasedError } from './record-span.ts'

/** Decodes all records of memory up to byte `end`, which are `count`. */
export type ReadAll<T> = (memory: Memory, end: number, count: number) => T[]

/** Calls back for each record of memory up to byte `end`, which the callback may release. */
export type Visit<T> = (memory: Memory, end: number, callback: (record: T, index: number) => void, lease: Lease) => void

/** @throws EvalError where code generation from strings is disallowed. */
export function generateReadAll(records: RecordShapes, int64: Int64Mode): ReadAll<unknown> {
  const source = recordSource()
  source.add('const records = new Array(count)')
  addRecordLoop(source, records, (shape) => {
    source.add(`records[index] = ${recordExpression(source, shape, int64)}`)
  })
  source.add('return records')
  return source.compile<ReadAll<unknown>>('memory, end, count', recordHelpers)
}

/** @throws EvalError where code generation from strings is disallowed. */
export function generateVisit(records: RecordShapes, int64: Int64Mode): Visit<unknown> {
  const source = recordSource()
  addRecordLoop(source, records, (shape) => {
    const record = recordExpression(source, shape, int64)
    source.add('if (lease.released) throw releasedError()', `callback(${record}, index)`)
  })
  return source.compile<Visit<unknown>>('memory, end, callback, lease', recordHelpers)
}

let generated = 0

/** V8 remembers types by source text: the number makes each text another one. */
export function recordSource(): Source {
  const source = new Source()
  source.add(`// ${generated++}`)
  return source
}

/** Where the bytes of a record start. */
export const recordPlace: Place = { base: 'offset', offset: 0, alignment: 8 }

/** What reads the fields of a record of one shape. */
export function recordReader(source: Source, shape: RecordShape, int64: Int64Mode): ReaderGenerator {
  return new ReaderGenerator(
    source,
    shape.layout,
    int64,
    new Map(shape.tag && [[shape.tag.field, literal(shape.name)]]),
  )
}

function recordExpression(source: Source, shape: RecordShape, int64: Int64Mode): string {
  return recordReader(source, shape, int64).value(shape.layout, recordPlace, shape.name)
}

/**
 * Adds a loop over the records in `memory` up to `end`.
 *
 * @param body adds what is done with a record of a shape: it lies at the variable `offset`, has `length` bytes, and is the
 * one at `index`. Called once for each shape.
 */
export function addRecordLoop(source: Source, records: RecordShapes, body: (shape: RecordShape) => void): void {
  const { tag, shapes } = records
  const map = literal(records.map)
  const checkLength = (minimum: number): void =>
    source.add(`if (length < ${minimum}) throw tooShort(length, ${minimum}, ${map})`)
  source.add(
    'for (let header = 0, index = 0; header < end; ) {',
    `const word = ${source.view('u32')}[header >>> 2]`,
    `const length = word & ${LENGTH_MASK}`,
    `const offset = header + ${HEADER_SIZE}`,
    'header = (offset + length + 7) & -8',
    `if ((word & ${DISCARD_BIT}) !== 0) continue`,
  )
  if (tag === undefined) {
    checkLength(shapes[0]!.minimum)
    body(shapes[0]!)
  } else {
    checkLength(tag.layout.size)
    const value = new ReaderGenerator(source, tag.layout, 'bigint').value(tag.layout, recordPlace, tag.name)
    source.add(`switch (${value}) {`)
    for (const shape of shapes) {
      const known = shape.tag!.value
      source.add(`case ${known}${typeof known === 'bigint' ? 'n' : ''}: {`)
      checkLength(shape.minimum)
      body(shape)
      source.add('break', '}')
    }
    source.add(`default: throw unknownTag(${value}, ${literal(tag.name)}, ${map})`, '}')
  }
  source.add('index++', '}')
}

export const recordHelpers: Readonly<Record<string, unknown>> = { ...readHelpers, releasedError, tooShort, unknownTag }
