/**
 * Views of records: one object for all records of a type, whose properties read from memory when they are asked for. No
 * object is made for a record, and only the fields that are used are decoded.
 */
import { inspect } from 'node:util'
import { ruleError } from '../errors.ts'
import { ifAllowed } from './codec.ts'
import { type Int64Mode, readField, stretched } from './codec-interpret.ts'
import { addRecordLoop, recordHelpers, recordReader, recordSource } from './codec-records.ts'
import { literal } from './codec-source.ts'
import { flexibleField } from './layout.ts'
import type { Memory } from './memory.ts'
import { fieldsOf, type RecordShape, type RecordShapes, shapeAt } from './record-shapes.ts'
import { eachRecord, type Lease, releasedError } from './record-span.ts'

type Callback = (view: unknown, index: number) => void

/** Calls back with a view of each record of one memory up to byte `end`. Not to be called from within its callback. */
type Visitor = (end: number, callback: Callback, lease: Lease) => void

/** Makes the visitors of a map's records. */
export class ViewReader {
  readonly #records: RecordShapes
  readonly #int64: Int64Mode
  readonly #generate: boolean
  /**
   * Code is generated for each memory, of which a consumer has one: its arrays are constants then, as fast as a local
   * variable. A visitor that is busy is not in here: a callback may visit views of the same batch.
   */
  readonly #visitors = new WeakMap<Memory, Visitor>()

  constructor(records: RecordShapes, int64: Int64Mode, generate: boolean) {
    this.#records = records
    this.#int64 = int64
    this.#generate = generate
  }

  /** @throws TypeError where records have no fields. */
  visit(memory: Memory, end: number, callback: Callback, lease: Lease): void {
    const visitor = this.#visitors.get(memory) ?? this.#create(memory)
    this.#visitors.delete(memory)
    try {
      visitor(end, callback, lease)
    } finally {
      this.#visitors.set(memory, visitor)
    }
  }

  #create(memory: Memory): Visitor {
    for (const shape of this.#records.shapes) fieldsOf(shape, this.#records.map)
    // Whoever uses a view too late is told so, unless they have asked for speed.
    const checked = process.env.NODE_ENV !== 'production'
    return (
      (this.#generate && ifAllowed(() => generateVisitor(this.#records, this.#int64, checked)(memory))) ||
      interpretVisitor(this.#records, this.#int64, checked, memory)
    )
  }
}

function lateError(): Error {
  return ruleError('ERR_EBPF_RELEASED', 'this view was used after its callback, when it shows no record any more', {
    operation: 'read a view',
    hint: 'Keep the fields that you need, or a copy of all: { ...view }.',
  })
}

/** V8 inlines accessors that were defined so; an object literal with getters is a slow dictionary. */
function define(view: object, name: string, get: () => unknown): void {
  Object.defineProperty(view, name, { get, enumerable: true, configurable: true })
}

/** Shows the fields, not their getters; a copy has no such method. */
function inspectable(view: object): object {
  return Object.defineProperty(view, inspect.custom, { value: () => ({ ...view }) })
}

/** @throws EvalError where code generation from strings is disallowed. */
function generateVisitor(records: RecordShapes, int64: Int64Mode, checked: boolean): (memory: Memory) => Visitor {
  const source = recordSource()
  // Of the record that views show; `shown` while a callback runs.
  source.add('let at = 0', 'let size = 0', 'let shown = false')
  const views = new Map(
    records.shapes.map((shape) => {
      const view = source.variable()
      const reader = recordReader(source, shape, int64)
      const getters = fieldsOf(shape, records.map).map((field) => {
        const body = source.block(() => {
          if (checked) source.add('if (!shown) throw lateError()')
          if (field === flexibleField(shape.layout)) source.add('const length = size')
          const place = { base: 'at', offset: 0, alignment: 8 }
          const value = reader.field(shape.layout as never, field, place, `${shape.name}.${field.name}`)
          source.add(`return ${value}`)
        })
        return `define(${view}, ${literal(field.name)}, () => {\n${body}\n})`
      })
      source.add(`const ${view} = inspectable({})`, ...getters)
      return [shape, view] as const
    }),
  )
  source.add('return function (end, callback, lease) {', 'shown = true', 'try {')
  addRecordLoop(source, records, (shape) => {
    source.add(
      'if (lease.released) throw releasedError()',
      'at = offset',
      'size = length',
      `callback(${views.get(shape)}, index)`,
    )
  })
  source.add('} finally {', 'shown = false', '}', '}')
  return source.compile<(memory: Memory) => Visitor>('memory', {
    ...recordHelpers,
    define,
    inspectable,
    lateError,
  })
}

/** The same by walking the layout. */
function interpretVisitor(records: RecordShapes, int64: Int64Mode, checked: boolean, memory: Memory): Visitor {
  let at = 0
  let size = 0
  let shown = false
  const viewOf = (shape: RecordShape): object => {
    const view = {}
    const flexible = flexibleField(shape.layout)
    for (const field of fieldsOf(shape, records.map)) {
      const get = (): unknown => {
        if (checked && !shown) throw lateError()
        if (field === shape.tag?.field) return shape.name
        const read = field === flexible ? stretched(field, size) : field
        return readField(read, memory, at, int64, `${shape.name}.${field.name}`)
      }
      define(view, field.name, get)
    }
    return inspectable(view)
  }
  const views = new Map(records.shapes.map((shape) => [shape, viewOf(shape)]))
  return (end, callback, lease) => {
    let index = 0
    shown = true
    try {
      eachRecord(memory, end, (offset, length) => {
        const view = views.get(shapeAt(records, memory, offset, length))
        if (lease.released) throw releasedError()
        at = offset
        size = length
        callback(view, index++)
      })
    } finally {
      shown = false
    }
  }
}
