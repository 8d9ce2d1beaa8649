/** What generated modules say. Whether that is true, the compiler tells: fixtures.test.ts, random-values.test.ts. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layoutOf } from '../../../lib/btf/layout-of.ts'
import { parseBtf } from '../../../lib/btf/parse.ts'
import type { EnumLayout, Layout } from '../../../lib/btf/layout.ts'
import { enumName, skeleton, type SkeletonOptions } from '../../../lib/index.ts'
import { ModuleNames } from '../../../lib/skeleton/names.ts'
import { type Form, ValueTypes } from '../../../lib/skeleton/value-types.ts'
import { BtfBuilder } from '../btf/btf-builder.ts'
import { fixture } from '../../support/fixtures.ts'
import { SourceFolder } from '../../support/source-folder.ts'

const object = fixture('skeleton')
const path = fileURLToPath(object)
const runtime = '../../lib/index.ts'

describe('skeleton', () => {
  it('is what test/fixtures has of the fixture', async () => {
    const text = await skeleton(object, { runtime, offsets: true })
    await expect(text).toMatchFileSnapshot(path.replace(/\.bpf\.o$/, '.skel.ts'))
  })

  it('is the same for a path, a URL, bytes with a name, and whenever it is asked for', async () => {
    const text = await skeleton(path)
    const bytes = new Uint8Array(await readFile(path))
    expect(await skeleton(object)).toBe(text)
    expect(await skeleton({ bytes, name: 'skeleton' })).toBe(text)
    expect(await Promise.all([skeleton(path), skeleton(path)])).toEqual([text, text])
  })

  it('finds the object beside it, or where it is told', async () => {
    expect(await skeleton(object)).toContain("const source = new URL('./skeleton.bpf.o', import.meta.url)\n")
    expect(await skeleton(object, { object: '../out/x.o' })).toContain("new URL('../out/x.o', import.meta.url)")
  })

  it('has the bytes of the object where it shall', async () => {
    const text = await skeleton(object, { embed: true })
    const base64 = /const base64 =\n {2}'([^']+)'\n/.exec(text)?.[1]
    expect(Buffer.from(base64 ?? '', 'base64')).toEqual(await readFile(path))
    expect(text).toContain("const source = { name: 'skeleton', bytes: Buffer.from(base64, 'base64') }\n")
    expect(text).not.toContain('new URL')
  })

  it('has 64-bit integers as they will come, and makes them come so', async () => {
    const [exact, numbers] = [await skeleton(object), await skeleton(object, { int64: 'number' })]
    expect(exact).toContain('LruHashMap<bigint, ConnValueOld>')
    expect(exact).toContain("return loadObject<Shape>(source, { ...options, int64: 'bigint' })")
    expect(numbers).toContain('LruHashMap<number | Uint8Array, ConnValueOld>')
    expect(numbers).toContain("return loadObject<Shape>(source, { ...options, int64: 'number' })")
    expect(numbers).toContain("return openObject<Shape>(source, { ...options, int64: 'number' })")
    // An address is no integer.
    expect(numbers).toContain('  task: bigint\n')
  })

  it('says offsets where it shall', async () => {
    expect(await skeleton(object, { offsets: true })).toContain('  /** `enum conn_state : 8` at 6, bit 0 */\n  state: ')
    expect(await skeleton(object)).toContain('  /** `enum conn_state : 8` */\n  state: ConnState\n')
  })

  it('says which line makes the records of a ring typed', async () => {
    const line = 'declare it by: EBPF_RINGBUF(untyped, 4096, struct type);'
    expect(await skeleton(object)).toMatch(
      new RegExp(`${line.replace(/[()]/g, '.')}\n.*\n  untyped: RingBuffer<Uint8Array>`),
    )
    const perf = await skeleton(fixture('perf-buffer'))
    expect(perf).toMatch(/EBPF_PERF_BUFFER\(\w+, struct type\);\n.*\n {2}\w+: PerfBuffer<Uint8Array>/)
  })

  it('says it of a ring with a hostile name, too', async () => {
    const evil = Buffer.from((await readFile(path)).toString('latin1').replaceAll('untyped', '*/f()/*'), 'latin1')
    const text = await skeleton({ bytes: evil, name: 'skeleton' })
    expect(text).toContain("'*/f()/*': RingBuffer<Uint8Array>")
    expect(callsIn(text)).toEqual(callsIn(await skeleton(object)))
  })

  it('is a declaration without code', async () => {
    const text = await skeleton(object, { form: 'declaration' })
    expect(text).toContain('export declare function load(options?: ')
    expect(text).toContain('export declare const ConnState: {\n  readonly CONN_CLOSED: 0\n')
    expect(text).not.toMatch(/return|= \{\}|new URL|loadObject/)
  })

  it('refuses options that cannot be', async () => {
    const refused = (options: unknown): Promise<unknown> =>
      skeleton(object, options as SkeletonOptions).catch((error: Error) => error.message)
    expect(await refused({ int64: 'string' })).toMatch("int64 must be 'bigint' or 'number'")
    expect(await refused({ form: 'flow' })).toMatch('form must be one of typescript, javascript, declaration')
    expect(await refused({ embedded: true })).toMatch('unknown option "embedded"')
    expect(await refused({ object: '' })).toMatch('object')
    await expect(skeleton('missing.bpf.o')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(skeleton(new Uint8Array(8))).rejects.toMatchObject({ code: 'ERR_EBPF_INVALID_OBJECT' })
  })
})

