/** Prefixes of addresses as text, `10.0.0.0/8` and `2001:db8::/32`: all bytes are there, also those behind the prefix. */
import { isIPv4, isIPv6 } from 'node:net'

/** The bytes of an address of 4 or 16 bytes; `undefined` when that is none of this size. */
export function parseAddress(text: string, size: number): Uint8Array | undefined {
  if (size === 4) return isIPv4(text) ? Uint8Array.from(text.split('.'), Number) : undefined
  return size === 16 && isIPv6(text) && !text.includes('%') ? parseVersion6(text) : undefined
}

/** An address of 4 or 16 bytes; of version 6 in the one form of RFC 5952. */
export function formatAddress(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join('.') : formatVersion6(bytes)
}

/** `text` is one by `isIPv6`. */
function parseVersion6(text: string): Uint8Array {
  const [left, right] = text.split('::').map(bytesOfGroups)
  const bytes = new Uint8Array(16)
  bytes.set(left!)
  if (right !== undefined) bytes.set(right, 16 - right.length)
  return bytes
}

function bytesOfGroups(groups: string): number[] {
  if (groups === '') return []
  return groups.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >>> 8, value & 0xff]
  })
}

function formatVersion6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[index * 2]! << 8) | bytes[index * 2 + 1]!)
  const { start, length } = longestZeros(groups)
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':')
  // A single zero is not shortened (RFC 5952, 4.2.2).
  return length < 2 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`
}

/** The first of the longest runs of zeros. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 }
  let start = 0
  for (const [index, group] of groups.entries()) {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > longest.length) longest = { start, length: index + 1 - start }
  }
  return longest
}
