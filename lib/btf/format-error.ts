/** Bytes that are not valid BTF, or types in it that contradict each other. */
export class BtfFormatError extends Error {
  override readonly name: string = 'BtfFormatError'
  readonly code: string = 'ERR_EBPF_BTF'
  /** Byte of the BTF data at which the contradiction was seen, where there is one such place. */
  readonly offset: number | undefined

  constructor(problem: string, offset?: number) {
    super(offset === undefined ? `Invalid BTF: ${problem}` : `Invalid BTF at byte ${offset}: ${problem}`)
    this.offset = offset
  }
}
