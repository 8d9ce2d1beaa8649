/** Generates the decoder of a layout: straight-line code that reads typed arrays into one object literal. */
import { readBits } from './bits.ts'
import { type IntegralLayout, isSigned, unsafeInteger } from './codec-convert.ts'
import { type Int64Mode, readInt128, readValue, stretched } from './codec-interpret.ts'
import {
  accessAlignment,
  alignmentOf,
  bitfieldUnit,
  type Field,
  isWordString,
  type Layout,
  type StructLayout,
  type UnionLayout,
  visibleFields,
  flexibleField,
  minimumLength,
} from './layout.ts'
import { allocateMemory, hostIsLittleEndian, type Memory } from './memory.ts'
import { byteIndex, elementIndex, isAligned, literal, type Place, Source, type ViewName } from './codec-source.ts'
import { readText, textCache, textCacheSlots } from './text.ts'

/** Reads the value at byte `offset`; `length` is what a record leaves for it and its flexible array member. */
export type Reader = (memory: Memory, offset: number, length?: number) => unknown

/** Arrays of numbers up to this length become array literals, others loops. */
const unrolledLength = 16

/**
 * Generates a decoder.
 *
 * @param elsewhere is called in its place where the value is not within memory or not aligned for the generated code.
 * @param path for errors.
 * @throws EvalError where code generation from strings is disallowed.
 */
export function generateReader(layout: Layout, int64: Int64Mode, path: string, elsewhere: Reader): Reader {
  const source = new Source()
  const alignment = accessAlignment(layout)
  const minimum = minimumLength(layout)
  const place = { base: 'offset', offset: 0, alignment }
  const value = new ReaderGenerator(source, layout, int64).value(layout, place, path)
  const inside = `length >= ${minimum} && ${source.view('u8')}.length - offset >= length && offset >>> 0 === offset`
  const aligned = alignment === 1 ? '' : ` && (offset & ${alignment - 1}) === 0`
  source.addFirst(`if (!(${inside}${aligned})) return elsewhere(memory, offset, length)`)
  source.add(`return ${value}`)
  return source.compile<Reader>(`memory, offset, length = ${minimum}`, { ...readHelpers, elsewhere })
}

/** Makes expressions that read values; the functions that they call are {@link readHelpers}. */
export class ReaderGenerator {
  readonly #source: Source
  readonly #root: Layout
  readonly #int64: Int64Mode
  readonly #fixed: ReadonlyMap<Field, string>

  /**
   * @param root the layout whose flexible array member, if it has one, takes the rest of the variable `length`.
   * @param fixed expressions for fields whose values are known without reading them.
   */
  constructor(source: Source, root: Layout, int64: Int64Mode, fixed: ReadonlyMap<Field, string> = new Map()) {
    this.#source = source
    this.#root = root
    this.#int64 = int64
    this.#fixed = fixed
  }

  /** Source of an expression for the value at `place`; statements that it needs before are added to the source. */
  value(layout: Layout, place: Place, path: string): string {
    switch (layout.kind) {
      case 'integer':
      case 'enum':
        return this.#integer(layout.size, layout.signed, place, path)
      case 'boolean':
        return layout.size === 8
          ? `${this.#element('u64', 8, 'BigUint64', place)} !== 0n`
          : `${this.#integer(layout.size, false, place, path)} !== 0`
      case 'pointer':
        return this.#element('u64', 8, 'BigUint64', place)
      case 'float':
        return layout.size === 4 ? this.#element('f32', 4, 'Float32', place) : this.#element('f64', 8, 'Float64', place)
      case 'string':
        return isWordString(layout.size) && isAligned(place, 4)
          ? this.#cachedText(layout.size, place)
          : `readText(memory, ${byteIndex(place)}, ${layout.size})`
      case 'bytes':
        return `${this.#source.view('u8')}.slice(${byteIndex(place)}, ${byteIndex({ ...place, offset: place.offset + layout.size })})`
      case 'array':
        return this.#array(layout.element, layout.size, place, path)
      case 'struct':
      case 'union':
        return this.#object(layout, place, path)
    }
  }

