import { describe, expect, it } from 'vitest'
import { codeFrame } from '../../../lib/code-frame.ts'

const source = 'one\ntwo\nthree\n\tfour(five);\nsix\nseven\neight\n'

function frame(...lines: string[]): string {
  return lines.join('\n')
}

describe('a code frame', () => {
  it('shows two lines around, the place, and a mark as long as what is meant', () => {
    const text = codeFrame({ file: 'x.c', line: 4, column: 7, length: 4, source, message: 'error: no such thing' })
    expect(text).toBe(
      frame(
        'x.c:4:7: error: no such thing',
        '  2 | two',
        '  3 | three',
        '> 4 | \tfour(five);',
        '    | \t     ^~~~',
        '  5 | six',
        '  6 | seven',
      ),
    )
  })

  it('ends where the file begins and ends', () => {
    const first = codeFrame({ file: 'x.c', line: 1, column: 1, source })
    expect(first).toBe(frame('x.c:1:1', '> 1 | one', '    | ^', '  2 | two', '  3 | three'))
    const last = codeFrame({ file: 'x.c', line: 7, column: 99, source, context: 1 })
    expect(last).toBe(frame('x.c:7:99', '  6 | seven', '> 7 | eight', '    |      ^'))
  })

  it('keeps numbers of different length in one column', () => {
    const lines = Array.from({ length: 12 }, (_, index) => `line ${index + 1}`).join('\n')
    expect(codeFrame({ file: 'x.c', line: 9, source: lines, context: 1 })).toBe(
      frame('x.c:9', '   8 | line 8', '>  9 | line 9', '  10 | line 10'),
    )
  })

  it('shows the line alone where only that is known, or where the file is another one by now', () => {
    const alone = frame('x.c:4:1: refused', '> 4 | other();', '    | ^~~~~')
    expect(codeFrame({ file: 'x.c', line: 4, column: 1, length: 5, text: 'other();', message: 'refused' })).toBe(alone)
    expect(
      codeFrame({ file: 'x.c', line: 4, column: 1, length: 5, text: 'other();', source, message: 'refused' }),
    ).toBe(alone)
    expect(codeFrame({ file: 'x.c', line: 4, text: 'four(five);', source })).toContain('  3 | three')
  })

  it('is the headline alone where no text is known, or no line', () => {
    expect(codeFrame({ file: 'x.c', line: 4, column: 2, message: 'refused' })).toBe('x.c:4:2: refused')
    expect(codeFrame({ file: 'x.c', line: 0, source, message: 'refused' })).toBe('x.c: refused')
    expect(codeFrame({ file: 'x.c', line: 99, column: 1, source, message: 'refused' })).toBe('x.c:99:1: refused')
  })

  it('counts bytes, as compilers do, and marks what terminals show', () => {
    const text = 'f("ä漢", x);'
    // "f(" has 2 bytes, the string 1 + 2 + 3 + 1, the comma and the space 2.
    const [, , mark] = codeFrame({ file: 'x.c', line: 1, column: 12, text }).split('\n')
    expect(mark).toBe(`    | ${' '.repeat(9)}^`)
    const [, , wide] = codeFrame({ file: 'x.c', line: 1, column: 3, length: 7, text }).split('\n')
    expect(wide).toBe('    |   ^~~~~')
  })

  it('shows a part of a line that is too long', () => {
    const text = `${'a'.repeat(1000)}HERE${'b'.repeat(1000)}`
    const lines = codeFrame({ file: 'x.c', line: 1, column: 1001, length: 4, text }).split('\n')
    const [, shown = '', mark = ''] = lines
    expect(shown.length).toBeLessThan(180)
    expect(shown.slice(mark.indexOf('^'), mark.lastIndexOf('~') + 1)).toBe('HERE')
  })

  it('puts a label behind the mark', () => {
    const text = codeFrame({ file: 'x.c', line: 1, column: 1, length: 3, text: 'one', label: 'may be NULL' })
    expect(text.split('\n').at(-1)).toBe('    | ^~~ may be NULL')
  })

  it('never lets text of a file drive the terminal', () => {
    const hostile = '\x1b]0;title\x07 \x9b31m \u202e'
    const text = codeFrame({
      file: `x${hostile}.c`,
      line: 1,
      column: 1,
      text: hostile,
      message: hostile,
      label: hostile,
    })
    for (const character of ['\x1b', '\x07', '\x9b', '\u202e']) expect(text).not.toContain(character)
  })

  it('has colours only when it is asked for them', () => {
    expect(codeFrame({ file: 'x.c', line: 1, text: 'one' })).not.toContain('\x1b')
    expect(codeFrame({ file: 'x.c', line: 1, text: 'one', color: true })).toContain('\x1b[1;31m> 1 | one\x1b[0m')
  })
})
