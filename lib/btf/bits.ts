/**
 * Bitfields that no single aligned integer holds, bit by bit as C compilers lay them out: bit 0 of a byte is its least
 * significant one on little-endian hosts and its most significant one on big-endian hosts.
 */

/**
 * The `bitSize` bits (1 to 128) that start `bitOffset` bits (0 to 7) into byte `at`, as an unsigned number.
 */
export function readBits(
  u8: Uint8Array,
  at: number,
  bitOffset: number,
  bitSize: number,
  littleEndian: boolean,
): bigint {
  const bytes = (bitOffset + bitSize + 7) >>> 3
  let word = 0n
  for (let index = 0; index < bytes; index++) {
    word = (word << 8n) | BigInt(u8[at + (littleEndian ? bytes - 1 - index : index)]!)
  }
  const below = littleEndian ? bitOffset : bytes * 8 - bitOffset - bitSize
  return BigInt.asUintN(bitSize, word >> BigInt(below))
}

/** Sets those bits of zeroed memory to the low `bitSize` bits of `value`; the bits around them keep their values. */
export function writeBits(
  u8: Uint8Array,
  at: number,
  bitOffset: number,
  bitSize: number,
  value: bigint,
  littleEndian: boolean,
): void {
  const bytes = (bitOffset + bitSize + 7) >>> 3
  const below = littleEndian ? bitOffset : bytes * 8 - bitOffset - bitSize
  let word = BigInt.asUintN(bitSize, value) << BigInt(below)
  for (let index = 0; index < bytes; index++) {
    u8[at + (littleEndian ? index : bytes - 1 - index)]! |= Number(word & 0xffn)
    word >>= 8n
  }
}
