import { EbpfError } from '../errors.ts'

/** Bytes that are not valid BTF, or types in it that contradict each other. */
export class BtfFormatError extends EbpfError {
  /** Byte of the BTF data at which the contradiction was seen, where there is one such place. */
  declare readonly offset?: number

  constructor(problem: string, offset?: number) {
    const where = offset === undefined ? 'invalid BTF' : `invalid BTF at byte ${offset}`
    super(`${where}: ${problem}`, 'ERR_EBPF_BTF', undefined, { operation: 'read BTF' })
    this.name = 'BtfFormatError'
    if (offset !== undefined) this.offset = offset
  }
}