  #integer(size: number, signed: boolean, place: Place, path: string): string {
    switch (size) {
      case 1:
        return `${this.#source.view(signed ? 'i8' : 'u8')}[${byteIndex(place)}]`
      case 2:
        return signed ? this.#element('i16', 2, 'Int16', place) : this.#element('u16', 2, 'Uint16', place)
      case 4:
        return signed ? this.#element('i32', 4, 'Int32', place) : this.#element('u32', 4, 'Uint32', place)
      case 8: {
        const value = signed ? this.#element('i64', 8, 'BigInt64', place) : this.#element('u64', 8, 'BigUint64', place)
        return this.#int64 === 'bigint' ? value : this.#number(value, signed, path)
      }
      default:
        return `readInt128(${this.#source.view('view')}, ${byteIndex(place)}, ${signed})`
    }
  }

  #element(view: ViewName, size: number, type: string, place: Place): string {
    return isAligned(place, size)
      ? `${this.#source.view(view)}[${elementIndex(place, size)}]`
      : `${this.#source.view('view')}.get${type}(${byteIndex(place)}, ${hostIsLittleEndian})`
  }

  /** A bigint expression as a number. */
  #number(value: string, signed: boolean, path: string): string {
    return `${signed ? 'signedNumber' : 'unsignedNumber'}(${value}, ${literal(path)})`
  }

  #cachedText(size: number, place: Place): string {
    const cache = textCache(size)
    const { slot, same } = this.textSlot(size, place, cache.keys)
    const miss = `${this.#source.constant(cache)}.miss(memory, ${byteIndex(place)}, ${slot})`
    return `(${same} ? ${this.#source.constant(cache.texts)}[${slot}] : ${miss})`
  }

  /**
   * Looks a short string up by its words, all of them in variables: two loops would cost as much as the rest.
   *
   * @param keys of a cache: the words of each slot's string.
   * @returns the variable that holds the string's slot, and an expression that says whether it is there.
   */
  textSlot(size: number, place: Place, keys: Int32Array): { slot: string; same: string } {
    const i32 = this.#source.view('i32')
    const words = Array.from({ length: size / 4 }, () => this.#source.variable())
    words.forEach((word, index) => {
      const from = elementIndex({ ...place, offset: place.offset + index * 4 }, 4)
      this.#source.add(`const ${word} = ${i32}[${from}]`)
    })
    const turned = words.map((word, index) =>
      index === 0 ? word : `(${word} << ${index * 5} | ${word} >>> ${32 - index * 5})`,
    )
    const slot = this.#source.variable()
    this.#source.add(
      `const ${slot} = Math.imul(${turned.join(' ^ ')}, 0x9e3779b1) >>> ${32 - Math.log2(textCacheSlots)}`,
    )
    const name = this.#source.constant(keys)
    const same = words.map((word, index) => `${name}[${slot} * ${words.length} + ${index}] === ${word}`)
    return { slot, same: same.join(' && ') }
  }

  #array(element: Layout, size: number, place: Place, path: string): string {
    const stride = element.size
    const flat = element.kind !== 'array' && element.kind !== 'struct' && element.kind !== 'union'
    if (flat && size <= unrolledLength * stride) {
      const values: string[] = []
      for (let at = 0; at < size; at += stride) {
        values.push(this.value(element, { ...place, offset: place.offset + at }, `${path}[]`))
      }
      return `[${values.join(', ')}]`
    }
    if (size === 0) return '[]'
    const values = this.#source.variable()
    const at = this.#source.variable()
    const end = this.#source.variable()
    this.#source.add(
      `const ${values} = []`,
      `for (let ${at} = ${byteIndex(place)}, ${end} = ${at} + ${size}; ${at} < ${end}; ${at} += ${stride}) {`,
    )
    const alignment = Math.min(place.alignment, alignmentOf(place.offset), alignmentOf(stride))
    const value = this.value(element, { base: at, offset: 0, alignment }, `${path}[]`)
    this.#source.add(`${values}.push(${value})`, '}')
    return values
  }

  #object(layout: StructLayout | UnionLayout, place: Place, path: string): string {
    const properties = visibleFields(layout).map(
      (field) => `${propertyName(field.name)}: ${this.field(layout, field, place, `${path}.${field.name}`)}`,
    )
    return properties.length === 0 ? '{}' : `{ ${properties.join(', ')} }`
  }

  /** Source of an expression for a visible field of a struct or union at `place`, as {@link value} makes one. */
  field(layout: StructLayout | UnionLayout, field: Field, place: Place, path: string): string {
    const fixed = this.#fixed.get(field)
    if (fixed !== undefined) return fixed
    const flexible = layout === this.#root ? flexibleField(layout) : undefined
    return field === flexible ? this.#rest(field, place, path) : this.#field(layout, field, place, path)
  }

  /** A flexible array member: its length differs from record to record. */
  #rest(field: Field, place: Place, path: string): string {
    const memory = `memory, ${byteIndex({ ...place, offset: field.offset })}`
    return `readRest(${this.#source.constant(field)}, ${memory}, length, ${literal(this.#int64)}, ${literal(path)})`
  }

  #field(struct: StructLayout | UnionLayout, field: Field, place: Place, path: string): string {
    const { layout, bitfield } = field
    if (bitfield === undefined) return this.value(layout, { ...place, offset: place.offset + field.offset }, path)
    const bits = this.#bits(struct, field, place)
    if (layout.kind === 'boolean') return `${bits.source} ${bits.big ? '!== 0n' : '!== 0'}`
    if (layout.size !== 8) return bits.big ? `Number(${bits.source})` : bits.source
    if (this.#int64 === 'bigint') return bits.big ? bits.source : `BigInt(${bits.source})`
    return bits.big ? this.#number(bits.source, isSigned(layout as IntegralLayout), path) : bits.source
  }

  /** A bitfield as a number, or (`big`) as a bigint. */
  #bits(struct: StructLayout | UnionLayout, field: Field, place: Place): { source: string; big: boolean } {
    const { bitOffset, bitSize } = field.bitfield!
    const signed = isSigned(field.layout as IntegralLayout)
    const unit = bitfieldUnit(struct, field, place.offset, place.alignment)
    if (unit === undefined) {
      const at = byteIndex({ ...place, offset: place.offset + field.offset })
      const u8 = this.#source.view('u8')
      const bits = `readBits(${u8}, ${at}, ${bitOffset}, ${bitSize}, ${hostIsLittleEndian})`
      return { source: signed ? `BigInt.asIntN(${bitSize}, ${bits})` : bits, big: true }
    }
    const low = hostIsLittleEndian ? unit.bit : unit.size * 8 - unit.bit - bitSize
    const word = this.#integer(unit.size, false, { ...place, offset: unit.offset }, '')
    const shifted = `(${word} << ${32 - low - bitSize})`
    return { source: `(${shifted} ${signed ? '>>' : '>>>'} ${32 - bitSize})`, big: false }
  }
}

