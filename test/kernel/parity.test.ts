/** What C can do with libbpf on this kernel, this package can do, and where C is refused it gives the same errno. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EbpfError } from '../../lib/errors.ts'
import { loadObject, openObject } from '../../lib/object-spec.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { type ParityReport, type ProgramReport, reportOfC } from '../support/parity.ts'

const fixtures = new URL('../fixtures/', import.meta.url)
const objects = readdirSync(fixtures).filter((file) => /^hooks-.*\.bpf\.o$/.test(file))

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function report(object: URL): Promise<ParityReport[]> {
  const opened = await outcome(() => openObject(object))
  if (opened.value === undefined) return [{ open: opened.errno }]
  const sections = Object.entries(opened.value.programs).map(([name, { section }]) => ({ name, section }))
  const reports: ProgramReport[] = []
  for (const { name, section } of sections) {
    const programs = Object.fromEntries(sections.map((other) => [other.name, { autoload: other.name === name }]))
    const loaded = await outcome(() => loadObject(object, { programs }))
    const about = { program: name, section, load: loaded.errno }
    if (loaded.value === undefined) {
      reports.push(about)
      continue
    }
    const attached = await outcome(() => (loaded.value?.programs[name] as BpfProgram).attach())
    reports.push({ ...about, attach: attached.errno })
    await loaded.value.close()
  }
  return reports
}

async function outcome<T>(attempt: () => Promise<T>): Promise<{ value?: T; errno: number }> {
  try {
    return { value: await attempt(), errno: 0 }
  } catch (error) {
    if (!(error instanceof EbpfError) || error.errno === undefined) throw error
    return { errno: error.errno }
  }
}

describe.skipIf(!hasCompiler())('each program of', () => {
  test('the fixtures is compared', () => {
    expect(objects.length).toBeGreaterThan(5)
  })

  test.each(objects)('%s is loaded and attached as by C', async (file) => {
    const object = new URL(file, fixtures)
    expect(await report(object)).toEqual(reportOfC(object))
  })
})
