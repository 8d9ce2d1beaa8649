/** What is known of a program that the verifier refuses, from its log and from the object's line information. */
import { describe, expect, it } from 'vitest'
import { exit, loadProgram, mov, r0 } from '../../lib/asm/index.ts'
import { type BpfProgram, VerifierError, loadObject, onLog, openObject, openProgram } from '../../lib/index.ts'
import { isOlder } from '../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../lib/system/libbpf-version.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { rejection } from '../support/wait.ts'

async function refused(name: string): Promise<VerifierError> {
  const error = await rejection(loadObject(fixture(`rejected/${name}`)))
  expect(error).toBeInstanceOf(VerifierError)
  return error as VerifierError
}

describe('a refused program', () => {
  it('is shown where it is in the source, with its column, the way there, and what to do', async () => {
    const error = await refused('packet-short-check')
    expect(error).toMatchObject({
      kind: 'packet-out-of-bounds',
      rule: expect.stringContaining('invalid access to packet, off=23 size=1'),
      instruction: { number: 6, text: '(71) r1 = *(u8 *)(r1 +23)' },
      location: {
        file: expect.stringMatching(/packet-short-check\.bpf\.c$/),
        column: 11,
        text: expect.stringContaining('ip->protocol == 1'),
        function: 'drop_icmp',
      },
      hint: expect.stringContaining('The access ends at byte 24 of the packet, and 14 are checked.'),
    })
    expect(error.path.some(({ kind, taken }) => kind === 'branch' && taken === false)).toBe(true)
    expect(error.stats?.instructions).toBe(7)
    const shown = error.toString()
    expect(shown).toMatch(/packet-short-check\.bpf\.c:\d+:11: error: the verifier refused program 'drop_icmp'/)
    expect(shown).toMatch(/> \d+ \| {3}if \(ip->protocol == 1\)/)
    expect(shown).toMatch(/packet-short-check\.bpf\.c:\d+:7: note: /)
    expect(shown).toContain('\nhint: ')
  })

  it('may be a function that libbpf has put behind the program', async () => {
    const error = await refused(olderThan('5.17') ? 'calls-too-deep' : 'callback-return')
    expect(error.location).toMatchObject({ function: expect.not.stringMatching(/^(?:add_rounds|start)$/) })
    expect(error.location?.line).toBeGreaterThan(0)
  })

  it('tells the registers before the instruction', async () => {
    const error = await refused('ringbuf-after-submit')
    expect(error.kind).toBe('use-after-release')
    expect(error.hint).toMatch(/^'event' may not be used after bpf_ringbuf_submit\(\)/)
    expect(error.registers).toMatchObject({ r10: 'fp0' })
  })

  it('prints nothing of a log that has megabytes, and keeps it whole', async () => {
    const error = await refused('loop-unbounded')
    expect(error.log.length).toBeGreaterThan(4 << 20)
    expect(error.log).toMatch(/processed \d+ insns.*\n+$/)
    expect(error.kind).toBe('unbounded-loop')
    expect(error.toString().length).toBeLessThan(20_000)
    expect(Object.keys(error)).not.toContain('log')
  })
})

describe('the verifier of a loaded program', () => {
  const withLevel = [1, 2, 4, 5].map((logLevel) => ({ logLevel }))
  // The system's libbpf has no way to be asked beside a log.
  const levels = isOlder(libbpfVersion, '1.7') ? withLevel : [{}, ...withLevel]

  it.each(levels)('tells what it took: %j', async (options) => {
    await using object = await loadObject(fixture('maps'), options)
    for (const program of Object.values(object.programs)) {
      const { verifier } = program
      expect(verifier).toMatchObject({
        instructions: expect.any(Number),
        instructionLimit: 1_000_000,
        peakStates: expect.any(Number),
        totalStates: expect.any(Number),
        maxStatesPerInstruction: expect.any(Number),
        stackDepth: expect.arrayContaining([expect.any(Number)]),
        timeNs: expect.any(Number),
      })
      expect(verifier?.instructions).toBeGreaterThan(0)
      if (!olderThan('5.16')) expect(verifier?.instructions).toBe(program.info().verifiedInstructions)
    }
  })

  it('tells the instructions of what was loaded elsewhere', async () => {
    await using object = await loadObject(fixture('maps'))
    const [loaded] = Object.values(object.programs)
    using program = await openProgram({ id: (loaded as BpfProgram).id })
    if (olderThan('5.16')) expect(program.verifier).toBeUndefined()
    else
      expect(program.verifier).toMatchObject({ instructions: program.info().verifiedInstructions, timeNs: undefined })
  })

  it('says nothing to listeners that was not asked for', async () => {
    const messages: string[] = []
    const stop = onLog(({ message }) => messages.push(message))
    try {
      await using object = await loadObject(fixture('maps'))
      expect(Object.keys(object.programs)).not.toHaveLength(0)
      using program = await loadProgram({ section: 'xdp', instructions: [mov(r0, 0), exit()] })
      expect(program.verifier?.instructions).toBe(2)
    } finally {
      stop()
    }
    expect(messages.filter((message) => message.includes('processed'))).toEqual([])
  })

  it.each(['object', 'program'])(
    'does not keep a refusal from saying where it is: logLevel of the %s',
    async (whose) => {
      const spec = await openObject(fixture('rejected/packet-short-check'))
      if (whose === 'object') spec.logLevel = 4
      else for (const program of Object.values(spec.programs)) program.logLevel = 4
      const error = (await rejection(spec.load())) as VerifierError
      expect(error).toMatchObject({ kind: 'packet-out-of-bounds', instruction: { number: 6 } })
      expect(error.stats?.timeNs).toBeGreaterThanOrEqual(0)
    },
  )
})
