/** The classes of refusals: one row a class and form, by the verifier's own words from Linux 5.10 to 7.3. */
import { type Facts, lostPointer, namedRegister } from './facts.ts'
import * as hint from './hints.ts'
import type { VerifierFailureKind } from './kinds.ts'

export interface Rule {
  kind: VerifierFailureKind
  /** The sentence that tells it. */
  words: RegExp
  /** Says more of what the words leave open. */
  when?: (facts: Facts, match: RegExpExecArray) => boolean
  hint: hint.Hint
  /**
   * Where it is: at the instruction where the verifier stopped, by default; at the one of the number that the first group of
   * `words` has; or nowhere, because it is about a whole function or program.
   */
  place?: 'named' | 'none'
}

const typeOf = (facts: Facts, register: number | undefined): string =>
  register === undefined ? '' : (facts.registers[`r${register}`] ?? '')
const registerIs =
  (type: RegExp) =>
  (facts: Facts, match: RegExpExecArray): boolean =>
    type.test(typeOf(facts, namedRegister(match[0])))
const lost =
  (kind: VerifierFailureKind) =>
  (facts: Facts, match: RegExpExecArray): boolean => {
    const register = namedRegister(match[0])
    return register !== undefined && lostPointer(facts, register)?.kind === kind
  }
const isZero = (facts: Facts, match: RegExpExecArray): boolean => {
  const register = namedRegister(match[0])
  if (register === undefined) return false
  return /^(?:P?0|inv0|invP0|P?scalar\(0\))$/.test(typeOf(facts, register)) || facts.origin(register)?.constant === '0'
}
const goesRound = (facts: Facts): boolean => facts.path.some(({ kind }) => kind === 'loop')

