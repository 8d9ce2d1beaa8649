/** `ebpf usdt`: the static probes of a program or library. */
import type { Command } from 'commander'
import { listUsdt, type UsdtPlace } from '../discover/usdt.ts'
import { addListingOptions, type Column, hexadecimal, type ListingFlags, printListing } from './listing.ts'

/** One for each place. */
const COLUMNS: readonly Column<UsdtPlace & { probe: string }>[] = [
  { head: 'PROBE', cell: ({ probe }) => probe },
  { head: 'OFFSET', cell: ({ offset }) => hexadecimal(offset), right: true },
  { head: 'SEMAPHORE', cell: ({ semaphoreOffset }) => hexadecimal(semaphoreOffset), right: true },
  {
    head: 'ARGUMENTS',
    cell: ({ arguments: list }) =>
      list.map(({ size, signed, float, text }) => `${signed ? '-' : ''}${size}${float ? 'f' : ''}@${text}`).join(' '),
  },
]

export function define(command: Command): void {
  addListingOptions(command)
    .argument('<binary>', 'a path, or a name such as libc.so.6 or python3')
    .argument('[pattern]', 'of PROVIDER:NAME, or of the name alone, with * and ?', '*')
    .addHelpText('after', "\nExample: ebpf usdt libc.so.6 'libc:memory_*'")
    .action(async (binary: string, pattern: string, flags: ListingFlags) => {
      const probes = await listUsdt(binary, pattern)
      if (flags.json === true) printListing(probes, [], flags)
      else {
        const places = probes.flatMap(({ provider, name, places: all }) =>
          all.map((place) => ({ ...place, probe: `${provider}:${name}` })),
        )
        printListing(places, COLUMNS, flags)
      }
    })
}
