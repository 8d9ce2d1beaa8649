/** Errors about objects whose line information lies: it must not be believed further than it can be shown. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { VerifierError, loadObject, openObject } from '../../lib/index.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { type LineRecord, withLineInfo, withString } from '../support/lying-btf.ts'
import { rejection } from '../support/wait.ts'

const object = fixture('rejected/two-programs')

async function refusal(source: URL | Uint8Array): Promise<VerifierError> {
  const error = await rejection(loadObject(source))
  expect(error).toBeInstanceOf(VerifierError)
  return error as VerifierError
}

describe('line information', () => {
  it('of the right object names the line', async () => {
    const { kind, location } = await refusal(withLineInfo(object, () => {}))
    expect({ kind, line: location?.line }).toEqual({ kind: 'unchecked-map-value', line: 17 })
  })

  it('with lines and columns that no file has is shown without the lines around', async () => {
    const error = await refusal(withLineInfo(object, (record) => Object.assign(record, { place: 0xffffffff })))
    expect(error.location).toMatchObject({ line: 0x3fffff, column: 0x3ff })
    expect(error.toString()).toContain('*(volatile __u64*)count += 1;')
    expect(error.toString().length).toBeLessThan(10_000)
  })

  it('with line 0 names no line', async () => {
    const error = await refusal(withLineInfo(object, (record) => Object.assign(record, { place: 0 })))
    expect(error.kind).toBe('unchecked-map-value')
    expect(error.location?.line ?? 0).toBe(0)
    expect(error.toString()).toContain(error.rule)
  })

  it('of another line is shown as that line of its own text, and not as what the file has there', async () => {
    const error = await refusal(withLineInfo(object, (record) => Object.assign(record, { place: (2 << 10) | 1 })))
    expect(error.location).toMatchObject({ line: 2, column: 1 })
    expect(error.toString()).toContain('*(volatile __u64*)count += 1;')
    expect(error.toString()).not.toContain('Two programs of one section')
  })

  it.each<[string, (record: LineRecord, index: number) => object]>([
    ['names of files outside of the strings', () => ({ file: 0x7fffffff })],
    ['texts outside of the strings', () => ({ text: 0xfffffff0 })],
    ['all instructions at one place', () => ({ offset: 8 })],
  ])('with %s is what the kernel refuses', async (_, change) => {
    const error = await refusal(withLineInfo(object, (record, index) => Object.assign(record, change(record, index))))
    expect(error.kind).toBe('invalid-btf')
    expect(error.rule).toMatch(/line_info/)
    expect(error.toString()).toContain(error.rule)
  })

  it('of instructions far behind the end leaves those before them their lines', async () => {
    const { kind, location } = await refusal(
      withLineInfo(object, (record, index) => Object.assign(record, index > 2 ? { offset: 0xfffff8 } : {})),
    )
    expect(kind).toBe('unchecked-map-value')
    expect([undefined, 17]).toContain(location?.line)
  })
})

describe('the name of a source file', () => {
  const isPath = (text: string): boolean => text.endsWith('/two-programs.bpf.c')

  it('does not drive the terminal', async () => {
    const error = await refusal(withString(object, isPath, '/\x1b[31m\u202egone.c'))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(error.toString()).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f\u202e]/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the stack is what Node prints
    expect(error.message).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f\u202e]/)
  })

  it.each(['/dev/zero', '/dev/stdin', '/', '/proc/kmsg', '/nowhere/at.c'])('%s is not read', async (path) => {
    const error = await refusal(withString(object, isPath, path))
    expect(error.location).toMatchObject({ file: path, line: 17 })
    expect(error.toString()).toContain('*(volatile __u64*)count += 1;')
  })

  it('of a pipe that nobody writes to is not waited for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pipe'))
    try {
      const pipe = join(folder, 'p.c')
      execFileSync('mkfifo', [pipe])
      const error = await refusal(withString(object, isPath, pipe))
      expect(error.toString()).toContain('*(volatile __u64*)count += 1;')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('a refused program', () => {
  it('of several in one section is the one that is named', async () => {
    const error = await refusal(object)
    expect(error.program).toBe('count_marks')
    expect(error.location?.function).toBe('add')
  })

  it('is named when another one is left out', async () => {
    const spec = await openObject(object)
    spec.programs.count_packets!.autoload = false
    const error = (await rejection(spec.load())) as VerifierError
    expect(error.program).toBe('count_marks')
    expect(error.location).toMatchObject({ line: 17, function: 'add' })
  })

  it('without BTF has its instruction and its registers', async () => {
    const error = await refusal(fixture('rejected/without-btf.nobtf'))
    expect(error.kind).toBe('packet-out-of-bounds')
    expect(error.location).toBeUndefined()
    expect(error.instruction).toEqual({ number: 1, text: '(71) r1 = *(u8 *)(r1 +0)' })
    expect(error.registers).toMatchObject({ r1: expect.stringMatching(/^pkt/), r10: expect.stringMatching(/^fp/) })
    expect(error.toString()).toContain('(71) r1 = *(u8 *)(r1 +0)')
  })

  it('in a function of a header is placed there', async () => {
    const { location } = await refusal(fixture('rejected/in-header'))
    expect(location?.file).toMatch(/ethernet\.h$/)
  })

  it.skipIf(olderThan('5.11'))('has the values of its registers before the instruction', async () => {
    const error = await refusal(fixture('rejected/map-value-variable-index'))
    expect(error.registers).toMatchObject({ r0: expect.stringMatching(/^map_value\(/) })
    expect(Object.keys(error.registers).every((name) => /^(?:r\d+|fp-\d+)$/.test(name))).toBe(true)
  })
})
