/** How a program goes on and ends, what it gives to calls, and of what it is made. */
import * as argument from './argument-hints.ts'
import { dynptr } from './permission-hints.ts'
import * as hint from './program-hints.ts'
import { goesRound, type Rule } from './rule.ts'

export const programRules: readonly Rule[] = [
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
      /BPF program is too (?:large|complex).*|The sequence of \d+ jumps is too complex.*|too many (?:states|subprograms|instructions).*|liveness analysis exceeded complexity limit.*|.*program is too large.*/i,
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
      /At (?:program exit|callback return|async callback(?: return)?|subprogram exit) the register R\d+ .*|R0 leaks addr as return value|.*must return.*|The .* program must return .*|cannot return stack pointer to the caller|At .* exit .* R0 .*/,
    hint: hint.returnValue,
  },
  {
    kind: 'uninitialised-register',
    words: /R\d+ !read_ok|R\d+ not initialized.*|frame pointer is read only|unexpected __bpf_trap\(\).*/,
    hint: hint.uninitialisedRegister,
  },
  {
    kind: 'argument-type',
    words: /callee expects \d+ args, stack arg\d+ is not initialized/,
    hint: argument.onStack,
  },
  {
    kind: 'argument-type',
    words: /expected an (?:un)?initialized irq flag as arg#\d+|.*irq flag.*/,
    hint: argument.interruptFlag,
  },
  {
    kind: 'dynptr',
    words: /[Ee]xpected an? (?:un)?initialized dynptr.*|[Dd]ynptr.*|cannot overwrite referenced dynptr.*|.*dynptr.*/,
    hint: dynptr,
  },
  {
    kind: 'iterator',
    words:
      /expected (?:an? )?(?:un)?initialized iter_\w+.*|expected valid iter pointer as .*|.*\biter(?:ator)?\b.*initialized.*/,
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
      /R\d+ (?:doesn't point to a const string|does not point.*|is not a const string).*|arg#\d+ doesn't point to a const string|string is not zero-terminated|direct value access on string failed|Invalid format string/,
    hint: argument.constantString,
  },
  {
    kind: 'argument-type',
    words:
      /R\d+ type=\S+ expected=.*|arg(?:ument)?#?\d+ .*expect(?:s|ed).*|R\d+ (?:is of type \S+ but \S+ is expected|.*expect(?:s|ed) pointer to .*|is expected to be .*)|kernel function \S+ \S+ (?:expected|pointer type) .*|(?:R\d+|arg#\d+) (?:doesn't point to|pointer type) .*|pointer in \S+ isn't map pointer|Unrecognized \S+ type .*/,
    hint: argument.type,
  },
  {
    kind: 'argument-type',
    words: /helper access to the packet is not allowed/,
    hint: argument.packet,
  },
  {
    kind: 'argument-type',
    words: /callback function (?:not static|cannot be the main program)/,
    hint: argument.callback,
  },
  {
    kind: 'atomic-access',
    words: /BPF_(?:ATOMIC|XADD|LOAD_ACQ|STORE_REL)\w* (?:stores|loads) (?:into|from) R\d+ .*/,
    hint: hint.atomicAccess,
  },
  {
    kind: 'pointer-arithmetic',
    words:
      /R\d+ pointer (?:arithmetic|[-+|&^%*/]+=|operation|comparison).*|math between \S+ pointer and .*|R\d+ .*pointer.* prohibited.*|R\d+ tried to .*|R\d+ sign-extension part of pointer|(?:negative offset|variable) \S+ (?:ptr .*|access var_off=.*) disallowed|.*bit(?:wise)? operator .* on pointer.*|value -?\d+ makes \S+ pointer be out of bounds.*|.*pointer offset \S+ is not allowed.*|R\d+ (?:32-bit|subtraction).*pointer.*|dereference of modified .*|release .* expects .*offset.*|R\d+ must have zero offset.*/,
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
    words: /(?:indirect )?jump out of range from insn (\d+) to \d+/,
    hint: hint.jumpOutOfRange,
    place: 'named',
  },
  {
    kind: 'jump-out-of-range',
    words: /jump into the middle of ldimm64 insn (\d+)/,
    hint: hint.jumpOutOfRange,
    place: 'named',
  },
  { kind: 'jump-out-of-range', words: /call to invalid destination/, hint: hint.jumpOutOfRange, place: 'none' },
  { kind: 'unreachable-code', words: /unreachable insn (\d+)/, hint: hint.unreachable, place: 'named' },
  {
    kind: 'no-exit',
    words: /last insn is not an exit or jmp|subprog .* fall.*through.*|fell off.*/,
    hint: hint.noExit,
    place: 'none',
  },
  {
    kind: 'invalid-instruction',
    words: /(?:at the time of )?BPF_LD_(?:\[ABS\|IND\] instr|ABS\|IND R6).*|LD_ABS is .*/,
    hint: hint.packetLoad,
  },
  {
    kind: 'invalid-instruction',
    words: /addr_space_cast insn can only .*|sign extending loads from arena .*/,
    hint: hint.arenaInstruction,
  },
  {
    kind: 'invalid-instruction',
    words:
      /invalid atomic operand size|BPF_ATOMIC uses invalid .*|invalid (?:bpf_ld_imm64|BPF_LD_IMM) insn|invalid may_goto imm .*|div(?:ision)? by zero|invalid shift -?\d+|BPF_\w+ uses reserved fields|unknown opcode.*|unrecognized bpf_ld_imm64 insn|invalid BPF_\w+.*|reserved .* (?:field|used).*|.*uses reserved fields.*|unknown alu .*/,
    hint: hint.invalidInstruction,
  },
  {
    kind: 'tail-call',
    words: /expected prog array map for tail call|kernel subsystem misconfigured verifier/,
    when: ({ call }, [words]) => call === 'bpf_tail_call' || words.startsWith('expected'),
    hint: hint.tailCallMap,
  },
  {
    kind: 'tail-call',
    words: /tail_calls? (?:is|are) (?:only|not) allowed .*|.*tail_call.*|.*tail call.*/,
    hint: hint.tailCall,
    place: 'none',
  },
  {
    kind: 'global-function',
    words: /arg#\d+ .*/,
    when: ({ trace }) => trace.words.some((line) => line.startsWith('Caller passes invalid args')),
    hint: hint.globalFunction,
  },
  {
    kind: 'global-function',
    words:
      /Arg#\d+ type \S+ in \S+\(\) is not supported yet.*|arg#\d+ (?:reference type\(|type |has |untrusted |arena |struct doesn't).*|Global function \S+ .*|.*[Gg]lobal func(?:tion)?.*|Caller passes invalid args into func#\d+.*|func#\d+ .*/,
    hint: hint.globalFunction,
    place: 'none',
  },
  {
    kind: 'invalid-btf',
    words:
      /(?:Invalid|missing|same insn_off|no) .*(?:line|func)_info.*|number of (?:funcs|line_info) in .*|same or smaller insn offset .*|func_info BTF section .*|BTF of func#\d+ .*|Invalid core_relo.*/i,
    hint: hint.invalidBtf,
    place: 'none',
  },
  {
    kind: 'attach-target',
    words: /.* programs can (?:only )?be sleepable|Program of this type cannot be sleepable/,
    hint: hint.neverSleeps,
    place: 'none',
  },
  {
    kind: 'attach-target',
    words:
      /Return type \S+ of .* doesn't match .*|\S+\(\) has \d+ args while .*|arg\d+ in \S+\(\) .*|Extension program .*|Program extension .*|Cannot (?:replace|extend) .*/,
    hint: hint.replaced,
    place: 'none',
  },
  {
    kind: 'attach-target',
    words:
      /\S+\(?\)? is not modifiable|\S+ is not sleepable|.*attach_btf_id.*|.*[Aa]ttach to .*(?:not|without).*(?:allowed|BTF).*|.*[Cc]annot (?:recursively )?(?:attach|extend|replace|nest) .*|Attaching .* is rejected.*|The address of function \S+ cannot be found|can't modify return codes of BPF programs|Can attach to only JITed progs|Only F\S+ progs are attachable .*|\S+ program can only be attached to another program .*|Subprog \S+ doesn't exist|Tracing programs must provide btf_id|The function \S+ (?:has|return type|with variable args|arg\d+) .*|ret type \S+ not allowed for fmod_ret/,
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
