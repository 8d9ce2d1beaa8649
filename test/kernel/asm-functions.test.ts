/** The functions of a program, as the kernel counts them: what its BTF says of them must be the same. */
import { describe, expect, it } from 'vitest'
import { assemble } from '../../lib/asm/assemble.ts'
import { decode } from '../../lib/asm/encode.ts'
import {
  callFunction,
  encode,
  exit,
  func,
  gotoIf,
  type Item,
  label,
  loadProgram,
  mov,
  r0,
} from '../../lib/asm/index.ts'
import { VerifierError } from '../../lib/verifier-error.ts'
import { olderThan } from '../support/kernel-features.ts'
import { rejection } from '../support/wait.ts'

async function run(instructions: readonly Item[]): Promise<number> {
  using program = await loadProgram({ section: 'xdp', instructions })
  return (await program.testRun({ data: new Uint8Array(64) })).returnValue
}

describe('functions of a program', () => {
  it('are found by the distance of a call', async () => {
    const text = 'call pc+1\nexit\nr0 = 7\nexit'
    expect(await run(assemble(text))).toBe(7)
    expect(await run(decode(encode(assemble(text))))).toBe(7)
  })

  it('may have two names', async () => {
    const both = [callFunction('one'), callFunction('other'), exit(), func('one'), func('other'), mov(r0, 3), exit()]
    expect(await run(both)).toBe(3)
  })

  it('may begin with a label that is jumped to', async () => {
    const text = 'call body\nexit\nbody:\nagain:\nr0 = 2\nif r0 == 0x3 goto again\nexit'
    expect(await run(assemble(text))).toBe(2)
    expect(await run([label('again'), mov(r0, 2), gotoIf(r0, '==', 3, 'again'), exit()])).toBe(2)
  })

  it.skipIf(olderThan('5.14'))('of a program that sleeps by its section may sleep', async () => {
    using program = await loadProgram({ section: 'syscall', instructions: [mov(r0, 0), exit()] })
    expect(program.type).toBe('syscall')
  })

  it('must be called', async () => {
    const error = await rejection(run([mov(r0, 0), exit(), func('alone'), mov(r0, 1), exit()]))
    expect(error).toBeInstanceOf(VerifierError)
    const { kind, location, hint } = error as VerifierError
    expect(kind).toBe('unreachable-code')
    expect(location?.text).toContain("func('alone')")
    expect(hint).toContain('Nothing leads to this code')
  })
})
