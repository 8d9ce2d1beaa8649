/**
 * The language in which a static probe says where its arguments are: `-4@%edi 8@$3 8@-16(%rbp)`, that is a size and an operand
 * of the architecture's assembler for each (https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation).
 */

/** Where a static probe has one of its arguments. */
export type UsdtArgument = UsdtOperand & {
  /** Bytes. */
  size: number
  signed: boolean
  /** Whether it is a floating-point number. */
  float: boolean
  /** The operand as the assembler writes it. */
  text: string
}

export type UsdtOperand =
  | { kind: 'constant'; value: bigint }
  | { kind: 'register'; register: string }
  /** At `base + index * scale + offset`, or that far from a symbol. */
  | {
      kind: 'memory'
      base: string | undefined
      index: string | undefined
      scale: number
      offset: bigint
      symbol: string | undefined
    }
  | { kind: 'unknown' }

/** Arguments are separated by spaces, which operands of ARM have, too: one begins with its size. */
const START = /(?:^|\s)([+-]?\d{1,9})(f?)@/g

/** No assembler needs as much for an operand. What is longer is not looked into: expressions could take hours. */
const LONGEST_OPERAND = 256

export function parseUsdtArguments(text: string): UsdtArgument[] {
  const starts = [...text.matchAll(START)]
  return starts.flatMap(([start, size = '', float], index) => {
    const from = (starts[index]?.index ?? 0) + start.length
    const operand = text.slice(from, starts[index + 1]?.index).trim()
    if (operand === '') return []
    return {
      size: Math.abs(Number(size)),
      signed: size.startsWith('-'),
      float: float === 'f',
      text: operand,
      ...parseOperand(operand),
    }
  })
}

function parseOperand(text: string): UsdtOperand {
  if (text.length > LONGEST_OPERAND) return { kind: 'unknown' }
  return constant(text) ?? arm(text) ?? register(text) ?? memory(text) ?? { kind: 'unknown' }
}

/** `$3`, `#3` and, on most architectures, `3`. */
function constant(text: string): UsdtOperand | undefined {
  const [, sign, digits] = /^[$#]?([+-]?)(0x[0-9a-f]+|\d+)$/i.exec(text) ?? []
  return digits === undefined ? undefined : { kind: 'constant', value: integer(sign, digits) }
}

/** `[sp, 8]`, `[x0, #-16]`, `[x1]`. */
function arm(text: string): UsdtOperand | undefined {
  const [whole, base, sign, digits = '0'] =
    /^\[\s*([a-z]\w*)\s*(?:,\s*#?([+-]?)(0x[0-9a-f]+|\d+)\s*)?\]$/i.exec(text) ?? []
  if (whole === undefined) return undefined
  return { kind: 'memory', base, index: undefined, scale: 1, offset: integer(sign, digits), symbol: undefined }
}

/** `%eax`, `x0`, `a5`. */
function register(text: string): UsdtOperand | undefined {
  const [, name] = /^%?([a-z]\w*)$/i.exec(text) ?? []
  return name === undefined ? undefined : { kind: 'register', register: name }
}

/** `-8(%rbp)`, `8(%rdx,%rax,4)`, `counter+4(%rip)` or, as older compilers write it, `4+counter(%rip)`, `-20(s0)`. */
function memory(written: string): UsdtOperand | undefined {
  const text = written.replace(/^(\d+)\+([a-z_.$][\w.$]*)(?=\()/i, '$2+$1')
  const [whole, symbol, plus, sign, digits = '0', base, index, scale = '1'] =
    /^([a-z_.$][\w.$]*)?(?:(\+)?([+-]?)(0x[0-9a-f]+|\d+))?\(%?(\w*)(?:,\s*%?(\w+)(?:,\s*(\d+))?)?\)$/i.exec(text) ?? []
  if (whole === undefined || (plus !== undefined && symbol === undefined)) return undefined
  return { kind: 'memory', base: base || undefined, index, scale: Number(scale), offset: integer(sign, digits), symbol }
}

function integer(sign: string | undefined, digits: string): bigint {
  const value = BigInt(digits)
  return sign === '-' ? -value : value
}
