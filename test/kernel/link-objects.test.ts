/** Several object files as one, by libbpf's static linker. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EbpfError, type HashMap, linkObjects, loadObject, objectBtf, openObject } from '../../lib/index.ts'
import { programLines } from '../../lib/program-lines.ts'
import { refuses, thrownBy } from '../support/bad-input.ts'
import { fixture } from '../support/fixtures.ts'
import { run } from '../support/run.ts'
import { runScript } from '../support/script.ts'

const linked = (...names: string[]) => linkObjects(names.map((name) => fixture(`linked-${name}`)))
const bytesOf = (name: string) => new Uint8Array(readFileSync(fixture(`linked-${name}`)))
const failure = async (...names: string[]) => (await thrownBy(() => linked(...names))) as EbpfError

describe('objects that need each other', () => {
  it.each([
    ['the user first', ['program', 'library']],
    ['the library first', ['library', 'program']],
  ])('become one that works: %s', async (_, names) => {
    await using object = await loadObject(await linked(...names), { globals: { step: 7n } })
    // Each has a static function `own` of its own.
    expect(await run(object, 'first')).toBe(1)
    expect(await run(object, 'second')).toBe(2)
    expect((object.maps.counts as HashMap<number, unknown>).toMap()).toEqual(
      new Map([
        [1, { calls: 1n, sum: 7n }],
        [2, { calls: 1n, sum: 14n }],
      ]),
    )
    expect(object.globals).toMatchObject({ runs: 1n, added: 2n, step: 7n })
  })

  it('have one set of types, and keep what tells of their source', async () => {
    const { btf, functions, lines } = await objectBtf(await linked('program', 'library'))
    expect([...btf.types('struct')].filter(({ name }) => name === 'count')).toHaveLength(1)
    expect(btf.datasec('.maps')?.variables).toHaveLength(1)
    expect(functions.map(({ type }) => btf.type(type).name).sort()).toEqual(['add', 'first', 'own', 'own', 'second'])
    const files = new Set(lines.map(({ file }) => file.replace(/.*\//, '')))
    expect(files).toEqual(new Set(['linked-program.bpf.c', 'linked-library.bpf.c']))
  })

  it('have the lines of each function where several have its name', async () => {
    const lineAt = programLines(await linked('program', 'library'), 'first')
    const places = Array.from({ length: 100 }, (_, instruction) => lineAt?.(instruction)).filter(
      (each) => each !== undefined,
    )
    const functions = places.map(({ function: name, file }) => `${name} of ${file.replace(/.*\//, '')}`)
    expect([...new Set(functions)]).toEqual([
      'first of linked-program.bpf.c',
      'add of linked-library.bpf.c',
      'own of linked-library.bpf.c',
      'own of linked-program.bpf.c',
    ])
  })

  it('are taken as paths, URLs and bytes, and read once', async () => {
    const library = bytesOf('library')
    const linking = linkObjects([fileURLToPath(fixture('linked-program')), library])
    library.fill(0)
    expect(Buffer.from(await linking).equals(await linked('program', 'library'))).toBe(true)
  })

  it('can be linked in steps: what nobody defines yet stays open', async () => {
    const program = await linked('program')
    expect(program.length).toBeLessThan(bytesOf('program').length)
    await expect(openObject(program)).rejects.toThrow(/extern .*'(?:step|counts|add)'/)
    const spec = await openObject(await linkObjects([program, await linked('library')]))
    expect(Object.keys(spec.programs).sort()).toEqual(['first', 'second'])
  })
})

describe('objects that do not go together', () => {
  it('define the same', async () => {
    const error = await failure('program', 'library', 'clash')
    expect(error.code).toBe('ERR_EBPF_LINKER')
    expect(error.message).toContain("both object 'linked-library' and object 'linked-clash' define 'step'")
    expect(error.object).toBe('linked-clash')
    expect(error.hint).toContain('static')
  })

  it.each([
    ['library', 'mismatch'],
    ['mismatch', 'library'],
  ])('disagree on a map: %s and %s', async (first, second) => {
    const error = await failure(first, second)
    expect(error.code).toBe('ERR_EBPF_LINKER')
    expect(error.message).toContain(`'linked-${first}' and object 'linked-${second}' disagree on what 'counts' is`)
    expect(error.warnings.join()).toContain('max_entries')
  })

  it('have different licences', async () => {
    const error = await failure('library', 'licence')
    expect(error.message).toContain("'linked-library' and object 'linked-licence' differ in their section 'license'")
  })

  it('are called as they were named', async () => {
    const sources = [bytesOf('library'), bytesOf('library')]
    await expect(linkObjects(sources)).rejects.toThrow("both object 'object 1' and object 'object 2' define 'add'")
    await expect(linkObjects(sources, { names: ['a.c', 'b.c'] })).rejects.toThrow("object 'a.c' and object 'b.c'")
    await expect(linked('library', 'library')).rejects.toThrow("'linked-library' and object 'linked-library 2'")
  })

  it('lack the types that are compared', async () => {
    const bare = new Uint8Array(readFileSync(fixture('plain').pathname.replace('.bpf.o', '.nobtf.bpf.o')))
    await expect(linkObjects([bare])).rejects.toMatchObject({
      code: 'ERR_EBPF_LINKER',
      hint: 'Compile it with -g.',
      message: expect.stringContaining("object 'object 1' has no BTF"),
    })
  })
})

describe('linkObjects refuses', () => {
  const INVALID = 'ERR_EBPF_INVALID_OBJECT'
  const library = bytesOf('library')
  const shortened = (length: number) => linkObjects([library.slice(0, length)])
  refuses([
    { name: 'no array', act: () => linkObjects(library as never), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'an empty array', act: () => linkObjects([]), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'what is no source', act: () => linkObjects([5 as never]), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'no options', act: () => linkObjects([library], null as never), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'too few names', act: () => linkObjects([library], { names: [] }), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'an empty name', act: () => linkObjects([library], { names: [''] }), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    { name: 'a file that is not there', act: () => linkObjects(['/nowhere.o']), type: Error, code: 'ENOENT' },
    { name: 'no bytes', act: () => shortened(0), code: INVALID },
    { name: 'a header and no more', act: () => shortened(64), code: INVALID },
    { name: 'half an object', act: () => shortened(library.length >> 1), code: INVALID },
    { name: 'another ELF file', act: () => linkObjects([process.execPath]), code: INVALID },
  ])
})

/** Emulated guests are some ten times slower than the machine that emulates them. */
const rounds = process.env.EBPF_VM === undefined ? 1500 : 150

