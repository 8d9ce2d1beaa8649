/** Sentences of kernel/bpf/verifier.c and btf.c, Linux 6.18 and 7.3: what class each is, and what is said to do. */
import { describe, expect, test } from 'vitest'
import { explainLog } from '../../lib/verifier/explain.ts'

/** A log of a program that was refused at a call. */
function explained(sentence: string, call = 'call bpf_spin_lock#93', before = '0: (b7) r1 = 1 ; R1=1\n') {
  return explainLog(
    `0: R1=ctx() R10=fp0\n${before}1: (85) ${call}\n${sentence}\nprocessed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n`,
  )
}

describe('the class of a sentence, and its hint', () => {
  test.each([
    ['fd 9 is not pointing to valid bpf_map', 'uncreated-map', /^Descriptor 9 is no map/],
    ["Cannot access kernel 'struct bpf_prog' from non-GPL compatible program", 'missing-gpl', /licence/],
    ['JIT is required for calling kernel function', 'kfunc-not-allowed', /bpf_jit_enable/],
    [
      'func bpf_get_func_arg#183 supported only for fentry/fexit/fmod_ret programs',
      'helper-not-allowed',
      /bpf_get_func_arg/,
    ],
    [
      'callee expects 6 args, stack arg1 is not initialized',
      'argument-type',
      /^Five arguments are passed in registers/,
    ],
    ['expected prog array map for tail call', 'tail-call', /takes a map of type BPF_MAP_TYPE_PROG_ARRAY/],
    ['tracing progs cannot use bpf_timer yet', 'helper-not-allowed', /values have a bpf_timer/],
    ['socket filter progs cannot use bpf_spin_lock yet', 'lock-held', /^Socket filters cannot/],
    ['tracing progs cannot use bpf_{list_head,rb_root} yet', 'lock-held', /^Tracing programs cannot/],
    ['bpf_spin_unlock without taking a lock', 'lock-held', /^Nothing is held/],
    [
      'BPF_EXIT instruction in main prog cannot be used inside bpf_preempt_disable-ed region',
      'lock-held',
      /every way out/,
    ],
    ['unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)', 'lock-held', /unlock/],
    ['bpf_spin_unlock is missing', 'lock-held', /^bpf_spin_unlock\(\) is missing on this way/],
    ['1 bpf_preempt_enable is missing', 'lock-held', /^bpf_preempt_enable\(\) is missing/],
    ['bpf_spin_unlock of different lock', 'lock-held', /that was locked/],
    ['cannot restore irq state out of order, expected id=2 acquired at insn_idx=7', 'lock-held', /taken last/],
    ['global function calls are not allowed while holding a lock,', 'lock-held', /make it static/],
    ['expected an initialized irq flag as arg#0', 'argument-type', /bpf_local_irq_save/],
    ['expected an uninitialized irq flag as arg#0', 'argument-type', /bpf_local_irq_save/],
    ["map 'locks' is not a struct type or bpf_spin_lock is mangled", 'special-field', /&value->lock/],
    ['no write support to tcp_sock at off 1672', 'read-only-memory', /a few fields of struct tcp_sock/],
    ['read from map forbidden, value_size=8 off=0 size=8', 'read-only-memory', /BPF_F_WRONLY_PROG/],
    ['write into map forbidden', 'read-only-memory', /such as a devmap/],
    ['callback function not allowed for map', 'wrong-map-type', /./],
    ['frame pointer is read only', 'uninitialised-register', /^r10 is where/],
    [
      'At async callback the register R0 has value (0x1; 0x0) should have been in (0x0; 0x0)',
      'return-value',
      /^This callback may return 0 only/,
    ],
    [
      'arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar',
      'argument-type',
      /must be a pointer to struct task_struct/,
    ],
    ['invalid read from stack R3 off=1 size=1', 'stack-out-of-bounds', /beyond the variable/],
    ['Leaking reference id=2 alloc_insn=1. Release it first.', 'leaked-reference', /is not given back/],
    ['store to referenced kptr disallowed', 'special-field', /bpf_kptr_xchg/],
    ["map 'locks' has no valid bpf_spin_lock", 'special-field', /&value->lock/],
    [
      'R1 is ptr_task_struct invalid variable offset: off=1752, var_off=(0x0; 0xf)',
      'memory-out-of-bounds',
      /^Of struct task_struct/,
    ],
    ['access beyond struct task_struct at off 1000000 size 4', 'memory-out-of-bounds', /^Of struct task_struct/],
    ['R1 invalid rdonly buffer access: off=8, size=8', 'memory-out-of-bounds', /bytes than are accessed/],
    ['R1 is ptr_linux_binprm access user memory: off=8', 'invalid-pointer', /bpf_probe_read_user/],
    ['R1 is ptr_rq access percpu memory: off=8', 'invalid-pointer', /bpf_per_cpu_ptr/],
    ['same insn cannot be used with different pointers', 'invalid-pointer', /in each branch/],
    ['R1 invalid sock_common access off=20 size=4', 'context-access', /bpf_sk_fullsock/],
    ['invalid access to flow keys off=200 size=4', 'context-access', /has no such field/],
    ['cannot write into packet', 'read-only-memory', /use XDP or tc/],
    ['no direct value access support for this map type', 'wrong-map-type', /bpf_map_lookup_elem/],
    ['Sleepable programs can only use array, hash, ringbuf and local storage maps', 'wrong-map-type', /^Sleepable/],
    ['direct value offset of 536870912 is not allowed', 'map-value-out-of-bounds', /must be smaller/],
    ['invalid access to map value pointer, value_size=8 off=0', 'map-value-out-of-bounds', /maxEntries 1/],
    ['invalid access to map value pointer, value_size=8 off=8', 'map-value-out-of-bounds', /which has 8 bytes/],
    ['invalid access to map value, value_size=8 off=8 size=1', 'map-value-out-of-bounds', /and byte 8 is accessed/],
    ['unexpected __bpf_trap() due to uninitialized variable?', 'uninitialised-register', /trap/],
    ['cannot return stack pointer to the caller', 'return-value', /address of its own variable/],
    ['expected uninitialized iter_num as arg #1', 'iterator', /bpf_iter_\*_new/],
    [
      'R1 is of type file but path is expected',
      'argument-type',
      /pointer to struct file, and must be one to struct path/,
    ],
    [
      'kernel function bpf_task_release args#0 expected pointer to STRUCT task_struct but R1 has a pointer to STRUCT file',
      'argument-type',
      /^Argument 1 of .* struct file, and must be one to struct task_struct/,
    ],
    ['R1 type=fp expected=map_value, ptr_', 'argument-type', /an address on the stack.*must be in the value of a map/],
    ['R1 type=scalar expected=trusted_ptr_, rcu_ptr_', 'argument-type', /a number, and must be a pointer to a struct/],
    ['helper access to the packet is not allowed', 'argument-type', /copy what it needs/],
    ['callback function not static', 'argument-type', /static function/],
    ['Invalid format string', 'argument-type', /no floating point/],
    ['R1 sign-extension part of pointer', 'pointer-arithmetic', /^Numbers that have a bound/],
    ['variable ptr_ access var_off=(0x0; 0xff) disallowed', 'pointer-arithmetic', /^Numbers/],
    ['jump into the middle of ldimm64 insn 0', 'jump-out-of-range', /must stay in its function/],
    ['call to invalid destination', 'jump-out-of-range', /must stay in its function/],
    ['BPF_LD_[ABS|IND] instructions not allowed for this program type', 'invalid-instruction', /load_byte\(\)/],
    ['at the time of BPF_LD_ABS|IND R6 != pointer to skb', 'invalid-instruction', /must be in r6/],
    [
      'addr_space_cast insn can only be used in a program that has an associated arena',
      'invalid-instruction',
      /no arena/,
    ],
    [
      'tail_calls are not allowed when call stack of previous frames is 304 bytes. Too large',
      'tail-call',
      /256 bytes of stack/,
    ],
    ["arg#0 reference type('UNKNOWN ') size cannot be determined: -22", 'global-function', /verified alone/],
    ['same or smaller insn offset (3) than previous func info record (3)', 'invalid-btf', /BTF/],
    [
      'Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable',
      'attach-target',
      /take the .s/,
    ],
    ["Attaching tracing programs to function 'x' is rejected.", 'attach-target', /does not take such a program/],
    ['Syscall programs can only be sleepable', 'attach-target', /BPF_F_SLEEPABLE/],
    ['kernel func bpf_x requires RCU critical section protection', 'untrusted-pointer', /bpf_rcu_read_lock/],
    ['arg#0 arg#1 memory, len pair leads to invalid memory access', 'argument-size', /bounds of the size/],
    ['Cannot replace static functions', 'attach-target', /freplace/],
    ['arg0 in one() is UNION while other() has STRUCT', 'attach-target', /freplace/],
    ['verifier bug: narrow ctx access misconfigured', 'unknown', undefined],
  ] as const)('%s', (sentence, kind, hint) => {
    const report = explained(sentence)
    expect(report.kind).toBe(kind)
    expect(report.rule).toBe(sentence)
    if (hint === undefined) expect(report.hint).toBeUndefined()
    else expect(report.hint).toMatch(hint)
  })

  test('of a callback is about the callback', () => {
    const { kind, hint } = explained(
      'At async callback return the register R0 has smin=5 smax=5 should have been in [0, 0]',
    )
    expect(kind).toBe('return-value')
    expect(hint).toMatch(/^This callback may return 0 only/)
  })

  test('without a line feed ends before the statistics', () => {
    const words = 'same or smaller insn offset (3) than previous func info record (3)'
    const log = `${words}processed 0 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n`
    expect(explainLog(log).rule).toBe(words)
  })
})

