/** Instructions that there are not do not compile. */
import { expectTypeOf, test } from 'vitest'
import {
  add,
  at,
  atomicAdd,
  call,
  exit,
  goto,
  gotoIf,
  type Instruction,
  load,
  loadPacket,
  loadProgram,
  mov,
  movsx,
  r0,
  r1,
  r10,
  store,
  toBigEndian,
  w0,
  w1,
} from '../../lib/asm/index.ts'
import type { BpfProgram } from '../../lib/program.ts'

test('registers are as wide as each other', () => {
  expectTypeOf(mov(r0, r1)).toEqualTypeOf<Instruction>()
  expectTypeOf(mov(w0, w1)).toEqualTypeOf<Instruction>()
  // @ts-expect-error: 64 and 32 bits
  mov(r0, w1)
  // @ts-expect-error: 32 and 64 bits
  gotoIf(w0, '==', r1, 'end')
  // @ts-expect-error: addresses have 64 bits
  at(w0, 0, 'u32')
  // @ts-expect-error: byte order is of whole registers
  toBigEndian(w0, 16)
  // @ts-expect-error: a number is no register
  add(0, r1)
  // @ts-expect-error: numbers of 64 bits are loaded
  mov(r0, 1n)
})

test('places have a width that the instruction takes', () => {
  load(r0, at(r1, 0, 's32'))
  // @ts-expect-error: nothing is stored with a sign
  store(at(r10, -8, 's32'), r0)
  // @ts-expect-error: 64 bits have no sign to extend
  at(r1, 0, 's64')
  // @ts-expect-error: only 32 and 64 bits
  atomicAdd(at(r1, 0, 'u16'), r0)
  // @ts-expect-error: packets have no such width
  loadPacket('u64', 0)
  // @ts-expect-error: no such number of bits
  movsx(r0, r1, 64)
})

test('names are known', () => {
  call('bpf_ktime_get_ns')
  call(5)
  // @ts-expect-error: no such helper
  call('bpf_no_such_helper')
  // @ts-expect-error: no such condition
  gotoIf(r0, '===', 0, 'end')
  // @ts-expect-error: a jump needs a target
  goto()
})

test('a program needs a section', () => {
  expectTypeOf(loadProgram({ section: 'xdp', instructions: [exit()] })).toEqualTypeOf<Promise<BpfProgram>>()
  // @ts-expect-error: which kind?
  void loadProgram({ instructions: [exit()] })
  // @ts-expect-error: no such option
  void loadProgram({ section: 'xdp', instructions: [exit()], type: 'xdp' })
})
