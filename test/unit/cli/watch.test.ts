/** Files that are watched, whatever becomes of them. */
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { watchFiles } from '../../../lib/cli/watch.ts'
import { SourceFolder } from '../../support/source-folder.ts'

let folder: SourceFolder

beforeEach(() => {
  folder = new SourceFolder()
  folder.write('x.bpf.c', 'int x;\n')
})

afterEach(() => folder[Symbol.dispose]())

describe('watching files', () => {
  it('sees what changes while it works, and ends when it is told to', async () => {
    const controller = new AbortController()
    const file = join(folder.path, 'x.bpf.c')
    let runs = 0
    await watchFiles(
      [file],
      async () => {
        runs++
        if (runs < 3) folder.write('x.bpf.c', `int run${runs};\n`)
        else controller.abort()
        return [file]
      },
      { signal: controller.signal },
    )
    expect(runs).toBe(3)
  })

  it('is not woken by files that it does not wait for', async () => {
    const controller = new AbortController()
    const file = join(folder.path, 'x.bpf.c')
    let runs = 0
    const watching = watchFiles(
      [file],
      async () => {
        runs++
        folder.write('x.bpf.o', 'made')
        setTimeout(() => controller.abort(), 200)
        return [file]
      },
      { signal: controller.signal },
    )
    await watching
    expect(runs).toBe(1)
  })

  /** Runs once, changes something, and waits for what follows. */
  async function runsAfter(files: readonly string[], change: () => void | Promise<void>): Promise<void> {
    const controller = new AbortController()
    let runs = 0
    await watchFiles(
      files,
      async () => {
        runs++
        if (runs === 1) setTimeout(() => void change(), 50)
        else controller.abort()
        return files
      },
      { signal: controller.signal },
    )
    expect(runs).toBe(2)
  }

  it('sees a change of what a link leads to', async () => {
    const real = folder.write('elsewhere/real.h', '1')
    const link = join(folder.path, 'link.h')
    symlinkSync(real, link)
    await runsAfter([link], () => void folder.write('elsewhere/real.h', '2'))
  })

  it('sees a file that comes, and its folder with it', async () => {
    await runsAfter([join(folder.path, 'new.h')], () => void folder.write('new.h', '1'))
    await runsAfter([join(folder.path, 'made/by/tool.h')], () => void folder.write('made/by/tool.h', '1'))
  })

  it('sees a file whose folder was removed and made again', async () => {
    const controller = new AbortController()
    const file = folder.write('made/x.h', '0')
    const seen: string[] = []
    await watchFiles(
      [file],
      async () => {
        seen.push(existsSync(file) ? readFileSync(file, 'utf8') : 'none')
        const [last] = seen.slice(-1)
        if (last === '0') {
          setTimeout(() => {
            rmSync(join(folder.path, 'made'), { recursive: true })
            folder.write('made/x.h', '1')
          }, 50)
        } else if (last === '1') {
          setTimeout(() => folder.write('made/x.h', '2'), 50)
        } else if (last === '2') {
          controller.abort()
        }
        return [file]
      },
      { signal: controller.signal },
    )
    expect(seen.at(-1)).toBe('2')
  })

  it('sees what changed in a folder that it learns of by its first run', async () => {
    const controller = new AbortController()
    const [source, header] = [folder.write('x.bpf.c', ''), folder.write('headers/x.h', '1')]
    let runs = 0
    await watchFiles(
      [source],
      async () => {
        if (++runs === 1) folder.write('headers/x.h', '2')
        else controller.abort()
        return [source, header]
      },
      { signal: controller.signal },
    )
    expect(runs).toBe(2)
  })
})
