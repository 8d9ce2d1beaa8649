import { EbpfError } from '../errors.ts'

/** Bytes that are not valid BTF, or types in it that contradict each other. */
export class BtfFormatError extends EbpfError {
  /** Byte of the BTF data at which the contradiction was seen, where there is one such place. */
  declare readonly offset?: number

  readonly #problem: string

  /** @param file whose BTF it is */
  constructor(problem: string, offset?: number, file?: string) {
    const what = file === undefined ? 'invalid BTF' : `invalid BTF in '${file}'`
    const where = offset === undefined ? what : `${what} at byte ${offset}`
    super(`${where}: ${problem}`, 'ERR_EBPF_BTF', undefined, { operation: 'read BTF' })
    this.name = 'BtfFormatError'
    this.#problem = problem
    if (offset !== undefined) this.offset = offset
  }
  /**
   * What `read` gives, whose errors say in which file.
   *
   * @internal
   */
  static inFile<T>(file: string, read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw error instanceof BtfFormatError ? new BtfFormatError(error.#problem, error.offset, file) : error
    }
  }
}
