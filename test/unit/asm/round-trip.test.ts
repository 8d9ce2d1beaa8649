/** Bytes → instructions → text → instructions → bytes: of all programs of the fixtures, and of any others. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemble } from '../../../lib/asm/assemble.ts'
import { disassemble } from '../../../lib/asm/disassemble.ts'
import { decode, encodeFields } from '../../../lib/asm/encode.ts'
import type { Instruction } from '../../../lib/asm/instruction.ts'
import { objectImage } from '../../../lib/elf/sections.ts'
import { compiledObjects } from '../../support/fixtures.ts'

/** SHF_EXECINSTR of elf(5). */
const EXECUTABLE = 4

const objects = compiledObjects()

const encodeText = (text: string): Uint8Array => encodeFields(assemble(text) as Instruction[])

describe('programs of the fixtures', () => {
  it('are there', () => {
    expect(objects.length).toBeGreaterThan(80)
  })

  it.each(objects)('%s comes back byte for byte', (path) => {
    const sections = objectImage(readFileSync(path)).sections.filter(({ flags }) => (flags & EXECUTABLE) !== 0)
    for (const { name, bytes } of sections) {
      if (bytes.length === 0) continue
      const instructions = decode(bytes)
      expect(Buffer.from(encodeFields(instructions)).equals(bytes), name).toBe(true)
      expect(Buffer.from(encodeText(disassemble(instructions))).equals(bytes), name).toBe(true)
      const other = encodeFields(instructions, { endianness: 'big' })
      expect(decode(other, { endianness: 'big' })).toEqual(instructions)
    }
  })
})

describe('any bytes', () => {
  const slot = fc.uint8Array({ minLength: 8, maxLength: 8 })
  // Most random bytes are no instruction: registers that there are, and few bits in the other fields, make many that are.
  const likely = fc
    .record({
      opcode: fc.nat(255),
      registers: fc.tuple(fc.nat(10), fc.nat(10)),
      offset: fc.oneof(fc.constantFrom(0, 0, 0, 1, -1, 8, 16, 32), fc.integer({ min: -0x8000, max: 0x7fff })),
      immediate: fc.oneof(
        fc.constantFrom(0, 0, 0, 1, 16, 32, 64, 0x40, 0x50, 0xa0, 0x01, 0x41, 0xe1, 0xf1, 0x100, 0x110),
        fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
      ),
    })
    .map(({ opcode, registers: [destination, source], offset, immediate }) =>
      encodeFields([{ opcode, destination, source, offset, immediate, ...(opcode === 0x18 && { upper: immediate }) }]),
    )

  it('are instructions that come back, or an error that says which one is none', () => {
    let valid = 0
    fc.assert(
      fc.property(fc.oneof(slot, likely), (bytes) => {
        let instructions: ReturnType<typeof decode>
        try {
          instructions = decode(bytes)
        } catch (error) {
          expect(error).toMatchObject({
            code: 'ERR_EBPF_INVALID_ARGUMENT',
            message: expect.stringMatching(/^instruction \d/),
          })
          return
        }
        valid++
        expect(encodeFields(instructions)).toEqual(bytes)
        expect(encodeText(disassemble(instructions))).toEqual(bytes)
      }),
      { numRuns: 20_000 },
    )
    expect(valid).toBeGreaterThan(200)
  })

  it('of another number than whole instructions are refused', () => {
    expect(() => decode(new Uint8Array(7))).toThrow(/whole instructions of 8 bytes, not 7/)
    expect(() => decode(new Uint8Array([0x18, 0, 0, 0, 0, 0, 0, 0]))).toThrow(/without its second half/)
    expect(() => decode('r0 = 0' as never)).toThrow(/bytes must be a Uint8Array/)
    expect(() => decode(new Uint8Array(8), { endianness: 'middle' as never })).toThrow(/endianness/)
  })
})

describe('any text', () => {
  it('is instructions, or an error that names the line', () => {
    const words = [
      'r0',
      'w1',
      'r11',
      '=',
      '+=',
      's/=',
      '5',
      '-1',
      '0x5',
      '0xfffffffff',
      'if',
      'goto',
      'pc+1',
      'call',
      'exit',
      '*(u32 *)',
      '(r1 +4)',
      '(r1 +99999)',
      'lock',
      ';',
      'out:',
      'map[fd:3]',
    ]
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { minLength: 1 }), (parts) => {
        const text = parts.join(' ')
        if (text.includes('\0') || text === '') return
        try {
          encodeText(text)
        } catch (error) {
          expect((error as Error).message).toMatch(/^line \d+, /)
        }
      }),
      { numRuns: 5000 },
    )
  })
})

describe('a call by name and number', () => {
  it('is one of the kernel’s own functions where no helper has the name, as the verifier writes it', () => {
    const text = 'call bpf_rcu_read_lock#35435'
    expect(disassemble(encodeText(text))).toBe('0: call kernel-function#35435\n')
    expect(disassemble(encodeText('call bpf_map_lookup_elem#1'))).toBe('0: call bpf_map_lookup_elem#1\n')
    expect(disassemble(encodeText('call unknown#9999'))).toBe('0: call unknown#9999\n')
  })

  it('is refused where they are of two helpers', () => {
    expect(() => assemble('call bpf_map_lookup_elem#2')).toThrow(/bpf_map_lookup_elem has the number 1, not 2/)
  })
})

describe('a number that is too large', () => {
  it.each([
    ['r1 = map[fd:5][0]+4294967296', /4294967296 has more than 32 bits/],
    ['r1 = addr_space_cast(r2, 65537, 1)', /65537 has more than 16 bits/],
    ['r1 = map[fd:4294967296]', /more than 32 bits/],
    ['r1 = btf[id:1]@4294967296', /more than 32 bits/],
  ])('is refused: %s', (text, message) => {
    expect(() => assemble(text)).toThrow(message)
  })
})

describe('what is no instruction', () => {
  it('has its reason, where it is of a program that is loaded', () => {
    expect(() => assemble('end: exit')).toThrow(/^line 1, "end: exit": a label has a line of its own$/)
    expect(() => assemble('exit // done')).toThrow(/comments begin with ;/)
    expect(() => assemble(`r0 = ${'1'.repeat(100_000)}`)).toThrow(/^.{1,200}$/)
    expect(() => assemble('r1 = map[id:5]')).toThrow(/line 1, .*ids of maps, and instructions descriptors/)
  })

  it('is refused, labels too', () => {
    for (const item of [{ label: 'out' }, undefined, null, 3]) {
      expect(() => disassemble([item as unknown as Instruction])).toThrow('an instruction must have an opcode, not')
    }
  })
})
