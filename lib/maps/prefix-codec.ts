/** Keys of tries: the length of a prefix in bits, in the host's byte order, and bytes in the network's. */
import { types } from 'node:util'
import { inspectBriefly, integer } from '../arguments.ts'
import type { Codec } from '../btf/codec.ts'
import { isBytes, refuseBytes } from '../btf/codec-convert.ts'
import type { Layout } from '../btf/layout.ts'
import { hostIsLittleEndian } from '../btf/memory.ts'
import { invalidArgument } from '../errors.ts'
import { formatAddress, parseAddress } from './cidr.ts'

/** The first bits of some bytes. */
export interface Prefix {
  /** Bits, from 0 to eight times the bytes. */
  prefixLength: number
  /** All bytes of the key behind its length, the first one first; the kernel keeps those behind the prefix, too. */
  data: Uint8Array
}

/** `10.0.0.0/8` where keys are addresses of IP version 4 or 6, otherwise the bytes. */
export type PrefixKey = string | Prefix

/** Bytes of `prefixlen` in front of the data (`struct bpf_lpm_trie_key` of linux/bpf.h). */
const LENGTH_SIZE = 4

/** @param key of the declared type, or of bytes */
export function createPrefixCodec({ size, layout }: Codec<unknown>): Codec<PrefixKey> {
  const dataSize = size - LENGTH_SIZE
  const isAddress = areAddresses(size, layout)
  const decode: Codec<PrefixKey>['decode'] = ({ u8, view }, offset) => {
    const prefixLength = view.getUint32(offset, hostIsLittleEndian)
    const data = u8.slice(offset + LENGTH_SIZE, offset + size)
    return isAddress ? `${formatAddress(data)}/${prefixLength}` : { prefixLength, data }
  }
  return {
    size,
    decode,
    decodeKey: decode,
    encode: (value, { u8, view }, offset) => {
      if (types.isUint8Array(value)) {
        if (!isBytes(value, size)) refuseBytes(value, size, 'key')
        u8.set(value, offset)
        return
      }
      const { prefixLength, data } =
        isAddress && typeof value === 'string' ? parse(value, dataSize) : read(value, dataSize)
      view.setUint32(offset, prefixLength, hostIsLittleEndian)
      u8.set(data, offset + LENGTH_SIZE)
    },
  }
}

/** Whether keys of so many bytes are text. */
export function areAddresses(size: number, layout: Layout | undefined): boolean {
  const dataSize = size - LENGTH_SIZE
  return (dataSize === 4 || dataSize === 16) && hasOneMember(layout)
}

/** Behind its length. Of several, an interface and an address say, no text could tell which is which. */
function hasOneMember(layout: Layout | undefined): boolean {
  if (layout?.kind !== 'struct') return true
  const [, data, ...others] = layout.fields
  return others.length === 0 && isOne(data?.layout)
}

function isOne(layout: Layout | undefined): boolean {
  return layout?.kind !== 'struct' || (layout.fields.length === 1 && isOne(layout.fields[0]?.layout))
}

/** An address without a length is all of it. */
function parse(text: string, dataSize: number): Prefix {
  const match = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(text)
  const data = parseAddress(match?.[1] ?? '', dataSize)
  if (match === null || data === undefined) {
    const example = dataSize === 4 ? "'10.0.0.0/8'" : "'2001:db8::/32'"
    throw invalidArgument(`key must be a prefix such as ${example}, not ${inspectBriefly(text)}`)
  }
  const length = match[2] === undefined ? dataSize * 8 : Number(match[2])
  return { prefixLength: checkLength(length, dataSize, `the prefix length of ${text}`), data }
}

function read(value: unknown, dataSize: number): Prefix {
  if (typeof value !== 'object' || value === null) {
    throw invalidArgument(`key must be { prefixLength, data }, not ${inspectBriefly(value)}`)
  }
  // All of the user's getters run before the first byte is written.
  const { prefixLength, data } = value as Prefix
  checkLength(prefixLength, dataSize, 'key.prefixLength')
  if (!isBytes(data, dataSize)) refuseBytes(data, dataSize, 'key.data')
  return { prefixLength, data }
}

function checkLength(length: unknown, dataSize: number, argument: string): number {
  return integer(length, argument, 0, dataSize * 8)
}
