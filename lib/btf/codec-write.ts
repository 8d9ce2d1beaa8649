/**
 * Generates the encoder of a layout. It checks while it writes, into private memory: what it has written there is only
 * copied to its destination once all of the user's properties were read and found good.
 */
import { writeBits } from './bits.ts'
import {
  checkNames,
  type IntegralLayout,
  isBytes,
  isList,
  isSigned,
  refuseBytes,
  refuseList,
  refuseObject,
  refuseText,
  toFloat,
  toInteger,
  typeName,
} from './codec-convert.ts'
import { fieldNames, givenProperty, isInherited, writeFloat, writeInteger, writeValue } from './codec-interpret.ts'
import { byteIndex, elementIndex, isAligned, literal, type Place, Source } from './codec-source.ts'
import { writeUnion } from './codec-union.ts'
import {
  alignmentOf,
  type ArrayLayout,
  bitfieldUnit,
  elementCount,
  type Field,
  type Layout,
  type StructLayout,
  type UnionLayout,
} from './layout.ts'
import { hostIsLittleEndian, type Memory } from './memory.ts'
import { writeText } from './text.ts'

/**
 * Checks a value and writes it at the start of scratch memory: its size rounded up to 8 bytes, which it zeroes first, and
 * leaves in an unknown state if it throws.
 */
export type Writer = (memory: Memory, value: unknown) => void

/** Up to this size zeroing memory word by word costs less than a call. */
const zeroedByWords = 128

/**
 * Generates an encoder.
 *
 * @param path for errors.
 * @throws EvalError where code generation from strings is disallowed.
 */
export function generateWriter(layout: Layout, path: string): Writer {
  const source = new Source()
  if (layout.size > zeroedByWords) source.add(`${source.view('u8')}.fill(0)`)
  else for (let at = 0; at < layout.size; at += 8) source.add(`${source.view('f64')}[${at / 8}] = 0`)
  new WriterGenerator(source).value(layout, 'value', { base: '', offset: 0, alignment: 8 }, literal(path))
  return source.compile<Writer>('memory, value', helpers)
}