test('a callback is a step of the path', () => {
  const { path } = explainLog(`12: (85) call bpf_loop#181 15: frame1: R1=scalar() R2=fp[0]-16 R10=fp0 cb
15: (79) r3 = *(u64 *)(r2 +0) ; frame1: R2=fp[0]-16 R3=0 cb
16: (71) r1 = *(u8 *)(r3 +0)
R3 invalid mem access 'scalar'
`)
  expect(path).toMatchObject([{ kind: 'call', why: 'the callback of bpf_loop() is entered' }])
})

test('a loop goes on by gotol, too', () => {
  const round = '0: (07) r1 += 1 ; R1=scalar()\n1: (06) gotol pc-2\n'
  const { path, kind } = explainLog(`${round}${round}0: (07) r1 += 1\nThe sequence of 8193 jumps is too complex.\n`)
  expect(path).toMatchObject([{ kind: 'loop', why: 'the loop goes on, 2 times' }])
  expect(kind).toBe('unbounded-loop')
})

describe('what a hint says of the source', () => {
  const line = '; struct bpf_tcp_sock* tcp = bpf_tcp_sock(ctx->sk); @ sockops.bpf.c:7\n'

  test('is not the variable that the call’s own result goes to', () => {
    const before = `${line}0: (79) r1 = *(u64 *)(r1 +184) ; R1=sock_or_null(id=1)\n`
    const { hint } = explained('R1 type=sock_or_null expected=sock_common, sock', 'call bpf_tcp_sock#96', before)
    expect(hint).toBe(
      'Argument 1 of bpf_tcp_sock() may be NULL. Keep it in a variable, and check that before the call.',
    )
  })

  test('is the call that took back what another pointer was made of', () => {
    const before = `; struct bpf_tcp_sock* tcp = bpf_tcp_sock(sk); @ sockets.bpf.c:10
0: (85) call bpf_tcp_sock#96 ; R0=tcp_sock_or_null(id=3)
1: (bf) r8 = r0 ; R8=tcp_sock_or_null(id=3)
; bpf_sk_release(sk); @ sockets.bpf.c:11
2: (85) call bpf_sk_release#86 ; R8=scalar()
; return tcp->snd_cwnd; @ sockets.bpf.c:13
3: (61) r6 = *(u32 *)(r8 +0)
`
    const { kind, hint } = explainLog(`${before}R8 invalid mem access 'scalar'\n`)
    expect(kind).toBe('use-after-release')
    expect(hint).toMatch(/^'tcp' may not be used after bpf_sk_release\(\) in line 11/)
  })

  test('is the end that goes with the pointer', () => {
    const before = '0: (61) r1 = *(u32 *)(r1 +8) ; R1=pkt_meta(r=0)\n'
    const { hint } = explained('invalid access to packet, off=0 size=4, R1(id=0,off=0,r=0)', 'call bpf_x#1', before)
    expect(hint).toContain('if (data_meta + 4 > data) return')
  })

  test('is the helper that gives what is wanted', () => {
    const before = '0: (85) call bpf_get_current_task#35 ; R0=scalar()\n0: (bf) r2 = r0 ; R2=scalar()\n'
    const { hint } = explained('R2 type=scalar expected=ptr_, trusted_ptr_', 'call bpf_task_storage_get#156', before)
    expect(hint).toContain('bpf_get_current_task_btf()')
  })

  test.each([
    ['the result of a line that reads through several', 'int pid = task->parent->pid;', /^This value is no pointer/],
    [
      'one of several that the line assigns',
      'int k = 0; void *p = context->sk; return p->a;',
      /^This value is no pointer/,
    ],
    ['the pointer that the same line follows', 'for (; node->next; node = node->next)', /^'node' is no pointer/],
  ])('names a variable only where it is the pointer: %s', (_what, text, expected) => {
    const { hint } = explainLog(`; ${text} @ walk.bpf.c:7
0: (79) r1 = *(u64 *)(r1 +8) ; R1=scalar()
1: (61) r0 = *(u32 *)(r1 +16)
R1 invalid mem access 'scalar'
`)
    expect(hint).toMatch(expected)
  })
})
