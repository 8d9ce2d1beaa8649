/** Programs that users get wrong (test/fixtures/rejected): what the error says of each, on every kernel. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EbpfError, VerifierError, loadObject } from '../../lib/index.ts'
import { root } from '../../scripts/support.mjs'
import { newestClang } from '../../scripts/system.mjs'
import { exampleText, examplesOf, kernelVersion, pages } from '../../scripts/verifier-classes.mjs'
import { type RejectedProgram, expectationOf, lackOf, placeOf, rejectedPrograms } from '../support/rejected.ts'
import { fixture } from '../support/fixtures.ts'
import { rejection } from '../support/wait.ts'

const refusal = (name: string): Promise<unknown> => rejection(loadObject(fixture(`rejected/${name}`)))

describe('a program that is wrong', { tags: ['family'] }, () => {
  const inGuest = process.env.EBPF_VM !== undefined
  const programs = rejectedPrograms().filter(({ slow }) => slow === undefined || !inGuest)

  it.each(programs.map((program) => [program.name, program] as const))('%s', async (name, program) => {
    const expected = expectationOf(program)
    const lack = lackOf(program)
    if (lack !== undefined || expected.outcome === 'nothing') {
      expect(await refusal(name), lack ?? expected.why).toBeInstanceOf(EbpfError)
    } else if (expected.outcome === 'accepted') {
      await (await loadObject(fixture(`rejected/${name}`))).close()
    } else {
      const error = await refusal(name)
      expect(error).toBeInstanceOf(VerifierError)
      const { kind, rule, hint, log } = error as VerifierError
      expect.soft(kind, rule).toBe(expected.kind)
      expect.soft(rule).not.toBe('')
      expect.soft(hint?.slice(0, expected.hint?.length), `hint of ${kind}`).toBe(expected.hint)
      expect.soft(log).toContain(rule)
      checkPlace(error as VerifierError, program)
      const documented = documentedExample(name, (error as VerifierError).kind)
      if (documented !== undefined) {
        const shown = exampleText(error as VerifierError)
        expect.soft(withoutOffsets(shown), 'run: node scripts/verifier-classes.mjs').toBe(withoutOffsets(documented))
      }
    }
  })
})

/** Asked for once: starting a compiler takes more than a second in a guest. */
const hasDocumentedClang = newestClang()?.version === 14

/** What docs/verifier says of a program on this kernel; of code that another compiler makes it says nothing. */
function documentedExample(name: string, kind: string): string | undefined {
  const path = Object.keys(pages).find((each) => pages[each]?.classes[kind] === name)
  if (path === undefined || !hasDocumentedClang) return undefined
  const example = examplesOf(readFileSync(join(root, path), 'utf8')).get(kind)
  return example?.kernel === kernelVersion() ? example.text : undefined
}

/** Where members are differs between builds of a kernel. */
const withoutOffsets = (text: string): string => text.replace(/\d{3,}/g, 'N')

function checkPlace(error: VerifierError, program: RejectedProgram): void {
  const { location, instruction } = error
  const place = placeOf(program)
  const shown = error.toString()
  expect.soft(location?.line, shown).toBe(place?.line)
  if (place === undefined || location === undefined) return
  expect.soft(basename(location.file)).toBe(place.file)
  // clang gives the head of a function no column.
  if (/^\w.*\) \{ \/\*/.test(place.text)) expect.soft(location.column ?? 1).toBeGreaterThan(0)
  else expect.soft(location.column).toBeGreaterThan(0)
  expect.soft(location.text?.trim()).toBe(place.text)
  if (place.whole) expect.soft(instruction).toBeUndefined()
  else expect.soft(instruction?.number).toBeGreaterThanOrEqual(0)
  expect
    .soft(shown)
    .toContain([place.file, place.line, ...(location.column === undefined ? [] : [location.column])].join(':'))
  expect.soft(shown).toContain(place.text)
  if (error.hint !== undefined) expect.soft(shown).toContain(error.hint)
}
