/** Layouts -> TypeScript: the types of what codecs decode. */
import { typeName } from '../btf/codec-convert.ts'
import {
  type EnumLayout,
  type Field,
  type Layout,
  type StructLayout,
  type UnionLayout,
  visibleFields,
} from '../btf/layout.ts'
import { type RecordShape, recordShapes } from '../btf/record-shapes.ts'
import type { Int64 } from '../object-types.ts'
import { camelCase, type ModuleNames, pascalCase } from './names.ts'
import { commented, documentation, LINE_WIDTH, propertyName, quoted, signature } from './text.ts'

/** What a generated module is written for. */
export type Form = 'typescript' | 'javascript' | 'declaration'

export interface ValueTypesOptions {
  readonly int64: Int64
  /** With the offset of each field. */
  readonly offsets: boolean
  readonly form: Form
}

/** Where a type is used that has no name in C, in TypeScript's words. */
type Place = readonly string[]

/** The types that a module declares: each once, under one name, before what uses it. */
export class ValueTypes {
  /** Declarations, in the order in which they are needed. */
  readonly declarations: string[] = []
  /** Whether {@link declarations} have the symbol `readings`. */
  usesReadings = false
  /** Whether {@link declarations} call `enumName`. */
  usesEnumName = false
  readonly #options: ValueTypesOptions
  readonly #names: ModuleNames
  readonly #known = new Map<Layout, string>()
  /** Names by what they are declared as: a struct and its typedef have two layouts. */
  readonly #declared = new Map<string, string>()

  constructor(names: ModuleNames, options: ValueTypesOptions) {
    this.#names = names
    this.#options = options
  }

  /**
   * The type of what a layout's values are decoded to.
   *
   * @param place what it belongs to, for a name where C has none: `['Config', 'limits']`
   */
  of(layout: Layout, place: Place): string {
    switch (layout.kind) {
      case 'integer':
        return layout.size <= 4 ? 'number' : layout.size === 16 ? 'bigint' : this.#options.int64
      case 'boolean':
        return 'boolean'
      case 'float':
        return 'number'
      case 'pointer':
        return 'bigint'
      case 'string':
        return 'string'
      case 'bytes':
        return 'Uint8Array'
      case 'array':
        return `${this.of(layout.element, place)}[]`
      case 'enum':
        return this.#named(layout, () => this.#enumeration(layout, place))
      case 'struct':
      case 'union':
        return this.#named(layout, () => this.#composite(layout, place))
    }
  }

