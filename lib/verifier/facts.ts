/** What rules and hints ask of a log. */
import { calledFunction } from './instruction.ts'
import { type Origin, callsBetween, originOf } from './origin.ts'
import { type WalkedStep, walkedPath } from './path.ts'
import { type RegisterState, registersBefore } from './registers.ts'
import type { Trace, WalkedInstruction } from './trace.ts'

/** By the number of an instruction. */
type LineNumbers = (instruction: number) => { readonly line: number } | undefined

export class Facts {
  readonly trace: Trace
  readonly registers: RegisterState
  readonly path: WalkedStep[]
  /** The instruction where the verifier stopped. */
  readonly stopped: WalkedInstruction | undefined
  readonly #at: number
  readonly #lines: LineNumbers

  /** @param lines tells the line of an instruction, where the log does not: before Linux 6.8 it has only the text */
  constructor(trace: Trace, lines: LineNumbers = () => undefined) {
    this.trace = trace
    this.#lines = lines
    this.registers = registersBefore(trace.entries)
    this.path = walkedPath(trace.entries)
    this.#at = trace.entries.findLastIndex(({ kind }) => kind === 'instruction')
    const stopped = trace.entries[this.#at]
    this.stopped = stopped?.kind === 'instruction' ? stopped : undefined
  }

  /** Only the instructions of the walk. */
  get walk(): WalkedInstruction[] {
    return this.trace.entries.filter((entry): entry is WalkedInstruction => entry.kind === 'instruction')
  }

  /** Where it was walked over last. */
  walked(number: number): WalkedInstruction | undefined {
    return this.walk.findLast((entry) => entry.number === number)
  }

  /** What the instruction calls. */
  get call(): string | undefined {
    return this.stopped === undefined ? undefined : calledFunction(this.stopped.text)
  }

  origin(register: number): Origin | undefined {
    const origin = originOf(this.trace.entries, this.#at, register)
    // `int pid = task->parent->pid` gives its variable what was read last, not what it was read through.
    const isLater = origin?.loaded === true && origin.source !== undefined && origin.source === this.stopped?.source
    return isLater && !isFollowed(origin) ? { ...origin, variable: undefined } : origin
  }

  /** The functions that were called between the making of a value and its use. */
  callsSince(origin: Origin): { name: string; index: number }[] {
    return callsBetween(this.trace.entries, origin.index, this.#at)
  }

  /** Whether the verifier ever said that a register is of a type, since a value was made. */
  was(register: number, type: RegExp, since: Origin): boolean {
    const printed = new RegExp(`\\bR${register}(?:_\\w+)?=(?:${type.source})`)
    return this.trace.entries.slice(Math.max(since.index, 0), this.#at).some(({ state }) => printed.test(state ?? ''))
  }

  /** Of an earlier call: where, such as ` in line 12`. */
  lineOf(index: number): string {
    const entry = this.trace.entries[index]
    const line = entry?.kind === 'instruction' ? (entry.source?.line ?? this.#lines(entry.number)?.line) : undefined
    return line === undefined ? '' : ` in line ${line}`
  }
}

/** Helpers that may move a packet (`bpf_helper_changes_pkt_data` of net/core/filter.c). */
const MOVES_PACKET =
  /^bpf_(?:skb_(?:vlan_(?:push|pop)|store_bytes|change_(?:proto|head|tail)|pull_data|adjust_room)|clone_redirect|l[34]_csum_replace|xdp_adjust_(?:head|meta|tail)|msg_(?:pull|push|pop)_data|lwt_(?:push_encap|seg6_\w+)|store_hdr_opt|reserve_hdr_opt)$/

/** Functions that take back what others gave. */
const RELEASES =
  /^bpf_(?:ringbuf_(?:submit|discard)(?:_dynptr)?|sk_release|obj_drop\w*|percpu_obj_drop\w*|\w+_(?:release|put))$/

/** Functions that give what must be given back, or another pointer to the same: it ends with it. */
const ACQUIRES =
  /^bpf_(?:tcp_sock|sk_fullsock|get_listener_sock|skc_to_\w+|ringbuf_reserve|sk_lookup_\w+|skc_lookup_\w+|obj_new\w*|kptr_xchg|\w+_(?:acquire|from_pid|from_id|from_vpid|alloc|create))/

/** Functions that give memory of a dynptr, and those that take it away (`bpf_dynptr_write` only where the dynptr is a packet). */
const SLICES = /^bpf_dynptr_(?:data|slice\w*)$/
const CHANGES_DYNPTR = /^bpf_(?:ringbuf_(?:submit|discard)_dynptr|dynptr_write)$/

/** Why a value that was a pointer is none any more. */
export function lostPointer(
  facts: Facts,
  register: number,
): { kind: 'stale-packet-pointer' | 'use-after-release'; origin: Origin; call: string; index: number } | undefined {
  const origin = facts.origin(register)
  if (origin === undefined) return undefined
  const calls = facts.callsSince(origin)
  if (origin.call !== undefined && SLICES.test(origin.call)) {
    const moved = calls.findLast(({ name }) => name === '' || MOVES_PACKET.test(name) || CHANGES_DYNPTR.test(name))
    if (moved !== undefined) {
      const kind = RELEASES.test(moved.name) ? 'use-after-release' : 'stale-packet-pointer'
      return { kind, origin, call: moved.name, index: moved.index }
    }
  }
  if (origin.loaded && facts.was(register, /(?:pkt|pkt_meta)\(/, origin)) {
    const moved = calls.findLast(({ name }) => name === '' || MOVES_PACKET.test(name))
    if (moved !== undefined) {
      return { kind: 'stale-packet-pointer', origin, call: moved.name, index: moved.index }
    }
  }
  if (origin.call !== undefined && ACQUIRES.test(origin.call)) {
    const released = calls.findLast(({ name }) => RELEASES.test(name))
    if (released !== undefined) {
      return { kind: 'use-after-release', origin, call: released.name, index: released.index }
    }
  }
  return undefined
}

/** The first register that a sentence names. */
export function namedRegister(words: string): number | undefined {
  const match = /\bR(\d+)\b/.exec(words)
  if (match !== null) return Number(match[1])
  const argument = /^Possibly NULL pointer passed to \w+ arg#?(\d+)/.exec(words)
  return argument === null ? undefined : Number(argument[1]) + 1
}

/** `p->pid`, `p[1]` or `*p`, in the line that assigns it. */
function isFollowed({ variable, source }: Origin): boolean {
  return new RegExp(`\\b${variable}\\s*(?:->|\\[)|[=(&|+,;]\\s*\\*\\s*${variable}\\b`).test(source?.text ?? '')
}
