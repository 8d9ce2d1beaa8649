/** What to do about arguments that a call does not take. */
import type { Facts } from './facts.ts'
import { type Hint, originOf } from './hint.ts'

/** What the verifier calls types (`reg_type_str` of kernel/bpf/log.c), in words. */
const TYPES: readonly (readonly [type: RegExp, words: string])[] = [
  [/^(?:inv|scalar)$/, 'a number'],
  [/^fp$/, 'an address on the stack'],
  [/^ctx$/, 'the context'],
  [/^map_ptr$/, 'a map'],
  [/^map_value$/, 'the value of a map'],
  [/^map_key$/, 'the key of a map'],
  [/^(?:pkt|pkt_meta)$/, 'an address in the packet'],
  [/^pkt_end$/, 'the end of the packet'],
  [/^(?:ringbuf_)?(?:alloc_)?mem$|^buf$/, 'memory of a known size'],
  [/^(?:sock|sock_common|tcp_sock|xdp_sock)$/, 'a socket'],
  [/^(?:trusted_|rcu_)?ptr_(\w*)$/, "a pointer to a struct of the kernel's"],
  [/^func$/, 'a function of the program'],
]

function inWords(type: string): string {
  const struct = /^(?:trusted_|rcu_)?ptr_(\w+)$/.exec(type)?.[1]
  if (struct !== undefined) return `a pointer to struct ${struct}`
  return TYPES.find(([pattern]) => pattern.test(type))?.[1] ?? type
}

/** Each once: several of the verifier's types are one for who reads it. */
function anyOf(types: string): string {
  const found = [...new Set(types.split(',').map((type) => inWords(type.trim())))]
  return found.length === 1 ? found.join() : `one of: ${found.join(', ')}`
}

/** Helpers whose third argument is a string that the verifier reads (ARG_PTR_TO_CONST_STR). */
const TAKES_STRING = /^bpf_(?:strncmp|snprintf)$/

const called = (facts: Facts): string => (facts.call === undefined ? 'the call' : `${facts.call}()`)

export const type: Hint = (facts, words) => {
  const match = /^R(\d+) type=(\S+) expected=(.*)$/.exec(words)
  if (match === null) return otherForm(facts, words)
  const [, register, given = '', expected = ''] = match
  if (register === '3' && TAKES_STRING.test(facts.call ?? '')) return constantString(facts, words)
  return `Argument ${register} of ${called(facts)} is ${inWords(given)}, and must be ${anyOf(expected)}. ${advice(facts, words, given, expected)}`
}

function advice(facts: Facts, words: string, given: string, expected: string): string {
  if (given === 'ctx' && facts.call === undefined)
    return "A function of the program's own that is not static takes the context only as the struct of the program's section, such as struct xdp_md of xdp: declare the parameter so."
  if (/^ctx$/.test(expected)) return 'Give the context that the program gets, as it is.'
  if (given === 'fp' && /map_value/.test(expected)) return 'What it works on must be in the value of a map.'
  if (/ptr_/.test(expected) && !/fp/.test(expected)) {
    return originOf(facts, words)?.call === 'bpf_get_current_task'
      ? 'bpf_get_current_task() gives a number: use bpf_get_current_task_btf().'
      : 'Get it from an argument of a program with BTF (tp_btf, fentry, lsm, iter), or from a function that gives one.'
  }
  return 'Give the address of a variable where a pointer is wanted (&key), and a string or map as what it is declared.'
}

/** Such as `R1 is of type file but path is expected`, or a function of the kernel's own words. */
function otherForm(facts: Facts, words: string): string {
  const other = /(R\d+) is of type (\w+) but (\w+) is expected/.exec(words)
  if (other !== null) {
    return `Argument ${other[1]?.slice(1)} of ${called(facts)} is a pointer to struct ${other[2]}, and must be one to struct ${other[3]}.`
  }
  const kernel = /args#(\d+) expected pointer to (\w+) (\w+) but (\S+) has a pointer to (\w+) (\w+)/.exec(words)
  if (kernel !== null) {
    const [, number, , wanted, , , given] = kernel
    return `Argument ${Number(number) + 1} of ${called(facts)} is a pointer to struct ${given}, and must be one to struct ${wanted}.`
  }
  const plain = /^arg#(\d+) pointer type STRUCT (\w+) must point to/.exec(words)
  if (plain !== null)
    return `Argument ${Number(plain[1]) + 1} of ${called(facts)} must be a pointer to struct ${plain[2]} that the kernel gave and still vouches for: an argument of the program, or what a function acquired; a field of the value of a map must be marked __kptr (clang 15).`
  return `Look at the arguments that ${called(facts)} takes, in bpf/bpf_helper_defs.h or, for a function of the kernel, by ebpf functions.`
}

export const constantString: Hint = (facts, words) =>
  /format/.test(words)
    ? `${called(facts)} takes %d, %u, %x, %i with l or ll, %c, %s, %p and its kernel forms, and no floating point: correct the format, and give as many arguments as it has.`
    : `${called(facts)} takes a string here that is known when the program is loaded, with its end: static const char text[] = "…";`

export const interruptFlag: Hint = (facts) =>
  `The flags are a variable on the stack that bpf_local_irq_save() writes and bpf_local_irq_restore() takes, once each: unsigned long flags; and ${called(facts)} gets &flags.`

export const packet: Hint = (facts) =>
  facts.call === 'bpf_tail_call'
    ? 'The first argument of bpf_tail_call() is the context that the program gets.'
    : `Programs of this type cannot give ${called(facts)} an address in the packet: copy what it needs into a variable first.`

export const callback: Hint = (facts) => `The callback of ${called(facts)} must be a static function of the program.`

export const onStack: Hint = () =>
  'Five arguments are passed in registers, and this object does not pass the others as the kernel takes them: put them into a struct, and give its address.'
