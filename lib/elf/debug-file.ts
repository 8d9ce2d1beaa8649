/** Where distributions put the symbols that they strip from a binary, as gdb(1) looks for them. */
import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ElfBinary } from './binary.ts'
import { ElfFormatError, textAt } from './header.ts'
import { notesOf } from './notes.ts'

const FOLDER = '/usr/lib/debug'
const NT_GNU_BUILD_ID = 3

/** The file with a binary's symbols, by its build id or the link to it; `undefined` where there is none. */
export async function openDebugFile(binary: ElfBinary): Promise<ElfBinary | undefined> {
  const wanted = await buildIdOf(binary)
  for (const path of await candidates(binary, wanted)) {
    const file = await ElfBinary.open(path).catch(ignoreUnreadable)
    if (file === undefined) continue
    const found = await buildIdOf(file).catch(ignoreUnreadable)
    // Without an id there is only the name to go by.
    if (wanted === undefined || found === wanted) return file
    await file.close()
  }
  return undefined
}

/** In hexadecimal digits. */
export async function buildIdOf(binary: ElfBinary): Promise<string | undefined> {
  const notes = await notesOf(binary, '.note.gnu.build-id')
  const note = notes.find(({ owner, type }) => owner === 'GNU' && type === NT_GNU_BUILD_ID)
  return note === undefined || note.description.length < 2 ? undefined : Buffer.from(note.description).toString('hex')
}

async function candidates(binary: ElfBinary, buildId: string | undefined): Promise<string[]> {
  const paths: string[] = []
  if (buildId !== undefined) paths.push(`${FOLDER}/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`)
  const section = binary.sections.find(({ name }) => name === '.gnu_debuglink')
  const link = section === undefined ? undefined : textAt(await binary.read(section), 0)
  if (link === undefined || link === '' || link.includes('/')) return paths
  const folder = dirname(await realpath(binary.path))
  return [...paths, join(folder, link), join(folder, '.debug', link), join(FOLDER, folder, link)]
}

/** A debug file that is not there, or is none, is no reason to say nothing of the binary itself. */
function ignoreUnreadable(error: unknown): undefined {
  if (error instanceof ElfFormatError || (error as NodeJS.ErrnoException).syscall !== undefined) return undefined
  throw error
}
