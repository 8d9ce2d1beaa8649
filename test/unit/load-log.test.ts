import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { failedProgram, rejectedProgram } from '../../lib/verifier/load-log.ts'

const log = `0: R1=ctx() R10=fp0
; int x = *(int *)ptr; @ bad.bpf.c:12
0: (61) r0 = *(u32 *)(r1 +4096)
invalid bpf_context access off=4096 size=4
processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`
const begin = (program: string): string => `libbpf: prog '${program}': -- BEGIN PROG LOAD LOG --\n`
const end = '-- END PROG LOAD LOG --\n'

describe('the log of a refused program', () => {
  test('is found among what libbpf says, whole', () => {
    const messages = [
      'libbpf: map x: created successfully, fd=3\n',
      `libbpf: prog 'bad': BPF program load failed: Permission denied\n`,
      `${begin('bad')}${log}${end}`,
      `libbpf: prog 'bad': failed to load: -13\n`,
      `libbpf: failed to load object 'bad'\n`,
    ]
    expect(rejectedProgram(messages)).toEqual({ program: 'bad', log, cut: false })
  })

  test('is that of the last program, when libbpf has tried several times', () => {
    const messages = [`${begin('first')}one\n${end}`, `${begin('second')}two\n${end}`]
    expect(rejectedProgram(messages)).toEqual({ program: 'second', log: 'two\n', cut: false })
  })

  test('may have lost its end, and libbpf its prefix', () => {
    expect(rejectedProgram([`${begin('cut')}${log}`])).toEqual({ program: 'cut', log, cut: false })
    expect(rejectedProgram([begin('bare').replace('libbpf: ', '') + log + end])?.program).toBe('bare')
  })

  test('may have lost its middle, as native code says in its place', () => {
    const cut = `${log}(123 bytes are left out here: JavaScript has no strings as long as this log)\n${log}`
    expect(rejectedProgram([`${begin('long')}${cut}${end}`])).toEqual({ program: 'long', log: cut, cut: true })
    expect(readFileSync('native/log.cc', 'utf8')).toContain(
      ' bytes are left out here: JavaScript has no strings as long as this log)',
    )
  })

  test('may be empty', () => {
    expect(rejectedProgram([`${begin('silent')}${end}`])).toEqual({ program: 'silent', log: '', cut: false })
  })

  test('is nothing where the verifier said nothing', () => {
    expect(rejectedProgram([])).toBeUndefined()
    expect(rejectedProgram([`libbpf: prog 'x': BPF program load failed: Operation not permitted\n`])).toBeUndefined()
    expect(rejectedProgram([`libbpf: talks of -- BEGIN PROG LOAD LOG -- in a sentence\n`])).toBeUndefined()
  })

  test('is read in no time, though it is long', () => {
    const long = 'r0 = r1\n'.repeat(1 << 20)
    const start = performance.now()
    expect(rejectedProgram([`${begin('long')}${long}${end}`])?.log).toHaveLength(long.length)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describe('the program that failed', () => {
  test.each([
    ["libbpf: prog 'a': BPF program load failed: Invalid argument\n", 'a'],
    ["libbpf: prog 'b': failed to find kernel BTF type ID of 'nothing': -3\n", 'b'],
    ["libbpf: prog 'c': bpf_program__set_attach_target: No such process\n", 'c'],
    ["libbpf: prog 'd': some advice\n", undefined],
    ["libbpf: map 'e': failed to create: Invalid argument\n", undefined],
  ])('is named by libbpf: %s', (message, program) => {
    expect(failedProgram(['libbpf: loading x\n', message, 'libbpf: failed to load object\n'])).toBe(program)
  })
})
