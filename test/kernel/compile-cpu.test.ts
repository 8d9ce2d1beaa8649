/** Which instruction set is chosen: the kernel is asked, not its number. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { encode, exit, mov, r0, r1 } from '../../lib/asm/index.ts'
import { binding } from '../../lib/binding.ts'
import { probeCpu } from '../../lib/compile/cpu.ts'
import { olderThan } from '../support/kernel-features.ts'
import { SourceFolder } from '../support/source-folder.ts'

describe('the instruction set', () => {
  it('is the newest that the kernel and clang know', () => {
    expect(probeCpu({ major: 14 })).toBe('v3')
    expect(probeCpu({ major: 17 })).toBe('v3')
    expect(probeCpu({ major: 18 })).toBe(olderThan('6.6') ? 'v3' : 'v4')
  })

  it('is one that all supported kernels know where they may not be asked', () => {
    using folder = new SourceFolder()
    const source = folder.write('empty.bpf.c', 'int nothing;\n')
    const script = `import { compile } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
      const { cpu } = await compile(${JSON.stringify(source)}, { cache: false })
      process.stdout.write(cpu)`
    const command = ['--bounding-set=-all', '--', process.execPath, '--input-type=module', '--eval', script]
    expect(spawnSync('setpriv', ['--no-new-privs', '--inh-caps=-all', ...command], { encoding: 'utf8' })).toMatchObject(
      {
        stdout: 'v3',
        stderr: '',
      },
    )
  })
})

describe('probing instructions', () => {
  it('says whether the kernel takes them', () => {
    expect(binding.instructionsProbe(encode([mov(r0, 0), exit()]))).toBe(0)
    expect(binding.instructionsProbe(encode([mov(r0, r1)]))).toBeLessThan(0)
    const unknown = encode([mov(r0, 0), exit()])
    unknown[0] = 0xff
    expect(binding.instructionsProbe(unknown)).toBeLessThan(0)
  })

  it('refuses what are none', () => {
    expect(binding.instructionsProbe(new Uint8Array())).toBe(-22)
    expect(binding.instructionsProbe(new Uint8Array(12))).toBe(-22)
    expect(() => binding.instructionsProbe('x' as unknown as Uint8Array)).toThrow(TypeError)
  })
})