class WriterGenerator {
  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
  }

  /**
   * Adds statements that check a variable and write it.
   *
   * @param path source of an expression that gives the field's path; it is evaluated only to report an error.
   */
  value(layout: Layout, value: string, place: Place, path: string): void {
    const { size } = layout
    switch (layout.kind) {
      case 'integer':
      case 'enum':
      case 'pointer':
      case 'boolean':
        this.#integral(layout, value, place, path)
        return
      case 'float':
        this.#float(size, value, place, path)
        return
      case 'string': {
        const written = `writeText(${this.#source.view('u8')}, ${byteIndex(place)}, ${size}, ${value})`
        this.#source.add(`if (typeof ${value} !== 'string' || ${written} !== 0) refuseText(${value}, ${size}, ${path})`)
        return
      }
      case 'bytes':
        this.#source.add(
          `if (!isBytes(${value}, ${size})) refuseBytes(${value}, ${size}, ${path})`,
          `${this.#source.view('u8')}.set(${value}, ${byteIndex(place)})`,
        )
        return
      case 'array':
        this.#array(layout, value, place, path)
        return
      case 'struct':
        this.#struct(layout, value, place, path)
        return
      case 'union':
        this.#source.add(`writeValue(${this.#source.constant(layout)}, ${value}, memory, ${byteIndex(place)}, ${path})`)
    }
  }

  #integral(layout: IntegralLayout, value: string, place: Place, path: string): void {
    const { size } = layout
    const checked = `toInteger(${value}, ${this.#source.constant(layout)}, ${size * 8}, ${path})`
    if (size === 16 || !isAligned(place, size) || (size === 8 && layout.kind === 'boolean')) {
      this.#source.add(`writeInteger(memory, ${byteIndex(place)}, ${size}, ${checked})`)
    } else if (size === 8) {
      const word = elementIndex(place, 4)
      const [low, high] = hostIsLittleEndian ? [word, `${word} + 1`] : [`${word} + 1`, word]
      const u32 = this.#source.view('u32')
      this.#source.add(
        `if (typeof ${value} === 'number' && ${value} >= 0 && ${value} <= ${Number.MAX_SAFE_INTEGER} && Math.floor(${value}) === ${value}) {`,
        `${u32}[${low}] = ${value}`,
        `${u32}[${high}] = ${value} / ${0x100000000}`,
        '} else {',
        `${this.#source.view('u64')}[${elementIndex(place, 8)}] =`,
        `typeof ${value} === 'bigint' && BigInt.as${isSigned(layout) ? 'Int' : 'Uint'}N(64, ${value}) === ${value} ? ${value} : ${checked}`,
        '}',
      )
    } else {
      const view = this.#source.view(size === 1 ? 'u8' : size === 2 ? 'u16' : 'u32')
      this.#source.add(`${view}[${elementIndex(place, size)}] = ${this.#small(layout, value, size * 8, checked)}`)
    }
  }

  /** Source of a field of up to 32 bits as a number: the value itself if it fits, what `checked` says if not. */
  #small(layout: IntegralLayout, value: string, bits: number, checked: string): string {
    if (layout.kind === 'boolean') return `${value} === true ? 1 : ${value} === false ? 0 : Number(${checked})`
    const kept = `(${value} << ${32 - bits} ${isSigned(layout) ? '>>' : '>>>'} ${32 - bits})`
    return `typeof ${value} === 'number' && ${kept} === ${value} ? ${value} : Number(${checked})`
  }

  #float(size: number, value: string, place: Place, path: string): void {
    const slow = `writeFloat(memory, ${byteIndex(place)}, ${size}, toFloat(${value}, ${size}, ${path}))`
    if (!isAligned(place, size)) {
      this.#source.add(slow)
      return
    }
    const view = this.#source.view(size === 4 ? 'f32' : 'f64')
    const largest = size === 4 ? 2 ** 128 - 2 ** 104 : Number.MAX_VALUE
    this.#source.add(
      `if (typeof ${value} === 'number' && Math.abs(${value}) <= ${largest}) ${view}[${elementIndex(place, size)}] = ${value}`,
      `else ${slow}`,
    )
  }

  #array(layout: ArrayLayout, value: string, place: Place, path: string): void {
    const { element } = layout
    const length = elementCount(layout)
    this.#source.add(`if (!isList(${value}, ${length})) refuseList(${value}, ${length}, ${path})`)
    if (length === 0) return
    const index = this.#source.variable()
    const at = this.#source.variable()
    const item = this.#source.variable()
    this.#source.add(
      `for (let ${index} = 0, ${at} = ${byteIndex(place)}; ${index} < ${length}; ${index}++, ${at} += ${element.size}) {`,
      `const ${item} = ${value}[${index}]`,
    )
    const alignment = Math.min(place.alignment, alignmentOf(place.offset), alignmentOf(element.size))
    this.value(element, item, { base: at, offset: 0, alignment }, `${path} + '[' + ${index} + ']'`)
    this.#source.add('}')
  }

  #struct(layout: StructLayout, value: string, place: Place, path: string): void {
    const refused = `refuseObject(${value}, ${literal(typeName(layout))}, ${path})`
    this.#source.add(`if (typeof ${value} !== 'object' || ${value} === null) ${refused}`)
    const namesCheck = this.#names(layout, value, path)
    for (const field of layout.fields) {
      if (field.name === '' && field.layout.kind === 'union') {
        this.#anonymousUnion(field.layout, value, { ...place, offset: place.offset + field.offset }, path)
        continue
      }
      const item = this.#source.variable()
      this.#source.add(`const ${item} = ${property(value, field.name)}`)
      if (field.layout.size === 0) this.#source.add(`if (${item} !== undefined) {`)
      else this.#source.add(`if (${item} === undefined) ${namesCheck}`)
      this.#field(layout, field, item, place, `${path} + ${literal(`.${field.name}`)}`)
      if (field.layout.size === 0) this.#source.add('}')
    }
  }

  /**
   * Refuses unknown names. Where every name must be there, which is checked for each, counting is enough; enumerating
   * an object's names costs next to nothing.
   *
   * @returns the statement that names what is unknown.
   */
  #names(layout: StructLayout, value: string, path: string): string {
    const names = fieldNames(layout)
    const check = `checkNames(${value}, ${this.#source.constant(names)}, ${path})`
    if (layout.fields.some(({ name, layout: { size } }) => name === '' || size === 0)) {
      this.#source.add(check)
      return check
    }
    const count = this.#source.variable()
    const name = this.#source.variable()
    this.#source.add(
      `let ${count} = 0`,
      `for (const ${name} in ${value}) ${count}++`,
      `if (${count} !== ${names.size}) ${check}`,
    )
    return check
  }

  #anonymousUnion(layout: UnionLayout, value: string, place: Place, path: string): void {
    const entries = [...fieldNames(layout)].map((name) => `[${literal(name)}, ${property(value, name)}]`)
    const picked = `new Map([${entries.join(', ')}])`
    this.#source.add(`writeUnion(${this.#source.constant(layout)}, ${picked}, memory, ${byteIndex(place)}, ${path})`)
  }

  #field(struct: StructLayout, field: Field, value: string, place: Place, path: string): void {
    if (field.bitfield === undefined) {
      this.value(field.layout, value, { ...place, offset: place.offset + field.offset }, path)
      return
    }
    const { bitOffset, bitSize } = field.bitfield
    const layout = field.layout as IntegralLayout
    const checked = `toInteger(${value}, ${this.#source.constant(layout)}, ${bitSize}, ${path})`
    const unit = bitfieldUnit(struct, field, place.offset, place.alignment)
    if (unit === undefined) {
      const at = byteIndex({ ...place, offset: place.offset + field.offset })
      const u8 = this.#source.view('u8')
      this.#source.add(`writeBits(${u8}, ${at}, ${bitOffset}, ${bitSize}, ${checked}, ${hostIsLittleEndian})`)
      return
    }
    const low = hostIsLittleEndian ? unit.bit : unit.size * 8 - unit.bit - bitSize
    const view = this.#source.view(unit.size === 1 ? 'u8' : unit.size === 2 ? 'u16' : 'u32')
    const number = this.#small(layout, value, bitSize, checked)
    const index = elementIndex({ ...place, offset: unit.offset }, unit.size)
    this.#source.add(`${view}[${index}] |= (${number}) << ${32 - bitSize} >>> ${32 - bitSize - low}`)
  }
}

function property(object: string, name: string): string {
  return isInherited(name) ? `givenProperty(${object}, ${literal(name)})` : `${object}[${literal(name)}]`
}

const helpers = {
  checkNames,
  givenProperty,
  isBytes,
  isList,
  refuseBytes,
  refuseList,
  refuseObject,
  refuseText,
  toFloat,
  toInteger,
  writeBits,
  writeFloat,
  writeInteger,
  writeText,
  writeUnion,
  writeValue,
}
