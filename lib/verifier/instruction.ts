/** What an instruction does, read from its disassembly as logs have it. */

export interface Assignment {
  register: number
  /** Before the `=`, such as `+` of `+=`; `''` for a plain one. */
  operator: string
  value: string
}

export interface Branch {
  /** The number of the instruction where it goes when it is taken. */
  target: number
  condition: string | undefined
}

const ASSIGNMENT = /^\([0-9a-f]{2}\) [rw](\d+) (\S{0,3})= (.*)$/
const STORE = /^\([0-9a-f]{2}\) (?:lock )?\*\(\w+ \*\)\(r10 (-\d+)\) = (?:r(\d+)|.*)$/
const CALL = /^\(85\) call ([A-Za-z_]\w*)#?/
const LOCAL_CALL = /^\(85\) call pc[+-]/
const BRANCH = /^\([0-9a-f]{2}\) (?:if (.*) )?(?:gotol?|may_goto|goto_or_nop) (?:pc)?([+-]\d+)/

export function assignment(text: string): Assignment | undefined {
  const match = ASSIGNMENT.exec(text)
  if (match === null) return undefined
  return { register: Number(match[1]), operator: match[2] as string, value: match[3] as string }
}

/** A write to a slot of the stack by the frame's own pointer. */
export function stackStore(text: string): { offset: number; register: number | undefined } | undefined {
  const match = STORE.exec(text)
  if (match === null) return undefined
  return { offset: Number(match[1]), register: match[2] === undefined ? undefined : Number(match[2]) }
}

/** The helper or function of the kernel that is called, such as `bpf_map_lookup_elem`. */
export function calledFunction(text: string): string | undefined {
  if (LOCAL_CALL.test(text)) return undefined
  return CALL.exec(text)?.[1]
}

/** A call of a function of the program itself. */
export function callsLocally(text: string): boolean {
  return LOCAL_CALL.test(text)
}

export function branch(number: number, text: string): Branch | undefined {
  const match = BRANCH.exec(text)
  return match === null ? undefined : { target: number + 1 + Number(match[2]), condition: match[1] }
}

export function leavesFunction(text: string): boolean {
  return text.startsWith('(95) exit')
}
