/** vmlinux.h of BTF that somebody else has made. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BtfWriter } from '../../../lib/btf/writer.ts'
import { compile } from '../../../lib/compile/index.ts'
import { SourceFolder } from '../../support/source-folder.ts'

let folder: SourceFolder

beforeEach(() => {
  folder = new SourceFolder()
})

afterEach(() => folder[Symbol.dispose]())

function kernel(struct: string, member: string, value: string): Uint8Array {
  const writer = new BtfWriter()
  const int = writer.append('int', 'int', 4, [(1 << 24) | 32])
  writer.append('struct', struct, 4, [writer.string(member), int, 0], 1)
  writer.append('enum', 'e', 4, [writer.string(value), 0], 1)
  return writer.bytes()
}

it('is C, whatever the types are called', async () => {
  const source = folder.write('x.bpf.c', '#include "vmlinux.h"\nstruct s s;\n')
  const options = { cache: folder.cache }
  expect((await compile(source, { ...options, vmlinux: kernel('s', 'm', 'V') })).bytes.length).toBeGreaterThan(0)
  for (const vmlinux of [
    kernel('s {}; asm(".incbin \\"/etc/hostname\\""); struct t', 'm', 'V'),
    kernel('s', 'm; int n', 'V'),
    kernel('s', 'm', 'V\n#include "/etc/hostname"\n'),
  ]) {
    await expect(compile(source, { ...options, vmlinux })).rejects.toMatchObject({
      code: 'ERR_EBPF_BTF',
      message: expect.stringMatching(/type 2 has a name that C cannot have: |type 3 has a name that C cannot have: /),
    })
  }
})
