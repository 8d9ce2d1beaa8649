/** Which clang is taken: the newest that can. */
import { chmodSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findClang, installCommand } from '../../../lib/compile/clang.ts'
import { newestClang } from '../../../scripts/system.mjs'
import { SourceFolder } from '../../support/source-folder.ts'

let folder: SourceFolder

beforeEach(() => {
  folder = new SourceFolder()
  vi.stubEnv('EBPF_CLANG', undefined)
  vi.stubEnv('XDG_CACHE_HOME', folder.cache)
  vi.stubEnv('PATH', `${folder.path}/one:${folder.path}/two:${process.env.PATH}`)
})

afterEach(() => {
  vi.unstubAllEnvs()
  folder[Symbol.dispose]()
})

/** A program that says that it is clang. */
function program(name: string, version: string, targets = '    bpf        - BPF (host endian)'): string {
  const path = folder.write(
    name,
    `#!/bin/sh\necho "$1" >> '${folder.path}/runs'
    if [ "$1" = --version ]; then echo 'Some clang version ${version} (of a distribution)'; fi
    if [ "$1" = --print-targets ]; then echo '  Registered Targets:'; echo '${targets}'; fi\n`,
  )
  chmodSync(path, 0o755)
  return path
}

describe('the clang that is found', () => {
  it('is the newest, under whichever name and in whichever folder', async () => {
    program('one/clang', '97.0.0')
    const newest = program('two/clang-99', '99.1.10')
    program('two/clang-98', '99.1.9')
    expect(await findClang()).toMatchObject({ path: newest, version: '99.1.10', major: 99 })
  })

  it('can compile for BPF', async () => {
    program('one/clang-99', '99.0.0', '    x86-64     - 64-bit X86')
    const second = program('one/clang-98', '98.0.0')
    expect((await findClang()).path).toBe(second)
  })

  it('is the one that is named, by path or by name', async () => {
    program('one/clang-99', '99.0.0')
    const other = program('two/my-clang', '15.0.0')
    expect((await findClang(other)).path).toBe(other)
    expect((await findClang('my-clang')).path).toBe(other)
    vi.stubEnv('EBPF_CLANG', other)
    expect((await findClang()).path).toBe(other)
  })

  it('may be a link to a program that looks at its own name', async () => {
    const wrapper = program('two/ccache', '99.0.0')
    symlinkSync(wrapper, join(folder.path, 'two/clang-99'))
    expect((await findClang()).path).toBe(join(folder.path, 'two/clang-99'))
  })

  it('is the same for the scripts that build this package', async () => {
    const version = async () => (await findClang()).major
    expect(newestClang()?.version).toBe(await version())
    program('two/clang-99', '99.0.0')
    expect(newestClang()?.version).toBe(await version())
  })
})

describe('where there is none', () => {
  it('says what is wrong with the one that is named', async () => {
    const old = program('one/old-clang', '13.0.1')
    await expect(findClang(old)).rejects.toMatchObject({
      code: 'ERR_EBPF_CLANG',
      message: expect.stringContaining(`${old} is clang 13.0.1`),
      hint: expect.stringContaining('EBPF_CLANG'),
    })
    const other = program('one/other', '99.0.0', '    x86 - X86')
    await expect(findClang(other)).rejects.toThrow('built without the target bpf')
    const none = folder.write('one/none', '#!/bin/sh\necho hello\n')
    chmodSync(none, 0o755)
    await expect(findClang(none)).rejects.toThrow("does not say what clang's version is")
    await expect(findClang('no-such-clang')).rejects.toThrow('no-such-clang, which is to compile, is not there')
    await expect(findClang(folder.write('one/text', 'no program'))).rejects.toMatchObject({ code: 'ERR_EBPF_CLANG' })
  })

  it.each([
    ['ID=debian', 'apt-get install clang'],
    ['NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"', 'apt-get install clang'],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"', 'dnf install clang'],
    ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', 'zypper install clang'],
    ['ID=alpine', 'apk add clang'],
    ['ID=arch', 'pacman -S clang'],
    ['ID=unheard', 'Install clang.'],
    ['', 'Install clang.'],
  ])('%j says how to install one', (release, command) => {
    expect(installCommand(release)).toContain(command)
  })
})
