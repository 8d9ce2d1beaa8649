/** Nobody else decides what is taken from the cache. */
import { chownSync, mkdirSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { compile } from '../../../lib/compile/index.ts'
import { ownCacheFolder } from '../../../lib/compile/own-cache.ts'
import { ownFiles } from '../../../lib/loader/imported.ts'
import { SourceFolder } from '../../support/source-folder.ts'

const NOBODY = 65534

let folder: SourceFolder

beforeEach(() => {
  folder = new SourceFolder()
})

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  folder[Symbol.dispose]()
})

describe('the folder of the cache', () => {
  it("is the user's, also before it is there", () => {
    vi.stubEnv('XDG_CACHE_HOME', folder.cache)
    expect(ownCacheFolder('compile')).toBe(join(folder.cache, 'ebpf/compile'))
  })

  it('is an absolute one', () => {
    vi.stubEnv('XDG_CACHE_HOME', 'relative')
    expect(ownCacheFolder()).toBe(join(process.cwd(), 'relative/ebpf'))
  })

  it.runIf(process.getuid?.() === 0)("is not somebody else's, as under sudo -E", async () => {
    vi.stubEnv('XDG_CACHE_HOME', folder.cache)
    const source = folder.write('x.bpf.c', 'int x;\n')
    await compile(source)
    expect((await compile(source)).cached).toBe(true)
    chownSync(join(folder.cache, 'ebpf/compile'), NOBODY, NOBODY)
    expect(ownCacheFolder('compile')).toBe(join(userInfo().homedir, '.cache/ebpf/compile'))
    expect((await compile(source)).cached).toBe(false)
  })

  it.runIf(process.getuid?.() === 0)('is not made in a folder of somebody else', () => {
    mkdirSync(folder.cache)
    chownSync(folder.cache, NOBODY, NOBODY)
    vi.stubEnv('XDG_CACHE_HOME', folder.cache)
    expect(ownCacheFolder('compile')).toBe(join(userInfo().homedir, '.cache/ebpf/compile'))
  })

  it('is none where there is no home, and imports need none', () => {
    vi.stubEnv('XDG_CACHE_HOME', '')
    vi.stubEnv('HOME', '/nowhere/at/all')
    vi.spyOn(process, 'geteuid').mockReturnValue(NOBODY)
    expect(homedir()).toBe('/nowhere/at/all')
    const source = folder.write('x.bpf.c', '')
    expect(ownFiles([source, '/usr/include/stdio.h', join(folder.path, 'missing.h')])).toEqual([source])
  })
})
