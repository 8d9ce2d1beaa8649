/**
 * Random C structs: their declarations, values for them, and C code that prints every member. All in the test's own
 * words, so that what the system's compiler makes of them can be held against what our codecs say.
 */

/** What one value is made of. The compiler decides where it lies. */
export type Shape =
  | { kind: 'integer'; c: string; bits: number; signed: boolean }
  | { kind: 'bool' }
  | { kind: 'enum'; c: string; bits: number; signed: boolean; values: bigint[] }
  | { kind: 'float'; bits: 32 | 64 }
  | { kind: 'pointer' }
  | { kind: 'text'; size: number }
  | { kind: 'bytes'; size: number }
  | { kind: 'array'; element: Shape; length: number }
  | { kind: 'struct'; c: string; members: Member[] }
  | { kind: 'union'; c: string; members: Member[] }
  /** A flexible array member: whatever is behind the fixed part. */
  | { kind: 'rest'; of: 'text' | 'bytes' | Shape }

/** `name` is `''` for an anonymous struct or union; `bits` makes it a bitfield. */
export interface Member {
  name: string
  shape: Shape
  bits?: number
}

/** A small deterministic generator: the same structs in every run. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** An integer from 0 to `below - 1`. */
  next(below: number): number {
    // xorshift32
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % below
  }

  one<T>(choices: readonly T[]): T {
    return choices[this.next(choices.length)]!
  }

  chance(percent: number): boolean {
    return this.next(100) < percent
  }

  /** A bigint of so many bits, often one at the edge. */
  bits(count: number): bigint {
    const all = (1n << BigInt(count)) - 1n
    if (this.chance(15)) return this.one([0n, 1n, all, all >> 1n, (all >> 1n) + 1n])
    let value = 0n
    for (let bit = 0; bit < count; bit += 16) value = (value << 16n) | BigInt(this.next(0x10000))
    return value & all
  }
}

const integers = [
  ['char', 8, true],
  ['signed char', 8, true],
  ['unsigned char', 8, false],
  ['short', 16, true],
  ['unsigned short', 16, false],
  ['int', 32, true],
  ['unsigned int', 32, false],
  ['long', 64, true],
  ['unsigned long', 64, false],
  ['long long', 64, true],
  ['__u8', 8, false],
  ['__s16', 16, true],
  ['__u32', 32, false],
  ['__s32', 32, true],
  ['__u64', 64, false],
  ['__s64', 64, true],
  ['unsigned __int128', 128, false],
  ['__int128', 128, true],
] as const

export class StructGenerator {
  readonly #random: Random
  readonly #negativeEnums: boolean
  /** Declarations so far, in order. */
  readonly declarations: string[] = [
    ...['u8 unsigned char', 's16 short', 'u32 unsigned int', 's32 int', 'u64 unsigned long long', 's64 long long'].map(
      (pair) => `typedef ${pair.split(' ').slice(1).join(' ')} __${pair.split(' ')[0]};`,
    ),
  ]
  readonly #structs: Shape[] = []
  #names = 0

  /** @param negativeEnums compilers before clang 16 leave the sign of enums out of BTF. */
  constructor(random: Random, negativeEnums: boolean) {
    this.#random = random
    this.#negativeEnums = negativeEnums
  }

  /** Declares a struct; one that ends in a flexible array is nowhere within others. */
  struct(): Shape & { kind: 'struct' } {
    const members = this.#members(1 + this.#random.next(9), 0)
    const c = `struct s${this.#names++}`
    const shape = { kind: 'struct' as const, c, members: members.list }
    if (this.#random.chance(15)) {
      const { text, member } = this.#rest()
      members.text += text
      shape.members.push(member)
    } else {
      this.#structs.push(shape)
    }
    this.declarations.push(`${c} {\n${members.text}}${this.#attributes()};`)
    return shape
  }

