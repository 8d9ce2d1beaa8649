/** What another process that shares a ring can write into its pages, done to the pages that this process has mapped. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/** One page of a ring, with a position at its start. */
export interface PositionPage {
  address: number
  permissions: string
}

/** The pages of a ring that `open` opens: of its read and of its write position. */
export function positionPages(open: () => void): { consumer: PositionPage; producer: PositionPage } {
  const before = new Set(mappings().map(({ address }) => address))
  open()
  const added = mappings().filter(({ address }) => !before.has(address))
  const [consumer, producer] = [0, 4096].map((offset) => added.find((each) => each.offset === offset))
  if (consumer === undefined || producer === undefined) throw new Error('no ring was mapped')
  return { consumer, producer }
}

/** Writes as the kernel lets a debugger do it. @throws EIO where nobody may write */
export function overwrite({ address }: PositionPage, position: bigint): void {
  const memory = openSync('/proc/self/mem', 'r+')
  try {
    writeSync(memory, BigUint64Array.of(BigInt.asUintN(64, position)), 0, 8, address)
  } finally {
    closeSync(memory)
  }
}

/** Of all BPF maps. */
function mappings(): (PositionPage & { offset: number })[] {
  return readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .flatMap((line) => {
      const found = /^([0-9a-f]+)-[0-9a-f]+ (\S+) ([0-9a-f]+) .*bpf-map/.exec(line)
      if (found === null) return []
      const [, address = '', permissions = '', offset = ''] = found
      return [{ address: Number.parseInt(address, 16), permissions, offset: Number.parseInt(offset, 16) }]
    })
}
