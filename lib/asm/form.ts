/** What an instruction is: the kernel's text for it (kernel/bpf/disasm.c), and the fields that it uses. */
import { helperName } from './helper.ts'
import type { InstructionFields } from './instruction.ts'
import {
  ADDRESS_SPACE_CAST,
  ARITHMETIC,
  ATOMIC,
  CALL,
  CLASS,
  FETCH,
  isNarrow,
  isWide,
  JUMP,
  MAY_GOTO,
  MODE,
  PER_CPU_ADDRESS,
  PSEUDO,
  SOURCE_REGISTER,
} from './opcode.ts'
import { ASSIGNMENT_WORD, ATOMIC_WORD, CONDITION_WORD, WIDTH_WORD } from './words.ts'

/** Of an instruction that there is. */
export interface Form {
  text: string
  /** All others have to be 0. */
  uses: readonly (keyof InstructionFields)[]
}

/** `undefined` where there is no such instruction. */
export function formOf(fields: InstructionFields): Form | undefined {
  switch (fields.opcode & 7) {
    case CLASS.alu:
    case CLASS.alu64:
      return arithmetic(fields)
    case CLASS.jmp:
    case CLASS.jmp32:
      return jump(fields)
    case CLASS.ldx:
      return loadOf(fields)
    case CLASS.st:
      return storeOf(fields)
    case CLASS.stx:
      return (fields.opcode & 0xe0) === MODE.atomic ? atomic(fields) : storeOf(fields)
    default:
      return legacyOrWide(fields)
  }
}

const TO_REGISTER = ['opcode', 'destination', 'source'] as const
const TO_NUMBER = ['opcode', 'destination', 'immediate'] as const

function arithmetic({ opcode, destination, source, offset, immediate }: InstructionFields): Form | undefined {
  const letter = isNarrow(opcode) ? 'w' : 'r'
  const target = `${letter}${destination}`
  const operation = opcode & 0xf0
  const fromRegister = (opcode & SOURCE_REGISTER) !== 0
  if (operation === ARITHMETIC.end) return byteOrder(opcode, destination, immediate)
  if (operation === ARITHMETIC.neg) {
    return fromRegister ? undefined : { text: `${target} = -${target}`, uses: ['opcode', 'destination'] }
  }
  if (fromRegister && operation === ARITHMETIC.mov && offset !== 0) {
    return strangeMove({ opcode, destination, source, offset, immediate })
  }
  const signed = offset === 1 && (operation === ARITHMETIC.div || operation === ARITHMETIC.mod)
  const sign = ASSIGNMENT_WORD.get(operation)
  if (sign === undefined) return undefined
  const also = signed ? (['offset'] as const) : []
  const assignment = `${target} ${signed ? 's' : ''}${sign}`
  return fromRegister
    ? { text: `${assignment} ${letter}${source}`, uses: [...TO_REGISTER, ...also] }
    : { text: `${assignment} ${immediate}`, uses: [...TO_NUMBER, ...also] }
}

function byteOrder(opcode: number, destination: number, bits: number): Form | undefined {
  if (bits !== 16 && bits !== 32 && bits !== 64) return undefined
  const reversed = (opcode & SOURCE_REGISTER) !== 0
  if (!isNarrow(opcode) && reversed) return undefined
  const name = isNarrow(opcode) ? (reversed ? 'be' : 'le') : 'bswap'
  return { text: `r${destination} = ${name}${bits} r${destination}`, uses: TO_NUMBER }
}

/** Moves whose offset says that they are something else. */
function strangeMove({ opcode, destination, source, offset, immediate }: InstructionFields): Form | undefined {
  const narrow = isNarrow(opcode)
  const letter = narrow ? 'w' : 'r'
  if (offset === 8 || offset === 16 || (offset === 32 && !narrow)) {
    return { text: `${letter}${destination} = (s${offset})${letter}${source}`, uses: [...TO_REGISTER, 'offset'] }
  }
  if (narrow) return undefined
  if (offset === ADDRESS_SPACE_CAST) {
    const text = `r${destination} = addr_space_cast(r${source}, ${immediate >>> 16}, ${immediate & 0xffff})`
    return { text, uses: [...TO_REGISTER, 'offset', 'immediate'] }
  }
  if (offset !== PER_CPU_ADDRESS) return undefined
  return { text: `r${destination} = &(void __percpu *)(r${source})`, uses: [...TO_REGISTER, 'offset'] }
}

/** As C's `%+d`. */
function withSign(number: number): string {
  return number < 0 ? String(number) : `+${number}`
}

function pointer(width: string, base: number, offset: number): string {
  return `(${width} *)(r${base} ${withSign(offset)})`
}

function loadOf({ opcode, destination, source, offset }: InstructionFields): Form | undefined {
  const mode = opcode & 0xe0
  const width = WIDTH_WORD.get(opcode & SIZE_MASK) as string
  if (mode !== MODE.mem && (mode !== MODE.memsx || width === 'u64')) return undefined
  const name = mode === MODE.mem ? width : width.replace('u', 's')
  return { text: `r${destination} = *${pointer(name, source, offset)}`, uses: [...TO_REGISTER, 'offset'] }
}

const SIZE_MASK = 0x18

function storeOf({ opcode, destination, source, offset, immediate }: InstructionFields): Form | undefined {
  if ((opcode & 0xe0) !== MODE.mem) return undefined
  const fromRegister = (opcode & 7) === CLASS.stx
  const place = `*${pointer(WIDTH_WORD.get(opcode & SIZE_MASK) as string, destination, offset)}`
  return fromRegister
    ? { text: `${place} = r${source}`, uses: [...TO_REGISTER, 'offset'] }
    : { text: `${place} = ${immediate}`, uses: [...TO_NUMBER, 'offset'] }
}

