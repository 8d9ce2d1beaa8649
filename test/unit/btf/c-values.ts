/** The values of random C structs: as JavaScript, as C assignments, and as the lines that the C program prints. */
import type { Member, Random, Shape } from './random-c.ts'

/** A random value, as encoding takes it. Of a union, one member. */
export function randomValue(shape: Shape, random: Random, bits?: number): unknown {
  switch (shape.kind) {
    case 'integer':
    case 'enum': {
      const width = bits ?? shape.bits
      const raw = random.bits(width)
      const value = shape.signed ? BigInt.asIntN(width, raw) : raw
      return random.chance(80) && Number.isSafeInteger(Number(value)) ? Number(value) : value
    }
    case 'bool':
      return random.chance(50)
    case 'float': {
      const value = random.one([0, -0, 1.5, -1e10, Number.POSITIVE_INFINITY, 3.4e38, random.next(1000) / 7])
      return shape.bits === 32 ? Math.fround(value) : value
    }
    case 'pointer':
      return random.bits(64)
    case 'text':
      return randomText(shape.size, random)
    case 'bytes':
      return Uint8Array.from({ length: shape.size }, () => random.next(256))
    case 'array':
      return Array.from({ length: shape.length }, () => randomValue(shape.element, random))
    case 'struct':
      return Object.fromEntries(shape.members.flatMap((member) => randomMember(member, random)))
    case 'union':
      return Object.fromEntries(randomMember(random.one(shape.members), random))
    case 'rest':
      // Only an empty one can be encoded: the others have no size.
      return shape.of === 'text' ? '' : shape.of === 'bytes' ? new Uint8Array() : []
  }
}

function randomMember({ name, shape, bits }: Member, random: Random): [string, unknown][] {
  if (shape.kind === 'rest' && random.chance(50)) return []
  const value = randomValue(shape, random, bits)
  return name === '' ? Object.entries(value as object) : [[name, value]]
}

function randomText(size: number, random: Random): string {
  let text = ''
  for (let room = random.next(size + 1); room > 0; ) {
    const part = random.one(['a', 'Z', '/', '0', 'é', '€', '😀', '\udc80', '\udcff'])
    room -= textBytes(part).length
    if (room >= 0) text += part
  }
  return text
}

/** The bytes of text, by other means than the library's: lone surrogates stand for single bytes. */
export function textBytes(text: string): number[] {
  return [...text].flatMap((part) => {
    const point = part.codePointAt(0)!
    return point >= 0xdc80 && point <= 0xdcff ? [point - 0xdc00] : [...Buffer.from(part)]
  })
}

/** C statements that assign a value to zeroed memory, constant members included. `bits` is a bitfield's width. */
export function assignStatements(shape: Shape, value: unknown, expression: string, bits?: number): string {
  const copy = (bytes: number[]): string =>
    `memcpy((void *)&${expression}, (unsigned char[]){ ${bytes.join(', ') || '0'} }, ${bytes.length});\n`
  const assign = (c: string, source: string): string =>
    bits === undefined
      ? `{ ${c} v = ${source}; memcpy((void *)&${expression}, &v, sizeof(v)); }\n`
      : `${expression} = ${source};\n`
  switch (shape.kind) {
    case 'integer':
    case 'enum':
      return assign(shape.c, integerSource(shape, BigInt(value as bigint)))
    case 'bool':
      return assign('_Bool', value ? '1' : '0')
    case 'pointer':
      return assign('unsigned long long', `${value}ULL`)
    case 'float':
      return copy(floatBytes(shape.bits, value as number))
    case 'text':
      return copy(textBytes(value as string))
    case 'bytes':
      return copy([...(value as Uint8Array)])
    case 'array':
      return (value as unknown[])
        .map((item, index) => assignStatements(shape.element, item, `${expression}[${index}]`))
        .join('')
    case 'rest':
      return ''
    case 'struct':
    case 'union': {
      // Members of a constant struct are constant, too.
      const whole = shape.c === '' ? expression : `(*(${shape.c} *)&${expression})`
      return shape.members
        .map(({ name, shape: inner, bits: width }) => {
          const object = value as Record<string, unknown>
          if (name === '') return assignStatements(inner, object, whole)
          return name in object ? assignStatements(inner, object[name], `${whole}.${name}`, width) : ''
        })
        .join('')
    }
  }
}

