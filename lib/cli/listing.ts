/** How commands print what they list: columns for people, JSON for programs. */
import type { Command } from 'commander'
import colours from 'picocolors'

export interface ListingFlags {
  json?: true
}

/** Of a table: what is at its head, and what of an item is below it. */
export interface Column<T> {
  head: string
  cell: (item: T) => string
  /** Numbers end below each other. */
  right?: true
}

export function addListingOptions(command: Command): Command {
  return command.option('--json', 'print an array of JSON objects; 64-bit integers are decimal strings')
}

/** An empty list is a list, too: only a message on the standard error says so. */
export function printListing<T>(items: readonly T[], columns: readonly Column<T>[], { json }: ListingFlags): void {
  if (json === true) {
    const text = JSON.stringify(items, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2)
    process.stdout.write(`${text}\n`)
    return
  }
  if (items.length === 0) {
    process.stderr.write('ebpf: nothing fits\n')
    return
  }
  process.stdout.write(formatTable(items, columns))
}

export function formatTable<T>(items: readonly T[], columns: readonly Column<T>[]): string {
  const heads = columns.map(({ head }) => head)
  // Names come out of files that anybody may have made: a terminal must not obey them.
  const rows = items.map((item) => columns.map(({ cell }) => cell(item).replace(/\p{Cc}/gu, '?')))
  const widths = heads.map((head, index) =>
    rows.reduce((width, row) => Math.max(width, row[index]?.length ?? 0), head.length),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) =>
        columns[index]?.right === true ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [colours.bold(line(heads)), ...rows.map(line)].map((text) => `${text}\n`).join('')
}

export function hexadecimal(value: number | bigint | undefined): string {
  return value === undefined ? '' : `0x${value.toString(16)}`
}