  /** Keys, as the type parameter of maps has them: see `KeyOf`. */
  key(layout: Layout, place: Place): string {
    const type = this.of(layout, place)
    const isWide = (layout.kind === 'integer' || layout.kind === 'enum') && layout.size === 8
    const inexact = layout.kind === 'float' || (isWide && this.#options.int64 === 'number')
    return inexact ? `${type} | Uint8Array` : type
  }

  /**
   * Records: of several types, the union that a tag tells apart.
   *
   * @throws EbpfError ERR_EBPF_BTF if the tag does not name them all
   */
  records(layout: Layout, map: string): string {
    const { tag, shapes } = recordShapes(layout, map)
    const place = [pascalCase(map), 'Record']
    if (tag === undefined) return this.of(layout, place)
    const variants = shapes.map((shape) => this.#variant(shape, tag.name))
    const name = layout.kind === 'union' ? layout.name : ''
    const what = name === '' ? 'Records' : `\`union ${commented(name)}\` as records`
    const doc = `${what} of a ring, told apart by \`${commented(tag.name)}\`.`
    return this.#declare(
      [...(name === '' ? [] : [pascalCase(name), `${pascalCase(name)}Record`]), place.join('')],
      `records ${variants.join(' | ')}`,
      (own) => this.#typeOnly(`${documentation([doc])}${alias(own, variants)}`),
    )
  }

  #variant({ name, layout, tag }: RecordShape, tagName: string): string {
    const struct = layout as StructLayout
    const literal = (field: Field): string | undefined =>
      field.name === tagName && field === tag?.field ? quoted(name) : undefined
    const wish = pascalCase(struct.name === '' ? name : struct.name)
    const body = this.#body(struct, [wish], literal)
    const doc = `${this.#title(struct)}, as a record.`
    return this.#declare([wish, `${wish}Record`], body, (own) =>
      this.#typeOnly(`${documentation([doc])}${interfaceText(own, body)}`),
    )
  }

  #named(layout: Layout, make: () => string): string {
    const known = this.#known.get(layout)
    if (known !== undefined) return known
    const name = make()
    this.#known.set(layout, name)
    return name
  }

  /** @param content the same content under the same wish is the same type */
  #declare(wishes: readonly string[], content: string, write: (name: string) => string): string {
    const usable = wishes.filter((wish) => wish !== '')
    const key = `${usable[0] ?? ''} ${content}`
    const known = this.#declared.get(key)
    if (known !== undefined) return known
    const name = this.#names.claim(usable.length === 0 ? ['Type'] : usable)
    this.#declared.set(key, name)
    this.declarations.push(write(name))
    return name
  }

  #composite(layout: StructLayout | UnionLayout, place: Place): string {
    const wish = pascalCase(layout.name) || place.map(pascalCase).join('')
    const body = this.#body(layout, [wish], () => undefined)
    const readings = layout.kind === 'union' ? ': all readings of the same bytes' : ''
    const doc = `${this.#title(layout)}${readings}.`
    const other = layout.kind === 'union' ? `${wish}Union` : `${wish}Struct`
    return this.#declare([wish, other], `${layout.kind} ${doc} ${body}`, (name) =>
      this.#typeOnly(`${documentation([doc])}${interfaceText(name, body)}`),
    )
  }

  #typeOnly(text: string): string {
    return this.#options.form === 'javascript' ? '' : text
  }

  #title({ kind, name, size }: StructLayout | UnionLayout | EnumLayout): string {
    const title = name === '' ? `A ${kind} without a name` : `\`${kind} ${commented(name)}\``
    return `${title}, ${size} ${size === 1 ? 'byte' : 'bytes'}`
  }

  #body(layout: StructLayout | UnionLayout, place: Place, literal: (field: Field) => string | undefined): string {
    const fields = visibleFields(layout).map((field) => {
      const type = literal(field) ?? this.of(field.layout, [...place, field.name])
      return `${documentation([this.#about(field)], '  ')}  ${propertyName(field.name)}: ${type}\n`
    })
    const names = readingsOf(layout)
    if (names.length < 2) return fields.join('')
    this.usesReadings = true
    return fields.join('') + readingsText(names)
  }

  #about({ layout, offset, bitfield }: Field): string {
    const type = `\`${commented(typeName(layout))}${bitfield === undefined ? '' : ` : ${bitfield.bitSize}`}\``
    if (!this.#options.offsets) return type
    return `${type} at ${offset}${bitfield === undefined ? '' : `, bit ${bitfield.bitOffset}`}`
  }

  #enumeration(layout: EnumLayout, place: Place): string {
    const { form, int64 } = this.#options
    const wide = layout.size === 8 && int64 === 'bigint'
    const values = usableValues(layout, wide)
    const wish = pascalCase(layout.name) || place.map(pascalCase).join('')
    const any = wide ? 'bigint' : 'number'
    const doc = [`${this.#title(layout)}: values by name.`]
    if (layout.cut) doc.push('The object has only the low 32 bits of each value: compile it with clang 15 or newer.')
    const content = values.map(({ name, value }) => `${name}=${value}`).join()
    return this.#declare([wish, `${wish}Enum`], `enum ${any} ${doc.join(' ')} ${content}`, (name) => {
      if (values.length === 0) {
        return this.#typeOnly(`${documentation([`${this.#title(layout)}.`])}export type ${name} = ${any}\n`)
      }
      const function_ = this.#names.claim([`${camelCase(name)}Name`])
      this.usesEnumName = true
      return enumerationText(form, { name, function: function_, any, values, doc })
    })
  }
}

