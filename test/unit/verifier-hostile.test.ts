/** Logs that no kernel has written: cut off, changed, invented, and of many megabytes. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { programLines } from '../../lib/program-lines.ts'
import { type VerifierReport, explainLog } from '../../lib/verifier/explain.ts'
import { readStatistics } from '../../lib/verifier/statistics.ts'
import { verifierError } from '../../lib/verifier-error.ts'
import { fixture } from '../support/fixtures.ts'
import { randomNumbers } from '../support/random.ts'

const CLASSIC = `0: R1=ctx(off=0,imm=0) R10=fp0
; int drop(struct xdp_md* ctx) {
0: (bf) r6 = r1                       ; R1=ctx(off=0,imm=0) R6_w=ctx(off=0,imm=0)
; if (first(ctx) > 3)
1: (85) call pc+4
caller:
 R6_w=ctx(off=0,imm=0) R10=fp0
callee:
 frame1: R1=ctx(off=0,imm=0) R10=fp0
6: frame1: R1=ctx(off=0,imm=0) R10=fp0
; return ctx->data;
6: (61) r0 = *(u32 *)(r1 +0)          ; frame1: R0_w=pkt(off=0,r=0,imm=0)
7: (95) exit
returning from callee:
 frame1: R0_w=pkt(off=0,r=0,imm=0) R10=fp0
to caller at 2:
 R0_w=pkt(off=0,r=0,imm=0) R6=ctx(off=0,imm=0) R10=fp0
2: (25) if r0 > 0x3 goto pc+1         ; R0_w=scalar(umax=3,var_off=(0x0; 0x3))
3: (05) goto pc-2

from 2 to 4: R0_w=scalar(umin=4) R6=ctx(off=0,imm=0) R10=fp0
4: (71) r1 = *(u8 *)(r0 +0)
R0 invalid mem access 'scalar'
processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`
const STRUCTURED = `0: (71) r1 = *(u8 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'

Verification failed: Register Type Safety: Invalid dereference

Reason:
  R0 may be NULL here.

At:
  count @ a.bpf.c:19:10
  Source context:
  >>> 19 |   *count += 1;
         |   ^-- error: invalid dereference of R0 (a nullable map
         |       value pointer)
  Instruction context:
  >>>  0 | (71) r1 = *(u8 *)(r0 +0)

Causal path:
  count @ a.bpf.c:18:18
  Source context:
  >>> 18 |   __u64* count = bpf_map_lookup_elem(&counts, &key);
         |   ^-- branch: took the true branch of this conditional, goto followed
  Instruction context:
  >>> 6 | (85) call bpf_map_lookup_elem#1

Suggestion:
  Add a NULL check.

processed 7 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`

interface Random {
  below: (end: number) => number
}

function randomOf(seed: number): Random {
  const next = randomNumbers(seed)
  return { below: (end) => (end === 0 ? 0 : next() % end) }
}

function isReport(log: string): VerifierReport {
  const report = explainLog(log)
  expect(report.rule.length).toBeGreaterThan(0)
  const error = verifierError(log, { program: 'p', errno: -22, operation: 'bpf_object__load' })
  expect(error.log).toBe(log)
  expect(error.toString()).toContain("error: the verifier refused program 'p'")
  readStatistics(log)
  return report
}

describe('a log as it should be', () => {
  test('of the classic form, with a function and a branch that was put aside', () => {
    expect(isReport(CLASSIC)).toMatchObject({
      instruction: { number: 4 },
      registers: { r0: 'scalar(umin=4)', r6: 'ctx(off=0,imm=0)', r10: 'fp0' },
      path: [
        { kind: 'call' },
        { kind: 'return' },
        { kind: 'branch', taken: true, why: expect.stringContaining('holds') },
      ],
    })
  })

  test('of the structured form', () => {
    expect(isReport(STRUCTURED)).toMatchObject({
      kind: 'unchecked-map-value',
      rule: "R0 invalid mem access 'map_value_or_null'",
      reason: 'R0 may be NULL here.',
      location: { file: 'a.bpf.c', line: 19, column: 10, text: '  *count += 1;', function: 'count' },
      path: [{ kind: 'branch', taken: true, location: { line: 18 }, instruction: { number: 6 } }],
    })
  })
})

describe('a log that is not', () => {
  test.each([
    ['classic', CLASSIC],
    ['structured', STRUCTURED],
  ])('because it is cut off anywhere: %s', (_form, log) => {
    for (let end = 0; end <= log.length; end++) {
      isReport(log.slice(0, end))
      isReport(log.slice(end))
    }
  })

  test.each([
    ['classic', CLASSIC],
    ['structured', STRUCTURED],
  ])('because bytes and lines of it were changed: %s', (_form, log) => {
    const random = randomOf(log.length)
    const pieces = [
      '\n',
      ';',
      ' ; ',
      'R0=',
      '(((',
      ')',
      'from 2 to 4: ',
      '99999999999999999999: (85) call x#1',
      '\0',
      '%s',
      '\u{1f600}',
      '>>> ',
    ]
    for (let round = 0; round < 2000; round++) {
      const lines = log.split('\n')
      const at = random.below(lines.length)
      const line = lines[at] as string
      const cut = random.below(line.length + 1)
      lines[at] = `${line.slice(0, cut)}${pieces[random.below(pieces.length)]}${line.slice(cut + random.below(4))}`
      const other = random.below(lines.length)
      ;[lines[at], lines[other]] = [lines[other] as string, lines[at] as string]
      isReport(lines.join('\n'))
    }
  })

  test('because it is anything', () => {
    const random = randomOf(1)
    for (let round = 0; round < 500; round++) {
      const codes = Array.from({ length: random.below(400) }, () => 10 + random.below(118))
      isReport(String.fromCharCode(...codes))
    }
  })
})

describe('a log of megabytes', () => {
  // Read in time that grows with its length: what grows with the square takes hours.
  const long = 20 << 20
  const processed =
    '\nprocessed 1000001 insns (limit 1000000) max_states_per_insn 4 total_states 1 peak_states 1 mark_read 1\n'

  test.each([
    ['of a loop', '2: (07) r0 += 1                       ; R0_w=4\n3: (05) goto pc-2\n'],
    ['of returns to a branch that is not there', '\nfrom 5 to 9: R0=1\n9: (95) exit\n'],
    ['of words', 'what nobody knows\n'],
    ['of one line', 'R0=scalar( (((; '],
    ['of one number', '1'],
    ['of spaces', ' '],
    ['of one instruction', '1: (bf) ; R'],
    ['of feeds', '\n'],
    ['of headings', 'Verification failed: x\n\nReason:\n'],
    ['of steps', '\nVerification failed: x\n\nCausal path:\n  a @ b:1:1\n  >>> 1 | x\n'],
    ['of statistics', 'processed 1 insns (limit 1) peak_states 1\n'],
  ])('%s', (_what, piece) => {
    const log = piece.repeat(Math.floor(long / piece.length)) + processed
    expect(isReport(log).stats?.instructions).toBe(1000001)
  })
})

describe('line information', () => {
  const object = readFileSync(fixture('rejected/callback-return'))

  test('finds functions behind the program, in the order in which it uses them', () => {
    const lines = programLines(object, 'add_rounds')
    expect(lines?.(0)).toMatchObject({
      function: 'add_rounds',
      file: expect.stringMatching(/callback-return\.bpf\.c$/),
    })
    expect(lines?.(16)).toMatchObject({ function: 'add_round', text: expect.stringContaining('return 2;') })
    expect(lines?.(1_000_000)).toBeUndefined()
    expect(lines?.(-1)).toBeUndefined()
    expect(programLines(object, 'nothing')).toBeUndefined()
  })

  test('of another program is not believed', () => {
    const log = '; int other;\n0: (b7) r0 = 0\n1: (95) exit\nR0 !read_ok\nprocessed 2 insns (limit 1000000)\n'
    const report = explainLog(log, programLines(object, 'add_rounds'))
    expect(report.location).toMatchObject({ text: 'int other;', line: 0 })
  })

  test('of an object that is cut off or changed ends in an answer or an error, never in a crash', () => {
    const random = randomOf(2)
    for (let round = 0; round < 300; round++) {
      const bytes = Uint8Array.from(object)
      for (let change = 0; change < 4; change++) bytes[random.below(bytes.length)] = random.below(256)
      const cut = round % 3 === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes
      try {
        programLines(cut, 'add_rounds')?.(16)
      } catch (error) {
        expect((error as Error).name).toMatch(/^(?:EbpfError|BtfFormatError)$/)
      }
    }
  })
})
