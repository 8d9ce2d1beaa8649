/** C strings out of bytes. */
import { expect, test } from 'vitest'
import { text } from '../../lib/index.ts'

test.each<[string, number[], string]>([
  ['ends at the first NUL', [0x73, 0x68, 0, 0x78], 'sh'],
  ['may fill all bytes', [0x73, 0x68], 'sh'],
  ['of no bytes is empty', [], ''],
  ['is UTF-8', [0xe2, 0x82, 0xac, 0], '€'],
  ['keeps bytes that are none', [0x61, 0xff, 0], 'a\udcff'],
])('text %s', (_, bytes, expected) => {
  expect(text(Uint8Array.from(bytes))).toBe(expected)
  expect(text(Buffer.from(bytes))).toBe(expected)
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 1), 1)
  shared.set(bytes)
  expect(text(shared)).toBe(expected)
})

test('long text', () => {
  expect(text(Buffer.from(`${'x'.repeat(100)}\0y`))).toBe('x'.repeat(100))
})

test.each([undefined, null, 'text', [1], new ArrayBuffer(4), new Uint16Array(2), { length: 4 }])(
  'refuses %s',
  (bytes) => {
    expect(() => text(bytes as never)).toThrow(expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' }))
  },
)