/** Each name once; those that are out of a number's reach are what no value is decoded to. */
function usableValues({ values }: EnumLayout, wide: boolean): EnumLayout['values'] {
  const byName = new Map(values.map((each) => [each.name, each]))
  return [...byName.values()]
    .map(({ name, value }) => ({ name, value: wide ? value : Number(value) }))
    .filter(({ value }) => wide || Number.isSafeInteger(value))
}

/** Names of properties of which some are enough to write a value. */
function readingsOf(layout: StructLayout | UnionLayout): string[] {
  if (layout.kind === 'union') return visibleFields(layout).map(({ name }) => name)
  return layout.fields.flatMap((field) =>
    field.name === '' && field.layout.kind === 'union' ? readingsOf(field.layout) : [],
  )
}

function readingsText(names: readonly string[]): string {
  const doc = documentation(['Some of these are enough to write a value: they are readings of the same bytes.'], '  ')
  const line = `  readonly [readings]?: ${names.map(quoted).join(' | ')}`
  if (line.length <= LINE_WIDTH) return `${doc}${line}\n`
  return `${doc}  readonly [readings]?:\n${names.map((name) => `    | ${quoted(name)}\n`).join('')}`
}

interface EnumerationText {
  readonly name: string
  /** What tells the name of a value. */
  readonly function: string
  /** The type of all values. */
  readonly any: string
  readonly values: EnumLayout['values']
  readonly doc: readonly string[]
}

function enumerationText(form: Form, { name, function: function_, any, values, doc }: EnumerationText): string {
  const members = values.map((each) => `${memberName(each.name)}: ${literalOf(each.value)}`)
  const head = documentation(doc)
  const about = documentation([`The name of a value of {@link ${name}}, if it has one.`])
  if (form === 'declaration') {
    const lines = members.map((member) => `  readonly ${member}\n`).join('')
    const end = signature(`export declare function ${function_}`, `value: ${name}`, `: ${nameType(name)}\n`)
    return `${head}export declare const ${name}: {\n${lines}}\n\n${valueAlias(name, any)}\n${about}${end}`
  }
  const lines = members.map((member) => `  ${member},\n`).join('')
  const body = `  return enumName(${name}, value)\n}\n`
  if (form === 'javascript') {
    return `${head}export const ${name} = {\n${lines}}\n\n${about}export function ${function_}(value) {\n${body}`
  }
  const start = signature(`export function ${function_}`, `value: ${name}`, `: ${nameType(name)} {`)
  return `${head}export const ${name} = {\n${lines}} as const\n\n${valueAlias(name, any)}\n${about}${start}\n${body}`
}

const nameType = (name: string): string => `keyof typeof ${name} | undefined`

/** In a literal, `__proto__` alone would be no property. */
function memberName(name: string): string {
  return name === '__proto__' ? `['__proto__']` : propertyName(name)
}

function valueAlias(name: string, any: string): string {
  const doc = `A value of {@link ${name}}, or any other that memory holds: flags are combined.`
  return `${documentation([doc])}${alias(name, [`(typeof ${name})[keyof typeof ${name}]`, `(${any} & {})`])}`
}

function literalOf(value: number | bigint): string {
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

function alias(name: string, members: readonly string[]): string {
  const line = `export type ${name} = ${members.join(' | ')}\n`
  if (line.length <= LINE_WIDTH + 1 || members.length === 1) return line
  return `export type ${name} =\n${members.map((member) => `  | ${member}\n`).join('')}`
}

function interfaceText(name: string, body: string): string {
  return body === '' ? `export type ${name} = Record<string, never>\n` : `export interface ${name} {\n${body}}\n`
}