/** A field's name in an object literal: `__proto__` as itself, not as the prototype. */
export function propertyName(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : literal(name)
}

const word = allocateMemory(8)
const lowWord = hostIsLittleEndian ? 0 : 1
const highWord = 1 - lowWord

/** A bigint from a typed array stored at once into another one never becomes an object: this is as fast as two 32-bit
 * reads, and still one access to the field. */
function unsignedNumber(value: bigint, path: string): number {
  word.u64[0] = value
  const number = word.u32[highWord]! * 0x100000000 + word.u32[lowWord]!
  if (number > Number.MAX_SAFE_INTEGER) throw unsafeInteger(value, path)
  return number
}

function signedNumber(value: bigint, path: string): number {
  word.i64[0] = value
  const number = word.i32[highWord]! * 0x100000000 + word.u32[lowWord]!
  if (number > Number.MAX_SAFE_INTEGER || number < -Number.MAX_SAFE_INTEGER) throw unsafeInteger(value, path)
  return number
}

function readRest(field: Field, memory: Memory, at: number, length: number, int64: Int64Mode, path: string): unknown {
  return readValue(stretched(field, length).layout, memory, at, int64, path)
}

export const readHelpers: Readonly<Record<string, unknown>> = {
  readBits,
  readInt128,
  readRest,
  readText,
  signedNumber,
  unsignedNumber,
}
