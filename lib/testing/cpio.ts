/**
 * Archives in cpio's "newc" format, which the kernel unpacks into its first root file system.
 *
 * The format: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
 */

export interface CpioEntry {
  /** Without a leading slash. Folders come before what is in them. */
  path: string
  /** File type and permissions, as in `st_mode`. */
  mode: number
  /** A file's contents, or a symbolic link's target. */
  data?: Uint8Array
}

const MAGIC = '070701'

export const folder = (path: string): CpioEntry => ({ path, mode: 0o040755 })

export const file = (path: string, data: Uint8Array | string, mode = 0o644): CpioEntry => ({
  path,
  mode: 0o100000 | mode,
  data: typeof data === 'string' ? Buffer.from(data) : data,
})

/** The archive. Its length is a multiple of 512, so that archives can follow each other. */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts: Buffer[] = []
  let length = 0
  const push = (part: Buffer) => {
    parts.push(part)
    length += part.length
  }
  const pad = (multiple: number) => push(Buffer.alloc((multiple - (length % multiple)) % multiple))
  const write = (index: number, { path, mode, data = new Uint8Array() }: CpioEntry) => {
    const name = Buffer.from(`${path}\0`)
    const links = (mode & 0o170000) === 0o040000 ? 2 : 1
    // inode, mode, uid, gid, links, mtime, size, device (2), special device (2), name's size, checksum
    const fields = [index, mode, 0, 0, links, 0, data.length, 0, 0, 0, 0, name.length, 0]
    push(Buffer.from(MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('')))
    push(name)
    pad(4)
    push(Buffer.from(data))
    pad(4)
  }
  entries.forEach((entry, index) => {
    write(index + 1, entry)
  })
  write(0, { path: 'TRAILER!!!', mode: 0 })
  pad(512)
  return Buffer.concat(parts)
}
