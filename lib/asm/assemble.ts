/** Text as instructions: that of {@link disassemble}, and of people, who write labels. */
import { nonEmptyString } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { formOf } from './form.ts'
import { helperName, helperNumber, isHelper } from './helper.ts'
import type { Instruction, InstructionFields, Item, Label, Reference } from './instruction.ts'
import { ARITHMETIC, ATOMIC, CALL, CLASS, FETCH, JUMP, MODE, PSEUDO, SIZE, SOURCE_REGISTER } from './opcode.ts'
import { ASSIGNMENTS, ATOMICS, CONDITIONS } from './words.ts'

type Parsed = Partial<InstructionFields> & { opcode: number; reference?: Reference }

/** A line of text and what it says; `undefined` where it does not say that after all. */
type Rule = readonly [pattern: RegExp, read: (parts: Record<string, string>) => Parsed | undefined]

const size = (width: string): number => SIZE[width.replace('s', 'u') as keyof typeof SIZE]

/** A place: `(u32 *)(r1 +4)`. */
const place = (widths: string): string => `\\((?<width>${widths}) \\*\\)\\((?<base>r\\d+) ?(?<offset>[+-] ?\\d+)\\)`
const ANY_WIDTH = '[us]8|[us]16|[us]32|u64'
const UNSIGNED = 'u8|u16|u32|u64'
const WAY = '(?:pc(?<distance>[+-]\\d+)|(?<label>[A-Za-z_.$][\\w.$]*))'

const register = (text: string): number => Number(text.slice(1))
const whole = (pattern: string): RegExp => new RegExp(`^${pattern}$`)

function arithmeticClass(letter: string): number {
  return letter === 'w' ? CLASS.alu : CLASS.alu64
}

function way({ distance, label }: Record<string, string>): { number: number; reference?: Reference } {
  return label === undefined ? { number: integer(distance) } : { number: 0, reference: { kind: 'label', name: label } }
}

function integer(text: string | undefined): number {
  return Number((text ?? '').replaceAll(' ', ''))
}

/** Written in decimal with a sign, or in hexadecimal without. */
function immediate(text: string): number {
  const value = Number(text.startsWith('-') ? -Number(text.slice(1)) : text)
  if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0xffff_ffff) {
    throw invalidArgument(`${text.slice(0, 40)} has more than 32 bits`)
  }
  return value | 0
}

const NUMBER = '-?(?:0x[\\da-f]+|\\d+)'

