/**
 * The BPF Type Format's types as plain data: one interface for each kind that the kernel's documentation
 * (Documentation/bpf/btf.rst) knows, with references between types as type ids.
 */

/** A type's number in its BTF; 0 is `void`. */
export type TypeId = number

/** As many references in a row as the kernel follows (MAX_RESOLVE_DEPTH) before it calls them a loop. */
export const maxTypeDepth = 32

/** More fields than any C type has, those of nested types included; BTF can describe 2^32 of them in a few hundred bytes. */
export const maxFields = 65536

interface Named {
  readonly id: TypeId
  /** As in C; `''` for an anonymous type. */
  readonly name: string
}

/** Type id 0, and what a pointer to nothing in particular points at. */
export interface BtfVoid extends Named {
  readonly kind: 'void'
}

export interface BtfInt extends Named {
  readonly kind: 'int'
  /** Bytes of storage. */
  readonly size: number
  /** Significant bits; fewer than `size * 8` only in bitfields described by old compilers. */
  readonly bits: number
  /** Bit at which the value starts in its storage; as rare as an odd `bits`. */
  readonly bitOffset: number
  readonly signed: boolean
  /** The compiler marked it as a character. */
  readonly char: boolean
  readonly bool: boolean
}

/** Everything that only refers to another type, with the modifiers that do not change what memory holds. */
export interface BtfReference extends Named {
  readonly kind: 'ptr' | 'typedef' | 'volatile' | 'const' | 'restrict' | 'type_tag'
  readonly type: TypeId
  /** Of a type tag whose name is a whole attribute, such as `address_space(1)` (Linux 6.15), and not the text of a `btf_type_tag`. */
  readonly attribute?: true
}

export interface BtfArray extends Named {
  readonly kind: 'array'
  readonly element: TypeId
  readonly indexType: TypeId
  /** 0 also for a flexible array member. */
  readonly length: number
}

export interface BtfMember {
  /** `''` for an anonymous struct or union. */
  readonly name: string
  readonly type: TypeId
  /** Bits from the start of the struct. */
  readonly bitOffset: number
  /** Width of a bitfield; 0 for an ordinary member. */
  readonly bitSize: number
}

export interface BtfComposite extends Named {
  readonly kind: 'struct' | 'union'
  /** Bytes. */
  readonly size: number
  readonly members: readonly BtfMember[]
}

export interface BtfEnum extends Named {
  readonly kind: 'enum'
  /** Bytes. */
  readonly size: number
  readonly signed: boolean
  readonly values: readonly { readonly name: string; readonly value: number }[]
}

export interface BtfEnum64 extends Named {
  readonly kind: 'enum64'
  /** Bytes. */
  readonly size: number
  readonly signed: boolean
  readonly values: readonly { readonly name: string; readonly value: bigint }[]
}

/** A struct or union that is declared but not defined. */
export interface BtfForward extends Named {
  readonly kind: 'fwd'
  readonly of: 'struct' | 'union'
}

export type Linkage = 'static' | 'global' | 'extern'

export interface BtfFunction extends Named {
  readonly kind: 'func'
  /** Its `func_proto`. */
  readonly type: TypeId
  readonly linkage: Linkage
}

export interface BtfParameter {
  /** `''` where the declaration names none. */
  readonly name: string
  readonly type: TypeId
}

export interface BtfFunctionPrototype extends Named {
  readonly kind: 'func_proto'
  readonly returnType: TypeId
  /** A last parameter with type 0 and no name stands for `...`. */
  readonly parameters: readonly BtfParameter[]
}

export interface BtfVariable extends Named {
  readonly kind: 'var'
  readonly type: TypeId
  readonly linkage: Linkage
}

export interface BtfDataSection extends Named {
  readonly kind: 'datasec'
  /** Bytes; 0 in a file that no loader has completed yet. */
  readonly size: number
  readonly variables: readonly {
    /** A `var`, or in `.ksyms` a `func`. */
    readonly type: TypeId
    /** Bytes from the start of the section; 0 in a file that no loader has completed yet. */
    readonly offset: number
    /** Bytes. */
    readonly size: number
  }[]
}

export interface BtfFloat extends Named {
  readonly kind: 'float'
  /** Bytes. */
  readonly size: number
}

export interface BtfDeclarationTag extends Named {
  readonly kind: 'decl_tag'
  readonly type: TypeId
  /** Which member or parameter of `type` is tagged; -1 for `type` itself. */
  readonly component: number
  /** The name is a whole attribute, and not the text of a `btf_decl_tag`. */
  readonly attribute?: true
}

export type BtfType =
  | BtfVoid
  | BtfInt
  | BtfReference
  | BtfArray
  | BtfComposite
  | BtfEnum
  | BtfEnum64
  | BtfForward
  | BtfFunction
  | BtfFunctionPrototype
  | BtfVariable
  | BtfDataSection
  | BtfFloat
  | BtfDeclarationTag

/** The kernel's name of a kind, in lower case without `BTF_KIND_`. */
export type BtfKind = BtfType['kind']

/** The types of one kind. */
export type BtfTypeOf<K extends BtfKind> = BtfType extends infer T
  ? T extends { readonly kind: infer Kinds }
    ? K extends Kinds
      ? T & { readonly kind: K }
      : never
    : never
  : never

/** Indexed by the number that BTF stores. */
export const btfKinds: readonly BtfKind[] = [
  'void',
  'int',
  'ptr',
  'array',
  'struct',
  'union',
  'enum',
  'fwd',
  'typedef',
  'volatile',
  'const',
  'restrict',
  'func',
  'func_proto',
  'var',
  'datasec',
  'float',
  'decl_tag',
  'type_tag',
  'enum64',
]
