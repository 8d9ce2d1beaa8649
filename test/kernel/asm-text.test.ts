/** The text of instructions: what the running kernel's verifier writes of every program of the fixtures. */
import { describe, expect, it } from 'vitest'
import { assemble } from '../../lib/asm/assemble.ts'
import { instructionText } from '../../lib/asm/disassemble.ts'
import { encodeFields } from '../../lib/asm/encode.ts'
import { helperName } from '../../lib/asm/helper.ts'
import type { Instruction } from '../../lib/asm/instruction.ts'
import { openObject } from '../../lib/object-spec.ts'
import { onLog } from '../../lib/system/logging.ts'
import { fixture } from '../support/fixtures.ts'

/** A line of the verifier's log: number, opcode, text, and what it knows of registers behind it. */
const LINE = /^\d+: \(([\da-f]{2})\) (.*?)(?:\s*;.*)?$/gm

/** Programs of many kinds, which load everywhere. */
const objects = [
  'programs',
  'maps',
  'globals',
  'xdp',
  'trace',
  'shapes',
  'ring',
  'hooks-tc',
  'hooks-xdp',
  'maps-per-cpu',
  'program-streams',
]

async function linesOf(name: string): Promise<[opcode: string, text: string][]> {
  const logs: string[] = []
  const listener = onLog(({ message }) => void logs.push(message))
  try {
    const spec = await openObject(fixture(name))
    spec.logLevel = 2
    const object = await spec.load().catch(() => undefined)
    await object?.close()
  } finally {
    listener()
  }
  return [...logs.join('\n').matchAll(LINE)].map(([, opcode = '', text = '']) => [opcode, text])
}

describe('the verifier’s own text', () => {
  it('of every instruction is ours', async () => {
    const seen = new Set<string>()
    for (const object of objects) {
      for (const [opcode, text] of await linesOf(object)) {
        seen.add(opcode)
        // The kernel names what it calls; in the instruction of its own functions there is only a number.
        const called = /^call (\w+)#(\d+)$/.exec(text)
        const isHelper = called === null || called[1] === 'unknown' || helperName(Number(called[2])) === called[1]
        const known = isHelper ? text : `call kernel-function#${called[2]}`
        const [instruction] = assemble(known) as Instruction[]
        expect(instructionText(instruction as Instruction), text).toBe(known)
        expect(
          encodeFields([instruction as Instruction])[0]
            ?.toString(16)
            .padStart(2, '0'),
          text,
        ).toBe(opcode)
      }
    }
    expect(seen.size).toBeGreaterThan(25)
  })
})
