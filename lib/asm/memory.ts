/** Loads and stores. */
import { inspectBriefly, integer } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { BpfMap } from '../maps/map.ts'
import type { Instruction } from './instruction.ts'
import { immediate32, immediate64, make, offset16, oneOf } from './make.ts'
import { ARITHMETIC, ATOMIC, CLASS, FETCH, MODE, PSEUDO, SIZE } from './opcode.ts'
import { isRegister, type Register, wideNumber } from './register.ts'

/** What is in memory: how many bits, and for loads whether they are extended by their sign (`s`, Linux 6.6). */
export type Width = 'u8' | 'u16' | 'u32' | 'u64' | 's8' | 's16' | 's32'

/** A place in memory: `*(u32 *)(r1 + 4)`. */
export interface Place<W extends Width = Width> {
  readonly base: Register
  readonly offset: number
  readonly width: W
}

type Unsigned = 'u8' | 'u16' | 'u32' | 'u64'
type Callee = (...args: never[]) => unknown

const UNSIGNED: readonly Unsigned[] = ['u8', 'u16', 'u32', 'u64']
const WIDTHS: readonly Width[] = [...UNSIGNED, 's8', 's16', 's32']
const ATOMIC_WIDTHS: readonly ('u32' | 'u64')[] = ['u32', 'u64']

/** The place `offset` bytes behind the address in a register. */
export function at<W extends Width>(base: Register, offset: number, width: W): Place<W> {
  wideNumber(base, 'base')
  return Object.freeze({
    base,
    offset: offset16(offset, 'offset'),
    width: oneOf(width, 'width', WIDTHS as readonly W[]),
  })
}

/** Read once: getters may give something else the second time. */
function placeOf<W extends Width>(place: Place, widths: readonly W[]): { base: number; offset: number; width: W } {
  if (typeof place !== 'object' || place === null)
    throw invalidArgument(`the place must be at(…), not ${inspectBriefly(place)}`)
  const { base, offset, width } = place
  return {
    base: wideNumber(base, 'base'),
    offset: offset16(offset, 'offset'),
    width: oneOf(width, 'width', widths),
  }
}

function sizeOf(width: Width): number {
  return SIZE[width.replace('s', 'u') as Unsigned]
}

/** `destination = *(u32 *)(base + offset)`. */
export function load(destination: Register, place: Place): Instruction {
  const { base, offset, width } = placeOf(place, WIDTHS)
  const mode = width.startsWith('s') ? MODE.memsx : MODE.mem
  return make(load, {
    opcode: CLASS.ldx | mode | sizeOf(width),
    destination: wideNumber(destination, 'destination'),
    source: base,
    offset,
  })
}

/** `*(u32 *)(base + offset) = value`: the lower bits of a register, or a number of 32 bits, extended by its sign. */
export function store(place: Place<Unsigned>, value: Register | number): Instruction {
  const { base, offset, width } = placeOf(place, UNSIGNED)
  const size = sizeOf(width)
  if (isRegister(value)) {
    const source = wideNumber(value, 'value')
    return make(store, { opcode: CLASS.stx | MODE.mem | size, destination: base, source, offset })
  }
  const immediate = immediate32(value, 'value')
  return make(store, { opcode: CLASS.st | MODE.mem | size, destination: base, offset, immediate })
}

function atomic(
  callee: Callee,
  place: Place,
  source: unknown,
  immediate: number,
  widths: readonly Unsigned[],
): Instruction {
  const { base, offset, width } = placeOf(place, widths)
  return make(callee, {
    opcode: CLASS.stx | MODE.atomic | sizeOf(width),
    destination: base,
    source: wideNumber(source, 'source'),
    offset,
    immediate,
  })
}

/** `lock *(u64 *)(base + offset) += source`. */
export function atomicAdd(place: Place<'u32' | 'u64'>, source: Register): Instruction {
  return atomic(atomicAdd, place, source, ARITHMETIC.add, ATOMIC_WIDTHS)
}

/** Linux 5.12, as the other ones below. */
export function atomicAnd(place: Place<'u32' | 'u64'>, source: Register): Instruction {
  return atomic(atomicAnd, place, source, ARITHMETIC.and, ATOMIC_WIDTHS)
}

export function atomicOr(place: Place<'u32' | 'u64'>, source: Register): Instruction {
  return atomic(atomicOr, place, source, ARITHMETIC.or, ATOMIC_WIDTHS)
}

export function atomicXor(place: Place<'u32' | 'u64'>, source: Register): Instruction {
  return atomic(atomicXor, place, source, ARITHMETIC.xor, ATOMIC_WIDTHS)
}

/** {@link atomicAdd}; `source` becomes what was there before. */
export function fetchAdd(place: Place<'u32' | 'u64'>, source: Register): Instruction {
  return atomic(fetchAdd, place, source, ARITHMETIC.add | FETCH, ATOMIC_WIDTHS)
}

