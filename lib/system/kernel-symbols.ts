/** Names of the kernel's functions, from /proc/kallsyms. */
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { unsigned64 } from '../arguments.ts'
import { kernelError } from '../errors.ts'

export interface KernelSymbol {
  name: string
  /** Bytes from the symbol's start. */
  offset: number
  /** The module that it belongs to; `undefined` for the kernel itself. */
  module: string | undefined
}

interface SymbolTable {
  addresses: BigUint64Array
  names: string[]
  modules: (string | undefined)[]
}

let table: SymbolTable | undefined

function readTable(): SymbolTable {
  const rows: { address: bigint; name: string; module: string | undefined }[] = []
  for (const line of readFileSync('/proc/kallsyms', 'latin1').split('\n')) {
    // Absolute symbols (A) are no addresses: those of per-CPU data are offsets that begin at 0.
    const match = /^([0-9a-f]+) [^Aa] ([^\t]+)(?:\t\[(.+)\])?$/.exec(line)
    if (match === null) continue
    rows.push({ address: BigInt(`0x${match[1]}`), name: match[2] as string, module: match[3] })
  }
  if (rows.every(({ address }) => address === 0n)) {
    throw kernelError(-constants.errno.EPERM, {
      operation: 'reading addresses from /proc/kallsyms',
      hint: 'The kernel hides them from this process: it needs CAP_SYSLOG, and kernel.kptr_restrict below 2.',
    })
  }
  rows.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  return {
    addresses: BigUint64Array.from(rows, ({ address }) => address),
    names: rows.map(({ name }) => name),
    modules: rows.map(({ module }) => module),
  }
}

/** The running kernel's symbol table, read at the first use and kept. */
export const kernelSymbols = {
  /**
   * The symbol that an address of kernel code lies in: the nearest one that does not start above it, since the kernel
   * tells no sizes; `undefined` below the first. The first call reads the table, a few hundred milliseconds.
   *
   * @throws EbpfError EPERM when the kernel hides addresses from this process.
   */
  resolve(address: number | bigint): KernelSymbol | undefined {
    const wanted = unsigned64(address, 'address')
    table ??= readTable()
    let low = 0
    let high = table.addresses.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((table.addresses[middle] as bigint) <= wanted) low = middle + 1
      else high = middle
    }
    const start = table.addresses[low - 1]
    if (start === undefined) return undefined
    return { name: table.names[low - 1] as string, offset: Number(wanted - start), module: table.modules[low - 1] }
  },

  /** Forgets the table, so that modules loaded since are seen at the next use. */
  refresh(): void {
    table = undefined
  },
}
