/** C sources of a test, in a folder of their own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export class SourceFolder {
  readonly path: string
  /** A cache for what is compiled here. */
  readonly cache: string

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'ebpf-sources-'))
    this.cache = join(this.path, '.cache')
  }

  /** Writes a file, and gives its path. */
  write(name: string, text: string | Uint8Array): string {
    const path = join(this.path, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}