describe('the JavaScript of a module', () => {
  let folder: SourceFolder
  beforeAll(() => {
    folder = new SourceFolder()
  })
  afterAll(() => folder[Symbol.dispose]())

  it.each([false, true])('runs without TypeScript, the object embedded: %s', async (embed) => {
    const library = new URL('../../../dist/index.js', import.meta.url).href
    const file = folder.write(`${embed}.mjs`, await skeleton(object, { form: 'javascript', embed, runtime: library }))
    if (!embed) folder.write('skeleton.bpf.o', await readFile(path))
    const module = await import(/* @vite-ignore */ file)
    expect(Object.keys(module).sort()).toEqual(
      ['AddressEnum', 'ConnState', 'addressEnumName', 'connStateName', 'load', 'open'].sort(),
    )
    const spec = await module.open()
    expect(spec.name).toBe('skeleton')
    expect(Object.keys(spec.maps)).toContain('conns')
    expect(module.connStateName(1)).toBe('CONN_OPEN')
  })
})

describe('enumName', () => {
  const State = { CLOSED: 0, OPEN: 1, ALIAS: 1, HUGE: 1n << 63n } as const

  it('gives the first name of a value', () => {
    expect(enumName(State, 0)).toBe('CLOSED')
    expect(enumName(State, 1)).toBe('OPEN')
    expect(enumName(State, 1n << 63n)).toBe('HUGE')
  })

  it('gives none for other values', () => {
    expect(enumName(State, 2)).toBeUndefined()
    expect(enumName({ toString: 1 }, 0)).toBeUndefined()
  })
})

/** What a module calls, as the compiler reads it. */
function callsIn(text: string): string[] {
  const calls: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) calls.push(node.expression.getText(source))
    node.forEachChild(visit)
  }
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.ES2023)
  visit(source)
  expect((source as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics).toEqual([])
  return calls
}

