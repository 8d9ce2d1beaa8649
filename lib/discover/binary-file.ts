/** Opens the binary that is to be listed. */
import { ElfBinary } from '../elf/binary.ts'
import { ElfFormatError } from '../elf/header.ts'
import { kernelError, ruleError } from '../errors.ts'
import { type Binary, binaryPath, checkBinary, describeBinary } from '../hooks/binary.ts'

/**
 * @throws EbpfError ERR_EBPF_INVALID_BINARY when it is no ELF file, or a broken one; ENOENT and so on when it cannot be read
 */
export async function withBinary<T>(binary: Binary, body: (file: ElfBinary) => Promise<T>): Promise<T> {
  const checked = checkBinary(binary)
  const path = binaryPath(checked)
  try {
    const file = await ElfBinary.open(path)
    try {
      return await body(file)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof ElfFormatError) {
      const message = `${describeBinary(checked)} cannot be read: ${error.message}`
      throw ruleError('ERR_EBPF_INVALID_BINARY', message, { operation: 'read ELF' })
    }
    const { errno, syscall } = error as NodeJS.ErrnoException
    if (errno === undefined || syscall === undefined) throw error
    throw kernelError(errno, { operation: `reading ${path}` })
  }
}
