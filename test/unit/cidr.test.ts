import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAddress, parseAddress } from '../../lib/maps/cidr.ts'

const bytes = (text: string, size: number): string | undefined => {
  const parsed = parseAddress(text, size)
  return parsed && Buffer.from(parsed).toString('hex')
}

describe('an address of IP version 4', () => {
  it('is its four bytes', () => {
    expect(bytes('10.1.2.255', 4)).toBe('0a0102ff')
    expect(formatAddress(Uint8Array.of(0, 0, 0, 0))).toBe('0.0.0.0')
  })

  it.each(['', '10', '10.0.0', '10.0.0.256', '10.0.0.0.0', '010.0.0.1', ' 10.0.0.1', '::1', '10.0.0.1\0'])(
    'is not %j',
    (text) => expect(parseAddress(text, 4)).toBeUndefined(),
  )
})

describe('an address of IP version 6', () => {
  it.each([
    ['::', '00000000000000000000000000000000', '::'],
    ['::1', '00000000000000000000000000000001', '::1'],
    ['2001:DB8::', '20010db8000000000000000000000000', '2001:db8::'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008', '1:2:3:4:5:6:7:8'],
    ['1:0:3:4:5:6:7:8', '00010000000300040005000600070008', '1:0:3:4:5:6:7:8'],
    ['1:0:0:4:0:0:0:8', '00010000000000040000000000000008', '1:0:0:4::8'],
    ['1:0:0:4:5:0:0:8', '00010000000000040005000000000008', '1::4:5:0:0:8'],
    ['::ffff:10.1.2.3', '00000000000000000000ffff0a010203', '::ffff:a01:203'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221', '64:ff9b::c000:221'],
  ])('%s has its bytes and one form', (text, hex, form) => {
    expect(bytes(text, 16)).toBe(hex)
    expect(formatAddress(Buffer.from(hex, 'hex'))).toBe(form)
  })

  it.each(['', ':', '1', '1::2::3', '12345::', 'g::', 'fe80::1%eth0', '10.0.0.1', '1:2:3:4:5:6:7:8:9'])(
    'is not %j',
    (text) => expect(parseAddress(text, 16)).toBeUndefined(),
  )

  it('comes back whatever its bytes', () => {
    const group = fc.oneof(fc.constant([0, 0]), fc.tuple(fc.nat(255), fc.nat(255)))
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const address = Uint8Array.from(groups.flat())
        expect(parseAddress(formatAddress(address), 16)).toEqual(address)
      }),
    )
  })
})

it('has no other sizes', () => {
  expect(parseAddress('10.0.0.1', 6)).toBeUndefined()
})