const RULES: readonly Rule[] = [
  [whole('exit'), () => ({ opcode: CLASS.jmp | JUMP.exit })],
  [
    whole(`goto ${WAY}`),
    (parts) => {
      const { number, ...rest } = way(parts)
      return { opcode: CLASS.jmp | JUMP.ja, offset: number, ...rest }
    },
  ],
  [
    whole(`gotol ${WAY}`),
    (parts) => {
      const { number, ...rest } = way(parts)
      return { opcode: CLASS.jmp32 | JUMP.ja, immediate: number, ...rest }
    },
  ],
  [
    whole(`may_goto ${WAY}`),
    (parts) => {
      const { number, ...rest } = way(parts)
      return { opcode: CLASS.jmp | JUMP.jcond, offset: number, ...rest }
    },
  ],
  [
    whole('gotox (?<target>r\\d+)'),
    ({ target }) => ({ opcode: CLASS.jmp | JUMP.ja | SOURCE_REGISTER, destination: register(target as string) }),
  ],
  [
    whole(
      `if (?<letter>[rw])(?<left>\\d+) (?<condition>s?[<>]=?|[!=]=|&) (?:[rw](?<right>\\d+)|(?<value>${NUMBER})) goto ${WAY}`,
    ),
    (parts) => {
      const { letter, left, condition, right, value } = parts
      const { number, ...rest } = way(parts)
      const opcode = CONDITIONS[condition as keyof typeof CONDITIONS] | (letter === 'w' ? CLASS.jmp32 : CLASS.jmp)
      const compared =
        right === undefined
          ? { opcode, immediate: immediate(value as string) }
          : { opcode: opcode | SOURCE_REGISTER, source: Number(right) }
      return { ...compared, destination: Number(left), offset: number, ...rest }
    },
  ],
  [
    whole(`call ${WAY}`),
    (parts) => {
      const { label } = parts
      if (label?.startsWith('bpf_')) return { opcode: CLASS.jmp | JUMP.call, immediate: helperNumber(label) }
      const { number, ...rest } = way(parts)
      return { opcode: CLASS.jmp | JUMP.call, source: CALL.function, immediate: number, ...rest }
    },
  ],
  [
    whole('call kernel-function#(?<id>-?\\d+)(?:@(?<module>-?\\d+))?'),
    ({ id, module }) => ({
      opcode: CLASS.jmp | JUMP.call,
      source: CALL.kernelFunction,
      immediate: integer(id),
      offset: integer(module ?? '0'),
    }),
  ],
  [whole('call (?<name>\\w+)#(?<id>-?\\d+)'), ({ name = '', id }) => namedCall(name, integer(id))],
  [
    whole('(?<target>[rw]\\d+) = -(?<source>[rw]\\d+)'),
    ({ target = '', source = '' }) =>
      target === source
        ? { opcode: arithmeticClass(target[0] as string) | ARITHMETIC.neg, destination: register(target) }
        : undefined,
  ],
  [
    whole('(?<target>r\\d+) = (?<name>le|be|bswap)(?<bits>16|32|64) (?<source>r\\d+)'),
    ({ target = '', name, bits, source }) => {
      const opcode = name === 'bswap' ? CLASS.alu64 : name === 'be' ? CLASS.alu | SOURCE_REGISTER : CLASS.alu
      return target === source
        ? { opcode: opcode | ARITHMETIC.end, destination: register(target), immediate: integer(bits) }
        : undefined
    },
  ],
  [
    whole('(?<letter>[rw])(?<target>\\d+) = \\(s(?<bits>8|16|32)\\)(?<same>[rw])(?<source>\\d+)'),
    ({ letter = '', target, bits, same, source }) =>
      letter === same
        ? {
            opcode: arithmeticClass(letter) | ARITHMETIC.mov | SOURCE_REGISTER,
            destination: Number(target),
            source: Number(source),
            offset: integer(bits),
          }
        : undefined,
  ],
  [
    whole('(?<target>r\\d+) = addr_space_cast\\((?<source>r\\d+), (?<to>\\d+), (?<from>\\d+)\\)'),
    ({ target = '', source = '', to = '', from = '' }) => ({
      opcode: CLASS.alu64 | ARITHMETIC.mov | SOURCE_REGISTER,
      destination: register(target),
      source: register(source),
      offset: 1,
      immediate: (unsigned(to, 16) << 16) | unsigned(from, 16),
    }),
  ],
  [
    whole('(?<target>r\\d+) = &\\(void __percpu \\*\\)\\((?<source>r\\d+)\\)'),
    ({ target = '', source = '' }) => ({
      opcode: CLASS.alu64 | ARITHMETIC.mov | SOURCE_REGISTER,
      destination: register(target),
      source: register(source),
      offset: -1,
    }),
  ],
  [
    whole(`(?<target>r\\d+) = \\*${place(ANY_WIDTH)}`),
    ({ target = '', width = '', base = '', offset }) => ({
      opcode: CLASS.ldx | (width.startsWith('s') ? MODE.memsx : MODE.mem) | size(width),
      destination: register(target),
      source: register(base),
      offset: integer(offset),
    }),
  ],
  [
    whole(`\\*${place(UNSIGNED)} = (?:(?<source>r\\d+)|(?<value>${NUMBER}))`),
    ({ width = '', base = '', offset, source, value = '' }) => ({
      ...(source === undefined
        ? { opcode: CLASS.st | MODE.mem | size(width), immediate: immediate(value) }
        : { opcode: CLASS.stx | MODE.mem | size(width), source: register(source) }),
      destination: register(base),
      offset: integer(offset),
    }),
  ],
  [
    whole(`lock \\*${place('u32|u64')} (?<operation>\\S+) (?<source>r\\d+)`),
    ({ width = '', base = '', offset, operation = '', source = '' }) =>
      atomic(width, base, offset, source, ASSIGNMENTS[operation]),
  ],
  [
    whole(
      `(?<result>r\\d+) = atomic(?:64)?_(?:fetch_(?<operation>add|and|or|xor)|xchg)\\(${place('u32|u64')}, (?<source>r\\d+)\\)`,
    ),
    ({ result, operation, width = '', base = '', offset, source = '' }) => {
      const code = operation === undefined ? ATOMIC.xchg : (ATOMICS[operation] as number) | FETCH
      return result === source ? atomic(width, base, offset, source, code) : undefined
    },
  ],
  [
    whole(`r0 = atomic(?:64)?_cmpxchg\\(${place('u32|u64')}, r0, (?<source>r\\d+)\\)`),
    ({ width = '', base = '', offset, source = '' }) => atomic(width, base, offset, source, ATOMIC.cmpxchg),
  ],
  [
    whole(`(?<target>r\\d+) = load_acquire\\(${place(UNSIGNED)}\\)`),
    ({ target = '', width = '', base = '', offset }) => atomic(width, target, offset, base, ATOMIC.loadAcquire),
  ],
  [
    whole(`store_release\\(${place(UNSIGNED)}, (?<source>r\\d+)\\)`),
    ({ width = '', base = '', offset, source = '' }) => atomic(width, base, offset, source, ATOMIC.storeRelease),
  ],
  [
    whole('r0 = \\*\\((?<width>u8|u16|u32) \\*\\)skb\\[(?:(?<index>r\\d+) \\+ )?(?<offset>-?\\d+)\\]'),
    ({ width = '', index, offset = '' }) => ({
      opcode: CLASS.ld | (index === undefined ? MODE.abs : MODE.ind) | size(width),
      immediate: immediate(offset),
      ...(index !== undefined && { source: register(index) }),
    }),
  ],
  [
    whole('(?<target>r\\d+) = map\\[(?<by>fd|idx|id):(?<number>-?\\d+)\\](?:\\[0\\]\\+(?<offset>\\d+))?'),
    ({ target = '', by, number, offset }) => {
      if (by === 'id') {
        throw invalidArgument(
          'programs that are loaded have ids of maps, and instructions descriptors: map[fd:…], or loadMap()',
        )
      }
      const [alone, value] = by === 'fd' ? [PSEUDO.mapFd, PSEUDO.mapValue] : [PSEUDO.mapIndex, PSEUDO.mapIndexValue]
      const source = offset === undefined ? alone : value
      return { ...wide(target, source, integer(number)), upper: unsigned(offset ?? '0', 32) | 0 }
    },
  ],
  [
    whole('(?<target>r\\d+) = btf\\[id:(?<id>-?\\d+)\\](?:@(?<object>-?\\d+))?'),
    ({ target = '', id, object }) => ({ ...wide(target, PSEUDO.btfId, integer(id)), upper: integer(object ?? '0') }),
  ],
  [
    whole('(?<target>r\\d+) = subprog\\[(?:(?<distance>[+-]\\d+)|(?<name>\\w+))\\]'),
    ({ target = '', distance, name }) =>
      name === undefined
        ? wide(target, PSEUDO.function, integer(distance))
        : { ...wide(target, PSEUDO.function, 0), reference: { kind: 'label', name } },
  ],
  [
    whole('(?<target>r\\d+) = 0x(?<digits>[\\da-f]{1,16})'),
    ({ target = '', digits }) => {
      const value = BigInt(`0x${digits}`)
      return { ...wide(target, 0, Number(value & 0xffff_ffffn) | 0), upper: Number(value >> 32n) | 0 }
    },
  ],
  [
    whole(
      `(?<letter>[rw])(?<target>\\d+) (?<signed>s(?=[/%]))?(?<operation>[^\\s\\w]+=|=|s>>=) (?:(?<same>[rw])(?<source>\\d+)|(?<value>-?\\d+))`,
    ),
    ({ letter = '', target, signed, operation = '', same, source, value = '' }) => {
      const code = ASSIGNMENTS[operation]
      if (code === undefined || (same !== undefined && same !== letter)) return undefined
      const opcode = arithmeticClass(letter) | code
      return {
        ...(source === undefined
          ? { opcode, immediate: immediate(value) }
          : { opcode: opcode | SOURCE_REGISTER, source: Number(source) }),
        destination: Number(target),
        ...(signed !== undefined && { offset: 1 }),
      }
    },
  ],
]

