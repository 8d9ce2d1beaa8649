import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  compressionOf,
  decompress,
  hasPvhEntry,
  parseBzImage,
  vmlinuxRelease,
} from '../../../lib/testing/kernel-image.ts'

/** A bzImage with four sectors of set-up code, and the payload right after them. */
function bzImage(payload: Buffer, release = '6.1.0-56-amd64 (somebody@somewhere) #1'): Buffer {
  const setup = Buffer.alloc(5 * 512)
  setup[0x1f1] = 4
  setup.write('HdrS', 0x202, 'latin1')
  setup.writeUInt16LE(0x20f, 0x206)
  setup.writeUInt16LE(0x300 - 0x200, 0x20e)
  setup.write(`${release}\0`, 0x300, 'latin1')
  setup.writeUInt32LE(0, 0x248)
  setup.writeUInt32LE(payload.length, 0x24c)
  return Buffer.concat([setup, payload, Buffer.alloc(64)])
}

/** A 64-bit ELF file with one note. */
function elf(name: string, type: number): Buffer {
  const note = Buffer.alloc(12 + 8 + 8)
  note.writeUInt32LE(name.length + 1, 0)
  note.writeUInt32LE(8, 4)
  note.writeUInt32LE(type, 8)
  note.write(name, 12, 'latin1')
  const header = Buffer.alloc(64 + 56)
  header.writeUInt32BE(0x7f454c46, 0)
  header[4] = 2
  header.writeBigUInt64LE(64n, 32)
  header.writeUInt16LE(56, 54)
  header.writeUInt16LE(1, 56)
  header.writeUInt32LE(4, 64)
  header.writeBigUInt64LE(BigInt(header.length), 64 + 8)
  header.writeBigUInt64LE(BigInt(note.length), 64 + 32)
  return Buffer.concat([header, note])
}

describe('a bzImage', () => {
  it('tells its release, and holds the compressed kernel', async () => {
    const payload = gzipSync('the kernel')
    const image = parseBzImage(bzImage(payload))
    expect(image).toMatchObject({ release: '6.1.0-56-amd64', compression: 'gzip' })
    expect(image?.payload).toEqual(payload)
    expect(String(await decompress(payload, 'gzip'))).toBe('the kernel')
  })

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(4096)],
    ['text', Buffer.from('root:x:0:0:'.repeat(100))],
    ['a payload of no known compression', bzImage(Buffer.from('something else'))],
  ])('is not %s', (_, bytes) => {
    expect(parseBzImage(bytes)).toBeUndefined()
  })

  it('whose payload would lie behind its end is none', () => {
    const image = bzImage(gzipSync('x'))
    image.writeUInt32LE(0xffffffff, 0x24c)
    expect(parseBzImage(image)).toBeUndefined()
    image.writeUInt32LE(0, 0x24c)
    expect(parseBzImage(image)).toBeUndefined()
  })
})

describe('a vmlinux', () => {
  it('can be booted directly when it has the note of a PVH entry', () => {
    expect(hasPvhEntry(elf('Xen', 18))).toBe(true)
    expect(hasPvhEntry(elf('Xen', 6))).toBe(false)
    expect(hasPvhEntry(elf('GNU', 18))).toBe(false)
    expect(hasPvhEntry(Buffer.from('no ELF file'))).toBe(false)
  })

  it("tells its release in its banner, not in the banner's format", () => {
    const image = Buffer.from('..Linux version %s (..)\0..Linux version 7.3.4+deb13-amd64 (builder) #1 SMP\0')
    expect(vmlinuxRelease(image)).toBe('7.3.4+deb13-amd64')
    expect(vmlinuxRelease(Buffer.from('nothing'))).toBeUndefined()
  })
})

it.each([
  ['1f8b0800', 'gzip'],
  ['fd377a585a0000', 'xz'],
  ['28b52ffd', 'zstd'],
  ['02214c18', 'lz4'],
  ['7f454c46', 'none'],
  ['00000000', undefined],
  ['', undefined],
])('bytes that begin with %s are %s', (hex, compression) => {
  expect(compressionOf(Buffer.from(hex, 'hex'))).toBe(compression)
})