describe('names', () => {
  const written = (layouts: readonly Layout[], form: Form = 'typescript'): { types: string[]; text: string } => {
    const values = new ValueTypes(new ModuleNames(['HashMap']), { int64: 'bigint', offsets: false, form })
    const types = layouts.map((layout) => values.of(layout, ['Place', 'of']))
    return { types, text: values.declarations.join('\n') }
  }
  const u32: Layout = { kind: 'integer', name: '__u32', size: 4, signed: false }
  const struct = (name: string, ...fields: string[]): Layout => ({
    kind: 'struct',
    name,
    size: fields.length * 4,
    fields: fields.map((field, index) => ({ name: field, offset: index * 4, layout: u32 })),
  })
  const enumeration = (name: string, values: EnumLayout['values'], size: 4 | 8 = 4): EnumLayout => {
    return { kind: 'enum', name, size, signed: false, values }
  }

  it('of C are in the words of TypeScript', () => {
    const names = ['conn_key', 'in6_addr', 'HTTPRequest', '_private', 'task_struct___v2', 'Option<u32>', '3d', 'été']
    expect(written(names.map((name, index) => struct(name, `f${index}`))).types).toEqual([
      ...['ConnKey', 'In6Addr', 'HTTPRequest', 'Private', 'TaskStructV2', 'OptionU32', '_3d', 'T'],
    ])
  })

  it('of enums say where values are cut', () => {
    const values = [{ name: 'A', value: 0n }]
    const said = 'The object has only the low 32 bits of each value: compile it with clang 15 or newer.'
    expect(written([enumeration('wide', values, 8)]).text).not.toContain(said)
    expect(written([{ ...enumeration('wide', values, 8), cut: true }]).text).toContain(said)
  })

  it('do not depend on the order of types in the file', () => {
    /** The same types, by the ids that they get. */
    const text = (ids: { u32: number; state: number; inner: number; value: number }): string => {
      const builder = new BtfBuilder()
      const add = {
        u32: () => builder.int('__u32', 4),
        state: () => builder.add('enum', 'state', 4, [builder.string('UP'), 1], { length: 1 }),
        inner: () => {
          const members = [builder.string('port'), ids.u32, 0, builder.string('state'), ids.state, 32]
          return builder.add('struct', 'inner', 8, members, { length: 2 })
        },
        value: () => {
          const members = [builder.string('first'), ids.inner, 0, builder.string('second'), ids.inner, 64]
          return builder.add('struct', 'value', 16, members, { length: 2 })
        },
      }
      const order = (Object.keys(ids) as (keyof typeof ids)[]).sort((a, b) => ids[a] - ids[b])
      for (const name of order) expect(add[name]()).toBe(ids[name])
      return written([layoutOf(parseBtf(builder.bytes()), ids.value)]).text
    }
    const first = text({ u32: 1, state: 2, inner: 3, value: 4 })
    expect(first).toContain('  second: Inner\n')
    expect(text({ value: 1, inner: 2, state: 3, u32: 4 })).toBe(first)
    expect(text({ inner: 1, value: 2, u32: 3, state: 4 })).toBe(first)
  })

  it('that have nothing to be written with get the place', () => {
    expect(written([struct('', 'a'), struct('___', 'b'), struct('', 'c')]).types).toEqual([
      ...['PlaceOf', 'PlaceOfStruct', 'PlaceOfStruct2'],
    ])
  })

  it('that are taken get the kind, or a number', () => {
    const layouts = [
      struct('x', 'a'),
      enumeration('x', [{ name: 'A', value: 1 }]),
      struct('x', 'b'),
      struct('X', 'c'),
      struct('maps', 'd'),
      struct('hash_map', 'e'),
    ]
    expect(written(layouts).types).toEqual(['X', 'XEnum', 'XStruct', 'XStruct2', 'MapsStruct', 'HashMapStruct'])
  })

  it('of one type are one, wherever it is', () => {
    const { types, text } = written([
      struct('x', 'a'),
      struct('x', 'a'),
      { kind: 'array', size: 8, length: 1, element: struct('x', 'a') },
    ])
    expect(types).toEqual(['X', 'X', 'X[]'])
    expect(text.match(/interface/g)).toHaveLength(1)
  })

  it('of a hostile file are text, never code', () => {
    const evil = "*/ evil() /*\n'`\\\u0024{evil()}\u2028"
    const layouts = [struct(evil, evil, '__proto__', 'default'), enumeration(evil, [{ name: evil, value: 1 }])]
    for (const form of ['typescript', 'declaration'] as const) {
      expect(callsIn(written(layouts, form).text)).toEqual(form === 'typescript' ? ['enumName'] : [])
    }
  })

  it('of large enums are bigints, where integers are exact', () => {
    const wide = enumeration(
      'wide',
      [
        { name: 'SMALL', value: 1n },
        { name: 'LARGE', value: 1n << 63n },
      ],
      8,
    )
    expect(written([wide]).text).toContain('  SMALL: 1n,\n  LARGE: 9223372036854775808n,\n')
    const numbers = new ValueTypes(new ModuleNames([]), { int64: 'number', offsets: false, form: 'typescript' })
    numbers.of(wide, [])
    // No value is decoded to what no number holds.
    expect(numbers.declarations.join('')).toContain('= {\n  SMALL: 1,\n} as const')
  })

  it('of enums without values are their integers', () => {
    expect(written([enumeration('later', [])]).text).toBe('/** `enum later`, 4 bytes. */\nexport type Later = number\n')
  })
})
