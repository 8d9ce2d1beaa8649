/** Columns as plain arrays, and what they must hold according to decoded records. */
import { type Layout, visibleFields } from '../../../lib/btf/layout.ts'

/** Typed arrays as arrays, strings in place of their indices. */
export function plainColumn(column: unknown): unknown {
  if (ArrayBuffer.isView(column)) return [...(column as Uint8Array)]
  const { indices, dictionary } = column as { indices?: unknown; dictionary?: string[] }
  if (indices instanceof Int32Array && Array.isArray(dictionary)) {
    if (new Set(dictionary).size !== dictionary.length) throw new Error('a string is in the dictionary twice')
    return Array.from(indices, (index) => dictionary[index])
  }
  return Object.fromEntries(Object.entries(column as object).map(([name, inner]) => [name, plainColumn(inner)]))
}

/** The values of one field of all records, as {@link plainColumn} gives them. */
export function expectedColumn(layout: Layout, values: readonly unknown[]): unknown {
  switch (layout.kind) {
    case 'array':
      return expectedColumn(layout.element, values.flat(1))
    case 'bytes':
      return values.flatMap((value) => [...(value as Uint8Array)])
    case 'struct':
    case 'union':
      return expectedColumns(layout, values)
    case 'boolean':
      return values.map(Number)
    default:
      return [...values]
  }
}

/** The columns of all fields of structs. */
export function expectedColumns(
  layout: Layout & { kind: 'struct' | 'union' },
  records: readonly unknown[],
): Record<string, unknown> {
  return Object.fromEntries(
    visibleFields(layout).map(({ name, layout: inner }) => [
      name,
      expectedColumn(
        inner,
        records.map((record) => (record as Record<string, unknown>)[name]),
      ),
    ]),
  )
}

/** Whether some value has 128 bits, which no column has. */
export function isTooWide(layout: Layout): boolean {
  switch (layout.kind) {
    case 'integer':
      return layout.size === 16
    case 'array':
      return isTooWide(layout.element)
    case 'struct':
    case 'union':
      return layout.fields.some((field) => isTooWide(field.layout))
    default:
      return false
  }
}