  #rest(): { text: string; member: Member } {
    const name = `m${this.#names++}`
    const { shape, c, suffix } = this.#member()
    const text = `${this.#random.chance(10) ? 'const ' : ''}${c} ${name}[]${suffix};\n`
    const isByte = shape.kind === 'integer' && shape.bits === 8 && c !== 'signed char'
    const of = isByte ? (c === 'char' ? 'text' : 'bytes') : shape
    return { text, member: { name, shape: { kind: 'rest', of } } }
  }

  #attributes(): string {
    const attributes = [
      ...(this.#random.chance(20) ? ['packed'] : []),
      ...(this.#random.chance(12) ? [`aligned(${this.#random.one([2, 4, 8, 16])})`] : []),
    ]
    return attributes.length === 0 ? '' : ` __attribute__((${attributes.join(', ')}))`
  }

  #members(count: number, depth: number): { text: string; list: Member[] } {
    const list: Member[] = []
    let text = ''
    while (list.length < count) {
      if (depth < 2 && this.#random.chance(12)) {
        const anonymous = this.#random.chance(50)
        const kind = this.#random.one(['struct', 'union'] as const)
        const inner = this.#members(1 + this.#random.next(4), depth + 1)
        const name = anonymous ? '' : `m${this.#names++}`
        text += `${kind} {\n${inner.text}}${this.#attributes()} ${name};\n`
        list.push({ name, shape: { kind, c: '', members: inner.list } })
      } else if (this.#random.chance(25)) {
        const { shape, c, bits } = this.#bitfield()
        const name = `b${this.#names++}`
        text += `${c} ${name} : ${bits};\n`
        list.push({ name, shape, bits })
        if (this.#random.chance(15)) text += `unsigned int : ${this.#random.next(6)};\n`
      } else {
        const { shape, c, suffix } = this.#member()
        const name = `m${this.#names++}`
        const attribute = this.#random.chance(5) ? ` __attribute__((aligned(${this.#random.one([4, 8, 16])})))` : ''
        text += `${this.#random.chance(10) ? 'const ' : ''}${c} ${name}${suffix}${attribute};\n`
        list.push({ name, shape })
      }
    }
    return { text, list }
  }

  #bitfield(): { shape: Shape; c: string; bits: number } {
    if (this.#random.chance(15)) return { shape: { kind: 'bool' }, c: '_Bool', bits: 1 }
    if (this.#random.chance(15)) {
      const shape = this.#enum(32)
      return { shape, c: shape.c, bits: 8 + this.#random.next(25) }
    }
    const [c, size, signed] = this.#random.one(integers.filter(([, bits]) => bits <= 64))
    return { shape: { kind: 'integer', c, bits: size, signed }, c, bits: 1 + this.#random.next(size) }
  }

  #member(): { shape: Shape; c: string; suffix: string } {
    const dimensions = this.#random.chance(25) ? [1 + this.#random.next(20)] : []
    if (dimensions.length > 0 && this.#random.chance(20)) dimensions.unshift(1 + this.#random.next(3))
    const suffix = dimensions.map((length) => `[${length}]`).join('')
    const repeat = (shape: Shape, lengths: readonly number[]): Shape =>
      lengths.reduceRight((element: Shape, length): Shape => ({ kind: 'array', element, length }), shape)
    const choice = this.#random.next(100)
    if (choice < 45) {
      const [c, bits, signed] = this.#random.one(integers)
      const last = dimensions.at(-1)
      if (last !== undefined && bits === 8 && c !== 'signed char') {
        const kind = c === 'char' ? 'text' : 'bytes'
        return { shape: repeat({ kind, size: last }, dimensions.slice(0, -1)), c, suffix }
      }
      return { shape: repeat({ kind: 'integer', c, bits, signed }, dimensions), c, suffix }
    }
    if (choice < 55) {
      const size = this.#random.one([4, 8, 16, 16, 16, 32, 5, 64])
      return { shape: { kind: 'text', size }, c: 'char', suffix: `[${size}]` }
    }
    if (choice < 62) return { shape: repeat({ kind: 'bool' }, dimensions), c: '_Bool', suffix }
    if (choice < 72) {
      const bits = this.#random.one([32, 64] as const)
      return { shape: repeat({ kind: 'float', bits }, dimensions), c: bits === 32 ? 'float' : 'double', suffix }
    }
    if (choice < 80) {
      const shape = this.#enum(this.#random.one([32, 32, 64]))
      return { shape: repeat(shape, dimensions), c: shape.c, suffix }
    }
    if (choice < 85) return { shape: repeat({ kind: 'pointer' }, dimensions), c: 'void *', suffix }
    const small = this.#structs.filter((shape) => leafCount(shape) <= 12)
    if (small.length === 0) return { shape: { kind: 'pointer' }, c: 'struct later *', suffix: '' }
    const shape = this.#random.one(small) as Shape & { kind: 'struct' }
    const short = dimensions.slice(-1).map((length) => Math.min(length, 4))
    return { shape: repeat(shape, short), c: shape.c, suffix: short.map((length) => `[${length}]`).join('') }
  }

  #enum(bits: number): Shape & { kind: 'enum' } {
    const signed = this.#negativeEnums && this.#random.chance(40)
    const c = `enum e${this.#names++}`
    const large = bits === 64 ? [signed ? -(1n << 62n) : 1n << 63n] : signed ? [-2n] : []
    const values = [0n, 7n, ...(signed ? [0x7fffffffn] : [0xffffffffn]), ...large]
    const list = values.map((value, index) => {
      const text = value < 0n ? `-${-value}LL` : `${value}${signed ? 'LL' : 'ULL'}`
      return `${c.replace('enum ', 'V')}_${index} = ${bits === 64 ? text : text.replace(/[UL]+$/, '')}`
    })
    this.declarations.push(`${c} { ${list.join(', ')} };`)
    return { kind: 'enum', c, bits, signed, values }
  }
}

function leafCount(shape: Shape): number {
  switch (shape.kind) {
    case 'array':
      return shape.length * leafCount(shape.element)
    case 'struct':
    case 'union':
      return shape.members.reduce((sum, member) => sum + leafCount(member.shape), 0)
    case 'rest':
      return Number.POSITIVE_INFINITY
    default:
      return 1
  }
}

/** C statements that print every leaf of `expression`, one a line; `rest` is how many bytes a flexible array has. */
export function printStatements(shape: Shape, expression: string, bits: number | undefined, depth: number = 0): string {
  switch (shape.kind) {
    case 'integer':
      if (shape.bits === 128) return `print128((unsigned __int128)${expression});\n`
      return shape.signed ? `printf("%lld\\n", (long long)${expression});\n` : printUnsigned(expression)
    case 'bool':
      return bits === undefined ? `print_bool(&${expression});\n` : printUnsigned(expression)
    case 'enum':
      return shape.signed ? `printf("%lld\\n", (long long)${expression});\n` : printUnsigned(expression)
    case 'float':
      return `print_float(&${expression}, ${shape.bits});\n`
    case 'bytes':
      return `print_bytes(&${expression}, sizeof(${expression}));\n`
    case 'pointer':
      return printUnsigned(expression)
    case 'text':
      return `print_text(&${expression}, ${shape.size});\n`
    case 'array': {
      const index = `i${depth}`
      const inner = printStatements(shape.element, `${expression}[${index}]`, undefined, depth + 1)
      return `for (int ${index} = 0; ${index} < ${shape.length}; ${index}++) {\n${inner}}\n`
    }
    case 'rest': {
      if (shape.of === 'text' || shape.of === 'bytes') return `print_${shape.of}(${expression}, rest);\n`
      const inner = printStatements(shape.of, `${expression}[i]`, undefined, depth + 1)
      return `for (unsigned long i = 0; i < rest / sizeof(${expression}[0]); i++) {\n${inner}}\n`
    }
    case 'struct':
    case 'union':
      return shape.members
        .map((member) =>
          printStatements(
            member.shape,
            member.name === '' ? expression : `${expression}.${member.name}`,
            member.bits,
            depth,
          ),
        )
        .join('')
  }
}

function printUnsigned(expression: string): string {
  return `printf("%llu\\n", (unsigned long long)${expression});\n`
}
