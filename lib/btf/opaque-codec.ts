/** Values whose type cannot be used: their bytes still can. */
import type { Codec } from './codec.ts'
import { isBytes, refuseBytes } from './codec-convert.ts'
import { types } from 'node:util'

/**
 * A codec that takes bytes, gives keys as bytes, and throws where a value would have to be decoded.
 *
 * @param name of the value, for errors.
 * @param refuse the error that says what is wrong with the type.
 */
export function createOpaqueCodec(size: number, name: string, refuse: () => Error): Codec<unknown> {
  return {
    size,
    decode() {
      throw refuse()
    },
    decodeKey: ({ u8 }, offset) => u8.slice(offset, offset + size),
    encode(value, { u8 }, offset) {
      if (!types.isUint8Array(value)) throw refuse()
      if (!isBytes(value, size)) refuseBytes(value, size, name)
      u8.set(value, offset)
    },
  }
}
