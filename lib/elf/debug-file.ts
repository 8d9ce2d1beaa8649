/** Where distributions put the symbols that they strip from a binary, as gdb(1) looks for them. */
import { createReadStream } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { ElfBinary } from './binary.ts'
import { ElfFormatError, textAt, viewOf } from './header.ts'
import { notesOf } from './notes.ts'

const FOLDER = '/usr/lib/debug'
const NT_GNU_BUILD_ID = 3

/** The file with a binary's symbols, by its build id or the link to it; `undefined` where there is none. */
export async function openDebugFile(binary: ElfBinary): Promise<ElfBinary | undefined> {
  const wanted = await buildIdOf(binary)
  const link = await linkOf(binary)
  for (const path of await candidates(binary, wanted, link)) {
    const file = await ElfBinary.open(path).catch(ignoreUnreadable)
    if (file === undefined) continue
    const belongs =
      wanted === undefined
        ? (await checksumOf(path).catch(ignoreUnreadable)) === link?.checksum
        : (await buildIdOf(file).catch(ignoreUnreadable)) === wanted
    if (belongs) return file
    await file.close()
  }
  return undefined
}

/** What `.gnu_debuglink` says of the file with the symbols. */
interface DebugLink {
  name: string
  /** Of all its bytes: what tells it from that of another build, where there is no build id. */
  checksum: number
}

async function linkOf(binary: ElfBinary): Promise<DebugLink | undefined> {
  const section = binary.sections.find(({ name }) => name === '.gnu_debuglink')
  const bytes = section === undefined ? new Uint8Array() : await binary.read(section)
  const name = textAt(bytes, 0)
  if (name === undefined || name === '' || name.includes('/')) return undefined
  const at = Math.ceil((bytes.indexOf(0) + 1) / 4) * 4
  if (at + 4 > bytes.length) return undefined
  return { name, checksum: viewOf(bytes).getUint32(at, binary.header.little) }
}

async function checksumOf(path: string): Promise<number> {
  let checksum = 0
  for await (const chunk of createReadStream(path)) checksum = crc32(chunk as Buffer, checksum)
  return checksum
}

/** In hexadecimal digits. */
export async function buildIdOf(binary: ElfBinary): Promise<string | undefined> {
  const notes = await notesOf(binary, '.note.gnu.build-id')
  const note = notes.find(({ owner, type }) => owner === 'GNU' && type === NT_GNU_BUILD_ID)
  return note === undefined || note.description.length < 2 ? undefined : Buffer.from(note.description).toString('hex')
}

async function candidates(
  binary: ElfBinary,
  buildId: string | undefined,
  link: DebugLink | undefined,
): Promise<string[]> {
  const paths: string[] = []
  if (buildId !== undefined) paths.push(`${FOLDER}/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`)
  if (link === undefined) return paths
  const { name } = link
  const folder = dirname(await realpath(binary.path))
  return [...paths, join(folder, name), join(folder, '.debug', name), join(FOLDER, folder, name)]
}

/** A debug file that is not there, or is none, is no reason to say nothing of the binary itself. */
function ignoreUnreadable(error: unknown): undefined {
  if (error instanceof ElfFormatError || (error as NodeJS.ErrnoException).syscall !== undefined) return undefined
  throw error
}
