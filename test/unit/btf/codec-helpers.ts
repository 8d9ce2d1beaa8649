/** What the tests of both kinds of codecs share. */
import { expect } from 'vitest'
import { type Codec, createCodec } from '../../../lib/btf/codec.ts'
import type { Layout } from '../../../lib/btf/layout.ts'
import { createMemory, type Memory } from '../../../lib/btf/memory.ts'
import { array, char, struct, type Type, u16, u32, u64 } from '../../../lib/btf/schema.ts'

export const port = struct({ port: u16 })
export const entry = struct({ pid: u32, addr: array(port, 4), comm: char(8), cookie: u64 })

/** Memory of at least `size` bytes, all of them `byte`. */
export function filled(size: number, byte: number = 0xee): Memory {
  const memory = createMemory(new ArrayBuffer(Math.ceil(size / 8) * 8))
  memory.u8.fill(byte)
  return memory
}

/** Memory that starts with these bytes. */
export function holding(...given: number[]): Memory {
  const memory = filled(given.length, 0)
  memory.u8.set(given)
  return memory
}

/** Rows for `describe.each`: the tests run on both. */
export const kinds: [string, boolean][] = [
  ['generated', false],
  ['interpreted', true],
]

interface Helpers {
  codecOf(type: Type | Layout, options?: { int64?: 'bigint' | 'number'; name?: string }): Codec<unknown>
  /** The bytes of an encoded value. */
  written(type: Type, value: unknown): number[]
  /** The error for a value; memory must be as it was. */
  refusal(type: Type | Layout, value: unknown, name?: string): Error & { code?: string }
}

export function helpers(interpret: boolean): Helpers {
  const codecOf: Helpers['codecOf'] = (type, options = {}) =>
    createCodec<unknown>('layout' in type ? type.layout : type, { int64: 'bigint', interpret, ...options })
  return {
    codecOf,
    written(type, value) {
      const codec = codecOf(type)
      const memory = filled(codec.size)
      codec.encode(value, memory, 0)
      return [...memory.u8.subarray(0, codec.size)]
    },
    refusal(type, value, name) {
      const codec = codecOf(type, name === undefined ? {} : { name })
      const memory = filled(codec.size)
      try {
        codec.encode(value, memory, 0)
      } catch (error) {
        expect(memory.u8.every((byte) => byte === 0xee)).toBe(true)
        return error as Error
      }
      throw new Error(`it took ${String(value)}`)
    },
  }
}
