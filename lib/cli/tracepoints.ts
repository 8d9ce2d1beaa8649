/** `ebpf tracepoints`: tracepoints of the kernel, and what programs get there. */
import type { Command } from 'commander'
import { type KernelTracepoint, listTracepoints } from '../discover/tracepoints.ts'
import { addListingOptions, type Column, type ListingFlags, printListing } from './listing.ts'

interface Flags extends ListingFlags {
  fields?: true
}

const fullName = ({ category, name }: KernelTracepoint): string =>
  category === undefined ? name : `${category}:${name}`

const COLUMNS: readonly Column<KernelTracepoint>[] = [
  { head: 'TRACEPOINT', cell: fullName },
  {
    head: 'ARGUMENTS',
    cell: ({ arguments: list }) => list?.map(({ name, type }) => join(type, name)).join(', ') ?? '',
  },
]

interface Field {
  tracepoint: string
  offset: number
  size: number
  declaration: string
}

const FIELD_COLUMNS: readonly Column<Field>[] = [
  { head: 'TRACEPOINT', cell: ({ tracepoint }) => tracepoint },
  { head: 'OFFSET', cell: ({ offset }) => String(offset), right: true },
  { head: 'SIZE', cell: ({ size }) => String(size), right: true },
  { head: 'FIELD', cell: ({ declaration }) => declaration },
]

export function define(command: Command): void {
  addListingOptions(command)
    .argument('[pattern]', 'of CATEGORY:NAME (or CATEGORY/NAME), or of the name alone, with * and ?', '*')
    .option('--fields', 'print what is in the context of SEC("tp/…"), in place of what SEC("tp_btf/…") is passed')
    .addHelpText('after', "\nExample: ebpf tracepoints 'sched:sched_process_*'")
    .action(async (pattern: string, flags: Flags) => {
      const tracepoints = await listTracepoints(pattern)
      if (flags.fields === true && flags.json !== true)
        printListing(tracepoints.flatMap(fieldsOf), FIELD_COLUMNS, flags)
      else printListing(tracepoints, COLUMNS, flags)
    })
}

function fieldsOf(tracepoint: KernelTracepoint): Field[] {
  return (tracepoint.fields ?? []).map(({ name, type, offset, size }) => ({
    tracepoint: fullName(tracepoint),
    offset,
    size,
    declaration: join(type, name),
  }))
}

/** `char[16]` and `comm` are `char comm[16]`, `struct file *` and `file` are `struct file *file`. */
function join(type: string, name: string): string {
  if (name === '') return type
  const [, before = type, dimensions = ''] = /^(.*?)((?:\[\d+\])+)$/.exec(type) ?? []
  return `${before}${before.endsWith('*') ? '' : ' '}${name}${dimensions}`
}
