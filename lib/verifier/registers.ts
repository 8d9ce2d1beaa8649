/** What the registers and the stack hold before an instruction, put together from what the verifier prints of them. */
import { assignment, calledFunction, callsLocally, stackStore } from './instruction.ts'
import type { TraceEntry } from './trace.ts'

/** By name: `r0` to `r10`, slots of the stack such as `fp-8`, and `refs`, the references that are held. */
export type RegisterState = Readonly<Record<string, string>>

/**
 * The registers before the last instruction. Since Linux 5.18 the verifier prints what each instruction changes; older ones
 * print all of them now and then, and what was written since then is left out here.
 */
export function registersBefore(entries: readonly TraceEntry[]): RegisterState {
  const known = new Map<string, string | undefined>()
  let frame: string | undefined
  const last = entries.findLastIndex(({ kind }) => kind === 'instruction')
  for (let index = last - 1; index >= 0; index--) {
    const entry = entries[index] as TraceEntry
    const printed = entry.state === undefined ? undefined : parseState(entry.state)
    if (printed !== undefined && printed.values.size > 0) frame ??= printed.frame
    if (printed !== undefined && printed.frame === frame) {
      for (const [name, value] of printed.values) if (!known.has(name)) known.set(name, value)
    }
    if (entry.kind === 'state' && entry.whole && printed?.frame === frame) break
    if (entry.kind === 'instruction') {
      // Another function's registers are other registers.
      if (callsLocally(entry.text)) break
      for (const name of written(entry.text)) if (!known.has(name)) known.set(name, undefined)
    }
  }
  const sorted = [...known].filter((entry): entry is [string, string] => entry[1] !== undefined)
  sorted.sort(([a], [b]) => rank(a) - rank(b))
  return Object.fromEntries(sorted)
}

function rank(name: string): number {
  if (name.startsWith('r') && name !== 'refs') return Number(name.slice(1))
  return name === 'refs' ? Number.MAX_SAFE_INTEGER : 100 - Number(name.slice(2))
}

/** Calls leave nothing in r1 to r5. */
const CLOBBERED = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5']

function written(text: string): readonly string[] {
  const to = assignment(text)
  if (to !== undefined) return [`r${to.register}`]
  if (calledFunction(text) !== undefined) return CLOBBERED
  const store = stackStore(text)
  return store === undefined ? [] : [`fp${Math.floor(store.offset / 8) * 8}`]
}

export interface PrintedState {
  /** `frame1:`; `''` for the program's main function. */
  frame: string
  values: Map<string, string>
}

/** Reads `frame1: R1_w=scalar(var_off=(0x0; 0xff)) R10=fp0 fp-8=mmmm???? refs=2`. */
export function parseState(text: string): PrintedState {
  const frame = /^frame\d+:/.exec(text)?.[0] ?? ''
  const values = new Map<string, string>()
  for (const word of words(text.slice(frame.length))) {
    const match = /^(R\d+|fp-\d+|refs)(?:_\w+)?=(.*)$/s.exec(word)
    if (match !== null) values.set((match[1] as string).toLowerCase(), match[2] as string)
  }
  return { frame, values }
}

/** Divides at spaces outside of parentheses. */
function words(text: string): string[] {
  const found: string[] = []
  let depth = 0
  let start = 0
  for (let index = 0; index <= text.length; index++) {
    const character = text[index]
    if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === undefined || (character === ' ' && depth <= 0)) {
      if (index > start) found.push(text.slice(start, index))
      start = index + 1
      depth = 0
    }
  }
  return found
}
