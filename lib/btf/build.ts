/**
 * Layouts -> BTF bytes, for maps that are made from explicit types: whoever opens such a map by its id, `bpftool map dump`
 * among them, then knows what is in it.
 */
import type { ArrayLayout, EnumLayout, Field, IntegerLayout, Layout, StructLayout, UnionLayout } from './layout.ts'
import type { BtfKind, TypeId } from './types.ts'
import { BtfWriter } from './writer.ts'

/** BTF and the ids in it of the layouts that were asked for; `undefined` is `void`, 0. */
export interface BuiltBtf {
  readonly bytes: Uint8Array
  readonly ids: readonly TypeId[]
  /** Whether a kind is among the types that kernels before Linux 6.0 may not know. */
  readonly modern: boolean
}

/** A layout that BTF cannot say. */
export class UnspeakableLayout extends Error {}

export interface BuildOptions {
  /**
   * Only kinds that Linux 4.18 knew: floats, which came in 5.13, are bytes, enums of 64 bits and signed ones, 6.0,
   * integers.
   */
  readonly old?: boolean
}

const INT_SIGNED = 1
const INT_BOOL = 4
/** BTF_MAX_VLEN of linux/btf.h. */
const MAX_MEMBERS = 0xffff
/** A member's place is a number of bits: 32 of them, 24 where a bitfield is in the same struct. */
const MAX_BIT_OFFSET = 0xffff_ffff
const MAX_BITFIELD_OFFSET = 0xff_ffff

/**
 * BTF of the byte order of this machine.
 *
 * @throws UnspeakableLayout for a member that C could not name, and for what is too large
 */
export function buildBtf(layouts: readonly (Layout | undefined)[], options: BuildOptions = {}): BuiltBtf {
  const builder = new Builder(options.old === true)
  const ids = layouts.map((layout) => (layout === undefined ? 0 : builder.id(layout)))
  return { bytes: builder.bytes(), ids, modern: builder.modern }
}

class Builder {
  readonly #old: boolean
  readonly #writer = new BtfWriter()
  modern = false

  constructor(old: boolean) {
    this.#old = old
  }

  id(layout: Layout): TypeId {
    switch (layout.kind) {
      case 'integer':
        return this.#integer(layout)
      case 'boolean':
        return this.#int('bool', layout.size, INT_BOOL)
      case 'enum':
        return this.#enumeration(layout)
      case 'float':
        return this.#float(layout.size)
      case 'pointer':
        return this.#add('ptr', '', 0)
      case 'string':
        return this.#array(this.#int('char', 1, INT_SIGNED), layout.size)
      case 'bytes':
        return this.#array(this.#int('__u8', 1, 0), layout.size)
      case 'array':
        return this.#elements(layout)
      case 'struct':
      case 'union':
        return this.#composite(layout)
    }
  }

  bytes(): Uint8Array {
    return this.#writer.bytes()
  }

  #integer({ name, size, signed }: IntegerLayout): TypeId {
    return this.#int(name, size, signed ? INT_SIGNED : 0)
  }

  #int(name: string, size: number, encoding: number): TypeId {
    return this.#add('int', name, size, [(encoding << 24) | (size * 8)])
  }

  #float(size: 4 | 8): TypeId {
    if (this.#old) return this.#array(this.#int('__u8', 1, 0), size)
    this.modern = true
    return this.#add('float', size === 4 ? 'float' : 'double', size)
  }

  #elements({ element, length }: ArrayLayout): TypeId {
    return this.#array(this.id(element), length)
  }

  #array(element: TypeId, length: number): TypeId {
    return this.#add('array', '', 0, [element, this.#int('u32', 4, 0), length])
  }

  #enumeration({ name, size, signed, values }: EnumLayout): TypeId {
    const modern = signed || size === 8
    if (modern && this.#old) return this.#int(signed ? `i${size * 8}` : `u${size * 8}`, size, signed ? INT_SIGNED : 0)
    if (modern) this.modern = true
    const words = values.flatMap((each) => {
      const value = BigInt.asUintN(64, BigInt(each.value))
      const low = Number(value & 0xffff_ffffn)
      const place = this.#name(each.name)
      return size === 8 ? [place, low, Number(value >> 32n)] : [place, low]
    })
    return this.#add(size === 8 ? 'enum64' : 'enum', this.#tag(name), size, words, values.length, signed)
  }

  #composite({ kind, name, size, fields }: StructLayout | UnionLayout): TypeId {
    const bitfields = fields.some(({ bitfield }) => bitfield !== undefined)
    const words = fields.flatMap((field) => [
      field.name === '' ? 0 : this.#name(field.name),
      this.id(field.layout),
      place(field, bitfields),
    ])
    return this.#add(kind, this.#tag(name), size, words, fields.length, bitfields)
  }

  #add(
    kind: BtfKind,
    name: string,
    sizeOrType: number,
    rest: readonly number[] = [],
    length: number = 0,
    flag: boolean = false,
  ): TypeId {
    if (length > MAX_MEMBERS) throw new UnspeakableLayout(`${length} members are more than BTF can count`)
    return this.#writer.add(kind, name, sizeOrType, rest, length, flag)
  }

  /** Of a struct, union or enum: absent rather than wrong. */
  #tag(name: string): string {
    return isIdentifier(name) ? name : ''
  }

  /** The kernel refuses names that C does not have (btf_name_valid_identifier, kernel/bpf/btf.c). */
  #name(name: string): number {
    if (isIdentifier(name)) return this.#writer.string(name)
    throw new UnspeakableLayout(`${JSON.stringify(name)} is no name in C`)
  }
}

/** KSYM_NAME_LEN was 128, with the NUL, before Linux 6.1. */
function isIdentifier(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,126}$/.test(name)
}

/** Bits from the start of the struct, with the width of a bitfield above them. */
function place({ name, offset, bitfield }: Field, bitfields: boolean): number {
  const bits = offset * 8 + (bitfield?.bitOffset ?? 0)
  if (bits > (bitfields ? MAX_BITFIELD_OFFSET : MAX_BIT_OFFSET)) {
    throw new UnspeakableLayout(`${JSON.stringify(name)} lies further from the start than BTF can say`)
  }
  return (((bitfield?.bitSize ?? 0) << 24) | bits) >>> 0
}
