/** `ebpf symbols`: functions and variables of a program or library. */
import type { Command } from 'commander'
import { type BinarySymbol, listSymbols } from '../discover/symbols.ts'
import { addListingOptions, type Column, hexadecimal, type ListingFlags, printListing } from './listing.ts'

const COLUMNS: readonly Column<BinarySymbol>[] = [
  { head: 'OFFSET', cell: ({ offset }) => hexadecimal(offset), right: true },
  { head: 'SIZE', cell: ({ size }) => String(size), right: true },
  { head: 'TYPE', cell: ({ type }) => type },
  { head: 'BINDING', cell: ({ binding }) => binding },
  { head: 'TABLE', cell: ({ table }) => table },
  {
    head: 'NAME',
    cell: ({ name, version, isDefault }) =>
      version === undefined ? name : `${name}${isDefault ? '@@' : '@'}${version}`,
  },
]

export function define(command: Command): void {
  addListingOptions(command)
    .argument('<binary>', 'a path, or a name such as libc.so.6 or bash')
    .argument('[pattern]', 'of names, with * and ?', '*')
    .addHelpText('after', "\nExample: ebpf symbols libc.so.6 'malloc*'")
    .action(async (binary: string, pattern: string, flags: ListingFlags) => {
      printListing(await listSymbols(binary, pattern), COLUMNS, flags)
    })
}
