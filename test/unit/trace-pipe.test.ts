import { describe, expect, it } from 'vitest'
import { TraceParser } from '../../lib/events/trace-pipe.ts'

function parse(...chunks: string[]): TraceParser {
  const parser = new TraceParser()
  for (const chunk of chunks) parser.parse(chunk)
  return parser
}

describe('a line of trace_pipe', () => {
  it('is taken apart', () => {
    const { lines } = parse('            node-1234    [003] b..2.  5678.901234: bpf_trace_printk: hello: 1\n')
    expect(lines).toEqual([{ task: 'node', pid: 1234, cpu: 3, time: 5678_901_234_000n, text: 'hello: 1' }])
  })

  it.each([
    [
      'a task with spaces and dashes',
      '     tokio-runtime w-77      [000] d..31     1.000002: bpf_trace_printk: x',
      'tokio-runtime w',
      77,
    ],
    [
      'a task that looks like an entry',
      ' a-1 [000] b: c-9       [000] d..31     1.000002: bpf_trace_printk: x',
      'a-1 [000] b: c',
      9,
    ],
    ['a forgotten task', '           <...>-4194304 [000] d..31     1.000002: bpf_trace_printk: x', '<...>', 4194304],
    ['flags of older kernels', '           <idle>-0       [127] d.s1     1.000002: bpf_trace_printk: x', '<idle>', 0],
    ['no flags', '           bash-12      [000]     1.000002: bpf_trace_printk: x', 'bash', 12],
    ['a thread group', '           bash-12      (     11) [000] d..31     1.000002: bpf_trace_printk: x', 'bash', 12],
  ])('may have %s', (_what, line, task, pid) => {
    expect(parse(`${line}\n`).lines).toEqual([expect.objectContaining({ task, pid, time: 1_000_002_000n, text: 'x' })])
  })

  it('may be empty, or have breaks, of which the last is the end of the line', () => {
    const head = 'a-1       [000] d..31     1.000002: bpf_trace_printk: '
    const texts = (text: string) => parse(text).lines.map((line) => line.text)
    expect(texts(`${head}\n${head}x\n`)).toEqual(['', 'x'])
    expect(texts(`${head}ends\n\n${head}x\n`)).toEqual(['ends', 'x'])
    expect(texts(`${head}one\ntwo\n\nthree\n${head}x\n\n`)).toEqual(['one\ntwo\n\nthree', 'x'])
    expect(texts(`${head}two ends\n\n\n`)).toEqual(['two ends\n'])
  })

  it('stays as it is when others come', () => {
    const head = 'a-1       [000] d..31     1.000002: bpf_trace_printk: '
    expect(parse(`${head}two ends\n\n\n`, `${head}x\n`, '').lines.map(({ text }) => text)).toEqual(['two ends\n', 'x'])
  })
})

describe('lines that were lost', () => {
  it('are counted', () => {
    const parser = parse('CPU:1 [LOST 12 EVENTS]\n', 'CPU:0 [LOST 3 EVENTS]\n')
    expect([parser.lost, parser.lines]).toEqual([15, []])
    expect(parse('').lost).toBe(0)
  })

  it('are unknown when the kernel does not know how many', () => {
    expect(parse('CPU:1 [LOST EVENTS]\n', 'CPU:0 [LOST 3 EVENTS]\n').lost).toBeUndefined()
  })

  it('end the line before them', () => {
    const head = 'a-1       [000] d..31     1.000002: bpf_trace_printk: '
    const { lines } = parse(`${head}x\nCPU:1 [LOST 12 EVENTS]\nstray\n${head}y\n`)
    expect(lines.map(({ text }) => text)).toEqual(['x', 'y'])
  })
})