function atomic({ opcode, destination, source, offset, immediate }: InstructionFields): Form | undefined {
  const width = WIDTH_WORD.get(opcode & SIZE_MASK) as string
  const place = pointer(width, destination, offset)
  const uses = [...TO_REGISTER, 'offset', 'immediate'] as const
  if (immediate === ATOMIC.loadAcquire) {
    return { text: `r${destination} = load_acquire(${pointer(width, source, offset)})`, uses }
  }
  if (immediate === ATOMIC.storeRelease) return { text: `store_release(${place}, r${source})`, uses }
  if (width !== 'u32' && width !== 'u64') return undefined
  const bits = width === 'u64' ? '64' : ''
  if (immediate === ATOMIC.xchg) return { text: `r${source} = atomic${bits}_xchg(${place}, r${source})`, uses }
  if (immediate === ATOMIC.cmpxchg) return { text: `r0 = atomic${bits}_cmpxchg(${place}, r0, r${source})`, uses }
  const operation = immediate & ~FETCH
  const name = ATOMIC_WORD.get(operation)
  if (name === undefined) return undefined
  return (immediate & FETCH) === 0
    ? { text: `lock *${place} ${ASSIGNMENT_WORD.get(operation)} r${source}`, uses }
    : { text: `r${source} = atomic${bits}_fetch_${name}(${place}, r${source})`, uses }
}

function legacyOrWide(fields: InstructionFields): Form | undefined {
  const { opcode, source, immediate } = fields
  if (isWide(opcode)) return wideLoad(fields)
  const width = WIDTH_WORD.get(opcode & SIZE_MASK) as string
  const mode = opcode & 0xe0
  if (width === 'u64' || (mode !== MODE.abs && mode !== MODE.ind)) return undefined
  return mode === MODE.abs
    ? { text: `r0 = *(${width} *)skb[${immediate}]`, uses: ['opcode', 'immediate'] }
    : { text: `r0 = *(${width} *)skb[r${source} + ${immediate}]`, uses: ['opcode', 'source', 'immediate'] }
}

/** Numbers as the kernel writes them; what is none as bpftool does. */
function wideLoad({ destination, source, immediate, upper = 0 }: InstructionFields): Form | undefined {
  const uses = ['opcode', 'destination', 'source', 'immediate', 'upper'] as const
  const form = (value: string): Form => ({ text: `r${destination} = ${value}`, uses })
  const low = immediate >>> 0
  switch (source) {
    case 0:
      return form(`0x${((BigInt(upper >>> 0) << 32n) | BigInt(low)).toString(16)}`)
    case PSEUDO.mapFd:
      return upper === 0 ? form(`map[fd:${immediate}]`) : undefined
    case PSEUDO.mapValue:
      return form(`map[fd:${immediate}][0]+${upper >>> 0}`)
    case PSEUDO.mapIndex:
      return upper === 0 ? form(`map[idx:${immediate}]`) : undefined
    case PSEUDO.mapIndexValue:
      return form(`map[idx:${immediate}][0]+${upper >>> 0}`)
    case PSEUDO.btfId:
      return form(`btf[id:${immediate}]${upper === 0 ? '' : `@${upper}`}`)
    case PSEUDO.function:
      return upper === 0 ? form(`subprog[${withSign(immediate)}]`) : undefined
    default:
      return undefined
  }
}

function jump(fields: InstructionFields): Form | undefined {
  const { opcode, destination, source, offset, immediate } = fields
  const operation = opcode & 0xf0
  const fromRegister = (opcode & SOURCE_REGISTER) !== 0
  const letter = isNarrow(opcode) ? 'w' : 'r'
  const condition = CONDITION_WORD.get(operation)
  if (condition !== undefined) {
    const way = `goto pc${withSign(offset)}`
    return fromRegister
      ? { text: `if ${letter}${destination} ${condition} ${letter}${source} ${way}`, uses: [...TO_REGISTER, 'offset'] }
      : {
          text: `if ${letter}${destination} ${condition} 0x${(immediate >>> 0).toString(16)} ${way}`,
          uses: [...TO_NUMBER, 'offset'],
        }
  }
  switch (opcode) {
    case CLASS.jmp | JUMP.ja:
      return { text: `goto pc${withSign(offset)}`, uses: ['opcode', 'offset'] }
    case CLASS.jmp32 | JUMP.ja:
      return { text: `gotol pc${withSign(immediate)}`, uses: ['opcode', 'immediate'] }
    case CLASS.jmp | JUMP.ja | SOURCE_REGISTER:
      return { text: `gotox r${destination}`, uses: ['opcode', 'destination'] }
    case CLASS.jmp | JUMP.jcond:
      return source === MAY_GOTO ? { text: `may_goto pc${withSign(offset)}`, uses: ['opcode', 'offset'] } : undefined
    case CLASS.jmp | JUMP.exit:
      return { text: 'exit', uses: ['opcode'] }
    case CLASS.jmp | JUMP.call:
      return callOf(fields)
    default:
      return undefined
  }
}

function callOf({ source, offset, immediate }: InstructionFields): Form | undefined {
  switch (source) {
    case CALL.helper:
      return { text: `call ${helperName(immediate) ?? 'unknown'}#${immediate}`, uses: ['opcode', 'immediate'] }
    case CALL.function:
      return { text: `call pc${withSign(immediate)}`, uses: ['opcode', 'source', 'immediate'] }
    case CALL.kernelFunction: {
      const module = offset === 0 ? '' : `@${offset}`
      return { text: `call kernel-function#${immediate}${module}`, uses: ['opcode', 'source', 'offset', 'immediate'] }
    }
    default:
      return undefined
  }
}
