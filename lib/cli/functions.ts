/** `ebpf functions`: functions of the kernel that probes can be put on. */
import type { Command } from 'commander'
import { type KernelFunction, listFunctions } from '../discover/functions.ts'
import { addListingOptions, type Column, type ListingFlags, printListing } from './listing.ts'

const COLUMNS: readonly Column<KernelFunction>[] = [
  { head: 'FUNCTION', cell: ({ name, module }) => (module === undefined ? name : `${module}:${name}`) },
  { head: 'HOOKS', cell: ({ hooks }) => hooks.join(',') },
  { head: 'DECLARATION', cell: ({ declaration = '' }) => declaration },
]

export function define(command: Command): void {
  addListingOptions(command)
    .argument('<pattern>', 'of names, or of MODULE:NAME (vmlinux: the kernel itself), with * and ?')
    .addHelpText('after', "\nExample: ebpf functions 'tcp_v4_*'")
    .action(async (pattern: string, flags: ListingFlags) => {
      printListing(await listFunctions(pattern), COLUMNS, flags)
    })
}
