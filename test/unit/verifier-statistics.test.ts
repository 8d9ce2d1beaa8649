/** What the verifier says of its work, on different kernels. */
import { expect, test } from 'vitest'
import { readStatistics } from '../../lib/verifier/statistics.ts'

const PROCESSED = 'processed 23 insns (limit 1000000) max_states_per_insn 1 total_states 2 peak_states 2 mark_read 0\n'

const common = {
  instructions: 23,
  instructionLimit: 1_000_000,
  maxStatesPerInstruction: 1,
  totalStates: 2,
  peakStates: 2,
}

test.each([
  ['since Linux 5.2', `verification time 12 usec\nstack depth 8+0\n${PROCESSED}`, [8, 0]],
  ['with the deepest way', `verification time 12 usec\nstack depth 8+0 max 8\n${PROCESSED}`, [8, 0]],
  [
    'of Linux 7.3, a line for each function',
    `verification time 12 usec
stack depth max 24
subprog 1 (helper) static insns_self 3 insns_total 3 stack 16
subprog 0 (count (all)) main insns_self 20 insns_total 23 stack 8
${PROCESSED}`,
    [8, 16],
  ],
])('%s', (_, log, stackDepth) => {
  expect(readStatistics(log)).toEqual({ ...common, stackDepth, timeNs: 12_000 })
})

test('where there is only the last line', () => {
  expect(readStatistics(PROCESSED)).toEqual({ ...common, stackDepth: undefined, timeNs: undefined })
  expect(readStatistics('nothing')).toBeUndefined()
})