/** The first row that matches counts. */
export const rules: readonly Rule[] = [
  // What libbpf says in place of a poisoned instruction.
  {
    kind: 'unmatched-core-relocation',
    words: /failed to resolve CO-RE relocation .*|invalid func unknown#195896080|call unknown#195896080/,
    hint: hint.coreRelocation,
  },
  { kind: 'unknown-kfunc', words: /kfunc '[^']*' is referenced but wasn't resolved/, hint: hint.unknownKfunc },
  { kind: 'uncreated-map', words: /map '[^']*' is referenced but wasn't created/, hint: hint.uncreatedMap },

  // Licence and permission.
  {
    kind: 'missing-gpl',
    words:
      /cannot call GPL[- ]restricted function .*|cannot call kernel function from non-GPL compatible program|.* must have a GPL compatible license|kernel subsystem misconfigured .* GPL/,
    hint: hint.missingGpl,
  },
  { kind: 'unknown-helper', words: /invalid func unknown#\d+|invalid func \S*#\d+/, hint: hint.unknownHelper },
  {
    kind: 'kfunc-not-allowed',
    words: /calling kernel function \S+ is not allowed|kernel function call .* is not allowed/,
    hint: hint.kfuncNotAllowed,
  },
  {
    kind: 'sleepable',
    words:
      /(?:helper call|kernel func(?:tion)? \S+) .*(?:might sleep|sleepable).*|(?:helper|kfunc) call .*sleep.*|sleepable (?:helper|kfunc) .*|program must be sleepable .*/,
    hint: hint.mightSleep,
  },
  {
    kind: 'helper-not-allowed',
    words: /program of this type cannot use helper \S+|unknown func \S+#\d+|helper call is not allowed in probe/,
    hint: hint.helperNotAllowed,
  },

  // Locks come before references: what is held is both.
  {
    kind: 'lock-held',
    words:
      /.* while holding a lock|bpf_\w+_unlock is missing|.* (?:inside|in) bpf_\w+_lock-ed region|.*bpf_spin_lock(?:s)?-ed region.*|.*BPF_EXIT instruction .* cannot be used inside .*|tracing progs cannot use bpf_(?:spin_lock|list_head|rb_root) .*|.*(?:global functions?|function calls?) .* (?:while holding|inside).*lock.*|Locking two bpf_spin_locks are not allowed|.*lock-ed region.*/,
    hint: hint.lockHeld,
  },
  {
    kind: 'leaked-reference',
    words:
      /Unreleased reference id=\d+ alloc_insn=(\d+)|.* would lead to reference leak|.*reference leak.*|Unreleased reference.*/,
    hint: hint.leakedReference,
  },
  {
    kind: 'special-field',
    words: /\S+ cannot be accessed (?:directly by load\/store|indirectly by helper)|.*can only be accessed.*helper.*/,
    hint: hint.specialField,
  },

  {
    kind: 'invalid-release',
    words:
      /.*reference has not been acquired before|R\d+ must be referenced when passed to release function|release (?:helper|kfunc|kernel function) \S+ expects .*|.*R\d+ off=-?\d+ disallowed.*release.*|R\d+ must have zero offset when passed to release .*|dereference of modified (?!ctx )\S+ ptr R\d+ .*/,
    hint: hint.invalidRelease,
  },
  { kind: 'dynptr', words: /arg \d+ is an unacquired reference/, hint: hint.dynptr },

  // Pointers that may be NULL, or are no pointers any more.
  {
    kind: 'unchecked-map-value',
    words: /R\d+ invalid mem access 'map_value_or_null'|R\d+ type=map_(?:value|ptr)_or_null expected=.*/,
    hint: hint.unchecked,
  },
  {
    kind: 'unchecked-pointer',
    words:
      /R\d+ invalid mem access '\S*(?:_or_null_?|ptr_or_null_\S*)'|R\d+ type=\S*_or_null_? expected=.*|Possibly NULL pointer passed to .*|R\d+ pointer arithmetic on \S*_or_null\S* prohibited.*/,
    hint: hint.unchecked,
  },
  {
    kind: 'stale-packet-pointer',
    words: /R\d+ invalid mem access '(?:inv|scalar)'|R\d+ type=(?:inv|scalar) expected=.*/,
    when: lost('stale-packet-pointer'),
    hint: hint.stalePacket,
  },
  {
    kind: 'use-after-release',
    words: /R\d+ invalid mem access '(?:inv|scalar)'|R\d+ type=(?:inv|scalar) expected=.*|R\d+ must be referenced.*/,
    when: lost('use-after-release'),
    hint: hint.afterRelease,
  },
  {
    kind: 'null-dereference',
    words: /R\d+ invalid mem access '(?:inv|scalar)'/,
    when: isZero,
    hint: hint.nullDereference,
  },
  {
    kind: 'untrusted-pointer',
    words:
      /R\d+ must be (?:referenced or trusted|a rcu pointer|referenced).*|R\d+ type=(?:untrusted_ptr_|rcu_\S*) expected=.*|R\d+ is .*untrusted.*|Unreferenced \S+ .*|kernel function \S+ args#\d+ .*trusted.*/,
    hint: hint.untrustedPointer,
  },
  { kind: 'invalid-pointer', words: /R\d+ invalid mem access '[^']*'/, hint: hint.invalidPointer },

  // Bounds.
  {
    kind: 'packet-out-of-bounds',
    words:
      /invalid access to packet.*|R\d+ offset is outside of the packet|value -?\d+ makes pkt pointer be out of bounds/,
    hint: hint.packetBounds,
  },
  {
    kind: 'packet-out-of-bounds',
    words: /R(\d+) (?:min value|max value|unbounded memory access|offset).*(?:outside of the|make sure).*/,
    when: registerIs(/^pkt/),
    hint: hint.packetBounds,
  },
  {
    kind: 'map-value-out-of-bounds',
    words:
      /invalid access to map (?:value|key).*|(?:math between|.*value) map_(?:value|key) pointer and .*|R\d+ .*map_value pointer .*/,
    hint: hint.mapBounds,
  },
  {
    kind: 'map-value-out-of-bounds',
    words:
      /R(\d+) (?:min value|max value|unbounded memory access|leaves).*(?:outside of the|make sure|negative|range).*/,
    when: registerIs(/^map_(?:value|key)/),
    hint: hint.mapBounds,
  },
  {
    kind: 'memory-out-of-bounds',
    words: /invalid access to memory.*|invalid .* buffer access.*|access beyond (?:struct|the end) .*/,
    hint: hint.memoryBounds,
  },
  {
    kind: 'memory-out-of-bounds',
    words: /R(\d+) (?:min value|max value|unbounded memory access).*(?:outside of the|make sure).*/,
    when: registerIs(/mem|buf/),
    hint: hint.memoryBounds,
  },
  {
    kind: 'argument-size',
    words:
      /R\d+ min value is negative, either use unsigned or .*|R\d+ unbounded memory access, use .*|(?:R\d+ )?invalid zero-sized read.*|R\d+ unbounded size, use .*|R\d+ invalid (?:zero-)?size.*/,
    hint: hint.argumentSize,
  },
  {
    kind: 'map-value-out-of-bounds',
    words: /R\d+ (?:min|max) value is .*|R\d+ unbounded memory access.*/,
    hint: hint.mapBounds,
  },
  {
    kind: 'misaligned-access',
    words: /misaligned \S+(?: \S+)? (?:access|off).*|misaligned .*/,
    hint: hint.misaligned,
  },

  // The stack.
  {
    kind: 'stack-overflow',
    words: /combined stack size of .*|.*stack (?:depth|size).* (?:too large|exceed).*/i,
    hint: hint.stackOverflow,
    place: 'none',
  },
  {
    kind: 'stack-overflow',
    words: /invalid (?:write to|read from|stack|indirect access to stack|access to) .*?off=?-(\d+).*/,
    when: (_facts, match) => Number(match[1]) > 512,
    hint: hint.stackOverflow,
  },
  {
    kind: 'uninitialised-stack',
    words: /invalid (?:indirect )?read from stack.*/,
    hint: hint.uninitialisedStack,
  },
  {
    kind: 'stack-out-of-bounds',
    words:
      /invalid (?:indirect access to|write to|access to|variable-offset|unbounded variable-offset|unbounded|zero-size).*stack.*|invalid stack (?:type|off).*|.*stack pointer .* out of .*|R\d+ stack pointer arithmetic goes out of range.*|R\d+ variable offset stack access prohibited.*/,
    hint: hint.stackBounds,
  },

  // Context, memory that cannot be written, maps.
  {
    kind: 'context-access',
    words: /invalid bpf_context access.*|dereference of modified ctx ptr.*|variable ctx access.*|.*ctx access.*/,
    hint: hint.contextAccess,
  },
  {
    kind: 'read-only-memory',
    words:
      /(?:write|read) into map forbidden.*|only read is supported|cannot write into .*|R\d+ cannot write into \S+|.*is read-only.*|trying to write into .*|.*read from map forbidden.*/,
    hint: hint.readOnly,
  },
  {
    kind: 'wrong-map-type',
    words: /cannot pass map_type \d+ into func .*|.*can only be used with map.*/,
    hint: hint.wrongMapType,
  },

  // Loops and complexity.
  { kind: 'unbounded-loop', words: /infinite loop detected at insn (\d+)/, hint: hint.infiniteLoop, place: 'named' },
  {
    kind: 'unbounded-loop',
    words: /The sequence of \d+ jumps is too complex.*/,
    when: goesRound,
    hint: hint.unboundedLoop,
  },
  {
    kind: 'recursion',
    words: /back-edge from insn (\d+) to \d+/,
    when: (facts) => facts.trace.words.some(isRecursion(facts.trace.words)),
    hint: hint.recursion,
    place: 'named',
  },
  { kind: 'unbounded-loop', words: /back-edge from insn (\d+) to \d+/, hint: hint.unboundedLoop, place: 'named' },
  {
    kind: 'too-complex',
    words:
      /BPF program is too (?:large|complex).*|The sequence of \d+ jumps is too complex.*|too many (?:states|subprograms|instructions).*|.*program is too large.*/i,
    hint: hint.tooComplex,
  },
  {
    kind: 'recursion',
    words: /recursive call from .*|.*recursive (?:sub)?prog.*/,
    hint: hint.recursion,
    place: 'none',
  },
  { kind: 'call-depth', words: /the call stack of \d+ frames is too deep.*/, hint: hint.callDepth },

  // Return values, registers, arguments.
  {
    kind: 'return-value',
    words:
      /At (?:program exit|callback return|async callback return|subprogram exit) the register R\d+ .*|R0 leaks addr as return value|.*must return.*|The .* program must return .*|At .* exit .* R0 .*/,
    hint: hint.returnValue,
  },
  {
    kind: 'uninitialised-register',
    words: /R\d+ !read_ok|R\d+ not initialized.*|frame pointer is read only/,
    hint: hint.uninitialisedRegister,
  },
  {
    kind: 'dynptr',
    words: /[Ee]xpected an? (?:un)?initialized dynptr.*|[Dd]ynptr.*|cannot overwrite referenced dynptr.*|.*dynptr.*/,
    hint: hint.dynptr,
  },
  {
    kind: 'iterator',
    words: /expected an? (?:un)?initialized iter_\w+.*|.*\biter(?:ator)?\b.*initialized.*/,
    hint: hint.iteratorOrder,
  },
  {
    kind: 'not-constant',
    words: /R\d+ is not a (?:known )?const(?:ant)?'?.*|R\d+ must be a known constant|.*must be a (?:known )?constant.*/,
    hint: hint.notConstant,
  },
  {
    kind: 'argument-type',
    words: /(?:timer|workqueue|wq|task_work) pointer .* doesn't match map pointer .*/,
    hint: hint.otherMap,
  },
  {
    kind: 'argument-type',
    words:
      /R\d+ type=\S+ expected=.*|arg(?:ument)?#?\d+ .*expected.*|R\d+ (?:doesn't point to a const string|does not point.*|is not a const string).*/,
    hint: hint.argumentType,
  },
  {
    kind: 'atomic-access',
    words: /BPF_(?:ATOMIC|XADD|LOAD_ACQ|STORE_REL)\w* (?:stores|loads) (?:into|from) R\d+ .*/,
    hint: hint.atomicAccess,
  },
  {
    kind: 'pointer-arithmetic',
    words:
      /R\d+ pointer (?:arithmetic|[-+|&^%*/]+=|operation|comparison).*|math between \S+ pointer and .*|R\d+ .*pointer.* prohibited.*|R\d+ tried to .*|.*bit(?:wise)? operator .* on pointer.*|value -?\d+ makes \S+ pointer be out of bounds.*|.*pointer offset \S+ is not allowed.*|R\d+ (?:32-bit|subtraction).*pointer.*|dereference of modified .*|release .* expects .*offset.*|R\d+ must have zero offset.*/,
    hint: hint.pointerArithmetic,
  },
  {
    kind: 'pointer-leak',
    words: /R\d+ leaks addr.*|leaking pointer.*|R\d+ partial copy of pointer.*/,
    hint: hint.pointerLeak,
  },

  // Structure.
  {
    kind: 'jump-out-of-range',
    words: /jump out of range from insn (\d+) to \d+/,
    hint: hint.jumpOutOfRange,
    place: 'named',
  },
  { kind: 'unreachable-code', words: /unreachable insn (\d+)/, hint: hint.unreachable, place: 'named' },
  {
    kind: 'no-exit',
    words: /last insn is not an exit or jmp|subprog .* fall.*through.*|fell off.*/,
    hint: hint.noExit,
    place: 'none',
  },
  {
    kind: 'invalid-instruction',
    words:
      /div(?:ision)? by zero|invalid shift -?\d+|BPF_\w+ uses reserved fields|unknown opcode.*|unrecognized bpf_ld_imm64 insn|invalid BPF_\w+.*|reserved .* (?:field|used).*|.*uses reserved fields.*|unknown alu .*/,
    hint: hint.invalidInstruction,
  },
  {
    kind: 'tail-call',
    words: /tail_calls? (?:is|are) (?:only|not) allowed .*|.*tail_call.*|.*tail call.*/,
    hint: hint.tailCall,
    place: 'none',
  },
  {
    kind: 'global-function',
    words:
      /Arg#\d+ type \S+ in \S+\(\) is not supported yet.*|Global function \S+ .*|.*[Gg]lobal func(?:tion)?.*|Caller passes invalid args into func#\d+.*|func#\d+ .*/,
    hint: hint.globalFunction,
    place: 'none',
  },
  {
    kind: 'invalid-btf',
    words: /(?:Invalid|missing|same insn_off|no) .*(?:line|func)_info.*|number of (?:funcs|line_info) in .*/i,
    hint: hint.invalidBtf,
    place: 'none',
  },
  {
    kind: 'attach-target',
    words:
      /\S+\(?\)? is not modifiable|\S+ is not sleepable|.*attach_btf_id.*|.*[Aa]ttach to .*(?:not|without).*(?:allowed|BTF).*|.*cannot (?:attach|extend|replace).*|.*extension.*/,
    hint: hint.attachTarget,
    place: 'none',
  },
  {
    kind: 'struct-ops',
    words: /attach to unsupported member \S+ of struct \S+|.*struct_ops.*/,
    hint: hint.structOps,
    place: 'none',
  },
]

/** The source of the instruction that goes back calls the function whose source it goes to. */
function isRecursion(words: readonly string[]): (line: string) => boolean {
  return (line) => {
    const match = /^back-edge from insn (\d+) to (\d+)$/.exec(line)
    if (match === null) return false
    const source = (number: string | undefined): string | undefined =>
      words.find((other) => other.startsWith(`${number}: `))
    const callee = /\b(\w+)\(/.exec(source(match[2]) ?? '')?.[1]
    return callee !== undefined && (source(match[1]) ?? '').includes(`${callee}(`)
  }
}