/** The verifier writes helpers and the kernel's own functions alike; those have ids of BTF, and names that no helper has. */
function namedCall(name: string, number: number): Parsed {
  const opcode = CLASS.jmp | JUMP.call
  const helper = helperName(number)
  if (name === 'unknown' || name === helper) return { opcode, immediate: number }
  if (isHelper(name)) throw invalidArgument(`${name} has the number ${helperNumber(name)}, not ${number}`)
  return { opcode, source: CALL.kernelFunction, immediate: number }
}

/** @throws TypeError for what has more bits than there is room for */
function unsigned(digits: string, bits: 16 | 32): number {
  const value = Number(digits)
  if (value < 2 ** bits) return value
  throw invalidArgument(`${digits} has more than ${bits} bits`)
}

function atomic(width: string, base: string, offset: string | undefined, source: string, code: number | undefined) {
  if (code === undefined) return undefined
  return {
    opcode: CLASS.stx | MODE.atomic | size(width),
    destination: register(base),
    source: register(source),
    offset: integer(offset),
    immediate: code,
  }
}

function wide(target: string, source: number, low: number) {
  return { opcode: CLASS.ld | MODE.imm | SIZE.u64, destination: register(target), source, immediate: low, upper: 0 }
}

/**
 * Reads text: an instruction a line, as {@link disassemble}, the verifier and bpftool write it, with or without the numbers and
 * opcodes before it (`0: (b7) r0 = 0`). `name:` alone on a line is a label, which jumps and calls may name in place of a distance (`goto name`,
 * `call name`), and what follows a `;` is a comment.
 *
 * @throws TypeError for a line that is no instruction, with its number
 */
