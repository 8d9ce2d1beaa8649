/** What C can do with libbpf on this kernel, this package can do, and where C is refused it gives the same errno. */
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EbpfError } from '../../lib/errors.ts'
import { loadObject, openObject } from '../../lib/object-spec.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { isOlder } from '../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../lib/system/libbpf-version.ts'
import { type ParityReport, type ProgramReport, reportOfC } from '../support/parity.ts'

const fixtures = new URL('../fixtures/', import.meta.url)

/** C loads it, too, and reads the arguments of static probes from the wrong places: see lib/hooks/usdt-layout.ts. */
const otherLayout = isOlder(libbpfVersion, '1.7')
  ? ['hooks-usdt.bpf.o', 'hooks-sections-recent.bpf.o']
  : ['hooks-usdt-before.bpf.o']

const objects = readdirSync(fixtures).filter((file) => /^hooks-.*\.bpf\.o$/.test(file) && !otherLayout.includes(file))

/** Stands for whatever errno C gets where this package says that libbpf is too old. */
const OLD_LIBBPF = 1

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
    const { value } = loaded
    if (value === undefined) {
      reports.push(about)
      continue
    }
    const attached = await outcome(() => (value.programs[name] as BpfProgram).attach())
    reports.push({ ...about, attach: attached.errno })
    await value.close()
  }
  return reports
}

async function outcome<T>(attempt: () => Promise<T>): Promise<{ value?: T; errno: number }> {
  try {
    return { value: await attempt(), errno: 0 }
  } catch (error) {
    if (error instanceof EbpfError && error.code === 'ERR_EBPF_LIBBPF') return { errno: OLD_LIBBPF }
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
    const ours = await report(object)
    expect(ours).toEqual(reportOfC(object).map((line, index) => forgetErrno(line, ours[index])))
  })
})

/** Where we say that libbpf is too old, C has to fail, with whatever errno. */
function forgetErrno(line: ParityReport, ours: ParityReport | undefined): ParityReport {
  const entries = Object.entries(line).map(([step, errno]) => {
    const isOld = ours !== undefined && (ours as unknown as Record<string, unknown>)[step] === OLD_LIBBPF
    return [step, isOld && errno !== 0 ? OLD_LIBBPF : errno]
  })
  return Object.fromEntries(entries) as ParityReport
}
