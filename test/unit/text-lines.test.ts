import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TextLines } from '../../lib/events/text-lines.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function linesOf(...pieces: Uint8Array[]): { lines: string[]; rest: string | undefined } {
  const text = new TextLines()
  const lines: string[] = []
  for (const piece of pieces) {
    text.push(piece)
    for (let line = text.shift(); line !== undefined; line = text.shift()) lines.push(line)
  }
  text.flush()
  return { lines, rest: text.shift() }
}

describe('lines of text', () => {
  it('end where the text has a line break, wherever it was cut', () => {
    expect(linesOf(bytes('a\nb'), bytes('c\n'), bytes('\n'), bytes('d'))).toEqual({ lines: ['a', 'bc', ''], rest: 'd' })
    expect(linesOf(bytes(''))).toEqual({ lines: [], rest: undefined })
  })

  it('are the same for every cut, also within a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '\n', 'é', '€', '😀') }), fc.nat(), (text, at) => {
        const all = bytes(text)
        const cut = at % (all.length + 1)
        const { lines, rest = '' } = linesOf(all.subarray(0, cut), all.subarray(cut))
        expect([...lines, rest].join('\n')).toBe(text)
      }),
    )
  })

  it('that have begun are whole when they are said to be', () => {
    const text = new TextLines()
    text.push(bytes('begun '))
    expect(text.shift()).toBeUndefined()
    text.flush()
    text.flush()
    text.push(bytes('next\n'))
    expect([text.shift(), text.shift(), text.shift()]).toEqual(['begun ', 'next', undefined])
  })
})