function integerSource(shape: Shape & { kind: 'integer' | 'enum' }, value: bigint): string {
  const unsigned = BigInt.asUintN(128, value)
  const wide = `(((unsigned __int128)${unsigned >> 64n}ULL << 64) | ${BigInt.asUintN(64, unsigned)}ULL)`
  return `(${shape.c})${shape.bits === 128 ? wide : `${BigInt.asUintN(64, value)}ULL`}`
}

function floatBytes(bits: 32 | 64, value: number): number[] {
  return [...new Uint8Array((bits === 32 ? Float32Array : Float64Array).of(value).buffer)]
}

/** How 64-bit integers are decoded. */
export type Int64 = 'bigint' | 'number'

/** The lines that C prints for a decoded value. NaNs are all alike: their payload is not part of the value. */
export function printedLines(shape: Shape, value: unknown, int64: Int64 = 'bigint'): string[] {
  switch (shape.kind) {
    case 'integer':
    case 'enum': {
      const expected = shape.bits <= 32 || (shape.bits === 64 && int64 === 'number') ? 'number' : 'bigint'
      if (typeof value !== expected) throw new Error(`${shape.c} decoded to a ${typeof value}`)
      return [
        shape.bits === 128
          ? BigInt.asUintN(128, value as bigint)
              .toString(16)
              .padStart(32, '0')
          : String(value),
      ]
    }
    case 'bool':
      if (typeof value !== 'boolean') throw new Error(`a bool decoded to a ${typeof value}`)
      return [value ? '1' : '0']
    case 'float':
      return [Number.isNaN(value) ? 'NaN' : hex(floatBytes(shape.bits, value as number))]
    case 'pointer':
      return [String(value as bigint)]
    case 'text':
      return [hex(textBytes(value as string))]
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw new Error('bytes decoded to something else')
      return [hex([...value])]
    case 'array':
      if ((value as unknown[]).length !== shape.length) throw new Error('an array decoded to another length')
      return (value as unknown[]).flatMap((item) => printedLines(shape.element, item, int64))
    case 'rest': {
      const { of } = shape
      if (of === 'text' || of === 'bytes') return printedLines({ kind: of, size: Number.NaN }, value)
      return (value as unknown[]).flatMap((item) => printedLines(of, item, int64))
    }
    case 'struct':
    case 'union':
      return shape.members.flatMap(({ name, shape: inner }) =>
        printedLines(inner, name === '' ? value : (value as Record<string, unknown>)[name], int64),
      )
  }
}

/** Whether some 64-bit integer among the lines that C printed is one that no number holds. */
export function hasUnsafeInteger(shape: Shape, lines: Iterator<string, undefined>): boolean {
  switch (shape.kind) {
    case 'array':
      return Array.from({ length: shape.length }, () => hasUnsafeInteger(shape.element, lines)).includes(true)
    case 'struct':
    case 'union':
      return shape.members.map((member) => hasUnsafeInteger(member.shape, lines)).includes(true)
    case 'rest': {
      const { of } = shape
      const left = [...{ [Symbol.iterator]: () => lines }]
      if (of === 'text' || of === 'bytes') return false
      const size = lineCount(of)
      return Array.from({ length: left.length / size }, (_, index) =>
        hasUnsafeInteger(of, left.slice(index * size).values()),
      ).includes(true)
    }
    default: {
      const { value } = lines.next()
      const wide = (shape.kind === 'integer' || shape.kind === 'enum') && shape.bits === 64
      return wide && !Number.isSafeInteger(Number(value))
    }
  }
}

function lineCount(shape: Shape): number {
  switch (shape.kind) {
    case 'array':
      return shape.length * lineCount(shape.element)
    case 'struct':
    case 'union':
      return shape.members.reduce((sum, member) => sum + lineCount(member.shape), 0)
    default:
      return 1
  }
}

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