/** libbpf's linker takes what it is given for what a compiler made: lib/elf/linkable.ts stands before it. */
it('survives objects with a few wrong bytes', () => {
  const script = `
    import { readFileSync } from 'node:fs'
    const [library, program] = ['linked-library', 'linked-program'].map((name) => readFileSync(fixture(name)))
    const headers = Number(library.readBigUInt64LE(40))
    let state = 1
    const random = (below) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % below
    let linked = 0
    let refused = 0
    for (let round = 0; round < ${rounds}; round++) {
      const bytes = Uint8Array.from(library)
      for (let count = 1 + random(3); count > 0; count--) {
        const at = round % 2 === 0 ? random(bytes.length) : headers + random(bytes.length - headers)
        bytes[at] = random(3) === 0 ? 0xff : random(256)
      }
      await ebpf.linkObjects(round % 3 === 0 ? [program, bytes] : [bytes, program]).then(() => linked++, () => refused++)
    }
    console.log(linked > ${rounds / 15} && refused > ${rounds / 15})
  `
  expect(runScript(script)).toMatchObject({ status: 0, signal: null, stdout: 'true\n' })
})

describe('ebpf link', () => {
  const ebpf = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const paths = ['program', 'library', 'clash'].map((name) => fileURLToPath(fixture(`linked-${name}`)))
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ebpf-link-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('writes the object', async () => {
    const output = join(folder, 'both.bpf.o')
    execFileSync(process.execPath, [ebpf, 'link', ...paths.slice(0, 2), '-o', output])
    expect(readFileSync(output).equals(await linked('program', 'library'))).toBe(true)
  })

  it('says what does not go together, by the paths it was given', () => {
    const { status, stderr } = spawnSync(process.execPath, [ebpf, 'link', ...paths, '-o', join(folder, 'x.o')], {
      encoding: 'utf8',
    })
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^ebpf: both object '.*linked-library\.bpf\.o' and object '.*linked-clash\.bpf\.o' define 'step'/,
    )
  })

  it('says in a sentence that there is no such file', () => {
    const { status, stderr } = spawnSync(process.execPath, [ebpf, 'link', '/nowhere.o', '-o', join(folder, 'x.o')], {
      encoding: 'utf8',
    })
    expect(status).toBe(1)
    expect(stderr).toBe("ebpf: ENOENT: no such file or directory, open '/nowhere.o'\n")
  })
})
