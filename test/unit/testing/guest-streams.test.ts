import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Lines, MarkedStream, Tail } from '../../../lib/testing/guest-streams.ts'

function through(chunks: readonly Uint8Array[], mark = 'end'): { text: string; ended: boolean } {
  const received: Buffer[] = []
  const stream = new MarkedStream(mark, (bytes) => received.push(Buffer.from(bytes)))
  for (const chunk of chunks) stream.push(Buffer.from(chunk))
  const { ended } = stream
  stream.flush()
  return { text: Buffer.concat(received).toString('latin1'), ended }
}

describe('a marked stream', () => {
  it('passes on what comes before the mark, however it is cut, and nothing after it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.nat(60), { maxLength: 6 }), (bytes, cuts) => {
        const text = Buffer.from(bytes).toString('latin1').replaceAll('\0end', '')
        const whole = Buffer.from(`${text}\0endafter`, 'latin1')
        const places = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length]
        const chunks = places.slice(1).map((place, index) => whole.subarray(places[index], place))
        expect(through(chunks)).toEqual({ text, ended: true })
      }),
    )
  })

  it('passes on at once what cannot belong to the mark', () => {
    const received: string[] = []
    const stream = new MarkedStream('end', (bytes) => received.push(String(bytes)))
    stream.push(Buffer.from('a line\n'))
    stream.push(Buffer.from('\0e'))
    expect(received).toEqual(['a line\n'])
    stream.push(Buffer.from('xit'))
    expect(received.join('')).toBe('a line\n\0exit')
  })

  it('gives what it held back when the guest ends without the mark', () => {
    expect(through([Buffer.from('text\0en')])).toEqual({ text: 'text\0en', ended: false })
  })
})

it('lines come whole, without the returns of a serial port', () => {
  const lines: string[] = []
  const splitter = new Lines((line) => lines.push(line))
  for (const text of ['kern', 'el 6.1\r\nsta', 'rt 3.5\r', '\n', 'ex']) splitter.push(text)
  expect(lines).toEqual(['kernel 6.1', 'start 3.5'])
})

it('a tail keeps the last part of a text', () => {
  const tail = new Tail(10)
  for (let count = 0; count < 100; count++) tail.push(`${count},`)
  expect(tail.text).toBe(',97,98,99,')
})