export function assemble(text: string): Item[] {
  const lines = nonEmptyString(text, 'text').split('\n')
  return lines.flatMap((line, index) => {
    const content = line.replace(/;.*/, '').trim()
    if (content === '') return []
    try {
      return [{ ...parseLine(content), place: { file: 'assembly', line: index + 1, column: 1, text: content } }]
    } catch (error) {
      throw invalidArgument(`line ${index + 1}, ${JSON.stringify(content.slice(0, 80))}: ${(error as Error).message}`)
    }
  })
}

function parseLine(content: string): Instruction | Label {
  const label = /^([A-Za-z_.$][\w.$]*):$/.exec(content)?.[1]
  if (label !== undefined) return { label, function: false }
  const words = content
    .replace(/^\d+: */, '')
    .replace(/^\([\da-f]{2}\) /, '')
    .replaceAll(/\s+/g, ' ')
  for (const [pattern, read] of RULES) {
    const match = pattern.exec(words)
    const parsed = match === null ? undefined : read({ ...match.groups })
    if (parsed === undefined) continue
    const { reference, ...fields } = parsed
    return { ...checked(fields), ...(reference !== undefined && { reference }) }
  }
  throw invalidArgument(whyNone(content))
}

function whyNone(content: string): string {
  if (/^[A-Za-z_.$][\w.$]*: *\S/.test(content)) return 'a label has a line of its own'
  if (/\/\/|#/.test(content)) return 'this is no instruction; comments begin with ;'
  return 'this is no instruction'
}

/** A line can have the shape of an instruction, and registers or numbers that there are not. */
function checked(parsed: Parsed): InstructionFields {
  const fields = { destination: 0, source: 0, offset: 0, immediate: 0, ...parsed }
  const { destination, source, offset, immediate: low } = fields
  if (destination > 10 || source > 10) throw invalidArgument('there are only the registers r0 to r10')
  if (offset < -0x8000 || offset > 0x7fff) throw invalidArgument(`${offset} has more than 16 bits`)
  for (const half of [low, fields.upper ?? 0]) {
    if (half !== (half | 0)) throw invalidArgument(`${half} has more than 32 bits`)
  }
  if (formOf(fields) === undefined) throw invalidArgument('this is no instruction')
  return fields
}
