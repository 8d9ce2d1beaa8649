/** What is read from the verifier's logs. */
import { describe, expect, test } from 'vitest'
import { explainLog } from '../../lib/verifier/explain.ts'

const PACKET_6_18 = `0: R1=ctx() R10=fp0
; int drop_icmp(struct xdp_md* ctx) { @ short.bpf.c:11
0: (b4) w0 = 2                        ; R0=2
; void* end = (void*)(long)ctx->data_end; @ short.bpf.c:12
1: (61) r2 = *(u32 *)(r1 +4)          ; R1=ctx() R2=pkt_end()
; struct ethhdr* ethernet = (void*)(long)ctx->data; @ short.bpf.c:13
2: (61) r1 = *(u32 *)(r1 +0)          ; R1=pkt(r=0)
; if ((void*)(ethernet + 1) > end) return XDP_PASS; @ short.bpf.c:14
3: (bf) r3 = r1                       ; R1=pkt(r=0) R3=pkt(r=0)
4: (07) r3 += 14                      ; R3=pkt(off=14,r=0)
5: (2d) if r3 > r2 goto pc+4          ; R2=pkt_end() R3=pkt(off=14,r=14)
; if (ip->protocol == 1) return XDP_DROP; @ short.bpf.c:16
6: (71) r1 = *(u8 *)(r1 +23)
invalid access to packet, off=23 size=1, R1(id=0,off=23,r=14)
R1 offset is outside of the packet
processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`

describe('a log of Linux 6.18', () => {
  const report = explainLog(PACKET_6_18)

  test('tells the class, the sentence, and what to do', () => {
    expect(report).toMatchObject({
      kind: 'packet-out-of-bounds',
      rule: 'invalid access to packet, off=23 size=1, R1(id=0,off=23,r=14)',
      hint: expect.stringContaining('data_end'),
      instruction: { number: 6, text: '(71) r1 = *(u8 *)(r1 +23)' },
      location: { file: 'short.bpf.c', line: 16, column: undefined, text: 'if (ip->protocol == 1) return XDP_DROP;' },
      stats: { instructions: 7, instructionLimit: 1000000, totalStates: 0, peakStates: 0 },
    })
  })

  test('tells the registers before the instruction, from all that was printed of them', () => {
    expect(report.registers).toEqual({
      r0: '2',
      r1: 'pkt(r=0)',
      r2: 'pkt_end()',
      r3: 'pkt(off=14,r=14)',
      r10: 'fp0',
    })
  })

  test('tells the branches', () => {
    expect(report.path).toMatchObject([
      { kind: 'branch', taken: false, instruction: { number: 5 }, location: { line: 14 } },
    ])
  })
})

describe('the sentence', () => {
  const log = `0: R1=ctx() R10=fp0
; int x = *(int *)ptr; @ bad.bpf.c:12
0: (61) r0 = *(u32 *)(r1 +4096)
invalid bpf_context access off=4096 size=4
processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`

  test('is the cause, not the statistics behind it', () => {
    expect(explainLog(log)).toMatchObject({
      rule: 'invalid bpf_context access off=4096 size=4',
      kind: 'context-access',
    })
    const statistics = 'R0 !read_ok\nverification time 95 usec\nstack depth 0+0\nprocessed 2 insns\n\n'
    expect(explainLog(statistics)).toMatchObject({ rule: 'R0 !read_ok', kind: 'uninitialised-register' })
  })

  test('comes before the explanation that Linux 7.3 adds', () => {
    const explained = `${log.split('processed')[0]}
Verification failed: Policy: Operation is not allowed

Reason:
  The helper is not allowed.

Suggestion:
  Use a GPL-compatible license, or replace the helper with one that is available to non-GPL
  programs.

processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`
    expect(explainLog(explained)).toMatchObject({
      rule: 'invalid bpf_context access off=4096 size=4',
      reason: 'The helper is not allowed.',
    })
  })

  test('has the lines of earlier calls from the object where the log has none', () => {
    const log = `; value = bpf_map_lookup_elem(&table, &key);
0: (85) call bpf_map_lookup_elem#1 ; R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0)
; return *value;
1: (79) r0 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`
    const texts = ['value = bpf_map_lookup_elem(&table, &key);', 'return *value;']
    const { hint } = explainLog(log, (number) => ({
      file: 'x.bpf.c',
      line: 12 + number,
      column: 1,
      text: texts[number] ?? '',
      function: 'f',
    }))
    expect(hint).toMatch(/^'value', from bpf_map_lookup_elem\(\) in line 12, may be NULL/)
  })

  test('reads what is said behind a jump, on its line', () => {
    const log = `0: R1=ctx() R10=fp0
4: (b4) w1 = 0                        ; R1=0
5: (0c) w2 += w1                      ; R1=0 R2=scalar()
6: (56) if w2 != 0x0 goto pc-2 infinite loop detected at insn 5
cur state: R1=0 R2=scalar() R10=fp0
old state: R1=0 R2=scalar() R10=fp0
processed 19 insns (limit 1000000) max_states_per_insn 0 total_states 2 peak_states 2 mark_read 0
`
    expect(explainLog(log)).toMatchObject({
      kind: 'unbounded-loop',
      rule: 'infinite loop detected at insn 5',
      instruction: { number: 5, text: '(0c) w2 += w1' },
    })
  })

  test('of a log without any says so', () => {
    expect(explainLog('').rule).toBe('the verifier gave no reason')
    expect(explainLog('processed 0 insns (limit 1000000)\n').rule).toBe('the verifier gave no reason')
  })

  test('that is not known is the last one, and the class says so', () => {
    const log = '0: (95) exit\nsomething of tomorrow is not as it should be\nprocessed 1 insns (limit 1000000)\n'
    expect(explainLog(log)).toMatchObject({
      kind: 'unknown',
      rule: 'something of tomorrow is not as it should be',
      hint: undefined,
      instruction: { number: 0, text: '(95) exit' },
    })
  })
})