export function fetchAnd(place: Place<'u32' | 'u64'>, source: Register): Instruction {
  return atomic(fetchAnd, place, source, ARITHMETIC.and | FETCH, ATOMIC_WIDTHS)
}

export function fetchOr(place: Place<'u32' | 'u64'>, source: Register): Instruction {
  return atomic(fetchOr, place, source, ARITHMETIC.or | FETCH, ATOMIC_WIDTHS)
}

export function fetchXor(place: Place<'u32' | 'u64'>, source: Register): Instruction {
  return atomic(fetchXor, place, source, ARITHMETIC.xor | FETCH, ATOMIC_WIDTHS)
}

/** Writes `source`, which becomes what was there before. */
export function exchange(place: Place<'u32' | 'u64'>, source: Register): Instruction {
  return atomic(exchange, place, source, ATOMIC.xchg, ATOMIC_WIDTHS)
}

/** Writes `source` where `r0` is what is there; `r0` becomes what was there before. */
export function compareExchange(place: Place<'u32' | 'u64'>, source: Register): Instruction {
  return atomic(compareExchange, place, source, ATOMIC.cmpxchg, ATOMIC_WIDTHS)
}

/** A load that none after it comes before. Linux 6.15. */
export function loadAcquire(destination: Register, place: Place<Unsigned>): Instruction {
  const { base, offset, width } = placeOf(place, UNSIGNED)
  return make(loadAcquire, {
    opcode: CLASS.stx | MODE.atomic | sizeOf(width),
    destination: wideNumber(destination, 'destination'),
    source: base,
    offset,
    immediate: ATOMIC.loadAcquire,
  })
}

/** A store that none before it comes after. Linux 6.15. */
export function storeRelease(place: Place<Unsigned>, source: Register): Instruction {
  return atomic(storeRelease, place, source, ATOMIC.storeRelease, UNSIGNED)
}

/** `destination = value`, of 64 bits: two slots long. */
export function loadImmediate(destination: Register, value: number | bigint): Instruction {
  return wide(loadImmediate, destination, 0, immediate64(value, 'value'))
}

/** The address of a map, as helpers take it. */
export function loadMap(destination: Register, map: BpfMap): Instruction {
  requireMap(map)
  return make(loadMap, wideFields(destination, PSEUDO.mapFd, NOTHING), { kind: 'map', map })
}

/**
 * The address of the value of an array map with one entry, without a look-up: `offset` bytes from its start. Global variables are
 * such maps. Linux 5.2.
 */
export function loadMapValue(destination: Register, map: BpfMap, offset = 0): Instruction {
  requireMap(map)
  const upper = integer(offset, 'offset', 0, 0x7fff_ffff)
  return make(loadMapValue, wideFields(destination, PSEUDO.mapValue, { immediate: 0, upper }), {
    kind: 'map',
    map,
    offset,
  })
}

/** The address of a function of the program, for helpers that call it back. Linux 5.13. */
export function loadFunction(destination: Register, name: string): Instruction {
  return make(loadFunction, wideFields(destination, PSEUDO.function, NOTHING), { kind: 'label', name })
}

/** The address of a variable of the kernel, by its id in the kernel's BTF. Linux 5.10. */
export function loadKernelVariable(destination: Register, id: number): Instruction {
  const immediate = integer(id, 'id', 1, 0x7fff_ffff)
  return make(loadKernelVariable, wideFields(destination, PSEUDO.btfId, { immediate, upper: 0 }))
}

const NOTHING = { immediate: 0, upper: 0 }

function requireMap(map: unknown): void {
  if (!(map instanceof BpfMap)) throw invalidArgument(`map must be a map, not ${inspectBriefly(map)}`)
}

type Halves = { immediate: number; upper: number }

function wideFields(destination: unknown, source: number, halves: Halves) {
  return {
    opcode: CLASS.ld | MODE.imm | SIZE.u64,
    destination: wideNumber(destination, 'destination'),
    source,
    ...halves,
  }
}

function wide(callee: Callee, destination: unknown, source: number, halves: Halves): Instruction {
  return make(callee, wideFields(destination, source, halves))
}

/**
 * `r0 = *(u16 *)skb[offset]`, of the packet that `r6` is the context of, in this machine's byte order; the program ends with 0 where the packet is
 * shorter. With a register the offset is counted from what is in it. For programs that see an skb.
 */
export function loadPacket(width: 'u8' | 'u16' | 'u32', offset: number, index?: Register): Instruction {
  const size = SIZE[oneOf(width, 'width', ['u8', 'u16', 'u32'] as const)]
  const immediate = immediate32(offset, 'offset')
  if (index === undefined) return make(loadPacket, { opcode: CLASS.ld | MODE.abs | size, immediate })
  const source = wideNumber(index, 'index')
  return make(loadPacket, { opcode: CLASS.ld | MODE.ind | size, source, immediate })
}
