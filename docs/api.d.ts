// The public API, rolled up from lib/index.ts. Made by "npm run api"; do not edit.

import { Readable, Writable } from 'node:stream';
import { Socket as Socket$1 } from 'node:dgram';
import { Socket, Server } from 'node:net';
import { ReadableStream, WritableStream } from 'node:stream/web';

/** A value of an `extern … __kconfig` variable, as a .config file would have it: `true` is `y`. */
type KconfigValue = boolean | number | bigint | string;

/** How objects, programs and maps are written down for native code and by it. */

interface NativeMapInfo {
    id: number;
    type: number;
    name: string;
    keySize: number;
    valueSize: number;
    maxEntries: number;
    flags: number;
    mapExtra: bigint;
    btfId: number;
    keyTypeId: number;
    valueTypeId: number;
    frozen: boolean;
    /** Bytes, as far as fdinfo says. */
    memory?: number;
    /** Of a program array that has an owner: `enum bpf_prog_type`. */
    ownerProgramType?: number;
    ownerJited?: boolean;
}

/** Base of objects, programs, maps and links. */
declare abstract class Resource {
    #private;
    readonly name: string;
    /** Whether it was closed. */
    get closed(): boolean;
    /** Kind and name for messages, such as `map 'counts'`. */
    protected abstract describe(): string;
}

/** What the kernel knows of a map. Sizes are bytes. */
interface MapInfo extends Omit<NativeMapInfo, 'type' | 'memory' | 'ownerProgramType' | 'ownerJited'> {
    /** bpftool's name of the map type, such as `hash`. */
    type: string;
    /**
     * Bytes of memory that it takes. Before Linux 6.4 what was reckoned for all entries when it was created; since then what is
     * allocated now, though an LRU hash, a hash with `noPreallocation` and the like grow and shrink. Absent where `/proc` is not
     * mounted.
     */
    memory?: number;
    /**
     * Of a program array: the kind of programs that it takes, which is that of the first one that used it or was put into it.
     * Absent until then.
     */
    owner?: MapOwner;
}
/** The programs that a program array takes. */
interface MapOwner {
    /** libbpf's name of the program type, such as `xdp`. */
    programType: string;
    /** Whether they are compiled to machine code. */
    jited: boolean;
}
/** A map in the kernel. Classes for its type add what can be done with the contents. */
declare class BpfMap extends Resource {
    #private;
    /** bpftool's name of the map type, such as `hash` or `ringbuf`. */
    readonly type: string;
    /** Unique in the running kernel. */
    readonly id: number;
    /** Bytes. */
    readonly keySize: number;
    /** Bytes of one value; a per-CPU entry has one for each possible CPU. */
    readonly valueSize: number;
    /** Entries; for a ring buffer, bytes of its data area. */
    readonly maxEntries: number;
    /** The kernel's descriptor; it stays this map's. */
    get fd(): number;
    info(): MapInfo;
    /**
     * Pins the map in a BPF file system, where it outlives this process. Linux 4.4.
     *
     * @param path of a file that does not exist, below a mounted bpffs such as `/sys/fs/bpf`
     */
    pin(path: string): void;
    /**
     * Removes a pin of the map.
     *
     * @throws TypeError when that is no pin, or one of something else
     */
    unpin(path: string): void;
    /** Makes the contents read-only for user space, for ever; programs may still write. Linux 5.2. */
    freeze(): void;
    /** Closes the descriptor, at once. Programs that use the map keep it. A second call does nothing. */
    close(): void;
    [Symbol.dispose](): void;
    protected describe(): string;
}

/** A map of an object that is not loaded yet. */
interface MapSpec {
    readonly name: string;
    /** bpftool's name of the map type. */
    readonly type: string;
    /** Bytes. */
    readonly keySize: number;
    /** Bytes. Values of another size than their type's come as bytes. */
    valueSize: number;
    maxEntries: number;
    /** BPF_F_* of linux/bpf.h. */
    flags: number;
    numaNode: number;
    /** Whether it is created with the object. */
    autocreate: boolean;
    /** Where it is pinned, or taken from when it is pinned there already; `undefined` for nowhere. */
    pinPath: string | undefined;
    /** Use this map in its place: it must have the same type and sizes. It stays the caller's, and open. */
    replacement: BpfMap | undefined;
    /** The network card that holds it, by name or index in this process's network namespace. Linux 4.16. */
    offload: string | number | undefined;
}
/** What of a map can be edited before it is loaded. */
type MapEdit = Partial<Omit<MapSpec, 'name' | 'type' | 'keySize'>>;

/** Our own codes. Kernel failures carry the kernel's name instead, such as `EPERM`. */
type EbpfErrorCode = 
/** The native addon could not be loaded. */
'ERR_EBPF_ADDON'
/** The BTF of an object or of the kernel is malformed. */
 | 'ERR_EBPF_BTF'
/** Another consumer in this process already reads this ring, or another producer writes to it. */
 | 'ERR_EBPF_BUSY'
/** No clang was found that can compile for BPF. */
 | 'ERR_EBPF_CLANG'
/** The handle was closed. */
 | 'ERR_EBPF_CLOSED'
/** clang refused a source. */
 | 'ERR_EBPF_COMPILE'
/** The program or library that a probe is for is no ELF file that libbpf can read. */
 | 'ERR_EBPF_INVALID_BINARY'
/** The file is not an eBPF object that libbpf can read. */
 | 'ERR_EBPF_INVALID_OBJECT'
/** The running kernel lacks the hook, or was built without it. */
 | 'ERR_EBPF_KERNEL'
/** The libbpf that the addon was built with lacks the operation. */
 | 'ERR_EBPF_LIBBPF'
/** Object files that cannot be linked into one: they define the same, or disagree on what it is. */
 | 'ERR_EBPF_LINKER'
/** The map's class is not the one that was asked for. */
 | 'ERR_EBPF_MAP_CLASS'
/** Keys, values or records have no BTF, so they cannot be decoded. */
 | 'ERR_EBPF_NO_BTF'
/** A record is shorter than its type. */
 | 'ERR_EBPF_RECORD_SIZE'
/** An iteration met its bound because the map kept changing underneath it. */
 | 'ERR_EBPF_ITERATION'
/** Another map is pinned at this path. */
 | 'ERR_EBPF_PINNED'
/** The memory is read-only in a loaded object. */
 | 'ERR_EBPF_READ_ONLY'
/** A batch of records was used after its handler had returned. */
 | 'ERR_EBPF_RELEASED'
/** None of several ways to attach was taken. */
 | 'ERR_EBPF_NONE_ATTACHED'
/** The kernel puts no other program in the place of one that is attached so. */
 | 'ERR_EBPF_NOT_UPDATABLE'
/** No program, map, global or field has this name. */
 | 'ERR_EBPF_UNKNOWN_NAME'
/** An argument has the wrong type or form. */
 | 'ERR_EBPF_INVALID_ARGUMENT'
/** A number or size is outside of its range. */
 | 'ERR_EBPF_OUT_OF_RANGE';
/** What was being done to what, when an operation failed. */
interface FailureContext {
    /** The failing call as libbpf or the kernel names it, such as `bpf_object__load`. */
    operation: string;
    object?: string | undefined;
    program?: string | undefined;
    map?: string | undefined;
    link?: string | undefined;
    /** Of an operation on many entries: how many were done before it failed. */
    done?: number | undefined;
    /** What a user can do about it, when the cause is known. */
    hint?: string | undefined;
    /** libbpf's last warnings that explain the failure. */
    warnings?: readonly string[] | undefined;
}
/** A failure of the kernel, of libbpf, or of this library's own rules. */
declare class EbpfError extends Error {
    /** The kernel's name (`EPERM`, `ENOTSUPP` for 524) or one of {@link EbpfErrorCode}. */
    readonly code: string;
    /** Negative errno as in Node, when the kernel or libbpf gave one. */
    readonly errno?: number;
    readonly operation: string;
    readonly object?: string;
    readonly program?: string;
    readonly map?: string;
    readonly link?: string;
    /** Of an operation on many entries: how many were done before it failed. */
    readonly done?: number;
    /** What to do about it, where the cause is known. */
    readonly hint?: string;
    /** libbpf's last warnings that explain the failure, each one line. */
    readonly warnings: readonly string[];
    constructor(message: string, code: string, errno: number | undefined, context: FailureContext);
}
/** The native addon could not be loaded: says what was tried and what to do. */
declare class AddonLoadError extends EbpfError {
    constructor(failures: readonly {
        path: string;
        reason: string;
    }[]);
}

/** `{ raw: true }` gives bytes, own copies, in place of decoded values. */
interface RawOptions {
    raw: true;
}
/** Of hashes, arrays and storages whose values have a `struct bpf_spin_lock`. */
interface LockOptions {
    /**
     * Copies the value while its lock is held (`BPF_F_LOCK`, Linux 5.1): no value is seen or written by halves where programs hold
     * the lock too. The error of a map without a lock is ERR_EBPF_INVALID_ARGUMENT.
     */
    lock?: boolean;
}
/** When an entry is written. */
interface SetCondition {
    /** Only when there is no such entry, or only when there is one. */
    if?: 'absent' | 'present';
}
/** Options of {@link KeyedMap.set} and {@link KeyedMap.setMany}. */
interface SetOptions extends SetCondition, LockOptions {
}

/**
 * What memory holds, as plain data: the one description that codecs, record streams and generated TypeScript share.
 * {@link layoutOf} makes it from BTF, the functions of schema.ts from explicit types.
 */
/** Bytes of memory and how to read them. `size` is always in bytes. */
type Layout = IntegerLayout | BooleanLayout | EnumLayout | FloatLayout | PointerLayout | StringLayout | BytesLayout | ArrayLayout | StructLayout | UnionLayout;
/** A number up to 32 bits, a bigint above. */
interface IntegerLayout {
    readonly kind: 'integer';
    /** As in C, for messages and generated code: `__u16`. */
    readonly name: string;
    readonly size: 1 | 2 | 4 | 8 | 16;
    readonly signed: boolean;
}
interface BooleanLayout {
    readonly kind: 'boolean';
    readonly size: 1 | 2 | 4 | 8;
}
/** Its value is the integer that memory holds; it need not be one of `values` (flags are combined). */
interface EnumLayout {
    readonly kind: 'enum';
    readonly name: string;
    readonly size: 1 | 2 | 4 | 8;
    readonly signed: boolean;
    /** Values are bigints exactly when `size` is 8. */
    readonly values: readonly {
        readonly name: string;
        readonly value: number | bigint;
    }[];
    /** Of each of the 64-bit values only the low 32 bits are known: clang has described them whole since version 15. */
    readonly cut?: true;
}
interface FloatLayout {
    readonly kind: 'float';
    readonly size: 4 | 8;
}
/** An address, as a bigint. */
interface PointerLayout {
    readonly kind: 'pointer';
    readonly size: 8;
}
/** `char[size]`: text up to the first NUL, or all of it. */
interface StringLayout {
    readonly kind: 'string';
    readonly size: number;
}
/** `__u8[size]`: uninterpreted. */
interface BytesLayout {
    readonly kind: 'bytes';
    readonly size: number;
}
interface ArrayLayout {
    readonly kind: 'array';
    readonly size: number;
    readonly element: Layout;
    readonly length: number;
}
/**
 * One member of a struct or union. In a struct, a field with the name `''` is an anonymous union, whose members are
 * properties of the struct itself; in a union, it is an anonymous struct. (Anonymous structs in structs and unions in
 * unions are dissolved into their members.)
 */
interface Field {
    readonly name: string;
    /** Bytes from the start of the struct; of a bitfield, the byte in which it starts. */
    readonly offset: number;
    /** Of a bitfield: its declared type. */
    readonly layout: Layout;
    readonly bitfield?: Bitfield;
}
/** Signed or not as its declared type is. */
interface Bitfield {
    /** 0 to 7: the bit of the byte at the field's offset, counted as the host's C compiler allocates bits: from the least
     * significant one on little-endian hosts, from the most significant one on big-endian hosts. */
    readonly bitOffset: number;
    /** Width, 1 to 64. */
    readonly bitSize: number;
}
interface StructLayout {
    readonly kind: 'struct';
    /** The tag or typedef name; `''` for an anonymous struct. */
    readonly name: string;
    readonly size: number;
    readonly fields: readonly Field[];
    /**
     * The last field is a flexible array member (`char data[]`): its own size is 0, no other field ends after its offset,
     * and it extends over whatever a record has from there.
     */
    readonly flexible?: true;
}
/** All fields start at offset 0, or are bitfields within the first bytes. */
interface UnionLayout {
    readonly kind: 'union';
    readonly name: string;
    readonly size: number;
    readonly fields: readonly Field[];
}

declare const decoded: unique symbol;
declare const decodedNumber: unique symbol;
declare const encodable: unique symbol;
/**
 * A type of values in memory.
 *
 * The parameters exist only for TypeScript: `T` is what decoding gives, `N` what it gives with `int64: 'number'`, `I`
 * what encoding takes.
 */
interface Type<out T = unknown, out N = unknown, out I = unknown> {
    readonly layout: Layout;
    /** What C calls `_Alignof`: a power of two. */
    readonly alignment: number;
    readonly [decoded]?: T;
    readonly [decodedNumber]?: N;
    readonly [encodable]?: I;
}
/** The values that a type decodes to: `Infer<typeof entry>`, or with numbers in place of bigints `Infer<typeof entry, 'number'>`. */
type Infer<S extends Type, Int64 extends 'bigint' | 'number' = 'bigint'> = S extends Type<infer T, infer N> ? (Int64 extends 'number' ? N : T) : never;
/** The values that a type can be encoded from. */
type InferInput<S extends Type> = S extends Type<unknown, unknown, infer I> ? I : never;
type Small = Type<number, number, number | bigint>;
type Large = Type<bigint, number, number | bigint>;
declare const u8: Small;
declare const u16: Small;
declare const u32: Small;
declare const u64: Large;
declare const i8: Small;
declare const i16: Small;
declare const i32: Small;
declare const i64: Large;
declare const f32: Type<number, number, number>;
declare const f64: Type<number, number, number>;
declare const bool: Type<boolean, boolean, boolean | 0 | 1>;
/** `char[size]`: text of up to `size` bytes, ended by a NUL if it is shorter. */
declare function char(size: number): Type<string, string, string>;
/** `__u8[size]`: a Uint8Array. */
declare function bytes(size: number): Type<Uint8Array, Uint8Array, Uint8Array>;
/** `T[length]`. For bytes and text {@link bytes} and {@link char} are better. */
declare function array<T, N, I>(element: Type<T, N, I>, length: number): Type<T[], N[], readonly I[]>;
/** The members of a {@link struct} or {@link union}, by their names. */
type Members = Readonly<Record<string, Type>>;
type Decoded<M extends Members> = {
    -readonly [K in keyof M]: Infer<M[K]>;
};
type DecodedNumber<M extends Members> = {
    -readonly [K in keyof M]: Infer<M[K], 'number'>;
};
type Input$1<M extends Members> = {
    readonly [K in keyof M]: InferInput<M[K]>;
};
/**
 * A struct with C's alignment and padding: each member at the next multiple of its alignment, the whole rounded up to the
 * largest of them.
 *
 * @param options.packed no padding at all, as by `__attribute__((packed))`.
 */
declare function struct<const M extends Members>(members: M, options?: {
    readonly packed?: boolean;
}): Type<Decoded<M>, DecodedNumber<M>, Input$1<M>>;
/** A union: decodes to all readings of the same bytes, is encoded from any that agree. */
declare function union<const M extends Members>(members: M): Type<Decoded<M>, DecodedNumber<M>, Partial<Input$1<M>>>;
/**
 * An enum: decodes to its number, is encoded from a number or a name.
 *
 * @param values bigints or numbers by name.
 * @param underlying the integer type that holds it. Default: `i32` if a value is negative, else `u32`, as in C.
 */
declare function enumeration<const V extends Readonly<Record<string, number>>>(values: V, underlying?: Small): Type<number, number, number | bigint | keyof V>;
declare function enumeration<const V extends Readonly<Record<string, number | bigint>>>(values: V, underlying: Large): Type<bigint, number, number | bigint | keyof V>;

/**
 * The BPF Type Format's types as plain data: one interface for each kind that the kernel's documentation
 * (Documentation/bpf/btf.rst) knows, with references between types as type ids.
 */
/** A type's number in its BTF; 0 is `void`. */
type TypeId = number;
interface Named {
    readonly id: TypeId;
    /** As in C; `''` for an anonymous type. */
    readonly name: string;
}
/** Type id 0, and what a pointer to nothing in particular points at. */
interface BtfVoid extends Named {
    readonly kind: 'void';
}
interface BtfInt extends Named {
    readonly kind: 'int';
    /** Bytes of storage. */
    readonly size: number;
    /** Significant bits; fewer than `size * 8` only in bitfields described by old compilers. */
    readonly bits: number;
    /** Bit at which the value starts in its storage; as rare as an odd `bits`. */
    readonly bitOffset: number;
    readonly signed: boolean;
    /** The compiler marked it as a character. */
    readonly char: boolean;
    readonly bool: boolean;
}
/** Everything that only refers to another type, with the modifiers that do not change what memory holds. */
interface BtfReference extends Named {
    readonly kind: 'ptr' | 'typedef' | 'volatile' | 'const' | 'restrict' | 'type_tag';
    readonly type: TypeId;
    /** Of a type tag whose name is a whole attribute, such as `address_space(1)` (Linux 6.15), and not the text of a `btf_type_tag`. */
    readonly attribute?: true;
}
interface BtfArray extends Named {
    readonly kind: 'array';
    readonly element: TypeId;
    readonly indexType: TypeId;
    /** 0 also for a flexible array member. */
    readonly length: number;
}
interface BtfMember {
    /** `''` for an anonymous struct or union. */
    readonly name: string;
    readonly type: TypeId;
    /** Bits from the start of the struct. */
    readonly bitOffset: number;
    /** Width of a bitfield; 0 for an ordinary member. */
    readonly bitSize: number;
}
interface BtfComposite extends Named {
    readonly kind: 'struct' | 'union';
    /** Bytes. */
    readonly size: number;
    readonly members: readonly BtfMember[];
}
interface BtfEnum extends Named {
    readonly kind: 'enum';
    /** Bytes. */
    readonly size: number;
    readonly signed: boolean;
    readonly values: readonly {
        readonly name: string;
        readonly value: number;
    }[];
}
interface BtfEnum64 extends Named {
    readonly kind: 'enum64';
    /** Bytes. */
    readonly size: number;
    readonly signed: boolean;
    readonly values: readonly {
        readonly name: string;
        readonly value: bigint;
    }[];
}
/** A struct or union that is declared but not defined. */
interface BtfForward extends Named {
    readonly kind: 'fwd';
    readonly of: 'struct' | 'union';
}
type Linkage = 'static' | 'global' | 'extern';
interface BtfFunction extends Named {
    readonly kind: 'func';
    /** Its `func_proto`. */
    readonly type: TypeId;
    readonly linkage: Linkage;
}
interface BtfParameter {
    /** `''` where the declaration names none. */
    readonly name: string;
    readonly type: TypeId;
}
interface BtfFunctionPrototype extends Named {
    readonly kind: 'func_proto';
    readonly returnType: TypeId;
    /** A last parameter with type 0 and no name stands for `...`. */
    readonly parameters: readonly BtfParameter[];
}
interface BtfVariable extends Named {
    readonly kind: 'var';
    readonly type: TypeId;
    readonly linkage: Linkage;
}
interface BtfDataSection extends Named {
    readonly kind: 'datasec';
    /** Bytes; 0 in a file that no loader has completed yet. */
    readonly size: number;
    readonly variables: readonly {
        /** A `var`, or in `.ksyms` a `func`. */
        readonly type: TypeId;
        /** Bytes from the start of the section; 0 in a file that no loader has completed yet. */
        readonly offset: number;
        /** Bytes. */
        readonly size: number;
    }[];
}
interface BtfFloat extends Named {
    readonly kind: 'float';
    /** Bytes. */
    readonly size: number;
}
interface BtfDeclarationTag extends Named {
    readonly kind: 'decl_tag';
    readonly type: TypeId;
    /** Which member or parameter of `type` is tagged; -1 for `type` itself. */
    readonly component: number;
    /** The name is a whole attribute, and not the text of a `btf_decl_tag`. */
    readonly attribute?: true;
}
type BtfType = BtfVoid | BtfInt | BtfReference | BtfArray | BtfComposite | BtfEnum | BtfEnum64 | BtfForward | BtfFunction | BtfFunctionPrototype | BtfVariable | BtfDataSection | BtfFloat | BtfDeclarationTag;
/** The kernel's name of a kind, in lower case without `BTF_KIND_`. */
type BtfKind = BtfType['kind'];
/** The types of one kind. */
type BtfTypeOf<K extends BtfKind> = BtfType extends infer T ? T extends {
    readonly kind: infer Kinds;
} ? K extends Kinds ? T & {
    readonly kind: K;
} : never : never : never;

/** Types -> C, as one would write their declarations. */

interface DeclarationOptions {
    /** With each member's byte offset and size as a comment, as pahole(1) writes them. */
    offsets?: boolean;
}

/**
 * The types of one BTF section or file. BTF of a module builds on the kernel's: it has all of that one's types, too, and
 * its own ones after them.
 */
declare class Btf {
    #private;
    /** What it builds on; `undefined` when it stands alone. */
    readonly base: Btf | undefined;
    /** The first id of its own types: 0 (`void`) when it stands alone. */
    readonly firstId: TypeId;
    /** Number of types, `void` (id 0) and those of `base` included: valid ids are 0 to `typeCount - 1`. */
    readonly typeCount: number;
    readonly littleEndian: boolean;
    /**
     * The type with this id.
     *
     * @throws RangeError if there is no such id.
     * @throws BtfFormatError if the type refers to what does not exist.
     */
    type(id: TypeId): BtfType;
    /**
     * The first type with this name, of this kind if one is given; `undefined` if there is none. Types of `base` come
     * first.
     */
    find(name: string): BtfType | undefined;
    find<K extends BtfKind>(name: string, kind: K): BtfTypeOf<K> | undefined;
    /**
     * Its own types in the order of their ids, of one kind if one is given; those of `base` are not among them. Each is
     * decoded when it is its turn, and not kept.
     */
    types(): Generator<BtfType, void, undefined>;
    types<K extends BtfKind>(kind: K): Generator<BtfTypeOf<K>, void, undefined>;
    /** The data section with this name, such as `.maps` or `.rodata`; `undefined` if there is none. */
    datasec(name: string): BtfDataSection | undefined;
    /**
     * The type behind typedefs, const, volatile, restrict and type tags.
     *
     * @throws BtfFormatError if these refer to each other in a circle.
     */
    resolve(id: TypeId): BtfType;
    /**
     * Bytes that a value of this type takes.
     *
     * @throws BtfFormatError if such a value cannot exist (a function, an undefined struct, an endless array).
     */
    sizeOf(id: TypeId): number;
    /**
     * A type's declaration in C: of a struct, union or enum its whole body, of a function its signature, of a typedef or a
     * variable the line that declares it. Types that it uses are named, not declared.
     *
     * @throws RangeError if there is no such id.
     * @throws BtfFormatError if its types refer to each other in a circle.
     */
    declaration(id: TypeId, options?: DeclarationOptions): string;
    /**
     * All types as one C header: the `vmlinux.h` of the kernel's. Accesses to the members of its structs are adapted to the
     * kernel that runs the program (CO-RE). Of a module these are its own types, and what they need of the kernel's.
     *
     * Where several types have one name, the second is called `name___2`, and so on, which CO-RE takes for the same name.
     * Functions that programs may call (kfuncs) are declared as well, where the kernel tells which they are: Linux 6.10.
     *
     * @throws BtfFormatError if types refer to each other in a circle, or have names that C cannot have, as BTF of other languages does.
     */
    header(): string;
    /** Its own types, for `JSON.stringify`; values of 64-bit enums as decimal strings. */
    toJSON(): {
        firstId: TypeId;
        types: unknown[];
    };
}

/** Numbers of up to 32 bits, floats, and 64-bit integers where they were asked for as numbers (`Float64Array`). */
type NumberColumn = Uint8Array<ArrayBuffer> | Int8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Int16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
/** 64-bit integers and pointers. */
type BigIntColumn = BigUint64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;
/** Strings: `dictionary[indices[row]]`. Each different string is in the dictionary once. */
interface TextColumn {
    indices: Int32Array<ArrayBuffer>;
    dictionary: string[];
}
/**
 * The column of a field. Booleans are 0 and 1. An array's column has the elements of all records, one record behind the
 * other; so have bytes. A struct's column is an object of columns, and so is a union's, of all its readings.
 */
type Column<V> = [unknown] extends [V] ? AnyColumn : [V] extends [boolean] ? Uint8Array<ArrayBuffer> : [V] extends [number] ? NumberColumn : [V] extends [bigint] ? BigIntColumn : [V] extends [string] ? TextColumn : [V] extends [Uint8Array] ? Uint8Array<ArrayBuffer> : [V] extends [readonly (infer E)[]] ? Column<E> : Columns<V>;
/** The column of a field whose type is not known. */
type AnyColumn = NumberColumn | BigIntColumn | TextColumn | {
    readonly [field: string]: AnyColumn;
};
/** Names of fields of records. */
type ColumnName<T> = unknown extends T ? string : keyof T & string;
/** What {@link Batch.columns} gives. */
type Columns<T, K extends ColumnName<T> = ColumnName<T>> = {
    [F in K]: F extends keyof T ? Column<T[F]> : AnyColumn;
};
/** Of several record types, the one whose tag has this value. */
type RecordOfType<T, N extends string> = unknown extends T ? unknown : T extends unknown ? {
    [F in keyof T & string]: string extends T[F] ? never : N extends T[F] ? F : never;
}[keyof T & string] extends never ? never : T : never;

/** A view of a record: {@link Batch.forEachView}. Read-only; `{ ...view }` makes an object that can be kept. */
type RecordView<T> = Readonly<T>;

/**
 * Records as the kernel wrote them, decoded when they are asked for. A batch is valid until its handler is done with it;
 * used after that, it throws ERR_EBPF_RELEASED. What `at`, iteration and `toArray` give is the caller's own.
 */
declare class Batch<T> implements Iterable<T> {
    #private;
    /** The number of records. */
    get length(): number;
    /** The record at an index, or `undefined` outside of the batch. Negative ones count from the end, as in `Array.at`. */
    at(index: number): T | undefined;
    /** An own copy of a record's bytes, or `undefined` outside of the batch. Negative indexes count from the end. */
    bytes(index: number): Uint8Array | undefined;
    /**
     * The CPU that wrote a record of a {@link PerfBuffer}, or `undefined` outside of the batch, and for records of a ring, which
     * do not say it. Negative indexes count from the end.
     */
    cpu(index: number): number | undefined;
    [Symbol.iterator](): Generator<T, void, undefined>;
    /** Calls back for each record: faster than iterating. */
    forEach(callback: (record: T, index: number) => void): void;
    /**
     * Calls back with a view of each record: one object, whose properties are read from the batch when they are asked for.
     * The fastest way to a few fields of each record, since no object is made and nothing else is decoded.
     *
     * A view shows a record only while the callback for it runs. Afterwards it throws ERR_EBPF_RELEASED, or, where
     * `NODE_ENV` is `production`, shows any bytes of the batch. `{ ...view }` is a copy of all its fields.
     *
     * @throws TypeError where records are no structs; EbpfError ERR_EBPF_NO_BTF where they are bytes.
     */
    forEachView(callback: (view: RecordView<T>, index: number) => void): void;
    toArray(): T[];
    /**
     * The records as columns: one typed array for each field, which is yours, and no object for a record.
     *
     * @param fields to gather; all by default. The fewer, the faster.
     * @param options.type the type of records to gather, where the ring carries several
     * @throws EbpfError ERR_EBPF_UNKNOWN_NAME for a field or type that records do not have; ERR_EBPF_NO_BTF where records are
     * bytes; ERR_EBPF_RECORD_SIZE for a record that is shorter than its type.
     * @throws TypeError for a field that cannot be a column: one of 128 bits, or a flexible array member; for records of
     * several types without `type`.
     */
    columns<K extends ColumnName<T>>(fields?: readonly K[]): Columns<T, K>;
    columns<N extends string, K extends ColumnName<RecordOfType<T, N>>>(fields: readonly K[] | undefined, options: {
        readonly type: N;
    }): Columns<RecordOfType<T, N>, K>;
}

/** What gets the batches. When it returns a promise, the next batch waits for it; other values mean nothing. */
type BatchHandler<T> = (batch: Batch<T>) => unknown;

interface StreamOptions {
    /** Ends the stream: iterations reject with the signal's reason, subscriptions finish. */
    signal?: AbortSignal;
    /**
     * The longest that a record submitted without a wake-up (BPF_RB_NO_WAKEUP) waits, in milliseconds; 100 by default, 0 to
     * wait for the next wake-up, however long. With {@link maxRecords}, the longest that any record waits.
     */
    maxLatencyMs?: number;
    /**
     * Collects records into batches of so many, from 1 to 4096, for fewer calls. A batch is handed over with fewer when its
     * first record has waited `maxLatencyMs` (which has to be above 0), when the ring is half full, or when the batch has 128
     * KiB. By default records are handed over as they come.
     */
    maxRecords?: number;
}
/** A running {@link RecordStream.subscribe}. */
interface Subscription {
    readonly closed: boolean;
    /** Resolves when the subscription was closed; rejects with the error that ended it, such as one that the handler threw. */
    readonly finished: Promise<void>;
    /** Ends the subscription, at once. A second call does nothing. */
    close(): void;
    [Symbol.dispose](): void;
}
interface StreamStatistics {
    /** Records handed over. */
    records: number;
    /** Bytes of ring space that they took, headers included. Of a perf buffer, bytes of its batches. */
    bytes: number;
    /** Bytes in the ring now; of a perf buffer, in the fullest CPU's. */
    pending: number;
    /** The most bytes that were found in it; of {@link RingBuffer.size} when programs had to drop. */
    maxPending: number;
    /**
     * Records that the program could not submit, where it counts them (`EBPF_RINGBUF` of ebpf.h); `undefined` where it does
     * not, since the kernel keeps no such count.
     */
    dropped: number | undefined;
    /**
     * Records that a {@link PerfBuffer} had no room for, as the kernel counts them; `undefined` for rings, where it does not.
     * Before Linux 6.0 it tells of losses with the next record that has room.
     */
    lost: number | undefined;
}
/**
 * Records of a ring, in the order in which programs reserved them, or of a perf buffer. It has one consumer at a time in a
 * process, whether that is an iteration or a subscription; starting a second one throws ERR_EBPF_BUSY.
 */
declare class RecordStream<T, O extends StreamOptions = StreamOptions> implements AsyncIterable<T> {
    #private;
    /**
     * Calls `handler` with each batch: the way with the least cost. When the handler returns a promise, the next batch waits
     * for it, and the records meanwhile stay in the ring. An error ends the subscription and rejects its `finished`.
     *
     * @throws EbpfError ERR_EBPF_BUSY
     */
    subscribe(handler: BatchHandler<T>, options?: O): Subscription;
    /** Batches as an async iterable; each is valid until the next one is asked for. */
    batches(options?: O): AsyncIterableIterator<Batch<T>, undefined, undefined> & AsyncDisposable;
    /** Records as an async iterable. What was not handed over when the loop is left stays in a ring; a perf buffer is closed with it. */
    records(options?: O): AsyncIterableIterator<T, undefined, undefined> & AsyncDisposable;
    [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined>;
    /**
     * Records as a Node stream in object mode, for `pipe` and `pipeline`. It queues nothing: destroyed, it leaves the records
     * behind the last that was read in the ring. When the iteration fails, it is destroyed with the error.
     */
    readable(options?: O): Readable;
    /**
     * Records as a stream of the web, for `pipeTo` and `pipeThrough`. It queues nothing: cancelled, it leaves the records
     * behind the last that was read in the ring. When the iteration fails, so does the stream.
     */
    web(options?: O): ReadableStream<T>;
    /**
     * Hands over what is in the ring now, whether or not programs wake anybody for it, and resolves when all of it was
     * handled. A handler, or the body of a loop, that waits for it waits for itself.
     *
     * @throws EbpfError ERR_EBPF_CLOSED when nobody listens, or when the listener ends before; the error that ended it, if any
     */
    flush(): Promise<void>;
    /** Counts since the map was opened by this process. */
    stats(): StreamStatistics;
}

/** A map whose records come as a stream: {@link RingBuffer} and {@link PerfBuffer}. */
declare abstract class RecordMap<T = unknown, O extends StreamOptions = StreamOptions> extends BpfMap implements AsyncIterable<T> {
    #private;
    /** Whether records come decoded, not as bytes. */
    get typed(): boolean;
    /**
     * The same stream with its records decoded as a struct, union or typedef of the object.
     *
     * @param type C name without `struct`
     * @throws EbpfError ERR_EBPF_NO_BTF or ERR_EBPF_UNKNOWN_NAME, with the line to add to the program
     */
    as<U = unknown>(type: string): RecordStream<U, O>;
    /** The same stream with its records as bytes, own copies. */
    raw(): RecordStream<Uint8Array, O>;
    /** See {@link RecordStream.subscribe}. */
    subscribe(handler: BatchHandler<T>, options?: O): Subscription;
    /** See {@link RecordStream.batches}. */
    batches(options?: O): AsyncIterableIterator<Batch<T>, undefined, undefined> & AsyncDisposable;
    /** See {@link RecordStream.records}. */
    records(options?: O): AsyncIterableIterator<T, undefined, undefined> & AsyncDisposable;
    [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined>;
    /** See {@link RecordStream.readable}. */
    readable(options?: O): Readable;
    /** See {@link RecordStream.web}. */
    web(options?: O): ReadableStream<T>;
    /** See {@link RecordStream.flush}: whichever stream of this map listens. */
    flush(): Promise<void>;
    /** Counts of all streams of this map since it was opened by this process. */
    stats(): StreamStatistics;
    /** Ends its stream, then closes the descriptor. A second call does nothing. */
    close(): void;
}

/**
 * Room for one record of a {@link UserRingBuffer}. Programs see it, and all records after it, only when it was submitted
 * or discarded. It is discarded when the ring is closed, or at the end of a `using` block.
 */
declare class Reservation<T = unknown> implements Disposable {
    #private;
    /** The record, zeros at first. This is memory of its own: it is copied into the ring by {@link submit}. */
    get bytes(): Uint8Array<ArrayBuffer>;
    /** Whether it was submitted or discarded, or the ring was closed. */
    get closed(): boolean;
    /**
     * Gives the record to the programs: what is in {@link bytes}, or first `record` is put there. Bytes behind a record that
     * is shorter than the reservation stay as they are.
     *
     * @throws EbpfError ERR_EBPF_CLOSED when it was submitted or discarded before, or the ring was closed
     * @throws TypeError or RangeError for a record of the wrong shape, or one that is longer than what was reserved; it then
     *   stays reserved
     */
    submit(record?: Input<T>): void;
    /** Gives the room up: programs skip it. Does nothing when it was submitted or discarded before. */
    discard(): void;
    [Symbol.dispose](): void;
}

interface WriteOptions {
    /** Gives up the wait for room: the promise rejects with the signal's reason, and the record is not written. */
    signal?: AbortSignal;
}
/**
 * Gives records to the programs that drain a user ring, in the order of the calls. Each record is encoded into memory of
 * our own and then copied whole: programs never see half of one.
 *
 * A record can have as many bytes as the ring has, less 8, and never more than 2^24 - 1.
 */
declare class RecordProducer<T> {
    #private;
    /**
     * Puts a record into the ring. Programs are not told: they find it when they next drain.
     *
     * @returns false when it is not in there, because the ring is full, or others wait for room
     * @throws TypeError or RangeError for a record of the wrong shape, or one that can never fit
     * @throws EbpfError ERR_EBPF_BUSY when somebody else in this process writes to this ring
     */
    submit(record: Input<T>): boolean;
    /**
     * Puts records into the ring until it is full.
     *
     * @returns how many are in there, from the first one on
     * @throws as {@link submit}, with the number of records that were put there before as the error's `done`
     */
    submitMany(records: Iterable<Input<T>>): number;
    /**
     * Puts a record into the ring, as soon as there is room: the promise is the back-pressure. Records that wait go in by the
     * order of the calls, and until then {@link submit} and {@link reserve} find no room. They keep the process running, even
     * when no program ever drains.
     *
     * @returns when it is in the ring
     * @throws as {@link submit}; the signal's reason; EbpfError ERR_EBPF_CLOSED when the ring is closed before
     */
    write(record: Input<T>, options?: WriteOptions): Promise<void>;
    /**
     * Takes room for a record that is filled later, and holds its place: programs get neither it nor what comes after it until
     * it was submitted or discarded.
     *
     * @param bytes of the record; by default those of its type
     * @returns `undefined` when the ring is full, or others wait for room
     * @throws TypeError where there is no type and no number, RangeError when so many bytes can never fit
     * @throws EbpfError ERR_EBPF_BUSY when somebody else in this process writes to this ring
     */
    reserve(bytes?: number): Reservation<T> | undefined;
    /**
     * The ring as a Node stream in object mode, for `pipe` and `pipeline`: each chunk is a record, and each waits for room.
     * Destroyed, it drops what waits. The ring stays open.
     */
    writable(): Writable;
    /** The same as a stream of the web, for `pipeTo`. Aborted, it drops what waits. */
    web(): WritableStream<Input<T>>;
}

/**
 * `BPF_MAP_TYPE_USER_RINGBUF`: records for programs, which take them by `bpf_user_ringbuf_drain()`. Linux 6.1.
 *
 * Records are encoded when the map's declaration names their type (`EBPF_USER_RINGBUF` of ebpf.h); otherwise they are bytes,
 * and {@link as} encodes them by a type's name. A ring has one producer in a process: the first handle of the map that
 * writes to it, until that is closed.
 */
declare class UserRingBuffer<T = unknown> extends BpfMap {
    #private;
    /** Bytes of the ring's data area. */
    get size(): number;
    /** Whether records are encoded, not bytes. */
    get typed(): boolean;
    /** Bytes in the ring that no program has taken yet: records with their headers of 8 bytes, and what is reserved. */
    get pending(): number;
    /**
     * The same ring with its records encoded as a struct, union or typedef of the object.
     *
     * @param type C name without `struct`
     * @throws EbpfError ERR_EBPF_NO_BTF or ERR_EBPF_UNKNOWN_NAME, with the line to add to the program
     */
    as<U = unknown>(type: string): RecordProducer<U>;
    /** The same ring with its records as bytes, as many as they are. */
    raw(): RecordProducer<Uint8Array>;
    /** See {@link RecordProducer.submit}. */
    submit(record: Input<T>): boolean;
    /** See {@link RecordProducer.submitMany}. */
    submitMany(records: Iterable<Input<T>>): number;
    /** See {@link RecordProducer.write}. */
    write(record: Input<T>, options?: WriteOptions): Promise<void>;
    /** See {@link RecordProducer.reserve}. */
    reserve(bytes?: number): Reservation<T> | undefined;
    /** See {@link RecordProducer.writable}. */
    writable(): Writable;
    /** See {@link RecordProducer.web}. */
    web(): WritableStream<Input<T>>;
    /** Rejects the writes that wait for room, discards what is reserved, and closes the descriptor. A second call does nothing. */
    close(): void;
}

/** BPF_F_* of linux/bpf.h, as far as they are for the creation of maps. */
declare const MAP_FLAGS: {
    /** Entries are allocated when they are set, not with the map: BPF_F_NO_PREALLOC. */
    readonly noPreallocation: 1;
    /** Each CPU has a list of its own of what was used last: BPF_F_NO_COMMON_LRU. */
    readonly noCommonLru: 2;
    /** Memory comes from the node that `numaNode` names: BPF_F_NUMA_NODE. */
    readonly numaNode: 4;
    /** This process's descriptor can only read: BPF_F_RDONLY. */
    readonly readOnly: 8;
    /** This process's descriptor can only write: BPF_F_WRONLY. */
    readonly writeOnly: 16;
    /** Stacks as build ids and offsets in place of addresses: BPF_F_STACK_BUILD_ID. */
    readonly stackBuildId: 32;
    /** Hashes with the seed 0, to compare speed; never for keys that strangers choose: BPF_F_ZERO_SEED. */
    readonly zeroSeed: 64;
    /** Programs can only read: BPF_F_RDONLY_PROG. */
    readonly readOnlyProgram: 128;
    /** Programs can only write: BPF_F_WRONLY_PROG. */
    readonly writeOnlyProgram: 256;
    /** A socket that is accepted gets the storage of the one that listens: BPF_F_CLONE. */
    readonly clone: 512;
    /** The contents can be mapped into memory: BPF_F_MMAPABLE. */
    readonly mmapable: 1024;
    /** Perf events stay when the descriptor is closed by which they were set: BPF_F_PRESERVE_ELEMS. */
    readonly preserveElements: 2048;
    /** An array whose length may differ from that of the template of a map of maps: BPF_F_INNER_MAP. */
    readonly innerMap: 4096;
    /** An access to a page that an arena does not have is SIGSEGV and allocates none: BPF_F_SEGV_ON_FAULT. */
    readonly segvOnFault: 131072;
    /** An arena's pointers stay the kernel's: BPF_F_NO_USER_CONV. */
    readonly noUserConversion: 262144;
    /** A ring that is full overwrites its oldest records: BPF_F_RB_OVERWRITE. */
    readonly overwrite: 524288;
};
/** The word for a flag of a map. */
type MapFlag = keyof typeof MAP_FLAGS;

/** What can be said of a map that is made by itself, for each type. */

interface CommonOptions<I extends Int64> {
    /** Name in the kernel, at most 15 letters, digits, `_` and `.`; by default the map's type, as much of it as that takes. */
    name?: string;
    /** Words, or BPF_F_* of linux/bpf.h as one number. Those that the type must have are set by themselves. */
    flags?: number | readonly MapFlag[];
    /** Memory node, with BPF_F_NUMA_NODE set by itself. */
    numaNode?: number;
    /** How 64-bit integers come; `bigint`, exact, by default. */
    int64?: I;
    /**
     * Whether the kernel keeps the types, so that whoever opens the map by its id, `bpftool map dump` among them, knows what
     * is in it. By default wherever it can: for hashes, arrays, tries whose keys are structs, bloom filters and storages.
     */
    btf?: boolean;
    /** Where it is pinned, in a BPF file system; a map of the same type and sizes that is pinned there already is opened. */
    pinPath?: string;
}
interface SizedOptions<I extends Int64> extends CommonOptions<I> {
    /** How many entries it can have. */
    maxEntries: number;
}
type HashType = 'hash' | 'rhash' | 'lru_hash' | 'percpu_hash' | 'lru_percpu_hash';
/** `rhash` grows as it has to: newer than Linux 7.1. */
interface HashOptions<T extends HashType = HashType, K extends Type = Type, V extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
    type: T;
    key: K;
    value: V;
}
interface ArrayOptions<T extends 'array' | 'percpu_array' = 'array' | 'percpu_array', V extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
    type: T;
    value: V;
}
/** Linux 4.11. */
interface LpmTrieOptions<K extends Type = Type, V extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
    type: 'lpm_trie';
    /** 4 bytes of the prefix's length, then 1 to 256 bytes of data: `struct({ prefixLength: u32, address: bytes(4) })`. */
    key: K;
    value: V;
}
/** Linux 4.20. */
interface QueueOptions<T extends 'queue' | 'stack' = 'queue' | 'stack', V extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
    type: T;
    value: V;
}
/** Linux 5.16. */
interface BloomFilterOptions<V extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
    type: 'bloom_filter';
    value: V;
    /** How many bits each value sets, 1 to 15; 5 by default. */
    hashFunctions?: number;
}
/** Linux 4.12. */
interface ArrayOfMapsOptions<M extends InnerMap = InnerMap> extends SizedOptions<Int64> {
    type: 'array_of_maps';
    inner: M;
}
/** Linux 4.12. */
interface HashOfMapsOptions<K extends Type = Type, M extends InnerMap = InnerMap, I extends Int64 = Int64> extends SizedOptions<I> {
    type: 'hash_of_maps';
    key: K;
    inner: M;
}
/** A map like those that will be in another one, or the options to make one; the outer map does not keep it. */
type InnerMap = BpfMap | CreateMapOptions;
/** Linux 4.2, 4.8 for cgroups. */
interface DescriptorArrayOptions<T extends 'prog_array' | 'cgroup_array' | 'xskmap' = 'prog_array' | 'cgroup_array' | 'xskmap'> extends SizedOptions<Int64> {
    type: T;
}
/** Linux 4.6. */
interface StackTraceOptions<V extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
    type: 'stack_trace';
    /**
     * `array(u64, n)` for stacks of n frames; with the flag `stackBuildId`, 32 bytes a frame. By default 127 frames; no more than
     * the system's `kernel.perf_event_max_stack`.
     */
    value?: V;
}
/** Linux 4.14. */
interface RedirectOptions<T extends 'devmap' | 'devmap_hash' = 'devmap' | 'devmap_hash'> extends SizedOptions<Int64> {
    type: T;
    /** 8 bytes by default, which can name a program, too (Linux 5.8); `u32` for older kernels. */
    value?: Type;
}
/** Linux 4.15. */
interface CpuMapOptions extends CommonOptions<Int64> {
    type: 'cpumap';
    /** The number of possible CPUs by default. */
    maxEntries?: number;
    /** 8 bytes by default, which can name a program, too (Linux 5.9); `u32` for older kernels. */
    value?: Type;
}
/** Linux 4.14; 4.18 for hashes, 4.19 for groups of reuseport. */
interface SocketArrayOptions<T extends 'sockmap' | 'reuseport_sockarray' = 'sockmap' | 'reuseport_sockarray'> extends SizedOptions<Int64> {
    type: T;
    /** 8 bytes by default, so that the sockets' cookies can be read; `u32` otherwise. */
    value?: Type;
}
interface SockHashOptions<K extends Type = Type, I extends Int64 = Int64> extends SizedOptions<I> {
    type: 'sockhash';
    key: K;
    /** 8 bytes by default, so that the sockets' cookies can be read; `u32` otherwise. */
    value?: Type;
}
type StorageType = 'sk_storage' | 'inode_storage' | 'task_storage' | 'cgrp_storage';
/** Linux 5.2 for sockets, 5.10 for inodes, 5.11 for tasks, 6.2 for cgroups. It grows as it has to. */
interface StorageOptions<T extends StorageType = StorageType, V extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
    type: T;
    value: V;
}
type OldStorageType = 'cgroup_storage' | 'percpu_cgroup_storage';
/** Linux 4.19, 4.20 for the per-CPU form. It has an entry for each cgroup that a program which uses it was attached to. */
interface OldCgroupStorageOptions<T extends OldStorageType = OldStorageType, V extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
    type: T;
    /** `struct({ cgroup_inode_id: u64, attach_type: u32 })` by default; `u64` for one entry for all attach types (Linux 5.9). */
    key?: Type;
    value: V;
}
/** Linux 4.3. */
interface PerfEventArrayOptions<R extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
    type: 'perf_event_array';
    /** The number of possible CPUs by default. */
    maxEntries?: number;
    /** The records' type; bytes without it. */
    record?: R;
}
/** Linux 5.8. */
interface RingBufferOptions<R extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
    type: 'ringbuf';
    /** Bytes: a power of two and a multiple of the page size. */
    maxEntries: number;
    /** The records' type; bytes without it. */
    record?: R;
}
/** Linux 6.1. */
interface UserRingBufferOptions<R extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
    type: 'user_ringbuf';
    /** Bytes: a power of two and a multiple of the page size. */
    maxEntries: number;
    /** The records' type; bytes without it. */
    record?: R;
}
/** Linux 6.9, on machines for which the kernel has a JIT. */
interface ArenaOptions extends CommonOptions<Int64> {
    type: 'arena';
    /** Pages, at most 4 GiB. */
    maxEntries: number;
}
/** Those of types that have no class of their own yet. */
type OtherMapOptions = PerfEventArrayOptions;
type CreateMapOptions = HashOptions | ArrayOptions | LpmTrieOptions | QueueOptions | BloomFilterOptions | ArrayOfMapsOptions | HashOfMapsOptions | DescriptorArrayOptions | RedirectOptions | CpuMapOptions | SocketArrayOptions | SockHashOptions | StackTraceOptions | RingBufferOptions | UserRingBufferOptions | ArenaOptions | StorageOptions | OldCgroupStorageOptions | OtherMapOptions;

/** The kernel's map types, by bpftool's names. */
/** Index is the kernel's number: `enum bpf_map_type` of linux/bpf.h. */
declare const NAMES: readonly ["unspec", "hash", "array", "prog_array", "perf_event_array", "percpu_hash", "percpu_array", "stack_trace", "cgroup_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps", "hash_of_maps", "devmap", "sockmap", "cpumap", "xskmap", "sockhash", "cgroup_storage", "reuseport_sockarray", "percpu_cgroup_storage", "queue", "stack", "sk_storage", "devmap_hash", "struct_ops", "ringbuf", "inode_storage", "task_storage", "bloom_filter", "user_ringbuf", "cgrp_storage", "arena", "insn_array", "rhash"];
type MapType = (typeof NAMES)[number];

/** A pin's path, an id, or a descriptor, which is duplicated. */
type KernelTarget = string | {
    id: number;
} | {
    fd: number;
};

interface OpenMapOptions {
    /** Types of a map that has no BTF, or other ones than its BTF says. */
    key?: Type;
    value?: Type;
    record?: Type;
    /** Keys and values as bytes, whatever the BTF says. */
    raw?: boolean;
    /** How 64-bit integers come; `bigint`, exact, by default. */
    int64?: Int64;
}

type MapClass<M extends BpfMap> = abstract new (...args: any[]) => M;

/** How 64-bit integers come: exact bigints by default, or numbers where the user has chosen that once. */
type Int64 = 'bigint' | 'number';

/** What keys are when a map gives them back. */

/**
 * A key as iteration gives it: of integers always decoded; of other types a `Uint8Array` where no decoded form would find
 * the entry again. Two kinds of numbers can come as bytes, too, and a map with such keys says so by `number | Uint8Array` as
 * its `K`: 64-bit integers read by `int64: 'number'`, and floats.
 */
type KeyOf<K> = [K] extends [number | bigint] ? K : K | Uint8Array;
/** The `K` of a map whose keys are of a type that was given. */
type InferKey<S extends Type, I extends Int64> = [Infer<S, I>] extends [number] ? [Infer<S>, bigint] extends [number, InferInput<S>] ? Infer<S, I> : Infer<S, I> | Uint8Array : Infer<S, I>;

/**
 * Says in generated interfaces which properties are readings of the same bytes, those of a C union: nothing has such a property, and
 * one of them is enough to write a value.
 */
declare const readings: unique symbol;
/** Names of properties that are readings of the same bytes. */
type ReadingsOf<T> = typeof readings extends keyof T ? Extract<T[typeof readings], string> : never;

/**
 * What a value can be encoded from: as it is decoded, with numbers and bigints in each other's place. (An enumerator's
 * name is taken for an enum too, which TypeScript cannot tell from other numbers.) Of readings of the same bytes, where the type says
 * that they are, some are enough.
 */
type Encodable<T> = T extends bigint | number ? bigint | number : T extends string | boolean | Uint8Array ? T : T extends readonly (infer E)[] ? readonly Encodable<E>[] : T extends object ? typeof readings extends keyof T ? EncodableUnion<T, ReadingsOf<T>> : {
    readonly [Field in keyof T]: Encodable<T[Field]>;
} : T;
type EncodableUnion<T, Readings extends string> = {
    readonly [Field in Exclude<keyof T, Readings | typeof readings>]: Encodable<T[Field]>;
} & {
    readonly [Field in Readings & keyof T]?: Encodable<T[Field]>;
};
/** A key or value to encode, or its bytes. */
type Input<T> = T | Encodable<T> | Uint8Array;
/**
 * A map from keys to values, read and written like JavaScript's `Map` where that is true. Calls are synchronous system
 * calls of about a microsecond. A miss is `undefined`, never an exception.
 *
 * A key that no decoded form can hold (bytes behind a string's NUL, say) is a `Uint8Array` of the key's size, which is
 * accepted wherever a key is: what iteration gives back finds its entry again.
 */
declare class KeyedMap<K, V> extends BpfMap {
    #private;
    /** The value of a key, or `undefined` when there is none. */
    get(key: Input<K>, options: RawOptions & LockOptions): Uint8Array | undefined;
    get(key: Input<K>, options?: LockOptions): V | undefined;
    /** Whether there is an entry for a key. */
    has(key: Input<K>): boolean;
    /**
     * Writes an entry.
     *
     * @returns whether it was written: always, or as the condition says.
     * @throws EbpfError E2BIG when the map is full
     */
    set(key: Input<K>, value: Input<V>, options?: SetOptions): boolean;
    /** Entries as `[key, value]`. What the walk promises under concurrent change is said in docs/maps.md. */
    entries(options: RawOptions & LockOptions): Generator<[Uint8Array, Uint8Array], void, undefined>;
    entries(options?: LockOptions): Generator<[KeyOf<K>, V], void, undefined>;
    keys(options: RawOptions): Generator<Uint8Array, void, undefined>;
    keys(): Generator<KeyOf<K>, void, undefined>;
    values(options: RawOptions & LockOptions): Generator<Uint8Array, void, undefined>;
    values(options?: LockOptions): Generator<V, void, undefined>;
    [Symbol.iterator](): Generator<[KeyOf<K>, V], void, undefined>;
    /** Calls back for each entry: the fastest way to read a whole map. */
    forEach(callback: (value: V, key: KeyOf<K>, map: this) => void, options?: LockOptions): void;
    /** All entries as `[key, value]`; faster than `[...map]`. */
    toArray(options?: LockOptions): [KeyOf<K>, V][];
    /**
     * All entries as a JavaScript `Map`; faster than `new Map(map)`. Keys that are objects or bytes are found in it by
     * identity only, as in every `Map`.
     */
    toMap(options?: LockOptions): Map<KeyOf<K>, V>;
    /** The values of several keys, in their order, `undefined` for a miss. */
    getMany(keys: Iterable<Input<K>>, options: RawOptions & LockOptions): (Uint8Array | undefined)[];
    getMany(keys: Iterable<Input<K>>, options?: LockOptions): (V | undefined)[];
    /**
     * Writes many entries, by one system call for each few thousand where the kernel can (Linux 5.6). With a condition it
     * is one call for each entry: the kernel's batches have none.
     *
     * @returns how many were written: all, or those that the condition let pass
     * @throws EbpfError (a RangeError for an index outside of an array, a TypeError or RangeError for an entry that cannot
     * be encoded) with the number of entries that were written before it failed as its `done`
     */
    setMany(entries: Iterable<readonly [Input<K>, Input<V>]>, options?: SetOptions): number;
    /**
     * The `n` entries with the highest rank, from the highest on, found in one walk that keeps no more than `n`.
     *
     * @param by the rank of an entry; without it the value itself, which must be a number then (per-CPU: its sum)
     * @throws TypeError when a rank is no number
     */
    top(n: number, by?: (value: V, key: KeyOf<K>) => number | bigint): [KeyOf<K>, V][];
    /** How many entries there are now. Walks the map: the kernel keeps no count that can be read. */
    count(): number;
}

/** What the kernel knows of a link, with the numbers of its kind decoded into the words of the hooks' builders. */

interface Common {
    /** Unique in the running kernel. */
    id: number;
    /** 0 for struct_ops, whose link has a map. */
    programId: number;
}
/** What `bpf_get_attach_cookie()` gives the program; absent where the kernel does not tell. */
interface Cookie {
    cookie?: bigint;
}
/** Of `rawTracepoint()`, and of `tpBtf()`. */
interface RawTracepointLinkInfo extends Common, Cookie {
    type: 'raw_tracepoint';
    /** Of the tracepoint. */
    name: string;
}
/** fentry, fexit, fmod_ret, LSM, freplace: what the kernel calls by its own code. */
interface TracingLinkInfo extends Common, Cookie {
    type: 'tracing';
    /** libbpf's name of the attach type, such as `trace_fentry`, `modify_return` or `lsm_mac`. */
    attachType: string;
    /** Id of the BTF object, or of the program for freplace, that the target is in. Linux 5.13, else 0. */
    targetObjectId: number;
    /** The target function in that BTF. Linux 5.13, else 0. */
    targetBtfId: number;
}
interface CgroupLinkInfo extends Common {
    type: 'cgroup';
    /** As `cgroup()` names it, such as `inet_ingress` or `inet4_connect`; `lsm_cgroup` for LSM hooks. */
    attachType: string;
    /** Inode number of the cgroup's folder; 0 when it is gone. */
    cgroupId: bigint;
}
interface IteratorLinkInfo extends Common {
    type: 'iter';
    /** What it walks over, such as `task` or `bpf_map_elem`. */
    target: string;
    mapId?: number;
    /** Linux 6.1. */
    cgroup?: {
        id: bigint;
        order: string;
    };
    /** Only this thread, or this process. Linux 6.1. */
    tid?: number;
    pid?: number;
}
interface NetnsLinkInfo extends Common {
    type: 'netns';
    /** `flow_dissector` or `sk_lookup`. */
    attachType: string;
    /** Inode number of the network namespace; 0 when it is gone. */
    netnsInode: number;
}
interface XdpLinkInfo extends Common {
    type: 'xdp';
    /** 0 when the interface is gone or the link was detached. */
    interfaceIndex: number;
}
/** A perf event. What it is of is known since Linux 6.6; before, `event` is absent. */
type PerfEventLinkInfo = Common & Cookie & {
    type: 'perf_event';
} & ({
    event?: undefined;
} | {
    event: 'tracepoint';
    name: string;
} | {
    event: 'kprobe' | 'kretprobe';
    /** Absent for a probe of an address. */
    symbol?: string;
    offset: bigint;
    /** 0 where the kernel hides it. */
    address: bigint;
    /** Events that the probe missed. Linux 6.7. */
    missed?: bigint;
} | {
    event: 'uprobe' | 'uretprobe';
    binary: string;
    offset: bigint;
    /** Linux 6.16. */
    referenceCounterOffset?: bigint;
}
/** `eventType` and `config` are those of `struct perf_event_attr`. */
 | {
    event: 'event';
    eventType: number;
    config: bigint;
});
/** Linux 5.18; what follows `programId` since 6.6. */
interface KprobeMultiLinkInfo extends Common {
    type: 'kprobe_multi';
    return?: boolean;
    /** 0 where the kernel hides them. */
    addresses?: BigUint64Array;
    /** As many as addresses. Linux 6.9. */
    cookies?: BigUint64Array;
    /** Events that the probes missed. Linux 6.7. */
    missed?: bigint;
}
/** What follows `programId` since Linux 6.8. */
interface UprobeMultiLinkInfo extends Common {
    type: 'uprobe_multi';
    return?: boolean;
    binary?: string;
    offsets?: BigUint64Array;
    /** As many as offsets. */
    referenceCounterOffsets?: BigUint64Array;
    /** As many as offsets. */
    cookies?: BigUint64Array;
    /** Absent: every process. */
    pid?: number;
}
interface StructOpsLinkInfo extends Common {
    type: 'struct_ops';
    mapId: number;
}
interface NetfilterLinkInfo extends Common {
    type: 'netfilter';
    /** As `netfilter()` names them. */
    family: string;
    hook: string;
    priority: number;
    defragment: boolean;
}
interface TcxLinkInfo extends Common {
    type: 'tcx';
    /** 0 when the interface is gone or the link was detached. */
    interfaceIndex: number;
    direction: 'ingress' | 'egress';
}
interface NetkitLinkInfo extends Common {
    type: 'netkit';
    /** 0 when the interface is gone or the link was detached. */
    interfaceIndex: number;
    side: 'primary' | 'peer';
}
interface SockmapLinkInfo extends Common {
    type: 'sockmap';
    /** 0 when the map is gone. */
    mapId: number;
    /** As `sockmap()` names it, such as `verdict` or `msg_verdict`. */
    attachType: string;
}
/** Of a kernel that is newer than this library. */
interface UnknownLinkInfo extends Common {
    type: `unknown (${number})`;
}
/** What the kernel knows of a link; bpftool's name of the link type in `type` tells what else there is. */
type LinkInfo = RawTracepointLinkInfo | TracingLinkInfo | CgroupLinkInfo | IteratorLinkInfo | NetnsLinkInfo | XdpLinkInfo | PerfEventLinkInfo | KprobeMultiLinkInfo | UprobeMultiLinkInfo | StructOpsLinkInfo | NetfilterLinkInfo | TcxLinkInfo | NetkitLinkInfo | SockmapLinkInfo | UnknownLinkInfo;

/**
 * A struct of callbacks that the kernel calls, such as a TCP congestion control (`tcp_congestion_ops`) or a scheduler
 * (`sched_ext_ops`), declared in `SEC(".struct_ops.link")`, or before Linux 6.4 in `SEC(".struct_ops")`. Linux 5.6.
 */
declare class StructOpsMap extends BpfMap {
    #private;
    /** The links made by {@link attach} that are not closed. */
    get links(): readonly Link[];
    /**
     * Registers the struct with its part of the kernel, off the JavaScript thread. It is in use until the link is closed.
     *
     * @throws EbpfError with the kernel's code, such as EEXIST when one of this name is registered already
     */
    attach(): Promise<Link>;
}

/**
 * A program that is attached at the same hook, by its link or by itself. The kernel finds by a program alone also what is
 * attached by a link.
 */
type Anchor = Link | BpfProgram | {
    linkId: number;
} | {
    programId: number;
};
/** At most one place; the last one without it. */
interface Ordering {
    before?: Anchor;
    after?: Anchor;
    /** Before all that are there now. */
    first?: boolean;
    /** After all that are there now. */
    last?: boolean;
    /** Attach only when the hook is still at this revision, as `query(hook)` told it; ESTALE otherwise. */
    expectedRevision?: number | bigint;
}

/** A path, or an open descriptor, which stays the caller's. */
type PathOrDescriptor = string | {
    fd: number;
};

/** What happens in a cgroup, and libbpf's name of the program type that it takes. */
declare const PROGRAM_TYPES: {
    readonly inet_ingress: "cgroup_skb";
    readonly inet_egress: "cgroup_skb";
    readonly inet_sock_create: "cgroup_sock";
    readonly inet_sock_release: "cgroup_sock";
    readonly inet4_post_bind: "cgroup_sock";
    readonly inet6_post_bind: "cgroup_sock";
    readonly inet4_bind: "cgroup_sock_addr";
    readonly inet6_bind: "cgroup_sock_addr";
    readonly inet4_connect: "cgroup_sock_addr";
    readonly inet6_connect: "cgroup_sock_addr";
    readonly unix_connect: "cgroup_sock_addr";
    readonly udp4_sendmsg: "cgroup_sock_addr";
    readonly udp6_sendmsg: "cgroup_sock_addr";
    readonly unix_sendmsg: "cgroup_sock_addr";
    readonly udp4_recvmsg: "cgroup_sock_addr";
    readonly udp6_recvmsg: "cgroup_sock_addr";
    readonly unix_recvmsg: "cgroup_sock_addr";
    readonly inet4_getpeername: "cgroup_sock_addr";
    readonly inet6_getpeername: "cgroup_sock_addr";
    readonly unix_getpeername: "cgroup_sock_addr";
    readonly inet4_getsockname: "cgroup_sock_addr";
    readonly inet6_getsockname: "cgroup_sock_addr";
    readonly unix_getsockname: "cgroup_sock_addr";
    readonly sock_ops: "sock_ops";
    readonly device: "cgroup_device";
    readonly sysctl: "cgroup_sysctl";
    readonly getsockopt: "cgroup_sockopt";
    readonly setsockopt: "cgroup_sockopt";
};
/** What happens in a cgroup, as in `enum bpf_attach_type` of linux/bpf.h, without `BPF_CGROUP_`. */
type CgroupAttachType = keyof typeof PROGRAM_TYPES;
/** The processes of a cgroup and of those below it. */
interface CgroupHook {
    kind: 'cgroup';
    cgroup: PathOrDescriptor;
    /** `undefined`: what the program was loaded for. */
    attachType: CgroupAttachType | undefined;
    /** `undefined`: after all that are there. */
    ordering: Ordering | undefined;
    preorder: boolean;
}
/** A link to the same cgroup. */
type CgroupAnchor = Link | {
    linkId: number;
};
/**
 * Places among the programs of the same cgroup, Linux 6.17; `before`, `after` and `expectedRevision` also libbpf 1.6. By
 * default a program goes after the others.
 */
interface CgroupOptions extends Omit<Ordering, 'before' | 'after'> {
    before?: CgroupAnchor;
    after?: CgroupAnchor;
    /** What the program was loaded for, which its section says, by default. Named for a program that was opened, and for `SEC("cgroup/skb")`. */
    attachType?: CgroupAttachType;
    /**
     * Runs before the programs of cgroups further down, which are otherwise the first. Linux 6.17.
     */
    preorder?: boolean;
}
/**
 * What the processes of a cgroup and of those below it do, by a link: their packets, sockets, addresses, socket options,
 * devices, sysctls. Linux 5.7; getpeername and getsockname 5.8, inet_sock_release 5.9, unix_* 6.7.
 *
 * A program that returns 0 denies (the call fails with EPERM, the packet is dropped); all programs must allow.
 *
 * @param cgroup folder of a version 2 hierarchy, such as `/sys/fs/cgroup/user.slice`, or an open descriptor of it
 */
declare function cgroup(cgroup: PathOrDescriptor, options?: CgroupOptions): CgroupHook;

/** A global function of a loaded program, whose place another program takes. */
interface FreplaceHook {
    kind: 'freplace';
    /** It stays the caller's, and open. */
    program: BpfProgram;
    function: string;
}
interface FreplaceTarget {
    /** The loaded program whose function is replaced. */
    program: BpfProgram;
    /** Its function's name in C; also the program's own name, for all of it. */
    function: string;
}
/**
 * A global function (neither `static` nor inlined) of a loaded program: from now on the extension runs in its place, until
 * the link is closed. Linux 5.6 with BTF in both objects.
 *
 * The verifier checks the extension against the function, so a target is named before loading:
 * `spec.programs.<name>.attachTarget = { program, function }`. Attaching by this hook to another function of the same
 * prototype is Linux 5.10. One extension at a time: the second is EBUSY.
 *
 * @throws TypeError when `target` is not `{ program, function }`
 */
declare function freplace(target: FreplaceTarget): FreplaceHook;

/** `enum bpf_cgroup_iter_order` of linux/bpf.h. */
declare const ORDERS: {
    readonly self: 1;
    readonly descendants_pre: 2;
    readonly descendants_post: 3;
    readonly ancestors_up: 4;
    readonly children: 5;
};
/**
 * Which cgroups: only it (`self`), it and all below it, parents first (`descendants_pre`) or children first
 * (`descendants_post`), it and all above it (`ancestors_up`), or only those right below it (`children`, Linux 7.0).
 */
type CgroupOrder = keyof typeof ORDERS;
/** What an iterator walks over, as far as the program's section leaves it open. */
interface IteratorHook {
    kind: 'iterator';
    map: BpfMap | undefined;
    cgroup: PathOrDescriptor | undefined;
    order: CgroupOrder | undefined;
    tid: number | undefined;
    pid: number | undefined;
    pidFd: number | undefined;
}
/** At most one of `map`, `cgroup`, `tid`, `pid` and `pidFd`. */
interface IteratorOptions {
    /** For `iter/bpf_map_elem`, `iter/bpf_sk_storage_map` and `iter/sockmap`: whose entries. */
    map?: BpfMap;
    /** For `iter/cgroup`: from where, a folder of the version 2 hierarchy. Linux 6.1. */
    cgroup?: PathOrDescriptor;
    /** With `cgroup`. */
    order?: CgroupOrder;
    /** For `iter/task`, `iter/task_file` and `iter/task_vma`: only this thread. Linux 6.1. */
    tid?: number;
    /** Only the threads of this process. Linux 6.1. */
    pid?: number;
    /** The same, by a descriptor of `pidfd_open(2)`. Linux 6.1. */
    pidFd?: number;
}
/**
 * An iterator: a program that runs once for each task, socket, map entry and so on, when its link is read, and writes what
 * the reader gets. What it walks over is in its section, such as `SEC("iter/task")`. Linux 5.8.
 *
 * @throws TypeError when more than one thing is named to walk over
 */
declare function iterator(options?: IteratorOptions): IteratorHook;

/**
 * The kernel's three ways to place a probe, newest first: a `link` (Linux 5.15), a `perf` event with the program set on it
 * (4.17), and `legacy`, an event made in tracefs (4.1 for kprobes, 4.3 for uprobes). Without one, libbpf takes the newest
 * that this kernel has. libbpf 1.2.
 */
type ProbeMode = 'link' | 'perf' | 'legacy';

/** The entry of a kernel function, an instruction of it, or its return. */
interface KprobeHook {
    kind: 'kprobe' | 'kretprobe';
    /** As in /proc/kallsyms; `module:function` where a module's is meant. */
    symbol: string;
    /** Bytes from the function's start; 0 for a return. */
    offset: bigint;
    cookie: bigint;
    mode: ProbeMode | undefined;
}
/** Entry or return of a system call, by its name alone. */
interface KsyscallHook {
    kind: 'ksyscall' | 'kretsyscall';
    name: string;
    cookie: bigint;
}
interface KretprobeOptions {
    /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
    cookie?: number | bigint;
    /** How the kernel is asked for it; the newest way that it has by default. libbpf 1.2. */
    mode?: ProbeMode;
}
interface KprobeOptions extends KretprobeOptions {
    /** Bytes from the function's start, of an instruction's first byte. 0 by default. */
    offset?: number | bigint;
}
interface KsyscallOptions {
    /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
    cookie?: number | bigint;
}
/**
 * Entry of a kernel function, or any instruction of it. Linux 4.1, with CONFIG_KPROBE_EVENTS.
 *
 * What cannot be probed (it is inlined, or the kernel forbids it) is answered with ENOENT or EINVAL, a name that several
 * functions have with EADDRNOTAVAIL (Linux 6.6), an offset inside an instruction with EILSEQ.
 *
 * @param symbol as in /proc/kallsyms, such as `vfs_unlink`; `module:function` for a module's
 */
declare function kprobe(symbol: string, options?: KprobeOptions): KprobeHook;
/**
 * Return of a kernel function. Linux 4.1, with CONFIG_KPROBE_EVENTS.
 *
 * @param symbol as in /proc/kallsyms, such as `vfs_unlink`; `module:function` for a module's
 */
declare function kretprobe(symbol: string, options?: KretprobeOptions): KprobeHook;
/**
 * A kprobe for each function that fits, for `program.attachAll`: where the kernel has it, one link of `kprobeMulti` is a
 * thousand times faster to attach than a thousand of these. Left out is what a kprobe cannot be placed on: names that
 * several functions have, and functions that the kernel does not let be probed.
 *
 * @param pattern with `*` and `?`, over tracefs' `available_filter_functions`
 * @throws EbpfError ENOENT when no function fits
 */
declare function kprobes(pattern: string, options?: KretprobeOptions): KprobeHook[];
/** The same as {@link kprobes}, for the returns. */
declare function kretprobes(pattern: string, options?: KretprobeOptions): KprobeHook[];
/**
 * Entry of a system call: the kprobe on whatever this kernel and architecture call its function, such as
 * `__x64_sys_openat`. The program reads the arguments by libbpf's `BPF_KSYSCALL`. Linux 4.1, with CONFIG_KPROBE_EVENTS.
 *
 * @param name such as `openat`
 */
declare function ksyscall(name: string, options?: KsyscallOptions): KsyscallHook;
/**
 * Return of a system call. Linux 4.1, with CONFIG_KPROBE_EVENTS.
 *
 * @param name such as `openat`
 */
declare function kretsyscall(name: string, options?: KsyscallOptions): KsyscallHook;

/** Which functions: a pattern with `*` and `?`, or names, or addresses. */
type KernelFunctions = string | {
    symbols: readonly string[];
} | {
    addresses: readonly (number | bigint)[] | BigUint64Array;
};
/** Many kernel functions by one link. */
interface KprobeMultiHook {
    kind: 'kprobe_multi' | 'kretprobe_multi' | 'kprobe_session';
    functions: string | {
        symbols: string[];
    } | {
        addresses: bigint[];
    };
    /** One for each name or address. */
    cookies: bigint[] | undefined;
    uniqueMatch: boolean;
}
interface KprobeMultiOptions {
    /** What `bpf_get_attach_cookie()` gives the program, one for each name or address; not with a pattern. */
    cookies?: readonly (number | bigint)[] | BigUint64Array;
    /** Refuses a pattern that more than one function fits. libbpf 1.6. */
    uniqueMatch?: boolean;
}
/**
 * Entries of many kernel functions by one link, attached in one call. Linux 5.18, with CONFIG_FPROBE.
 *
 * The program is loaded for it: `SEC("kprobe.multi")`. No function is ENOENT or ESRCH.
 *
 * @param functions a pattern with `*` and `?` such as `vfs_*`, or `{ symbols }`, or `{ addresses }`
 */
declare function kprobeMulti(functions: KernelFunctions, options?: KprobeMultiOptions): KprobeMultiHook;
/** The same as {@link kprobeMulti}, for the returns. `SEC("kretprobe.multi")`. */
declare function kretprobeMulti(functions: KernelFunctions, options?: KprobeMultiOptions): KprobeMultiHook;
/**
 * Entries and returns of many kernel functions: the program runs twice for each call, tells them apart by the kfunc
 * `bpf_session_is_return()`, and skips the return by returning 1 at the entry. Linux 6.10, with CONFIG_FPROBE; libbpf 1.5.
 *
 * The program is loaded for it: `SEC("kprobe.session")`.
 */
declare function kprobeSession(functions: KernelFunctions, options?: KprobeMultiOptions): KprobeMultiHook;

/** What an infrared receiver receives. */
interface LircHook {
    kind: 'lirc';
    device: PathOrDescriptor;
}
/**
 * What an infrared receiver receives, pulses and spaces, which the program decodes (`bpf_rc_keydown()` and the like). Up
 * to 64 programs; the kernel has no links for them. Linux 4.18, which must be built with CONFIG_BPF_LIRC_MODE2: Debian's
 * kernels are not.
 *
 * @param device path such as `/dev/lirc0`, or an open descriptor of it
 */
declare function lirc(device: PathOrDescriptor): LircHook;

/** A security hook, for the whole system. */
interface LsmHook {
    kind: 'lsm';
    /** As in the kernel's lsm_hook_defs.h. */
    name: string;
    cookie: bigint;
}
/** A security hook, for the processes of one cgroup. */
interface LsmCgroupHook {
    kind: 'lsm_cgroup';
    /** As in the kernel's lsm_hook_defs.h. */
    name: string;
    /** Folder of the cgroup, or a descriptor of it. */
    cgroup: PathOrDescriptor;
}
interface LsmOptions {
    /** What `bpf_get_attach_cookie()` gives the program; Linux 5.19. */
    cookie?: number | bigint;
}
/**
 * A security hook, asked for every process of the system: a program that returns a negative errno refuses. Linux 5.7 with
 * kernel BTF (arm64: 6.4), CONFIG_BPF_LSM, and `bpf` among the security modules that the kernel was booted with
 * (`lsm=…,bpf`); without that, attaching is refused here, since the kernel would attach the program and never ask it.
 *
 * The verifier checks the program against this hook, so the target is fixed at load: name it in the section
 * (`SEC("lsm/file_open")`, or `lsm.s` for a program that may sleep) or in `spec.programs.<name>.attachTarget` before loading.
 *
 * @param name as in the kernel's lsm_hook_defs.h, such as `file_open`
 */
declare function lsm(name: string, options?: LsmOptions): LsmHook;
/**
 * A security hook, asked only for the processes (for hooks of sockets: the sockets) of one cgroup and those below it: a
 * program that returns 0 refuses with EPERM, or with the errno that it set by `bpf_set_retval()`; 1 allows. Linux 6.0
 * (arm64: 6.4) with kernel BTF, CONFIG_BPF_LSM, CONFIG_CGROUP_BPF, and `bpf` among the security modules as for {@link lsm}.
 *
 * The target is fixed at load as that of {@link lsm}: `SEC("lsm_cgroup/socket_create")`. Without CAP_SYS_ADMIN, which it takes
 * to see what a program was loaded for, `query()` lists the programs of all security hooks of the cgroup.
 *
 * @param name as in the kernel's lsm_hook_defs.h, such as `socket_create`
 * @param cgroup its folder, such as `/sys/fs/cgroup/my.service`, or a descriptor of it
 */
declare function lsmCgroup(name: string, cgroup: PathOrDescriptor): LsmCgroupHook;

/** A path such as `/run/netns/blue`, the pid of a process in it, or an open descriptor of it. */
type NetworkNamespace = string | {
    pid: number;
} | {
    fd: number;
};

/** NFPROTO_* of linux/netfilter.h; the kernel takes no others here. */
declare const FAMILIES: {
    readonly ipv4: 2;
    readonly ipv6: 10;
};
/** `enum nf_inet_hooks` of linux/netfilter.h. */
declare const HOOKS: {
    readonly prerouting: 0;
    readonly input: 1;
    readonly forward: 2;
    readonly output: 3;
    readonly postrouting: 4;
};
type NetfilterFamily = keyof typeof FAMILIES;
/** Where on a packet's way through the IP stack, in the words of nftables. */
type NetfilterHookName = keyof typeof HOOKS;
/** A hook of netfilter, among those of iptables, nftables and connection tracking. */
interface NetfilterHook {
    kind: 'netfilter';
    family: NetfilterFamily;
    hook: NetfilterHookName;
    priority: number;
    defragment: boolean;
    netns: NetworkNamespace | undefined;
}
interface NetfilterOptions {
    family: NetfilterFamily;
    hook: NetfilterHookName;
    /**
     * Lower ones run first; those of the kernel are in linux/netfilter_ipv4.h: -400 defragmentation, -300 raw, -200
     * connection tracking, -150 mangle, -100 destination NAT, 0 filter, 100 source NAT. One BPF program each. 0 by default.
     */
    priority?: number;
    /** The program sees whole packets in place of fragments, which takes a priority above -400. Linux 6.6. */
    defragment?: boolean;
    /** The network namespace whose packets it sees; the process's own by default. */
    netns?: NetworkNamespace;
}
/**
 * A hook of netfilter, by a link; the program returns NF_DROP or NF_ACCEPT. Linux 6.4, libbpf 1.3.
 *
 * Links do not tell their network namespace: `query()` asks the kernel for the programs of the one that is named, which takes
 * CONFIG_NETFILTER_NETLINK_HOOK. Where that is missing, it lists those at this hook in all network namespaces.
 */
declare function netfilter(options: NetfilterOptions): NetfilterHook;

/** What every hook of a network interface says. */
interface InterfacePlace {
    /** Name or index, in `netns`. */
    interface: string | number;
    /** `undefined`: this process's own. */
    netns: NetworkNamespace | undefined;
}

/** Which device of the pair sends the packet that the program sees. */
type NetkitSide = 'primary' | 'peer';
/** A netkit device: a pair like veth whose packets meet an ordered list of programs before they leave. */
interface NetkitHook extends InterfacePlace {
    kind: 'netkit';
    side: NetkitSide;
    /** `undefined`: after all that are there. */
    ordering: Ordering | undefined;
}
interface NetkitOptions extends Ordering {
    /** The network namespace that the primary device is in; the process's own by default. */
    netns?: NetworkNamespace;
}
/**
 * A netkit device, by a link. What the programs return (NETKIT_*) goes over the device's default policy. Linux 6.7.
 *
 * @param networkInterface name or index of the primary device, for both sides
 * @param side whose packets: `primary` what the primary device sends, `peer` what its peer sends
 */
declare function netkit(networkInterface: string | number, side: NetkitSide, options?: NetkitOptions): NetkitHook;

/** Which socket gets a connection or datagram that no established socket takes. */
interface SkLookupHook {
    kind: 'sk_lookup';
    /** `undefined`: this process's own. */
    netns: NetworkNamespace | undefined;
}
/** How the kernel finds the headers and the flow of a packet. */
interface FlowDissectorHook {
    kind: 'flow_dissector';
    /** `undefined`: this process's own. */
    netns: NetworkNamespace | undefined;
}
interface NetworkNamespaceOptions {
    /** The process's own by default. */
    netns?: NetworkNamespace;
}
/**
 * Which socket of a network namespace gets a new connection or a datagram, whatever its address: the program selects one
 * by `bpf_sk_assign()`, leaves it to the kernel (SK_PASS), or refuses (SK_DROP). Several programs are allowed. By a link,
 * Linux 5.9.
 */
declare function skLookup(options?: NetworkNamespaceOptions): SkLookupHook;
/**
 * How packets of a network namespace are dissected, where the kernel needs their headers or flow, in place of its own
 * code. One program; one of the initial namespace excludes those of all others. By a link, Linux 5.8.
 */
declare function flowDissector(options?: NetworkNamespaceOptions): FlowDissectorHook;

/** `enum perf_sw_ids` of linux/perf_event.h, without those that never give a sample. */
declare const SOFTWARE: {
    readonly 'cpu-clock': 0;
    readonly 'task-clock': 1;
    readonly 'page-faults': 2;
    readonly 'context-switches': 3;
    readonly 'cpu-migrations': 4;
    readonly 'minor-faults': 5;
    readonly 'major-faults': 6;
    readonly 'alignment-faults': 7;
    readonly 'emulation-faults': 8;
    readonly 'cgroup-switches': 11;
};
/** `enum perf_hw_id`. */
declare const HARDWARE: {
    readonly 'cpu-cycles': 0;
    readonly instructions: 1;
    readonly 'cache-references': 2;
    readonly 'cache-misses': 3;
    readonly 'branch-instructions': 4;
    readonly 'branch-misses': 5;
    readonly 'bus-cycles': 6;
    readonly 'stalled-cycles-frontend': 7;
    readonly 'stalled-cycles-backend': 8;
    readonly 'ref-cycles': 9;
};
/** `enum perf_hw_cache_id`. */
declare const CACHES: {
    readonly 'L1-dcache': 0;
    readonly 'L1-icache': 1;
    readonly LLC: 2;
    readonly dTLB: 3;
    readonly iTLB: 4;
    readonly branch: 5;
    readonly node: 6;
};
/** `enum perf_hw_cache_op_id`. */
declare const OPERATIONS: {
    readonly load: 0;
    readonly store: 1;
    readonly prefetch: 2;
};
/** `enum perf_hw_cache_op_result_id`. */
declare const RESULTS: {
    readonly access: 0;
    readonly miss: 1;
};
/** `HW_BREAKPOINT_*` of linux/hw_breakpoint.h. x86 has no `read` alone. */
declare const ACCESSES: {
    readonly read: 1;
    readonly write: 2;
    readonly 'read-write': 3;
    readonly execute: 4;
};
/** A clock or counter that the kernel keeps; `cgroup-switches` since Linux 5.13. */
type SoftwareEvent = keyof typeof SOFTWARE;
/** A counter of the CPU under the kernel's general name for it. */
type HardwareEvent = keyof typeof HARDWARE;
type CacheLevel = keyof typeof CACHES;
type CacheOperation = keyof typeof OPERATIONS;
type CacheResult = keyof typeof RESULTS;
type BreakpointAccess = keyof typeof ACCESSES;
/** What a perf event counts: made by {@link softwareEvent}, {@link hardwareEvent}, {@link cacheEvent}, {@link rawEvent} or {@link breakpoint}. */
type PerfEventSource = {
    type: 'software';
    name: SoftwareEvent;
} | {
    type: 'hardware';
    name: HardwareEvent;
} | {
    type: 'cache';
    level: CacheLevel;
    operation: CacheOperation;
    result: CacheResult;
} | {
    type: 'raw';
    config: bigint;
    config1: bigint;
    config2: bigint;
    pmu: string | undefined;
} | {
    type: 'breakpoint';
    address: bigint;
    length: number;
    access: BreakpointAccess;
};
/** A clock or counter of the kernel; needs no hardware. */
declare function softwareEvent(name: SoftwareEvent): PerfEventSource;
/** A counter of the CPU. ENOENT where the CPU, or the virtual machine, has none. */
declare function hardwareEvent(name: HardwareEvent): PerfEventSource;
/** Accesses to a cache, or those that missed it. ENOENT where the CPU, or the virtual machine, does not count them. */
declare function cacheEvent(level: CacheLevel, operation: CacheOperation, result: CacheResult): PerfEventSource;
interface RawEventOptions {
    /** A unit of /sys/bus/event_source/devices, such as `power`; the CPU's own by default. */
    pmu?: string;
    /** What some units want beside `config`, as the files in `format` of their folder tell. 0 by default. */
    config1?: number | bigint;
    config2?: number | bigint;
}
/** A counter by the number that its maker's manual gives it, in `config` and, for some, in `config1` and `config2`. */
declare function rawEvent(config: number | bigint, options?: RawEventOptions): PerfEventSource;
interface BreakpointOptions {
    /** Bytes that are watched: 1, 2, 4 or 8, of which the address must be a multiple. 4 by default; 8 for `execute`. */
    length?: number;
    /** `write` by default. */
    access?: BreakpointAccess;
}
/**
 * A debug register of the CPU: a sample at each access to an address of the process that is watched, or of the kernel (see
 * `kernelSymbols`).
 */
declare function breakpoint(address: number | bigint, options?: BreakpointOptions): PerfEventSource;

/** A program that runs each time a counter or a clock of one CPU, process or cgroup has advanced by some steps. */
interface PerfEventHook {
    kind: 'perf_event';
    /** One of the two is given: an event to be opened, or the descriptor of one that is open. */
    event: PerfEventSource | undefined;
    fd: number | undefined;
    /** One of the two is given, for an event. */
    frequency: bigint | undefined;
    period: bigint | undefined;
    /** -1: every process. */
    pid: number;
    /** -1: every CPU. */
    cpu: number;
    cgroup: PathOrDescriptor | undefined;
    inherit: boolean;
    excludeUser: boolean;
    excludeKernel: boolean;
    excludeHypervisor: boolean;
    excludeIdle: boolean;
    precise: PerfEventPrecision;
    cookie: bigint;
}
/**
 * How far the registers of a sample may be behind the instruction that made it (`precise_ip`): 0 any distance, 1 always the
 * same, 2 none if possible, 3 none. Above 0 only for counters of the CPU, where it can (PEBS, IBS).
 */
type PerfEventPrecision = 0 | 1 | 2 | 3;
interface PerfEventsOptions {
    /** What is counted, such as `softwareEvent('cpu-clock')`. */
    event: PerfEventSource;
    /** Samples a second; the kernel takes at most /proc/sys/kernel/perf_event_max_sample_rate. */
    frequency?: number | bigint;
    /** A sample each time that this many events have happened, or nanoseconds of a clock have passed; 1 for breakpoints. */
    period?: number | bigint;
    /**
     * Only this thread; by the pid of a process its first thread, 0 for this process's. Every process by default. Threads that
     * it makes later belong to it with `inherit`.
     */
    pid?: number;
    /** Only processes in this cgroup and below: a path, or a descriptor. Needs a `cpu`. */
    cgroup?: PathOrDescriptor;
    /** Also the threads and processes that are made from now on by the one that is watched. */
    inherit?: boolean;
    /** Not while the CPU runs user space, or the kernel, or a hypervisor, or has nothing to do; all four by default. */
    excludeUser?: boolean;
    excludeKernel?: boolean;
    excludeHypervisor?: boolean;
    excludeIdle?: boolean;
    /** 0 by default. */
    precise?: PerfEventPrecision;
    /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
    cookie?: number | bigint;
}
interface PerfEventOptions extends PerfEventsOptions {
    /** Only while that CPU is used; every CPU by default, which the kernel takes only with a `pid`. */
    cpu?: number;
}
/** An event that was opened elsewhere, with its own period, process and CPU. */
interface OpenPerfEventOptions {
    /**
     * Its descriptor, which stays the caller's. The event is enabled by the attach, and neither disabled nor closed by the link:
     * that takes away the program alone. Linux 5.15.
     */
    fd: number;
    /** What `bpf_get_attach_cookie()` gives the program. */
    cookie?: number | bigint;
}
/** Runs a program of `SEC("perf_event")` at samples of an event: one that is opened for it, or `{ fd }`. Linux 4.9. */
declare function perfEvent(options: PerfEventOptions | OpenPerfEventOptions): PerfEventHook;
/**
 * The same event on every CPU that is online now: hooks for `program.attachAll(hooks)`.
 *
 * @throws TypeError or RangeError like {@link perfEvent}
 */
declare function perfEvents(options: PerfEventsOptions): PerfEventHook[];

/** A tracepoint whose program reads the kernel's raw arguments. */
interface RawTracepointHook {
    kind: 'raw_tracepoint';
    name: string;
    cookie: bigint;
}
interface RawTracepointOptions {
    /** What `bpf_get_attach_cookie()` gives the program; Linux 6.10 and libbpf 1.4. */
    cookie?: number | bigint;
}
/**
 * A raw tracepoint: no argument conversion, so cheaper than {@link tracepoint}. Linux 4.17.
 *
 * @param name without its category, such as `sched_switch` or `sys_enter`
 */
declare function rawTracepoint(name: string, options?: RawTracepointOptions): RawTracepointHook;

/** Descriptors of sockets: of Node's own, and of any others. */

/** A socket or a server of Node, those of `node:http` and `node:tls` among them, or an open descriptor. It stays the caller's. */
type SocketOrDescriptor = Socket | Server | Socket$1 | {
    readonly fd: number;
};

/** Programs of single sockets. The kernel has no links for these: what was attached goes with the socket, or when closed. */

/** What one socket receives. */
interface SocketFilterHook {
    kind: 'socket_filter';
    socket: number;
}
/** Which socket of a group that shares an address receives. */
interface ReuseportHook {
    kind: 'reuseport';
    socket: number;
}
/**
 * What one socket receives: the program returns how many bytes of a packet to keep, 0 to drop it. Linux 3.19.
 *
 * The kernel holds one filter for each socket and no link: another one takes its place, closing takes it away, and neither
 * can be seen from outside.
 *
 * @param socket any socket, which stays the caller's; a number is its descriptor
 */
declare function socketFilter(socket: SocketOrDescriptor | number): SocketFilterHook;
/**
 * Which socket of a group that shares an address (SO_REUSEPORT) gets a packet or connection. A program of section
 * `socket` returns its index in the order in which they were bound, Linux 4.5; one of `sk_reuseport` selects it from a
 * map by `bpf_sk_select_reuseport()`, Linux 4.19; one of `sk_reuseport/migrate` also for connections of a socket that is
 * closed, Linux 5.14.
 *
 * The kernel holds one program for each group and no link.
 *
 * @param socket any socket of the group, which stays the caller's; a number is its descriptor
 */
declare function reuseport(socket: SocketOrDescriptor | number): ReuseportHook;

/** The part of a stream that the program sees, libbpf's name of the attach type, and of the program type. */
declare const ATTACHMENTS: {
    readonly stream_parser: {
        readonly attachType: "sk_skb_stream_parser";
        readonly programType: "sk_skb";
    };
    readonly stream_verdict: {
        readonly attachType: "sk_skb_stream_verdict";
        readonly programType: "sk_skb";
    };
    readonly verdict: {
        readonly attachType: "sk_skb_verdict";
        readonly programType: "sk_skb";
    };
    readonly msg_verdict: {
        readonly attachType: "sk_msg_verdict";
        readonly programType: "sk_msg";
    };
};
/**
 * What the program decides: `stream_parser` where messages end, `stream_verdict` where a received message goes, `verdict`
 * the same without parsing, `msg_verdict` where what is sent goes.
 */
type SockmapAttachType = keyof typeof ATTACHMENTS;
/** The sockets that are put into a map. */
interface SockmapHook {
    kind: 'sockmap';
    map: BpfMap;
    /** `undefined`: what the program was loaded for. */
    attachType: SockmapAttachType | undefined;
}
interface SockmapOptions {
    /** What the program was loaded for, which its section says, by default. Named for a program that was opened, and for `SEC("sk_skb")`. */
    attachType?: SockmapAttachType;
}
/**
 * What sockets in a sockmap or sockhash send and receive. A socket gets the programs that are at the map when it is put
 * into it. Linux 4.14, `msg_verdict` 4.17, sockhash 4.18, `verdict` 5.13; by a link 6.10.
 */
declare function sockmap(map: BpfMap, options?: SockmapOptions): SockmapHook;

/** `ingress`: what the interface receives; `egress`: what it sends. */
type Direction = 'ingress' | 'egress';

/** A filter of traffic control, at an interface's clsact qdisc. */
interface TcHook extends InterfacePlace {
    kind: 'tc';
    direction: Direction;
    /** 0: chosen by the kernel. */
    handle: number;
    /** 0: chosen by the kernel, from 49152 downwards. */
    priority: number;
}
interface TcOptions {
    /** Number of the filter within its priority. Chosen by the kernel by default. */
    handle?: number;
    /**
     * Lower numbers run first, 1 to 65535. By default the kernel chooses 49152 for the first filter, and one less for each
     * further one: before what it chose earlier, and after all filters with lower numbers of their own.
     */
    priority?: number;
    /** The network namespace that the interface is in; the process's own by default. */
    netns?: NetworkNamespace;
}
/**
 * A classifier in direct action: what the program returns (TC_ACT_*) is what happens to the packet. Linux 4.5.
 *
 * The clsact qdisc is made where it is missing, and never deleted, not even one that was made here: somebody else's filter may
 * be in it by then. There is no link: the filter has no id and no pin, and lives until it is closed or this process ends; after
 * a death by signal it stays. Where the kernel has {@link tcx} (6.6), prefer that.
 *
 * @param networkInterface name or index, in `options.netns`
 */
declare function tc(networkInterface: string | number, direction: Direction, options?: TcOptions): TcHook;

/** Traffic control without qdiscs: an ordered list of programs for each direction of an interface. */
interface TcxHook extends InterfacePlace {
    kind: 'tcx';
    direction: Direction;
    /** `undefined`: after all that are there. */
    ordering: Ordering | undefined;
}
interface TcxOptions extends Ordering {
    /** The network namespace that the interface is in; the process's own by default. */
    netns?: NetworkNamespace;
}
/**
 * TCX of an interface, by a link. Programs run in order until one returns something else than TCX_NEXT. Linux 6.6.
 *
 * @param networkInterface name or index, in `options.netns`
 */
declare function tcx(networkInterface: string | number, direction: Direction, options?: TcxOptions): TcxHook;

/** A tracepoint whose program gets the arguments with their kernel types. */
interface TpBtfHook {
    kind: 'tp_btf';
    name: string;
    cookie: bigint;
}
interface TpBtfOptions {
    /** What `bpf_get_attach_cookie()` gives the program; Linux 6.10. */
    cookie?: number | bigint;
}
/**
 * A BTF-typed raw tracepoint. Linux 5.5, with kernel BTF.
 *
 * The verifier checks the program against this tracepoint, so the target is fixed at load: name it in the section
 * (`SEC("tp_btf/sched_switch")`) or in `spec.programs.<name>.attachTarget` before loading. Attaching elsewhere is refused.
 *
 * @param name without its category, such as `sched_switch`
 */
declare function tpBtf(name: string, options?: TpBtfOptions): TpBtfHook;

/** A static tracepoint of the kernel, as listed in tracefs under `events/<category>/<name>`. */
interface TracepointHook {
    kind: 'tracepoint';
    category: string;
    name: string;
    cookie: bigint;
}
interface TracepointOptions {
    /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
    cookie?: number | bigint;
}
/**
 * A static tracepoint. Linux 4.7.
 *
 * @param category such as `sched` or `syscalls`
 * @param name such as `sched_process_exec` or `sys_enter_openat`
 */
declare function tracepoint(category: string, name: string, options?: TracepointOptions): TracepointHook;
/**
 * A hook for each tracepoint that fits, for `program.attachAll`.
 *
 * @param category such as `syscalls`; both may be patterns with `*` and `?`
 * @param pattern such as `sys_enter_*`
 * @throws EbpfError ENOENT when no tracepoint fits, or tracefs is not mounted
 */
declare function tracepoints(category: string, pattern: string, options?: TracepointOptions): TracepointHook[];

/** Entry of a kernel function, its return, both, or a place where its return value is decided. */
interface TracingHook {
    kind: 'fentry' | 'fexit' | 'fmod_ret' | 'fsession';
    /** As in the kernel's BTF; `module:function` where a module's is meant. */
    function: string;
    cookie: bigint;
}
interface TracingOptions {
    /** What `bpf_get_attach_cookie()` gives the program; Linux 5.19. */
    cookie?: number | bigint;
}
/**
 * Entry of a kernel function. Linux 5.5 with kernel BTF (arm64: 6.4).
 *
 * The verifier checks the program against this function, so the target is fixed at load: name it in the section
 * (`SEC("fentry/vfs_unlink")`, or `fentry.s` for a program that may sleep) or in `spec.programs.<name>.attachTarget`
 * before loading. Attaching elsewhere is refused.
 */
declare function fentry(kernelFunction: string, options?: TracingOptions): TracingHook;
/**
 * Return of a kernel function, with its arguments and what it returned. Linux 5.5 with kernel BTF (arm64: 6.4). The target
 * is fixed at load as that of {@link fentry}.
 */
declare function fexit(kernelFunction: string, options?: TracingOptions): TracingHook;
/**
 * Runs before a kernel function, and when it returns other than 0, that is what the caller gets in place of the function's
 * run. Linux 5.7 with kernel BTF; only for functions whose name begins with `security_`, and those that the kernel marks
 * for error injection. The target is fixed at load as that of {@link fentry}.
 */
declare function fmodRet(kernelFunction: string, options?: TracingOptions): TracingHook;
/**
 * Entry and return of a kernel function by one program, which tells them apart by the kfunc `bpf_session_is_return()` and
 * keeps 8 bytes between them by `bpf_session_cookie()`. Linux 7.0, libbpf 1.7. The target is fixed at load as that of
 * {@link fentry}.
 */
declare function fsession(kernelFunction: string, options?: TracingOptions): TracingHook;

/**
 * A path, the name of a library such as `libc.so.6` or of a program such as `bash`, or what a process runs: its executable,
 * or a library that is mapped in it, also where it lies in another mount namespace (a container).
 */
type Binary = string | ProcessBinary;
/** What a process runs. */
interface ProcessBinary {
    pid: number;
    /** A library that the process has mapped, such as `libssl.so.3` or `libz.so.1`; its executable without one. */
    library?: string;
}

/** Many functions of one binary, by one link. */
interface UprobeMultiHook {
    kind: 'uprobe_multi' | 'uretprobe_multi' | 'uprobe_session';
    binary: Binary;
    /** One of the three is given. */
    pattern: string | undefined;
    symbols: string[] | undefined;
    offsets: bigint[] | undefined;
    cookies: bigint[] | undefined;
    referenceCounterOffsets: bigint[] | undefined;
    /** -1: every process. */
    pid: number;
}
/** Which functions: exactly one of `pattern`, `symbols` and `offsets`. */
interface UprobeMultiOptions {
    /** Names of functions, with the wildcards `*` and `?`. */
    pattern?: string;
    /** Names of functions; of one with several versions as `name@VERSION`. */
    symbols?: readonly string[];
    /** Bytes from the start of the file. */
    offsets?: readonly (number | bigint)[];
    /** What `bpf_get_attach_cookie()` gives the program at each; as many as symbols or offsets. */
    cookies?: readonly (number | bigint)[];
    /** File offsets of semaphores that the kernel increments while the probe is attached (USDT); as many as symbols or offsets. */
    referenceCounterOffsets?: readonly (number | bigint)[];
    /** Only this process; every process by default, also those that start later. */
    pid?: number;
}
/**
 * Entries of many user-space functions at once, for a program of `SEC("uprobe.multi")`: much faster to attach and to detach
 * than one {@link uprobe} each. Linux 6.6, libbpf 1.3.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 */
declare function uprobeMulti(binary: Binary, options: UprobeMultiOptions): UprobeMultiHook;
/**
 * Returns of many user-space functions at once, for a program of `SEC("uretprobe.multi")`. Linux 6.6, libbpf 1.3.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 */
declare function uretprobeMulti(binary: Binary, options: UprobeMultiOptions): UprobeMultiHook;
/**
 * Entries and returns of user-space functions, for one program of `SEC("uprobe.session")`: what it returns at the entry says
 * whether it runs at the return (0: yes), and both runs share 8 bytes (`bpf_session_cookie`). Linux 6.13, libbpf 1.6.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 */
declare function uprobeSession(binary: Binary, options: UprobeMultiOptions): UprobeMultiHook;

/** An instruction of a user-space binary, in one process or in all. */
interface UprobeHook {
    kind: 'uprobe' | 'uretprobe';
    binary: Binary;
    symbol: string | undefined;
    /** Bytes from the symbol, or from the start of the file without one. */
    offset: bigint;
    /** -1: every process. */
    pid: number;
    referenceCounterOffset: bigint;
    cookie: bigint;
    mode: ProbeMode | undefined;
}
interface UprobeOptions {
    /** Function name in the binary's symbol tables; of a function with several versions as `name@VERSION`. */
    symbol?: string;
    /** Bytes from the symbol's start, or from the file's start without a symbol. 0 by default. */
    offset?: number | bigint;
    /** Only this process; every process by default, also those that start later. */
    pid?: number;
    /** File offset of a semaphore that the kernel increments while the probe is attached (USDT); Linux 4.20. */
    referenceCounterOffset?: number | bigint;
    /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
    cookie?: number | bigint;
    /** How the kernel is asked for it; the newest way that it has by default. libbpf 1.2. */
    mode?: ProbeMode;
}
/**
 * Entry of a user-space function, or any instruction of a binary. Linux 4.3.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 */
declare function uprobe(binary: Binary, options: UprobeOptions): UprobeHook;
/**
 * Return of a user-space function. Linux 4.3.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 */
declare function uretprobe(binary: Binary, options: UprobeOptions): UprobeHook;

/** A static probe that the authors of a program put into it, such as `python:function__entry`. */
interface UsdtHook {
    kind: 'usdt';
    binary: Binary;
    provider: string;
    name: string;
    /** -1: every process. */
    pid: number;
    cookie: bigint;
}
interface UsdtOptions {
    /** Only this process; every process by default, also those that start later. */
    pid?: number;
    /** What `bpf_usdt_cookie()` gives the program. */
    cookie?: number | bigint;
}
/**
 * A static probe of user space (USDT), at every place in the binary that has it, for a program that includes
 * `bpf/usdt.bpf.h`: it reads the arguments by `bpf_usdt_arg()`, whatever register or memory each place has them in. The
 * probe's semaphore is raised while it is attached (Linux 4.20). A probe of a shared library needs a `pid` before
 * Linux 5.15. The attachment is several of the kernel's, so it has no id and no pin.
 *
 * @param binary path, name such as `libpython3.so`, or `{ pid, library }`: what a process runs
 * @param provider such as `python`
 * @param name such as `function__entry`
 */
declare function usdt(binary: Binary, provider: string, name: string, options?: UsdtOptions): UsdtHook;

/**
 * Where the packet meets the program: `native` in the driver, `generic` in the stack (every driver, slower), `offload` on
 * the card. The kernel chooses native, else generic, when it is not said.
 */
type XdpMode = 'native' | 'generic' | 'offload';
/** The earliest point of a received packet. */
interface XdpHook extends InterfacePlace {
    kind: 'xdp';
    mode: XdpMode | undefined;
    /** `undefined`: by a link where the kernel has that (5.9). */
    netlink: boolean | undefined;
}
interface XdpOptions {
    mode?: XdpMode;
    /** The network namespace that the interface is in; the process's own by default. */
    netns?: NetworkNamespace;
    /**
     * `true`: set by netlink, like `ip link set dev … xdp` does, without a link: it has no id and no pin, and others can
     * replace it. This process takes it back when it closes it or ends; after a death by signal it stays. The default is a
     * link, and netlink on kernels before 5.9, which have no link for it.
     */
    netlink?: boolean;
}
/**
 * XDP on a network interface. Linux 4.8, and 5.9 for links. One program an interface and mode; a second is EBUSY.
 *
 * @param networkInterface name or index, in `options.netns`
 */
declare function xdp(networkInterface: string | number, options?: XdpOptions): XdpHook;

/** Anything that a program can be attached to by name. */
type Hook = TracepointHook | RawTracepointHook | TpBtfHook | KprobeHook | KsyscallHook | KprobeMultiHook | TracingHook | FreplaceHook | LsmHook | LsmCgroupHook | UprobeHook | UprobeMultiHook | UsdtHook | PerfEventHook | XdpHook | TcHook | TcxHook | NetkitHook | NetfilterHook | CgroupHook | SocketFilterHook | ReuseportHook | SockmapHook | SkLookupHook | FlowDissectorHook | LircHook | IteratorHook;

interface LineOptions {
    /** Ends the stream: the iteration rejects with the signal's reason. */
    signal?: AbortSignal;
    /** The longest that a line waits while somebody asks for it, in milliseconds; 100 by default. */
    maxLatencyMs?: number;
}
/**
 * Lines as an async iterable. It looks for new ones only while somebody waits for one; until then they stay in the
 * kernel, as many as fit there. While it waits it keeps the process running.
 */
declare class LineStream<T> implements AsyncIterableIterator<T, undefined, undefined> {
    #private;
    next(): Promise<IteratorResult<T, undefined>>;
    /** Ends the stream; a `next()` that waits ends with it. A second call does nothing but wait for the first. */
    close(): Promise<void>;
    return(): Promise<IteratorResult<T, undefined>>;
    [Symbol.asyncIterator](): this;
    [Symbol.asyncDispose](): Promise<void>;
}

/** A way to attach that was not taken. */
interface PassedOver {
    /** The program's name; `undefined` for one that was not loaded. */
    program: string | undefined;
    /** Such as `fentry vfs_unlink`, or the program's section. */
    hook: string;
    /** Why. */
    reason: string;
    /** What the attach failed with; absent for a program that was not loaded. */
    error?: EbpfError;
}
/** What {@link attachFirst} did. */
interface FirstAttached {
    link: Link;
    /** Those before it in the list. */
    passedOver: PassedOver[];
}
/** A program, and where to attach it; without a hook, where its section says. */
type AttachChoice = readonly [program: BpfProgram | undefined, hook?: Hook];
/** None of several ways to attach was taken. */
declare class NoneAttachedError extends EbpfError {
    readonly passedOver: readonly PassedOver[];
    constructor(passedOver: readonly PassedOver[]);
}
/**
 * Attaches the first program that this kernel takes at its hook, and says why those before it were passed over: a newer,
 * faster hook first, what every kernel has last. `undefined` stands for a program that was not loaded.
 *
 * @throws NoneAttachedError with every reason, when it takes none
 * @throws TypeError for a hook that does not fit its program, and EbpfError ERR_EBPF_CLOSED
 */
declare function attachFirst(choices: Iterable<AttachChoice>): Promise<FirstAttached>;

/** Links that were attached together, and are closed together. */
declare class LinkSet implements Iterable<Link> {
    /** In the order of their hooks. */
    readonly links: readonly Link[];
    get size(): number;
    /** Whether all of them are closed. */
    get closed(): boolean;
    [Symbol.iterator](): Iterator<Link>;
    /**
     * Puts another program in the place of each link's, one link after the other: in all places, or in none when one fails.
     *
     * @throws EbpfError of the first that failed
     */
    update(program: BpfProgram): Promise<void>;
    /** Detaches all of them, off the JavaScript thread. A second call does nothing but wait for the first. */
    close(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
    /** The blocking form of {@link close}: stops the whole JavaScript thread for the kernel's grace period of each link. */
    [Symbol.dispose](): void;
}

/** What the verifier says of its work on a program, at the end of its log (log level 4, and after any other). */
interface VerifierStatistics {
    /** Instructions that it walked over, all ways together. */
    instructions: number;
    /** At which it gives up: 1,000,000, or 4096 without privileges. */
    instructionLimit: number | undefined;
    /** States that it kept at one instruction, at most. */
    maxStatesPerInstruction: number | undefined;
    /** States that it made. */
    totalStates: number | undefined;
    /** States that it kept at one time, at most. */
    peakStates: number | undefined;
    /** Bytes of stack of each function, in the order of the program: its own first. Linux 4.20. */
    stackDepth: readonly number[] | undefined;
    /** Nanoseconds that it took; the kernel measures microseconds. Linux 5.2. */
    timeNs: number | undefined;
}

/** What the kernel knows of a loaded program. */
interface ProgramInfo {
    id: number;
    /** bpftool's name of the program type, such as `tracepoint`. */
    type: string;
    /** At most 15 bytes, cut by the kernel. */
    name: string;
    /** The kernel's hash of the instructions, 16 hexadecimal digits. */
    tag: string;
    gplCompatible: boolean;
    loadTime: Date;
    createdByUid: number;
    mapIds: number[];
    btfId: number;
    /** 8-byte instructions after the kernel's rewriting; 0 when hidden from this process. */
    instructionCount: number;
    /** Instructions that the verifier walked, all paths together; Linux 5.16, else 0. */
    verifiedInstructions: number;
    /** Bytes of machine code; 0 when not compiled or hidden. */
    jitedSize: number;
    /** Nanoseconds and runs, counted while statistics are on (see `enableRunStatistics`). */
    runTimeNs: bigint;
    runCount: bigint;
    /** Runs left out because the program was already running on that CPU; Linux 5.12. */
    recursionMisses: bigint;
}
interface TestRunOptions {
    /** The packet, or whatever input the program type takes. */
    data?: Uint8Array;
    /** The context struct, where the program type takes one. */
    ctx?: Uint8Array;
    /** Number of runs, 1 by default. */
    repeat?: number;
    /** BPF_F_TEST_* of linux/bpf.h. */
    flags?: number;
    /** CPU to run on, with BPF_F_TEST_RUN_ON_CPU. */
    cpu?: number;
    /** Packets in one batch, with BPF_F_TEST_XDP_LIVE_FRAMES. */
    batchSize?: number;
}
interface TestRunResult {
    returnValue: number;
    /** Average nanoseconds of one run. */
    durationNs: number;
    /** The packet as the program left it. */
    data: Uint8Array;
    /** The context as the program left it. */
    ctx: Uint8Array;
}
/** A program in the kernel: verified, compiled, ready to be attached. */
declare class BpfProgram extends Resource {
    #private;
    /** ELF section, such as `tracepoint/sched/sched_process_exec`; `''` for a program that was not loaded from an object. */
    readonly section: string;
    /** libbpf's name of the program type, such as `tracepoint`. */
    readonly type: string;
    /** The kernel's descriptor; it stays this program's. */
    get fd(): number;
    /** Unique in the running kernel. */
    get id(): number;
    /** The links made by {@link attach} that are not closed. */
    get links(): readonly Link[];
    /**
     * What verifying the program took. Of one that was opened, only `instructions`, which the kernel keeps since Linux 5.16; of one
     * of an object where libbpf is the system's, all only with a `logLevel`. `undefined` where nothing is known.
     */
    get verifier(): VerifierStatistics | undefined;
    info(): ProgramInfo;
    /**
     * Attaches, off the JavaScript thread.
     *
     * @param hook where to; without one, where the ELF section says, which programs that were opened, or made of instructions, do not have
     * @throws EbpfError with the kernel's code, such as ENOENT for a tracepoint that this kernel does not have.
     */
    attach(hook?: Hook): Promise<Link>;
    /**
     * Attaches to several hooks: to all, or to none when one fails.
     *
     * @param hooks such as those of `kprobes('tcp_*')`
     */
    attachAll(hooks: Iterable<Hook>): Promise<LinkSet>;
    /**
     * Attaches to the first of the hooks that this kernel takes, and says why those before it were passed over.
     *
     * @throws EbpfError ERR_EBPF_NONE_ATTACHED, with every reason, when it takes none
     */
    attachFirst(hooks: Iterable<Hook>): Promise<FirstAttached>;
    /**
     * Runs the program on given input, without any event, off the JavaScript thread. Linux 4.12 for network programs; the
     * kernel answers ENOTSUPP for types that it cannot run so.
     */
    testRun(options?: TestRunOptions): Promise<TestRunResult>;
    /**
     * What the program writes to its stdout, by `bpf_stream_printk(BPF_STDOUT, …)`, line by line. Linux 6.17.
     *
     * The kernel keeps 100 000 bytes that nobody has taken, from before this call, too; what does not fit is refused to the
     * program. A stream has one reader at a time: leaving the loop leaves what was not handed over to the next one. It ends
     * when the program is closed.
     *
     * @throws EbpfError ERR_EBPF_BUSY while there is another reader, ERR_EBPF_KERNEL on older kernels
     */
    stdout(options?: LineOptions): LineStream<string>;
    /**
     * What the kernel reports of the running program, such as a fault in an arena, a deadlock or a loop that was ended, with
     * a stack trace; and what it writes to BPF_STDERR. Otherwise as {@link stdout}.
     */
    stderr(options?: LineOptions): LineStream<string>;
    /**
     * Pins the program in a BPF file system, where it outlives this process. Linux 4.4.
     *
     * @param path of a file that does not exist, below a mounted bpffs such as `/sys/fs/bpf`
     */
    pin(path: string): void;
    /**
     * Removes a pin of the program.
     *
     * @throws TypeError when that is no pin, or one of something else
     */
    unpin(path: string): void;
    /**
     * Closes the descriptor, at once. Links of the program stay attached. A second call does nothing.
     */
    close(): void;
    [Symbol.dispose](): void;
    protected describe(): string;
}

interface UpdateOptions {
    /** Only when this is the program, or the struct_ops map, that is attached now; EPERM otherwise. */
    expected?: BpfProgram | StructOpsMap;
}
/** One program attached to one hook. */
declare class Link extends Resource {
    #private;
    /** The name of the program that is attached, or of the struct_ops map. */
    get program(): string;
    /** The kernel's descriptor; it stays this link's. */
    get fd(): number;
    /** Unique in the running kernel. */
    get id(): number;
    /**
     * What the kernel knows of the link. Linux 5.8.
     *
     * @throws EbpfError EOPNOTSUPP or EINVAL where the attachment is no link of the kernel, such as tracing before Linux 5.15.
     */
    info(): LinkInfo;
    /**
     * Puts another program in this one's place, off the JavaScript thread: atomically, so that every event meets one of the
     * two. A struct_ops link takes another map of the same type (Linux 6.4, libbpf 1.2).
     *
     * @throws EbpfError ERR_EBPF_NOT_UPDATABLE where the kernel cannot: it can for XDP (5.9), TCX (6.6), netkit (6.7), cgroups
     * (5.7), network namespaces (5.8), iterators (5.8), sockmaps (6.10) and struct_ops (6.4).
     */
    update(replacement: BpfProgram | StructOpsMap, options?: UpdateOptions): Promise<void>;
    /**
     * Pins the link in a BPF file system, where it outlives this process until the file is removed. Linux 5.7.
     *
     * @param path of a file that does not exist, below a mounted bpffs such as `/sys/fs/bpf`
     */
    pin(path: string): void;
    /**
     * Removes a pin of the link. It stays attached for as long as it is open or pinned elsewhere.
     *
     * @throws TypeError when that is no pin, or one of something else
     */
    unpin(path: string): void;
    /**
     * Detaches the link for everybody, also where others hold it open or pinned, off the JavaScript thread. The link is a
     * husk from then on: it can be asked and must be closed, and does not come back. Linux 5.9.
     *
     * @throws EbpfError EOPNOTSUPP for kinds that the kernel detaches only when the last holder closes them, such as tracing
     */
    detach(): Promise<void>;
    /**
     * Runs an iterator once, and gives what its program writes. Each call is a run of its own; the stream must be read to its
     * end, or destroyed. It goes on when the link is closed. Linux 5.8.
     *
     * @throws EbpfError EINVAL when the link is none of an iterator
     */
    read(): Readable;
    /** Runs an iterator once, and gives all that its program writes, as text. */
    text(): Promise<string>;
    /**
     * Detaches, off the JavaScript thread: the kernel waits for running programs, 60 ms and more for tracing. Resolves when
     * the program no longer runs there. A pinned link stays attached. A second call does nothing but wait for the first.
     */
    close(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
    /** The blocking form of {@link close}: stops the whole JavaScript thread for the kernel's grace period. */
    [Symbol.dispose](): void;
    protected describe(): string;
}

/** The classes of what the verifier refuses. */
type VerifierFailureKind = 
/** An argument of a helper or a kernel function has a type that it does not take. */
'argument-type'
/** The size that goes with a pointer is negative, zero, or may be too large. */
 | 'argument-size'
/** An atomic operation on memory that allows none. */
 | 'atomic-access'
/** The function to attach to is not one that such a program may be attached to. */
 | 'attach-target'
/** More than eight frames of functions that call each other. */
 | 'call-depth'
/** A field of the context that is not there, has another size, or cannot be written. */
 | 'context-access'
/** A dynptr that was not made, or was overwritten. */
 | 'dynptr'
/** A global function that the verifier cannot check by itself. */
 | 'global-function'
/** The program's type, or its attach type, cannot call this helper. */
 | 'helper-not-allowed'
/** The object's BTF does not fit its code, or the kernel cannot read it. */
 | 'invalid-btf'
/** An instruction that this kernel does not know, or that can never be right, such as a division by the constant 0. */
 | 'invalid-instruction'
/** Memory is accessed by a value that is no pointer for the verifier. */
 | 'invalid-pointer'
/** An iterator that was not made, or was destroyed. */
 | 'iterator'
/** A jump goes out of the function. */
 | 'jump-out-of-range'
/** What is given back was not acquired, or only a part of it is. */
 | 'invalid-release'
/** The program's type cannot call this function of the kernel. */
 | 'kfunc-not-allowed'
/** A reference is still held at the end: a ring's record, a socket, a task. */
 | 'leaked-reference'
/** Not allowed while a lock is held, or the lock is still held at the end. */
 | 'lock-held'
/** A value of a map is accessed outside of its size. */
 | 'map-value-out-of-bounds'
/** Memory of a known size, such as a ring's record, is accessed outside of it. */
 | 'memory-out-of-bounds'
/** Memory is accessed at an offset that its size does not divide. */
 | 'misaligned-access'
/** A function only for programs under the GPL. */
 | 'missing-gpl'
/** A function of the program does not end in `exit` or a jump. */
 | 'no-exit'
/** An argument has to be a constant. */
 | 'not-constant'
/** A pointer is followed where it is known to be NULL. */
 | 'null-dereference'
/** A packet is read or written beyond what was compared to its end. */
 | 'packet-out-of-bounds'
/** Arithmetic that a pointer does not allow. */
 | 'pointer-arithmetic'
/** A pointer of the kernel would be seen outside. */
 | 'pointer-leak'
/** Memory that cannot be written is written, or a map that programs may only write to is read. */
 | 'read-only-memory'
/** A function calls itself, or one that calls it. */
 | 'recursion'
/** The value that the program returns is outside of what its type may return. */
 | 'return-value'
/** A lock, a timer or another field that only its helpers may touch. */
 | 'special-field'
/** A call that may sleep, in a program or at a place that may not. */
 | 'sleepable'
/** The stack is accessed outside of the buffer, or at an offset that is not bounded. */
 | 'stack-out-of-bounds'
/** More than 512 bytes of stack. */
 | 'stack-overflow'
/** A pointer into a packet from before a helper that may have moved it. */
 | 'stale-packet-pointer'
/** A member of a struct_ops that programs cannot be attached to. */
 | 'struct-ops'
/** A tail call where none can be made. */
 | 'tail-call'
/** More instructions or states than the verifier walks over. */
 | 'too-complex'
/** A loop whose end the verifier does not see. */
 | 'unbounded-loop'
/** The result of a look-up that may be NULL is used. */
 | 'unchecked-map-value'
/** Another pointer that may be NULL is used. */
 | 'unchecked-pointer'
/** A register is read that holds nothing. */
 | 'uninitialised-register'
/** Bytes of the stack are read that nothing was written to. */
 | 'uninitialised-stack'
/** This kernel has no helper of this number. */
 | 'unknown-helper'
/** This kernel has no such function that programs may call. */
 | 'unknown-kfunc'
/** A type, field or enumerator that this kernel does not have (CO-RE). */
 | 'unmatched-core-relocation'
/** A map that was not made is used. */
 | 'uncreated-map'
/** Instructions that nothing leads to. */
 | 'unreachable-code'
/** A pointer that the kernel does not keep valid. */
 | 'untrusted-pointer'
/** Memory that was given back is used, or given back again. */
 | 'use-after-release'
/** The helper does not take maps of this type. */
 | 'wrong-map-type'
/** None of these: `rule` says what the verifier said. */
 | 'unknown';

/** By name: `r0` to `r10`, slots of the stack such as `fp-8`, and `refs`, the references that are held. */
type RegisterState = Readonly<Record<string, string>>;

/** A place in the source of a program. */
interface VerifierLocation {
    /** As the compiler was given it; without its folder where only the log tells it. `''` when it is not known. */
    file: string;
    /** From 1; 0 when it is not known. */
    line: number;
    /** From 1, in bytes. */
    column: number | undefined;
    /** That line of the source. */
    text: string;
    /** The C function. */
    function: string | undefined;
}
interface VerifierInstruction {
    /** From 0, as the kernel counts: an address or a 64-bit constant is two. Functions come after the program that calls them. */
    number: number;
    /** Its disassembly, such as `(71) r1 = *(u8 *)(r1 +23)`; `''` when the log does not have it. */
    text: string;
}
/** A step on the way to what was refused. */
interface VerifierStep {
    /** `state` is a change of a register or a resource, which Linux 7.3 tells. */
    kind: 'branch' | 'call' | 'return' | 'loop' | 'state';
    instruction: VerifierInstruction | undefined;
    location: VerifierLocation | undefined;
    /** Of a branch or a loop: whether the jump was taken. */
    taken: boolean | undefined;
    /** In words. */
    why: string;
}

/** What an object holds, by C name: written by hand or generated. What it leaves out is as in {@link UnknownShape}. */
interface ObjectShape {
    maps?: object;
    programs?: object;
    globals?: object;
    /** `extern … __kconfig` variables, which are globals of a loaded object. */
    kconfig?: object;
}
/** Without a shape, maps and globals come untyped. */
interface UnknownShape {
    maps: Record<string, any>;
    programs: Record<string, BpfProgram>;
    globals: Record<string, any>;
    kconfig: Record<string, any>;
}
/** One part of a shape. */
type ShapeOf<Shape extends ObjectShape, Part extends keyof ObjectShape> = Shape[Part] extends object ? Shape[Part] : UnknownShape[Part];
/** What a loaded object's globals are: variables, and where a shape says so, what they have of the kernel's configuration. */
type GlobalsOf<Shape extends ObjectShape> = Shape['kconfig'] extends object ? ShapeOf<Shape, 'globals'> & Readonly<Shape['kconfig']> : ShapeOf<Shape, 'globals'>;
/** What {@link BpfObject.attach} did. */
interface AttachResult {
    links: Link[];
    /** Names of programs whose section says no target, such as `xdp`: attach them with a hook. */
    skipped: string[];
}
/** An object in the kernel: its programs verified and compiled, its maps created. */
declare class BpfObject<Shape extends ObjectShape = UnknownShape> extends Resource {
    #private;
    readonly programs: Readonly<ShapeOf<Shape, 'programs'>>;
    readonly maps: Readonly<ShapeOf<Shape, 'maps'>>;
    /**
     * Global variables. Those of `.data` and `.bss` are the kernel's own memory: reading sees what programs wrote, and
     * assigning is seen by them. Constants throw ERR_EBPF_READ_ONLY when assigned. A struct is a copy: assign it whole.
     */
    readonly globals: GlobalsOf<Shape>;
    /** All links of the object that are not closed. */
    get links(): readonly Link[];
    /** The program of a name; for TypeScript never `undefined`. @throws EbpfError ERR_EBPF_UNKNOWN_NAME */
    program(name: string): BpfProgram;
    /**
     * The map of a name as the class that you expect.
     *
     * @throws EbpfError ERR_EBPF_MAP_CLASS when it is another one
     */
    map<M extends BpfMap>(name: string, expected: MapClass<M>): M;
    /**
     * Attaches every program where its ELF section says, and every struct_ops map: all, or none when one fails. Programs
     * that know no target, from their section or `attachTarget`, are left out and named in `skipped`.
     */
    attach(): Promise<AttachResult>;
    /**
     * Detaches all its links, ends the streams of its rings, and closes its programs and maps, off the JavaScript thread.
     * What was pinned stays; a map that replaced one of its own stays its owner's. A second call does nothing but wait for
     * the first.
     */
    close(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
    /** The blocking form of {@link close}: stops the whole JavaScript thread for the kernel's grace periods. */
    [Symbol.dispose](): void;
    protected describe(): string;
}

/** A program of an object that is not loaded yet. */
interface ProgramSpec {
    readonly name: string;
    readonly section: string;
    /** libbpf's name of the program type, such as `xdp`. */
    readonly type: string;
    /** 8-byte instructions in the file. */
    readonly instructionCount: number;
    /** Whether it is loaded with the object; false by default for sections that start with `?`. */
    autoload: boolean;
    /** Verifier log level for this program: 0 only on failure, 1, 2 more, 4 statistics. Of the object's without it. */
    logLevel: number | undefined;
    /**
     * What a program whose section names no target is loaded for: the kernel function, tracepoint or security hook of a
     * tracing or LSM program; or the function of a loaded program that an extension (`freplace`) replaces, or that a tracing
     * program observes in place of one of the kernel's.
     */
    attachTarget: string | FreplaceTarget | undefined;
    /**
     * The network card that runs it, by name or index in this process's network namespace: such a program can be attached
     * only there, by `xdp(…, { mode: 'offload' })`, and has only maps of the same card. Linux 4.16.
     */
    offload: string | number | undefined;
}
/** What of a program can be edited before it is loaded. */
type ProgramEdit = Partial<Pick<ProgramSpec, 'autoload' | 'logLevel' | 'attachTarget' | 'offload'>>;

/** The bytes of an ELF object with a name for it, such as what `compile()` gives. */
interface ObjectBytes {
    bytes: Uint8Array;
    /** In messages, and the start of names in the kernel. */
    name: string;
}
/** A path, a file URL, the bytes of an ELF object, or what `compile()` made. */
type ObjectSource = string | URL | Uint8Array | ObjectBytes;

/** How an object is opened. Everything here may also be set on the spec later. */
interface OpenOptions {
    /** Name in messages, and the start of data section names in the kernel; the file's name by default. */
    name?: string;
    /** How 64-bit integers of its maps, records and globals come; `bigint`, exact, by default. */
    int64?: Int64;
}
/** Before loading, constants can be assigned too. */
type EditableGlobals<Shape extends ObjectShape> = {
    -readonly [Name in keyof ShapeOf<Shape, 'globals'>]: ShapeOf<Shape, 'globals'>[Name];
};
/** Values of `__kconfig` externs, in place of the kernel's. */
type KconfigEdits<Shape extends ObjectShape> = {
    [Name in keyof ShapeOf<Shape, 'kconfig'>]?: KconfigValue;
};
/** TypeScript lets an empty type have any property: where there is nothing to edit, it must be told so. */
type EditsByName<Part, Named> = [keyof Part] extends [never] ? Record<string, never> : Named;
/** Edits that {@link loadObject} makes before it loads, by C name. */
interface LoadOptions<Shape extends ObjectShape = UnknownShape> extends OpenOptions {
    globals?: EditsByName<ShapeOf<Shape, 'globals'>, {
        [Name in keyof ShapeOf<Shape, 'globals'>]?: Input<ShapeOf<Shape, 'globals'>[Name]>;
    }>;
    /** A map here replaces the object's. */
    maps?: EditsByName<ShapeOf<Shape, 'maps'>, {
        [Name in keyof ShapeOf<Shape, 'maps'>]?: MapEdit | BpfMap;
    }>;
    programs?: EditsByName<ShapeOf<Shape, 'programs'>, {
        [Name in keyof ShapeOf<Shape, 'programs'>]?: ProgramEdit;
    }>;
    kconfig?: KconfigEdits<Shape>;
    kernelBtfPath?: string | URL;
    pinRoot?: string;
    logLevel?: number;
}
/**
 * An object file: bytes plus edits. It owns nothing in the kernel, needs no closing, and may be loaded again, also after
 * a failure, also twice at once. Nothing here depends on the running kernel or needs a privilege.
 */
declare class ObjectSpec<Shape extends ObjectShape = UnknownShape> {
    #private;
    readonly name: string;
    /** SPDX-like licence string of the `license` section; `''` without one. */
    readonly license: string;
    readonly programs: Record<keyof ShapeOf<Shape, 'programs'> & string, ProgramSpec>;
    readonly maps: Record<keyof ShapeOf<Shape, 'maps'> & string, MapSpec>;
    /** Initial values of global variables, constants included, by C name. */
    readonly globals: EditableGlobals<Shape>;
    /** Overrides of the kernel's configuration for `__kconfig` externs, such as `{ CONFIG_HZ: 250 }`. */
    readonly kconfig: KconfigEdits<Shape>;
    /**
     * Path or file URL of the kernel's BTF, where it is not in /sys/kernel/btf/vmlinux: of a `.btf` file, or of a vmlinux with BTF.
     * It is for CO-RE; what attaches by BTF, such as fentry, needs the kernel's own.
     */
    kernelBtfPath?: string | URL;
    /** Folder in a bpffs for maps declared with LIBBPF_PIN_BY_NAME; `/sys/fs/bpf` by default. */
    pinRoot?: string;
    /** Verifier log level for all programs: 0 only on failure, 1, 2 more, 4 statistics. */
    logLevel: number;
    /**
     * Loads into the kernel what this spec says now: creates the maps, has the verifier check the programs, and the JIT
     * compile them. Runs off the JavaScript thread; edits made meanwhile are for the next load. On failure nothing stays
     * behind.
     *
     * @throws VerifierError when the verifier refuses a program
     * @throws EbpfError with the kernel's code otherwise
     */
    load(): Promise<BpfObject<Shape>>;
}
/**
 * Reads an object file, off the JavaScript thread, without any privilege.
 *
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT when libbpf cannot read it
 */
declare function openObject<Shape extends ObjectShape = UnknownShape>(source: ObjectSource, options?: OpenOptions): Promise<ObjectSpec<Shape>>;
/**
 * Opens an object, edits it as `options` say, and loads it.
 *
 * @throws VerifierError when the verifier refuses a program
 */
declare function loadObject<Shape extends ObjectShape = UnknownShape>(source: ObjectSource, options?: LoadOptions<Shape>): Promise<BpfObject<Shape>>;

/** The newest records of a {@link PerfBuffer}, for whoever asks: {@link PerfBuffer.openOverwritable}. Linux 4.7. */
declare class OverwritableBuffer<T = unknown> extends Resource {
    #private;
    /** Whether it keeps no new records. */
    get paused(): boolean;
    /** Keeps what is there: what programs write from now on is lost. */
    pause(): void;
    /** Goes on, after the snapshots that are being taken. */
    resume(): void;
    /**
     * A copy of all records that are there, the oldest first; CPU after CPU unless the buffer was opened with the `order`
     * `time`. It stays yours, and the records stay in the buffer: the next snapshot has them again, as far as they were not
     * overwritten. While it is made the buffer is paused: until programs that are writing have ended, some milliseconds.
     *
     * @throws EbpfError ERR_EBPF_CLOSED when the buffer is closed meanwhile, E2BIG when the records take more than 2 GiB
     */
    snapshot(): Promise<Batch<T>>;
    /** Ends it: programs write to the map no more. A second call does nothing. */
    close(): void;
    [Symbol.dispose](): void;
    protected describe(): string;
}

/** What a {@link PerfBuffer} takes memory for, and how its records are put in order. */
interface PerfBufferOptions {
    /** Pages of each CPU's buffer, a power of two; 64 by default. */
    pages?: number;
    /**
     * `cpu`, the default: records as they are found, CPU after CPU; only those of one CPU are in order. `time`: by the times at
     * which they were written (`CLOCK_MONOTONIC`, which `bpf_ktime_get_ns` reads), for 8 bytes more in each.
     */
    order?: 'cpu' | 'time';
}
/** {@link StreamOptions}, and how the buffers of a {@link PerfBuffer} are opened for the stream. */
interface PerfStreamOptions extends StreamOptions, PerfBufferOptions {
    /**
     * Wakes this process with every so many records of a CPU; 1 by default. What is there without a wake-up is handed over
     * after `maxLatencyMs`.
     */
    wakeupEvents?: number;
    /** Wakes this process when so many bytes wait in a CPU's buffer, in place of `wakeupEvents`. */
    watermark?: number;
}

/** What {@link PerfBuffer.openOverwritable} takes. */
interface OverwritableOptions extends PerfBufferOptions {
    /** C name without `struct` of the records' type, in place of the declared one. */
    type?: string;
}
/**
 * `BPF_MAP_TYPE_PERF_EVENT_ARRAY`, which programs write to by `bpf_perf_event_output()`: a buffer for each CPU, and the kernel
 * counts what had no room. Linux 4.4, so it serves kernels without a {@link RingBuffer}; programs write to it only while a
 * stream, or an overwritable buffer, is open. `batch.cpu(index)` is the CPU of a record.
 *
 * Records are decoded when the map's declaration names their type (`EBPF_PERF_BUFFER` of ebpf.h); otherwise they are bytes,
 * to which the kernel adds up to 7, and {@link as} decodes them by a type's name.
 */
declare class PerfBuffer<T = unknown> extends RecordMap<T, PerfStreamOptions> {
    #private;
    /**
     * Begins to keep the newest records, the oldest of which make room for them: nothing is handed over, until somebody asks
     * for a snapshot of what is there, such as after something went wrong. Until it is closed, the map has no stream.
     *
     * @throws EbpfError ERR_EBPF_BUSY
     */
    openOverwritable(options?: OverwritableOptions): OverwritableBuffer<T>;
    /** Ends its stream, or its overwritable buffer, then closes the descriptor. A second call does nothing. */
    close(): void;
}

/**
 * `BPF_MAP_TYPE_RINGBUF`: records from programs, in one order over all CPUs. Linux 5.8.
 *
 * Records are decoded when the map's declaration names their type (`EBPF_RINGBUF` of ebpf.h); otherwise they are bytes,
 * and {@link as} decodes them by a type's name.
 */
declare class RingBuffer<T = unknown> extends RecordMap<T> {
    /** Bytes of the ring's data area. */
    get size(): number;
}

/**
 * `BPF_MAP_TYPE_ARENA`: memory of up to 4 GiB that programs and processes share, with pages only where somebody touched it or a
 * program allocated them. Pointers in it are the same for all: addresses of user space, which {@link Arena.offsetOf} finds the place
 * of. Linux 6.9.
 *
 * All methods map the arena into this process, at the one address that it has in every process.
 *
 * @throws EbpfError EINVAL when another process has mapped it first, wherever it liked: give it an address in C (`map_extra`)
 */
declare class Arena extends BpfMap {
    #private;
    /** Bytes, with those that have no page. */
    get byteLength(): number;
    /** Where it begins, in this and every process that maps it. */
    get address(): bigint;
    /**
     * The place of what a pointer in the arena points to.
     *
     * @throws RangeError when that is not in this arena, such as NULL
     */
    offsetOf(pointer: bigint): number;
    /**
     * A copy of bytes. Without a page there, the kernel makes one of zeros, unless the map has BPF_F_SEGV_ON_FAULT.
     *
     * @throws EbpfError EFAULT when there is no page, and none to be had
     * @throws RangeError when that is not all inside the arena
     */
    read(offset: number, length: number): Uint8Array;
    /**
     * Writes bytes, as {@link read} reads them: not in one step for who reads them meanwhile.
     *
     * @throws EbpfError EFAULT when there is no page, and none to be had; pages before it are written
     * @throws RangeError when they do not all fit inside the arena
     */
    write(offset: number, bytes: Uint8Array): void;
    /**
     * The memory itself, from `offset` to the end or of `length` bytes: what programs write is seen at once. All its pages are made now,
     * and count as the arena's. Closing the map leaves it empty.
     *
     * @throws EbpfError ERR_EBPF_INVALID_ARGUMENT where touching it could end the process: in an arena with BPF_F_SEGV_ON_FAULT, or one
     * with an address of its own (`map_extra`), from which the next object that asks for that address removes it
     * @throws EbpfError EFAULT or ENOMEM when there is no memory for all pages; EOPNOTSUPP for 4 GiB at once
     */
    view(offset?: number, length?: number): Uint8Array<ArrayBuffer>;
    /** Closes the descriptor, at once, and leaves all views empty. */
    close(): void;
}

/** What {@link ArrayMap.view} gives, by the type of the values. */
type MapView = Uint8Array<ArrayBuffer> | Int8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Int16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | BigUint64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
/** A class of typed arrays, such as `BigUint64Array`. */
interface MapViewClass<A extends MapView = MapView> {
    readonly BYTES_PER_ELEMENT: number;
    readonly name: string;
    new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
}
/** The view of values that decode to `V`. */
type ViewOf<V> = [V] extends [bigint] ? BigUint64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer> : MapView;

/** `BPF_MAP_TYPE_ARRAY`: a fixed number of values by index, zero at first; nothing can be deleted. Linux 3.19. */
declare class ArrayMap<V = unknown> extends KeyedMap<number, V> {
    #private;
    /** The number of values. */
    get length(): number;
    /**
     * @throws RangeError ERR_EBPF_OUT_OF_RANGE when the index is outside of the array
     */
    set(index: Input<number>, value: Input<V>, options?: SetOptions): boolean;
    /**
     * All values as one typed array over the kernel's own memory: reading or writing one is no system call, and what
     * programs write is seen at once. Its class follows the values: `BigUint64Array` for `__u64`, a flat `Uint32Array` for
     * `__u32[4]`, a `Uint8Array` of the bytes for structs. It becomes empty when the map is closed. The map needs
     * BPF_F_MMAPABLE. Linux 5.5.
     *
     * @param expected narrows the type; `Uint8Array` gives the bytes of any values, each at a multiple of 8
     * @throws RangeError when the size of a value is no multiple of 8: the kernel leaves gaps between them
     * @throws EbpfError ERR_EBPF_INVALID_ARGUMENT when the map cannot be mapped, ERR_EBPF_READ_ONLY when it is frozen or
     * read-only, EOPNOTSUPP for more than 4 GiB
     */
    view(): ViewOf<V>;
    view<A extends MapView>(expected: MapViewClass<A>): A;
    freeze(): void;
    close(): void;
    /** An array is always full. */
    count(): number;
}

/** A map whose calls go by memory that is bound to it: a key if it has any, and from the next multiple of 8 a value. */
declare class BoundMap extends BpfMap {
    #private;
}

/**
 * `BPF_MAP_TYPE_BLOOM_FILTER`: remembers values in a few bits each. Nothing can be deleted, listed or counted. Linux 5.16.
 */
declare class BloomFilter<V = unknown> extends BoundMap {
    #private;
    /** Puts a value in. More than `maxEntries` of them make the answers worse, and are no error. */
    add(value: Input<V>): void;
    /** False when the value was certainly never added; true when it was, and by chance for some that were not. */
    mightHave(value: Input<V>): boolean;
}

/** An array of what user space names by descriptors. The kernel holds what is in it, whatever becomes of the descriptor. */
declare class DescriptorArray extends BoundMap {
    /** The number of places. */
    get length(): number;
    /** @returns whether there was something at that index. */
    delete(index: number): boolean;
    /**
     * Empties all places.
     *
     * @returns how many there were with something in them
     */
    clear(): number;
}

/**
 * `BPF_MAP_TYPE_CGROUP_ARRAY`: cgroups that programs ask about, by `bpf_current_task_under_cgroup` and `bpf_skb_under_cgroup`.
 * The kernel does not tell which ones are in it. Linux 4.8.
 */
declare class CgroupArray extends DescriptorArray {
    #private;
    /**
     * Puts a cgroup in, which has to be of version 2.
     *
     * @param cgroup its folder, such as `/sys/fs/cgroup/system.slice`, or an open descriptor of it, which stays the caller's
     * @throws EbpfError ENOENT when there is no such folder, EBADF when it is no cgroup of version 2
     */
    set(index: number, cgroup: PathOrDescriptor): void;
}

/** A map of what programs send packets, messages or connections to. */
declare class TargetMap<K = unknown> extends BoundMap {
    #private;
}
/** One whose contents the kernel tells. */
declare abstract class ReadableTargetMap<K = unknown, V = unknown> extends TargetMap<K> {
    #private;
    /** What there is for a key, or `undefined`. */
    get(key: Input<K>): V | undefined;
    /** Whether there is something for a key. */
    has(key: Input<K>): boolean;
    /** @returns whether there was something. */
    delete(key: Input<K>): boolean;
    /**
     * Takes out all that is there now.
     *
     * @returns how many there were
     */
    clear(): number;
    /** What is in it, as `[key, value]`, by two system calls for each. What vanishes meanwhile may be missing. */
    entries(): Generator<[KeyOf<K>, V], void, undefined>;
    keys(): Generator<KeyOf<K>, void, undefined>;
    [Symbol.iterator](): Generator<[KeyOf<K>, V], void, undefined>;
    /** How many there are now. Asks for each key: the kernel keeps no count that can be read. */
    count(): number;
}

/** A processor that packets are redirected to. */
interface CpuTarget {
    /** Packets that may wait for it, 1 to 16384; more of them are dropped. */
    queueSize: number;
    /** Runs there for each packet, before the kernel takes it: one of `SEC("xdp/cpumap")`. Linux 5.9. */
    program?: BpfProgram;
}
/** What is in such a map. */
interface CpuQueue {
    queueSize: number;
    /** For `openProgram`. */
    program?: {
        id: number;
    };
}
/**
 * `BPF_MAP_TYPE_CPUMAP`: processors by their number, that XDP programs redirect packets to: each has a queue, and a thread of
 * the kernel that takes packets from it. Linux 4.15; programs 5.9.
 */
declare class CpuMap extends ReadableTargetMap<number, CpuQueue> {
    #private;
    /** The number of places. */
    get length(): number;
    /**
     * Makes the queue and the thread of a processor, off the JavaScript thread. What waits in the queue that it had is handled
     * first.
     *
     * @throws RangeError for a queue of another length
     * @throws EbpfError ENODEV when the machine can have no such processor, EINVAL, from older kernels ENOMEM, when the
     * kernel refuses the program
     * @throws TypeError for a program of another section, or where values have no place for one
     */
    set(cpu: number, target: CpuTarget): Promise<void>;
}

/** What packets are redirected to. */
interface DeviceTarget {
    /** Name or index of the interface. */
    interface: string | number;
    /** Where that means something; this process's own network namespace by default. */
    netns?: NetworkNamespace;
    /** Runs for each packet before it is sent: one of `SEC("xdp/devmap")`. Linux 5.8. */
    program?: BpfProgram;
}
/** What is in such a map. */
interface Device {
    /** Index of the interface in its network namespace, of which the kernel does not tell the map's readers. */
    interface: number;
    /** For `openProgram`. */
    program?: {
        id: number;
    };
}
/** Network interfaces that XDP programs redirect packets to. They vanish by themselves when they are deleted. */
declare abstract class InterfaceMap extends ReadableTargetMap<number, Device> {
    #private;
}
/**
 * `BPF_MAP_TYPE_DEVMAP`: network interfaces by index, that XDP programs redirect packets to. Linux 4.14; programs at the
 * interfaces 5.8.
 */
declare class DeviceMap extends InterfaceMap {
    /** The number of places. */
    get length(): number;
    /**
     * Puts an interface in, off the JavaScript thread: it is looked up in its network namespace.
     *
     * @throws EbpfError ENODEV when there is no such interface, EINVAL when the kernel takes the program for none of its kind
     * @throws TypeError for a program of another section, or where values have no place for one
     */
    set(index: number, target: DeviceTarget): Promise<void>;
}
/**
 * `BPF_MAP_TYPE_DEVMAP_HASH`: network interfaces by a 32-bit number, such as an interface's own index. Linux 5.4; programs at
 * the interfaces 5.8.
 */
declare class DeviceHashMap extends InterfaceMap {
    /**
     * Puts an interface in, as {@link DeviceMap.set} does.
     *
     * @param options the only condition that the kernel knows here is `absent`
     * @returns whether it was written: always, or as the condition says
     * @throws EbpfError E2BIG when the map is full
     */
    set(key: number, target: DeviceTarget, options?: {
        if?: 'absent';
    }): Promise<boolean>;
}

/** A map whose entries can be deleted. */
declare class EntryMap<K = unknown, V = unknown> extends KeyedMap<K, V> {
    /** @returns whether there was such an entry. */
    delete(key: Input<K>): boolean;
    /**
     * Deletes many entries, by one system call for each few thousand where the kernel can (Linux 5.6); keys that are not
     * there are passed over.
     *
     * @returns how many there were
     * @throws EbpfError (a TypeError or RangeError for a key that cannot be encoded) with the number of entries that were
     * deleted before it failed as its `done`
     */
    deleteMany(keys: Iterable<Input<K>>): number;
    /**
     * Deletes all entries that are there now.
     *
     * @returns how many there were
     * @throws EbpfError with the number of entries that went before it failed as its `done`
     */
    clear(): number;
}

/** `BPF_MAP_TYPE_HASH`: entries come and go. Linux 3.19. */
declare class HashMap<K = unknown, V = unknown> extends EntryMap<K, V> {
    #private;
    /**
     * Reads and deletes an entry in one atomic step, never emulated by two. Linux 5.14.
     *
     * @returns `undefined` when there was no such entry
     * @throws RangeError when a 64-bit value does not fit a number (`int64: 'number'`), with the bytes as its `taken`
     */
    take(key: Input<K>, options: RawOptions & LockOptions): Uint8Array | undefined;
    take(key: Input<K>, options?: LockOptions): V | undefined;
    /**
     * Takes all entries out of the map, a few thousand by one system call (`BPF_MAP_LOOKUP_AND_DELETE_BATCH`, Linux 5.6),
     * or one by one where there is no such call: nothing that a program writes meanwhile is lost, it is either here or
     * still in the map.
     *
     * @throws RangeError when a 64-bit value does not fit a number (`int64: 'number'`), EbpfError when the kernel refuses to
     * go on. What was taken until then is in the error: the entries as its `drained`, as bytes those that cannot be decoded
     * in its `undecoded`, and the number of both as its `done`
     */
    drain(options?: LockOptions): [KeyOf<K>, V][];
}
/** `BPF_MAP_TYPE_LRU_HASH`: a full map drops the entries that were not used for longest. Linux 4.10. */
declare class LruHashMap<K = unknown, V = unknown> extends HashMap<K, V> {
}

/** The first bits of some bytes. */
interface Prefix {
    /** Bits, from 0 to eight times the bytes. */
    prefixLength: number;
    /** All bytes of the key behind its length, the first one first; the kernel keeps those behind the prefix, too. */
    data: Uint8Array;
}
/** `10.0.0.0/8` where keys are addresses of IP version 4 or 6, otherwise the bytes. */
type PrefixKey = string | Prefix;

/**
 * `BPF_MAP_TYPE_LPM_TRIE`: values of prefixes. `get` and `has` find the longest prefix that covers the key's, as programs do;
 * `set` and `delete` are for exactly this prefix. Where keys are addresses, which is where their data is one member of 4 or 16
 * bytes, they are text: `'10.0.0.0/8'`, or for all 32 bits `'10.0.0.1'`. Others are `{ prefixLength, data }`, which is taken
 * everywhere. Linux 4.11.
 */
declare class LpmTrie<K extends PrefixKey = PrefixKey, V = unknown> extends EntryMap<K, V> {
}

/** Of calls that read the value of one CPU. */
interface CpuOptions {
    /** From 0, less than {@link possibleCpus}. */
    cpu: number;
}
/**
 * Of calls that write a value for one CPU, from 0 and less than {@link possibleCpus} (`BPF_F_CPU`, Linux 7.0), or the same for all of
 * them, on any kernel. Only the latter can have a condition: the kernel forgets it for the former.
 */
type SetCpuOptions = {
    cpu: number;
    if?: never;
} | (SetCondition & {
    cpu: 'all';
});
/** `BPF_MAP_TYPE_PERCPU_HASH`: each value is an array with one element for each possible CPU. Linux 4.6. */
declare class PerCpuHashMap<K = unknown, V = unknown> extends HashMap<K, V[]> {
    #private;
    /** The values of all possible CPUs, or with `{ cpu }` that of one; `undefined` when there is no such entry. */
    get(key: Input<K>, options: CpuOptions & RawOptions): Uint8Array | undefined;
    get(key: Input<K>, options: CpuOptions): V | undefined;
    get(key: Input<K>, options: RawOptions & LockOptions): Uint8Array | undefined;
    get(key: Input<K>, options?: LockOptions): V[] | undefined;
    /**
     * Writes an array with a value for each possible CPU, or with `{ cpu }` one value: for one CPU, of which the others keep theirs,
     * or for all. A new entry has zeros for the others.
     *
     * @returns whether it was written: always, or as the condition says
     * @throws EbpfError ERR_EBPF_KERNEL for one CPU on a kernel that cannot, E2BIG when the map is full
     */
    set(key: Input<K>, value: Input<V>, options: SetCpuOptions): boolean;
    set(key: Input<K>, values: Input<V[]>, options?: SetOptions): boolean;
    /**
     * The values of all possible CPUs added up: numbers, or each number of a struct or an array on its own. Bigints are
     * exact, also above 64 bits. `undefined` when there is no such entry.
     *
     * @throws TypeError when there is text, a boolean or bytes in the values
     * @throws RangeError when a number would round the sum (`int64: 'number'`)
     */
    sum(key: Input<K>): V | undefined;
    /** The least value of any possible CPU; a CPU on which no program ran has 0. Otherwise as {@link sum}. */
    min(key: Input<K>): V | undefined;
    /** The greatest value of any possible CPU. Otherwise as {@link sum}. */
    max(key: Input<K>): V | undefined;
    /** Entries with the sum over all CPUs in place of their values: `[key, sum]`. */
    sums(): Generator<[KeyOf<K>, V], void, undefined>;
}
/** `BPF_MAP_TYPE_LRU_PERCPU_HASH`. Linux 4.10. */
declare class LruPerCpuHashMap<K = unknown, V = unknown> extends PerCpuHashMap<K, V> {
}
/** `BPF_MAP_TYPE_PERCPU_ARRAY`: each value is an array with one element for each possible CPU. Linux 4.6. */
declare class PerCpuArrayMap<V = unknown> extends ArrayMap<V[]> {
    #private;
    /** The values of all possible CPUs, or with `{ cpu }` that of one; `undefined` when there is no such entry. */
    get(index: Input<number>, options: CpuOptions & RawOptions): Uint8Array | undefined;
    get(index: Input<number>, options: CpuOptions): V | undefined;
    get(index: Input<number>, options: RawOptions & LockOptions): Uint8Array | undefined;
    get(index: Input<number>, options?: LockOptions): V[] | undefined;
    /**
     * Writes an array with a value for each possible CPU, or with `{ cpu }` one value: for one CPU, of which the others keep theirs,
     * or for all.
     *
     * @returns whether it was written: always, or as the condition says
     * @throws RangeError ERR_EBPF_OUT_OF_RANGE when the index is outside of the array
     * @throws EbpfError ERR_EBPF_KERNEL for one CPU on a kernel that cannot
     */
    set(index: Input<number>, value: Input<V>, options: SetCpuOptions): boolean;
    set(index: Input<number>, values: Input<V[]>, options?: SetOptions): boolean;
    /**
     * The values of all possible CPUs added up: numbers, or each number of a struct or an array on its own. Bigints are
     * exact, also above 64 bits. `undefined` when there is no such entry.
     *
     * @throws TypeError when there is text, a boolean or bytes in the values
     * @throws RangeError when a number would round the sum (`int64: 'number'`)
     */
    sum(index: Input<number>): V | undefined;
    /** The least value of any possible CPU; a CPU on which no program ran has 0. Otherwise as {@link sum}. */
    min(index: Input<number>): V | undefined;
    /** The greatest value of any possible CPU. Otherwise as {@link sum}. */
    max(index: Input<number>): V | undefined;
    /** Entries with the sum over all CPUs in place of their values: `[key, sum]`. */
    sums(): Generator<[number, V], void, undefined>;
}

interface PushOptions {
    /** A full map drops its oldest value. */
    overwrite?: boolean;
}
/**
 * `BPF_MAP_TYPE_QUEUE`: values come out in the order in which they went in. The kernel does not tell how many there are, and
 * has no way to read them all. Linux 4.20.
 */
declare class QueueMap<V = unknown> extends BoundMap {
    #private;
    /**
     * Puts a value in.
     *
     * @throws EbpfError E2BIG when the map is full, unless `overwrite` makes room by dropping the oldest value
     */
    push(value: Input<V>, options?: PushOptions): void;
    /** The value that `pop` would give; it stays. `undefined` when there is none. */
    peek(): V | undefined;
    peek(options: RawOptions): Uint8Array | undefined;
    /**
     * Takes a value out: the oldest of a queue, the newest of a stack. `undefined` when there is none.
     *
     * @throws RangeError when a 64-bit value does not fit a number (`int64: 'number'`), with the bytes as its `taken`
     */
    pop(): V | undefined;
    pop(options: RawOptions): Uint8Array | undefined;
}
/** `BPF_MAP_TYPE_STACK`: the value that went in last comes out first. Linux 4.20. */
declare class StackMap<V = unknown> extends QueueMap<V> {
}

/** Which class options make, for TypeScript. */

type Int64Option<O> = O extends {
    int64: infer I extends Int64;
} ? I : 'bigint';
type Part<O, Name extends string> = O extends Record<Name, infer T extends Type> ? Infer<T, Int64Option<O>> : Uint8Array;
type Key<O> = O extends {
    key: infer T extends Type;
} ? InferKey<T, Int64Option<O>> : Uint8Array;
interface Classes<O> {
    hash: HashMap<Key<O>, Part<O, 'value'>>;
    rhash: HashMap<Key<O>, Part<O, 'value'>>;
    lru_hash: LruHashMap<Key<O>, Part<O, 'value'>>;
    percpu_hash: PerCpuHashMap<Key<O>, Part<O, 'value'>>;
    lru_percpu_hash: LruPerCpuHashMap<Key<O>, Part<O, 'value'>>;
    array: ArrayMap<Part<O, 'value'>>;
    percpu_array: PerCpuArrayMap<Part<O, 'value'>>;
    lpm_trie: LpmTrie<PrefixKey, Part<O, 'value'>>;
    queue: QueueMap<Part<O, 'value'>>;
    stack: StackMap<Part<O, 'value'>>;
    bloom_filter: BloomFilter<Part<O, 'value'>>;
    ringbuf: RingBuffer<Part<O, 'record'>>;
}
/** The map that `inner` stands for: itself, or the one that its options make. */
type CreatedMap<O> = InnerMap extends O ? BpfMap : O extends BpfMap ? O : O extends {
    type: infer T extends keyof Classes<unknown>;
} ? Classes<O>[T] : BpfMap;

/** What may differ between maps in one map of maps. */
interface CreateInnerOptions {
    /** Name in the kernel, at most 15 letters, digits, `_` and `.`. */
    name?: string;
    /** An array's length only with the flag `innerMap`. */
    maxEntries?: number;
    /** Where it is pinned, in a BPF file system. */
    pinPath?: string;
}
/**
 * A map of maps. All maps in it are like the one that it was made with: of its type, with its sizes and flags. It holds them,
 * whatever becomes of their handles.
 */
declare class NestedMap<K = unknown, M extends BpfMap = BpfMap> extends BoundMap {
    #private;
    /**
     * Makes a map that can be put in. It is the caller's, who closes it. It is like the `inner` that this map
     * was made with, or like its declaration in an object (`__array(values, struct …)`), or like a map that is in it.
     *
     * @throws EbpfError ERR_EBPF_NO_BTF when none of these is known
     */
    createInner(options?: CreateInnerOptions): M;
    /**
     * The map of a key, as a handle of its own that the caller closes; `undefined` when there is none. Its keys and values have the
     * types of the definition that {@link createInner} goes by, otherwise those that the kernel keeps with it. Needs CAP_SYS_ADMIN.
     * Linux 4.13.
     */
    get(key: Input<K>): M | undefined;
    /** @param options other types, or none */
    get(key: Input<K>, options: OpenMapOptions): BpfMap | undefined;
    /** Whether there is a map for a key. */
    has(key: Input<K>): boolean;
    /**
     * Puts a map in, off the JavaScript thread: the kernel may wait until no program uses the one that was there, some tens of
     * milliseconds.
     *
     * @returns whether it was written: always, or as the condition says
     * @throws EbpfError EINVAL when it is not like the one that this map of maps was made with, E2BIG when a hash is full
     * @throws RangeError for an index outside of an array
     */
    set(key: Input<K>, map: M, options?: SetCondition): Promise<boolean>;
    /**
     * Puts many maps in, a few hundred by one system call where the kernel can (Linux 5.19), off the JavaScript thread. With a condition
     * it is one call for each: the kernel's batches have none.
     *
     * @returns how many were written: all, or those that the condition let pass
     * @throws the error of {@link set}, with the number of entries that were written before it failed as its `done`
     */
    setMany(entries: Iterable<readonly [Input<K>, M]>, options?: SetCondition): Promise<number>;
    /**
     * Takes a map out, off the JavaScript thread as {@link set}.
     *
     * @returns whether there was one
     */
    delete(key: Input<K>): Promise<boolean>;
    /**
     * Takes many maps out, as {@link setMany} puts them in; keys that are not there are passed over.
     *
     * @returns how many there were
     * @throws the error of {@link delete}, with the number of entries that were deleted before it failed as its `done`
     */
    deleteMany(keys: Iterable<Input<K>>): Promise<number>;
    /**
     * Takes all maps out that are there now.
     *
     * @returns how many there were
     * @throws the error of {@link deleteMany}
     */
    clear(): Promise<number>;
    /** What is in it, as `[key, { id }]`, for `openMap`. */
    entries(): Generator<[KeyOf<K>, {
        id: number;
    }], void, undefined>;
    keys(): Generator<KeyOf<K>, void, undefined>;
    [Symbol.iterator](): Generator<[KeyOf<K>, {
        id: number;
    }], void, undefined>;
    /** How many maps there are now. */
    count(): number;
}
/** `BPF_MAP_TYPE_ARRAY_OF_MAPS`: maps by index. Linux 4.12. */
declare class ArrayOfMaps<M extends BpfMap = BpfMap> extends NestedMap<number, M> {
    /** The number of places. */
    get length(): number;
}
/** `BPF_MAP_TYPE_HASH_OF_MAPS`: maps by key. Linux 4.12. */
declare class HashOfMaps<K = unknown, M extends BpfMap = BpfMap> extends NestedMap<K, M> {
}

/**
 * `BPF_MAP_TYPE_PROG_ARRAY`: the programs that `bpf_tail_call` jumps to. It takes programs of one type only, that of the first
 * one that uses it or is put into it (`info().owner`). The kernel empties it when no process and no pin has it any more, though
 * programs still do. Linux 4.2.
 */
declare class ProgramArray extends DescriptorArray {
    #private;
    /**
     * Puts a program in. The place keeps it when its object is closed.
     *
     * @throws EbpfError EINVAL when it is not of the type that this array takes
     */
    set(index: number, program: BpfProgram): void;
    /** The program at an index, for `openProgram`; `undefined` when there is none. Linux 4.13. */
    get(index: number): {
        id: number;
    } | undefined;
    /** The places that have a program, as `[index, { id }]`. */
    entries(): Generator<[number, {
        id: number;
    }], void, undefined>;
    [Symbol.iterator](): Generator<[number, {
        id: number;
    }], void, undefined>;
}

/**
 * Sockets, which are in it until they are deleted or closed: it does not keep them open. They are read as their cookies, the
 * numbers that `bpf_get_socket_cookie` gives programs, if values are of 8 bytes.
 */
declare abstract class SocketMap<K = unknown> extends ReadableTargetMap<K, bigint> {
    /**
     * Puts a socket in.
     *
     * @param socket of Node, or `{ fd }`; it stays the caller's
     * @returns whether it was written: always, or as the condition says
     * @throws TypeError when the socket has no descriptor: not bound or connected, or closed
     * @throws EbpfError EOPNOTSUPP when this map takes no sockets of its kind or in its state, ENOTSOCK or EBADF for a descriptor
     * of something else or of nothing, E2BIG when a hash is full
     */
    set(key: Input<K>, socket: SocketOrDescriptor, options?: SetCondition): boolean;
    /**
     * The cookie of the socket of a key, or `undefined` when there is none.
     *
     * @throws EbpfError ERR_EBPF_INVALID_ARGUMENT when values are not of 8 bytes
     */
    get(key: Input<K>): bigint | undefined;
}
/** What sockets redirect messages to. The programs at the map are those of all sockets that are put into it (`sockmap`). */
declare abstract class RedirectingSocketMap<K> extends SocketMap<K> {
}
/**
 * `BPF_MAP_TYPE_SOCKMAP`: sockets by index, that programs of type `sk_skb` and `sk_msg` redirect messages to, and that
 * programs of type `sk_lookup` give connections to. Linux 4.14, to be read 5.7.
 */
declare class SockMap extends RedirectingSocketMap<number> {
    /** The number of places. */
    get length(): number;
}
/** `BPF_MAP_TYPE_SOCKHASH`: as {@link SockMap}, by any key. Linux 4.18, to be read 5.7. */
declare class SockHash<K = unknown> extends RedirectingSocketMap<K> {
}

/**
 * `BPF_MAP_TYPE_REUSEPORT_SOCKARRAY`: sockets by index, from which a program of type `sk_reuseport` selects the one that gets
 * a packet or connection of a group that shares an address. Linux 4.19.
 */
declare class ReuseportSocketArray extends SocketMap<number> {
    /** The number of places. */
    get length(): number;
}

interface KernelSymbol {
    name: string;
    /** Bytes from the symbol's start. */
    offset: number;
    /** The module that it belongs to; `undefined` for the kernel itself. */
    module: string | undefined;
}
/** The running kernel's symbol table, read at the first use and kept. */
declare const kernelSymbols: {
    /**
     * The symbol that an address of kernel code lies in: the nearest one that does not start above it, since the kernel
     * tells no sizes; `undefined` below the first. The first call reads the table, a few hundred milliseconds.
     *
     * @throws EbpfError EPERM when the kernel hides addresses from this process.
     */
    resolve(address: number | bigint): KernelSymbol | undefined;
    /** Forgets the table, so that modules loaded since are seen at the next use. */
    refresh(): void;
};

/** A frame of kernel code with the name of its function, where that is known. */
interface KernelFrame extends Partial<KernelSymbol> {
    address: bigint;
}
/** A frame of a program or library: where in which file, or its address where the kernel could not look at the file. */
type BuildIdFrame = {
    buildId: string;
    offset: bigint;
} | {
    address: bigint;
};
/**
 * `BPF_MAP_TYPE_STACK_TRACE`: what `bpf_get_stackid` saw. The helper gives a program the number under which a stack is here, or
 * a negative error. Linux 4.6.
 */
declare class StackTraceMap extends BoundMap {
    #private;
    /**
     * The addresses of a stack, from the innermost frame on; `undefined` when there is no such stack, as for a negative id.
     *
     * @throws EbpfError ERR_EBPF_INVALID_ARGUMENT when the map has BPF_F_STACK_BUILD_ID, and so build ids in place of addresses
     */
    get(id: number): bigint[] | undefined;
    /**
     * The frames of a kernel stack with the names of their functions. The first call reads the kernel's symbols, a few hundred
     * milliseconds.
     *
     * @throws EbpfError EPERM when the kernel hides addresses from this process
     */
    resolve(id: number): KernelFrame[] | undefined;
    /**
     * The frames of a user stack in a map with BPF_F_STACK_BUILD_ID, which mean the same in every process. Linux 4.17.
     *
     * @throws EbpfError ERR_EBPF_INVALID_ARGUMENT when the map has addresses
     */
    buildIds(id: number): BuildIdFrame[] | undefined;
    /** The ids of all stacks, from the lowest on. Linux 4.18. */
    keys(): Generator<number, void, undefined>;
    /** All stacks as `[id, addresses]`. */
    entries(): Generator<[number, bigint[]], void, undefined>;
    [Symbol.iterator](): Generator<[number, bigint[]], void, undefined>;
    /** @returns whether there was such a stack. */
    delete(id: number): boolean;
    /**
     * Deletes all stacks.
     *
     * @returns how many there were
     */
    clear(): number;
}

/**
 * Values that lie with what they are about: with each socket, task, inode or cgroup one, which goes when that goes. The kernel
 * finds it without a search, and has no list of them: what there is cannot be iterated or counted by map calls. Calls are
 * synchronous. A miss is `undefined`, never an exception.
 */
declare abstract class StorageMap<O, V> extends BoundMap {
    #private;
    /** What is stored with an owner, or `undefined` when there is nothing. */
    get(owner: O, options: RawOptions & LockOptions): Uint8Array | undefined;
    get(owner: O, options?: LockOptions): V | undefined;
    /** Whether something is stored with an owner. */
    has(owner: O): boolean;
    /**
     * Stores a value with an owner.
     *
     * @returns whether it was written: always, or as the condition says
     */
    set(owner: O, value: Input<V>, options?: SetOptions): boolean;
    /** Deletes what is stored with an owner. @returns whether there was something */
    delete(owner: O): boolean;
}

/**
 * `BPF_MAP_TYPE_CGRP_STORAGE`: a value with each cgroup, until that is removed. Linux 6.2.
 *
 * Cgroups are named by their folder, such as `/sys/fs/cgroup/system.slice`, or an open descriptor of it.
 */
declare class CgroupStorage<V = unknown> extends StorageMap<PathOrDescriptor, V> {
}

/**
 * `BPF_MAP_TYPE_INODE_STORAGE`: a value with each inode, while the kernel has it in memory: at least as long as the file is open
 * or a folder is in use; afterwards the kernel may forget it. Only programs of security hooks (LSM) have it. Linux 5.10, with
 * BPF among the security modules that the kernel was booted with (`lsm=…,bpf`).
 *
 * Inodes are named by a path, of which the last link is followed, or by `{ fd }` of anything that is open.
 */
declare class InodeStorage<V = unknown> extends StorageMap<PathOrDescriptor, V> {
    #private;
}

/** Where a program is attached. */
interface AttachedPlace {
    /** The cgroup's id, which is the inode of its folder. */
    cgroup: bigint;
    /** Absent where keys are cgroups alone; a number where this library has no word for it. */
    attachType?: CgroupAttachType | number;
}
/** The same as a caller has it. */
interface AttachedPlaceInput {
    /** Its folder, such as `/sys/fs/cgroup/system.slice`, an open descriptor of it, or its id. */
    cgroup: PathOrDescriptor | number | bigint;
    attachType?: CgroupAttachType | number;
}

/** A place as a caller has it, or the declared key: `{ cgroup_inode_id, attach_type }`, or its first member alone. */
type AttachedPlaceKey = Input<AttachedPlace> | AttachedPlaceInput | {
    cgroup_inode_id: bigint | number;
    attach_type: number;
} | bigint | number;
/**
 * `BPF_MAP_TYPE_CGROUP_STORAGE`: a value with each cgroup that a program which uses the map was attached to (`bpf_get_local_storage`
 * in C). The kernel makes it when the first one is attached there, and takes it away with the cgroup (before Linux 5.9, with the
 * program), so nothing can be added or deleted here. {@link CgroupStorage} is the newer form, for all cgroups. Linux 4.19.
 */
declare class OldCgroupStorage<V = unknown> extends KeyedMap<AttachedPlace, V> {
    get(key: AttachedPlaceKey, options: RawOptions & LockOptions): Uint8Array | undefined;
    get(key: AttachedPlaceKey, options?: LockOptions): V | undefined;
    has(key: AttachedPlaceKey): boolean;
    /**
     * Writes the value of a place.
     *
     * @returns whether it was written: always, or with `{ if: 'present' }` when a program was attached there
     * @throws EbpfError ENOENT when none was
     */
    set(key: AttachedPlaceKey, value: Input<V>, options?: SetOptions): boolean;
    getMany(keys: Iterable<AttachedPlaceKey>, options: RawOptions & LockOptions): (Uint8Array | undefined)[];
    getMany(keys: Iterable<AttachedPlaceKey>, options?: LockOptions): (V | undefined)[];
    setMany(entries: Iterable<readonly [AttachedPlaceKey, Input<V>]>, options?: SetOptions): number;
}
/** `BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE`: each value is an array with one element for each possible CPU. Linux 4.20. */
declare class OldPerCpuCgroupStorage<V = unknown> extends OldCgroupStorage<V[]> {
    #private;
    /** The values of all possible CPUs added up, as {@link PerCpuHashMap.sum} does; `undefined` when there is no such entry. */
    sum(key: AttachedPlaceKey): V | undefined;
    /** The least value of any possible CPU; a CPU on which no program ran has 0. Otherwise as {@link sum}. */
    min(key: AttachedPlaceKey): V | undefined;
    /** The greatest value of any possible CPU. Otherwise as {@link sum}. */
    max(key: AttachedPlaceKey): V | undefined;
    /** Entries with the sum over all CPUs in place of their values: `[key, sum]`. */
    sums(): Generator<[AttachedPlace | Uint8Array, V], void, undefined>;
}

/**
 * `BPF_MAP_TYPE_SK_STORAGE`: a value with each socket, until that is closed by everybody. Programs that read all of them are
 * iterators (`SEC("iter/bpf_sk_storage_map")`). Linux 5.2.
 *
 * Sockets are those of `node:net`, `node:dgram`, `node:http` and `node:tls`, or `{ fd }`.
 */
declare class SocketStorage<V = unknown> extends StorageMap<SocketOrDescriptor, V> {
}

/** The id of a process or (Linux 6.9) of one of its threads, or an open pidfd, which stays the caller's. */
type TaskOrDescriptor = number | {
    readonly fd: number;
};
/**
 * `BPF_MAP_TYPE_TASK_STORAGE`: a value with each task, until that ends. A task is one thread: of a process, the value is that of
 * its first thread. Linux 5.11.
 *
 * An id is of a task that runs now: when its process ended, another one may have it. A pidfd stays that of its own.
 */
declare class TaskStorage<V = unknown> extends StorageMap<TaskOrDescriptor, V> {
    #private;
}

/**
 * `BPF_MAP_TYPE_XSKMAP`: AF_XDP sockets by index, usually that of their queue, that XDP programs redirect packets to. The
 * kernel tells nobody which ones are in it; those that are closed vanish by themselves. Linux 4.18.
 */
declare class XskMap extends TargetMap<number> {
    /** The number of places. */
    get length(): number;
    /**
     * Puts a socket in.
     *
     * @param socket `{ fd }` of an AF_XDP socket, which Node itself cannot make; it stays the caller's
     * @returns whether it was written: always, or as the condition says; the kernel writes the socket that is there already
     * whatever the condition
     * @throws EbpfError EOPNOTSUPP when it is a socket of another kind, ENOTSOCK or EBADF for a descriptor of something else or
     * of nothing
     */
    set(index: number, socket: SocketOrDescriptor, options?: SetCondition): boolean;
    /** Empties a place. The kernel does not say whether there was something. */
    delete(index: number): void;
    /** Empties all places. */
    clear(): void;
}

/**
 * Creates a map that belongs to no object, by explicit types: `createMap({ type: 'hash', key: u32, value: u64, maxEntries:
 * 1024 })`. It can replace a map of an object at load. Types of maps that have no class yet give a {@link BpfMap}.
 *
 * @throws TypeError or RangeError for what the kernel would only call EINVAL: a key or value that this type of map does not
 *   have, or of another size; `struct_ops` and `insn_array`, which only an object makes
 * @throws EbpfError with the kernel's code, such as EINVAL for a ring whose size is not a power of two;
 *   ERR_EBPF_KERNEL when this kernel has no maps of the type; ERR_EBPF_PINNED when another map is pinned at `pinPath`
 */
declare function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(options: HashOptions<'hash' | 'rhash', K, V, I>): HashMap<InferKey<K, I>, Infer<V, I>>;
declare function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(options: HashOptions<'lru_hash', K, V, I>): LruHashMap<InferKey<K, I>, Infer<V, I>>;
declare function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(options: HashOptions<'percpu_hash', K, V, I>): PerCpuHashMap<InferKey<K, I>, Infer<V, I>>;
declare function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(options: HashOptions<'lru_percpu_hash', K, V, I>): LruPerCpuHashMap<InferKey<K, I>, Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: ArrayOptions<'array', V, I>): ArrayMap<Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: ArrayOptions<'percpu_array', V, I>): PerCpuArrayMap<Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: LpmTrieOptions<Type, V, I>): LpmTrie<PrefixKey, Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: QueueOptions<'queue', V, I>): QueueMap<Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: QueueOptions<'stack', V, I>): StackMap<Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: BloomFilterOptions<V, I>): BloomFilter<Infer<V, I>>;
declare function createMap<M extends InnerMap>(options: ArrayOfMapsOptions<M>): ArrayOfMaps<CreatedMap<M>>;
declare function createMap<K extends Type, M extends InnerMap, I extends Int64 = 'bigint'>(options: HashOfMapsOptions<K, M, I>): HashOfMaps<InferKey<K, I>, CreatedMap<M>>;
declare function createMap(options: DescriptorArrayOptions<'prog_array'>): ProgramArray;
declare function createMap(options: DescriptorArrayOptions<'cgroup_array'>): CgroupArray;
declare function createMap(options: DescriptorArrayOptions<'xskmap'>): XskMap;
declare function createMap(options: RedirectOptions<'devmap'>): DeviceMap;
declare function createMap(options: RedirectOptions<'devmap_hash'>): DeviceHashMap;
declare function createMap(options: CpuMapOptions): CpuMap;
declare function createMap(options: SocketArrayOptions<'sockmap'>): SockMap;
declare function createMap(options: SocketArrayOptions<'reuseport_sockarray'>): ReuseportSocketArray;
declare function createMap<K extends Type, I extends Int64 = 'bigint'>(options: SockHashOptions<K, I>): SockHash<Infer<K, I>>;
declare function createMap(options: StackTraceOptions): StackTraceMap;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: StorageOptions<'sk_storage', V, I>): SocketStorage<Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: StorageOptions<'task_storage', V, I>): TaskStorage<Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: StorageOptions<'inode_storage', V, I>): InodeStorage<Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: StorageOptions<'cgrp_storage', V, I>): CgroupStorage<Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: OldCgroupStorageOptions<'cgroup_storage', V, I>): OldCgroupStorage<Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: OldCgroupStorageOptions<'percpu_cgroup_storage', V, I>): OldPerCpuCgroupStorage<Infer<V, I>>;
declare function createMap<R extends Type, I extends Int64 = 'bigint'>(options: PerfEventArrayOptions<R, I> & {
    record: R;
}): PerfBuffer<Infer<R, I>>;
declare function createMap(options: PerfEventArrayOptions & {
    record?: never;
}): PerfBuffer<Uint8Array>;
declare function createMap<R extends Type, I extends Int64 = 'bigint'>(options: RingBufferOptions<R, I> & {
    record: R;
}): RingBuffer<Infer<R, I>>;
declare function createMap(options: RingBufferOptions & {
    record?: never;
}): RingBuffer<Uint8Array>;
declare function createMap<R extends Type>(options: UserRingBufferOptions<R> & {
    record: R;
}): UserRingBuffer<InferInput<R>>;
declare function createMap(options: UserRingBufferOptions & {
    record?: never;
}): UserRingBuffer<Uint8Array>;
declare function createMap(options: ArenaOptions): Arena;
declare function createMap(options: OtherMapOptions): BpfMap;

/**
 * Opens a map that somebody else made. Keys and values are decoded by the BTF that the kernel keeps with it. By id needs
 * CAP_SYS_ADMIN, Linux 4.13.
 *
 * @throws EbpfError ENOENT when there is none
 */
declare function openMap(target: KernelTarget, options?: OpenMapOptions): BpfMap;
/** @throws EbpfError ERR_EBPF_MAP_CLASS when the map is not of the class `expected` */
declare function openMap<M extends BpfMap>(target: KernelTarget, expected: MapClass<M>, options?: OpenMapOptions): M;

/**
 * Opens a program that is in the kernel already, to look at it, run it on test input, pin it, or attach it by a hook. By
 * id needs CAP_SYS_ADMIN, Linux 4.13.
 *
 * @throws EbpfError ENOENT when there is none
 */
declare function openProgram(target: KernelTarget): BpfProgram;

/**
 * Opens a link that is in the kernel already, to look at it, update, pin, detach or read it. Closing it lets go of it: it
 * stays attached for as long as somebody else holds or pins it. By id needs CAP_SYS_ADMIN, Linux 5.8.
 *
 * @throws EbpfError ENOENT when there is none
 */
declare function openLink(target: KernelTarget): Link;
/**
 * All links of the system, of all processes, in the order of their ids. Needs CAP_SYS_ADMIN. Linux 5.8.
 */
declare function listLinks(): LinkInfo[];

/** A program that is attached to a hook. */
interface QueryEntry {
    programId: number;
    /** At most 15 bytes; absent where this process may not know it. */
    programName?: string;
    /** Absent for what is attached without a link, and where the kernel does not tell. */
    linkId?: number;
    /** BPF_F_* of a cgroup's or an interface's programs, XDP_ATTACHED_* of XDP; 0 elsewhere. */
    flags: number;
    /** Of a tc filter. */
    handle?: number;
    /** Of a tc filter or a netfilter hook. */
    priority?: number;
}
/** Who is attached to a hook. */
interface QueryResult {
    /** Changes with every attach and detach; absent where the kernel does not count (TCX, netkit and cgroups do). */
    revision?: bigint;
    /**
     * In the order in which they run; of a cgroup in the order in which they were attached, so that those with `preorder`, which
     * run before all others, are not at the front (see {@link QueryOptions}).
     */
    entries: QueryEntry[];
}
interface QueryOptions {
    /**
     * Of a cgroup: all programs that run there, also those of the cgroups above it, in the order in which they run, in place of
     * those attached to the cgroup itself. `flags` are 0. Linux 4.15.
     */
    effective?: boolean;
}
/**
 * Asks who is attached to a hook, of all processes, off the JavaScript thread. Where the kernel cannot be asked, by looking
 * through all links of the system, which needs CAP_SYS_ADMIN and misses what is attached without a link.
 *
 * @throws TypeError for a hook of which neither can tell, and for `effective` of a hook that is no `cgroup()`
 */
declare function query<H extends Hook>(hook: H, options?: QueryOptions): Promise<QueryResult>;

/** Values from `low` to `high`, both included, and how many there were. */
interface HistogramBucket {
    low: bigint;
    high: bigint;
    count: bigint;
}
interface HistogramOptions {
    /** What the values are, for the text: `usecs`, `bytes`. Default: `value`. */
    unit?: string;
    /** The slot of the values 0 and 1: 0 by default, as in libbpf-tools; 1 as bcc's `bpf_log2l()` counts. */
    first?: 0 | 1;
}
/**
 * Where the counts are: of slot 0, 1 and so on, such as a view or an array of a value; or a map from slots to counts,
 * whose CPUs are summed up.
 */
type HistogramSource = Iterable<number | bigint> | KeyedMap<unknown, unknown>;
/** Made by {@link log2Histogram}. `String(histogram)` is the text that bcc and libbpf-tools print. */
declare class Log2Histogram {
    /** From the values 0 and 1 to the last that was counted; none when nothing was. */
    readonly buckets: readonly HistogramBucket[];
    /** How many values were counted. */
    readonly total: bigint;
    readonly unit: string;
    /** Empty when nothing was counted. */
    toString(): string;
}
/**
 * A histogram of counts by powers of two: slot `n` counts the values from 2^n to 2^(n+1) - 1, slot 0 the values 0 and 1.
 *
 * @throws TypeError when a slot or a count is no integer, RangeError for more than 64 slots
 */
declare function log2Histogram(source: HistogramSource, options?: HistogramOptions): Log2Histogram;

/** What can be merged: a {@link RingBuffer}, or a {@link RecordStream} of one. */
interface MergeableStream extends AsyncIterable<unknown> {
    subscribe(handler: (batch: any) => unknown, options?: StreamOptions): Subscription;
    flush(): Promise<void>;
    stats(): StreamStatistics;
}
/** Streams by the names that their records are told apart by. */
type MergeableStreams = Readonly<Record<string, MergeableStream>>;
type RecordOf<S> = S extends AsyncIterable<infer T> ? T : never;
/** A record and the name of the stream that it is from. */
type MergedRecord<S extends MergeableStreams> = {
    [K in keyof S & string]: {
        source: K;
        record: RecordOf<S[K]>;
    };
}[keyof S & string];
/** A batch and the name of the stream that it is from: records of several streams never share one. */
type MergedBatch<S extends MergeableStreams> = {
    [K in keyof S & string]: {
        source: K;
        batch: Batch<RecordOf<S[K]>>;
    };
}[keyof S & string];
/**
 * Several streams as one. Each keeps its own order; among them there is none but that of arrival. What ends one, such as
 * closing its map, leaves the others running; the last ends this stream. A failure of one ends all.
 */
declare class MergedStream<S extends MergeableStreams> implements AsyncIterable<MergedRecord<S>> {
    #private;
    /**
     * Calls `handler` with each batch and the name of its stream. When the handler returns a promise, all streams wait for
     * it. An error ends the subscription and rejects its `finished`.
     *
     * @throws EbpfError ERR_EBPF_BUSY when one of the rings has a consumer already; then none is started
     */
    subscribe(handler: (part: MergedBatch<S>) => unknown, options?: StreamOptions): Subscription;
    /** Batches as an async iterable; each is valid until the next one is asked for. */
    batches(options?: StreamOptions): AsyncIterableIterator<MergedBatch<S>, undefined, undefined> & AsyncDisposable;
    /** Records as an async iterable. What was not handed over when the loop is left stays in rings; perf buffers are closed with it. */
    records(options?: StreamOptions): AsyncIterableIterator<MergedRecord<S>, undefined, undefined> & AsyncDisposable;
    [Symbol.asyncIterator](): AsyncIterableIterator<MergedRecord<S>, undefined, undefined>;
    /** See {@link RecordStream.readable}. */
    readable(options?: StreamOptions): Readable;
    /** See {@link RecordStream.web}. */
    web(options?: StreamOptions): ReadableStream<MergedRecord<S>>;
    /**
     * Hands over what is in all rings now, and resolves when it was handled; of rings that were closed since, nothing.
     *
     * @throws EbpfError ERR_EBPF_CLOSED when nobody listens, or when the listener ends before; the error that ended it, if any
     */
    flush(): Promise<void>;
    /** Counts of each stream, by its name. */
    stats(): {
        [K in keyof S]: StreamStatistics;
    };
}
/**
 * Several rings as one stream, with one handler or one loop, whose back-pressure holds all of them.
 *
 * @param streams by the names that their records get as `source`
 * @example for await (const { source, record } of mergeStreams({ opens: maps.opens, exits: maps.exits })) { … }
 */
declare function mergeStreams<S extends MergeableStreams>(streams: S): MergedStream<S>;

/** One call of `bpf_printk()`. */
interface TraceLine {
    /** Of the thread that the program ran in; `<...>` where the kernel has forgotten its name. */
    task: string;
    /** Of that thread (what user space calls its tid), in the initial namespace. */
    pid: number;
    cpu: number;
    /** Nanoseconds of CLOCK_MONOTONIC, with the precision of a microsecond: see `monotonicToDate`. */
    time: bigint;
    /** Without the line break at its end, if there was one; others may be in it. */
    text: string;
}
/**
 * What all programs of this machine write by `bpf_printk()` from now on, whoever loaded them. It has a trace buffer of its
 * own (an instance of tracefs), so nobody else's reader of `trace_pipe` loses a line to it, nor it to them. Linux 5.9.
 *
 * @returns when lines are recorded: attach programs after it
 * @throws EbpfError with the code of the file system where tracefs is not mounted, or this process may not use it;
 * ERR_EBPF_KERNEL before Linux 5.9
 */
declare function tracePipe(options?: LineOptions): Promise<TracePipe>;
/** Lines of {@link tracePipe}. Close it: until then the kernel records lines, and keeps a buffer for them. */
declare class TracePipe extends LineStream<TraceLine> {
    #private;
    /** Lines that were overwritten because nobody took them in time; `undefined` when the kernel does not know how many. */
    get lost(): number | undefined;
}

/** `struct sock_filter` of linux/filter.h. */
interface ClassicInstruction {
    /** BPF_LD, BPF_JMP, BPF_RET and the like of linux/bpf_common.h. */
    code: number;
    /** Instructions to skip when a jump's condition holds; 0 by default. */
    jt?: number;
    /** Instructions to skip when it does not; 0 by default. */
    jf?: number;
    /** The operand, 0 by default; negative ones are the kernel's own fields (SKF_AD_OFF and the like). */
    k?: number;
}
interface ClassicFilterOptions {
    /** The program chooses a socket of the group by its index, as `reuseport` hooks do, in place of filtering. Linux 4.5. */
    reuseport?: boolean;
}
/**
 * Attaches a classic BPF program to one socket, off the JavaScript thread, without any privilege. Linux 2.2.
 *
 * The program returns how many bytes of a packet to keep, 0 to drop it. The kernel holds one filter for each socket, classic
 * or not, and no link: another one takes its place, and `close()` takes it away.
 *
 * @param socket any socket, which stays the caller's; a number is its descriptor
 * @throws EbpfError EINVAL when the kernel does not take the instructions
 */
declare function attachClassicFilter(socket: SocketOrDescriptor | number, instructions: readonly ClassicInstruction[], options?: ClassicFilterOptions): Promise<Link>;

/**
 * The text of a C string in bytes, such as those of a record without a type: UTF-8 up to the first NUL, or all of it. Bytes
 * that are not UTF-8 become U+DC80 to U+DCFF, as in every `char[]` that is decoded.
 *
 * @example text(record.subarray(8, 24)) // the comm of a task
 * @throws TypeError unless it is a Uint8Array, of which a Buffer is one
 */
declare function text(bytes: Uint8Array): string;

/**
 * The types of the running kernel, without those of its modules. The first call reads them, some milliseconds; all calls
 * give the same. Linux 5.4, built with CONFIG_DEBUG_INFO_BTF, as those of all large distributions are; elsewhere those of a
 * vmlinux of this release with BTF, in the folders in which libbpf looks for one: /boot, /lib/modules, /usr/lib/debug.
 *
 * @throws EbpfError ERR_EBPF_KERNEL where there are none
 */
declare function kernelBtf(): Promise<Btf>;
/**
 * The types of a module that is loaded, such as `nf_tables`, built on those of the kernel. Linux 5.11, built with
 * CONFIG_DEBUG_INFO_BTF_MODULES.
 *
 * @throws EbpfError ERR_EBPF_UNKNOWN_NAME when there is no such module, or it has no BTF; ERR_EBPF_KERNEL where the kernel
 *   has none
 */
declare function moduleBtf(name: string): Promise<Btf>;
/** Names of the modules whose types {@link moduleBtf} gives, sorted. */
declare function modulesWithBtf(): Promise<string[]>;

/**
 * What objects need of a kernel's BTF to be loaded on that kernel, as `bpftool gen min_core_btf` gives it: some kilobytes that can be
 * shipped for kernels which have no BTF themselves, and named by `kernelBtfPath` when the objects are loaded there.
 *
 * @param kernel the BTF of the kernel that they are to run on: from `kernelBtf()`, or of a file, from `readBtf()`
 * @returns a BTF file
 * @throws EbpfError ERR_EBPF_NO_BTF when an object has none
 */
declare function minimalBtf(kernel: Btf, objects: readonly ObjectSource[]): Promise<Uint8Array>;

/**
 * The `.BTF.ext` section of object files: which type and which line of the source each instruction belongs to, and what
 * the loader adapts to the running kernel (CO-RE). The layout is that of the kernel's Documentation/bpf/btf.rst.
 */

/** An instruction of a program section. */
interface InstructionPlace {
    /** ELF section, such as `tp/syscalls/sys_enter_openat`. */
    readonly section: string;
    /** Bytes from the start of the section: 8 for each instruction before it. */
    readonly offset: number;
}
/** Where a function starts. */
interface FunctionInfo extends InstructionPlace {
    /** A `func`. */
    readonly type: TypeId;
}
/** Where the code of a line starts. */
interface LineInfo extends InstructionPlace {
    /** As the compiler was given it, or absolute. */
    readonly file: string;
    /** The text of that line; `''` when the compiler did not have it. */
    readonly text: string;
    /** From 1; 0 when it is not known. */
    readonly line: number;
    /** From 1; 0 when it is not known. */
    readonly column: number;
}
/** `enum bpf_core_relo_kind` of linux/bpf.h, by number. */
declare const relocationKinds: readonly ["field_byte_offset", "field_byte_size", "field_exists", "field_signed", "field_left_shift_u64", "field_right_shift_u64", "type_id_local", "type_id_target", "type_exists", "type_size", "enum_value_exists", "enum_value", "type_matches"];
type CoreRelocationKind = (typeof relocationKinds)[number];
/** What the loader replaces in an instruction by what the running kernel has. */
interface CoreRelocation extends InstructionPlace {
    readonly kind: CoreRelocationKind | `unknown (${number})`;
    /** The type as the program knows it. */
    readonly type: TypeId;
    /**
     * Of a field: the indexes that lead to it, such as `0:5:1`, the first of them of an array that starts at the pointer. Of
     * an enum's value: its index. Of a type: `0`.
     */
    readonly access: string;
}

/** What an object file tells of its types and its source. */
interface ObjectBtf {
    readonly btf: Btf;
    /** Where functions start, by section and offset. */
    readonly functions: readonly FunctionInfo[];
    /** Where the code of each line of the source starts, by section and offset. */
    readonly lines: readonly LineInfo[];
    /** What the loader adapts to the running kernel (CO-RE). */
    readonly relocations: readonly CoreRelocation[];
}
/**
 * The types of an object file, and what its `.BTF.ext` says of its instructions. Needs no privilege and no kernel.
 *
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT when it is no ELF file, ERR_EBPF_NO_BTF when it has no BTF
 * @throws BtfFormatError when that is malformed
 * @throws the error of `fs.readFile`, such as ENOENT with the path
 */
declare function objectBtf(source: ObjectSource): Promise<ObjectBtf>;

/**
 * The types in a file: BTF as the kernel shows it, of another machine or from an archive of such files, or an ELF file with a section
 * `.BTF`, such as a kernel's `vmlinux`.
 *
 * @throws BtfFormatError when there is none, or it is malformed
 * @throws the error of `fs.open`, such as ENOENT with the path
 */
declare function readBtf(file: string | URL): Promise<Btf>;

/** A place in a source file. */
interface SourcePlace {
    /** Absolute; `''` for what is said of no file. */
    file: string;
    /** From 1; 0 where only the file is known. */
    line: number;
    /** From 1, in bytes, as clang counts; 0 where only the line is known. */
    column: number;
}
/** What would put it right: the text between two places, and what belongs there. */
interface DiagnosticFix {
    from: SourcePlace;
    /** The first that stays. */
    to: SourcePlace;
    text: string;
}
/** What of a diagnostic is data: all but its text. */
interface DiagnosticData extends SourcePlace {
    severity: 'error' | 'warning' | 'note';
    /** Bytes that are meant, from the column on; 1 where clang names none, or several lines. */
    length: number;
    message: string;
    /** The option that it can be turned off by, such as `-Wunused-variable`. */
    option?: string;
    /** Where the file is included: the outermost place first. Empty for the source itself. */
    includedFrom: readonly SourcePlace[];
    notes: readonly DiagnosticData[];
    fixes: readonly DiagnosticFix[];
}
/** One error or warning of clang's, with what it adds to it. `toString()` shows the place in the source. */
declare class Diagnostic implements DiagnosticData {
    #private;
    /** `error` also for those after which clang goes no further. */
    readonly severity: 'error' | 'warning' | 'note';
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly length: number;
    readonly message: string;
    readonly option?: string;
    readonly includedFrom: readonly SourcePlace[];
    /** Macros that it comes from, declarations that it is about, and what else clang says of it. */
    readonly notes: readonly Diagnostic[];
    readonly fixes: readonly DiagnosticFix[];
    /**
     * As compilers print it: the place, what is wrong, the lines around, and then each note in the same way. Files below the
     * working directory are named from there.
     *
     * @param options.color with escape sequences for terminals
     */
    toString(options?: {
        color?: boolean;
    }): string;
}

/** Versions of the instruction set; `probe` is the newest that clang and the running kernel know. */
type CpuVersion = 'v1' | 'v2' | 'v3' | 'v4';
/** Options of {@link compile}. */
interface CompileOptions {
    /** Name or path of clang, 14 or newer; by default what `EBPF_CLANG` names, or the newest that is found. */
    clang?: string;
    /**
     * The instruction set. `probe`, the default, takes the newest that clang and the running kernel know. An object for other machines
     * wants a fixed one: `v3` is known by Linux 5.1 and newer, `v4` by 6.6 and clang 18. It is `v3` for another architecture, byte order,
     * or kernel (`vmlinux`).
     */
    cpu?: CpuVersion | 'probe';
    /** Macros: `true` is `-DNAME`, `false` is `-UNAME`. */
    defines?: Readonly<Record<string, string | number | boolean>>;
    /** Folders in which headers are looked for before those of the package and of the system. */
    includes?: readonly (string | URL)[];
    /** Warnings by clang's names, without `-W`: `['all', 'extra', 'no-unused-function', 'error']`; `['all']` by default. `false` is none. */
    warnings?: readonly string[] | false;
    /**
     * The kernel whose types `#include "vmlinux.h"` brings, where no folder has such a file: the running one by default, a file
     * or bytes of BTF (or of an ELF file with it), `false` for none.
     */
    vmlinux?: string | URL | Uint8Array | false;
    /** BTF, which all that has types needs; on by default. */
    debug?: boolean;
    /**
     * Leaves out what only debuggers read (DWARF), most of the object of a source with vmlinux.h; BTF stays. Off by default, always on for
     * several sources.
     */
    strip?: boolean;
    /** The machine whose registers `bpf_tracing.h` reads: Node's name or the kernel's; this one by default. */
    architecture?: string;
    /** The byte order of that machine; this one's by default. */
    endianness?: 'little' | 'big';
    /** More arguments for clang. What options say, and what decides on the outputs, is refused: `-mcpu`, `-o`, `-S`, … */
    args?: readonly string[];
    /** Where results are kept: the user's cache by default, another folder, or `false` for nowhere. */
    cache?: boolean | string;
    /** The object is also written to this file, in one step. */
    output?: string | URL;
    /** Ends clang; the promise is rejected with the signal's reason. */
    signal?: AbortSignal;
}

/**
 * clang refused a source. `code` is ERR_EBPF_COMPILE; the message shows the first errors in their sources, `diagnostics` has
 * everything that clang said, warnings included.
 */
declare class CompileError extends EbpfError {
    readonly diagnostics: readonly Diagnostic[];
    /**
     * What to watch for the next attempt: absolute paths of the sources, of the headers that were read, and of those that are missing,
     * in each place where one would be found.
     */
    readonly dependencies: readonly string[];
}

/** An object as {@link compile} makes it: `openObject` and `loadObject` take it as it is. */
interface CompiledObject {
    /** The ELF file. */
    bytes: Uint8Array;
    /** The file's name without `.bpf.c`, the object's in messages. */
    name: string;
    /** Warnings. */
    diagnostics: readonly Diagnostic[];
    /** Absolute paths of the files that it was made of: the sources, and every header. */
    dependencies: readonly string[];
    /** Whether all of it was found among what was compiled before: then no compiler was run. */
    cached: boolean;
    clang: {
        path: string;
        version: string;
    };
    cpu: CpuVersion;
}
/**
 * Compiles a BPF program in C, with clang 14 or newer: for this machine's kernel, with BTF, against the headers that come with this
 * package; `#include "vmlinux.h"` brings the running kernel's types. Several sources are linked to one object. What was compiled
 * before, with the same compiler, options and contents of files, comes from a cache.
 *
 * @param source a path or a file URL, or several
 * @throws CompileError when clang refuses it, with what it says as data
 * @throws EbpfError ERR_EBPF_CLANG when there is no clang that can; ERR_EBPF_LINKER when several sources do not fit together
 * @throws the error of `fs.readFile`, such as ENOENT with the path; the signal's reason when it was aborted
 */
declare function compile(source: string | URL | readonly (string | URL)[], options?: CompileOptions): Promise<CompiledObject>;

interface LinkObjectsOptions {
    /** What errors call the objects, one name for each. By default the names of their files, and `object 1` for bytes. */
    names?: readonly string[];
}
/**
 * Links object files into one, as `bpftool gen object` does, off the JavaScript thread. What one of them declares `extern`
 * another one may define: functions, global variables, and maps, which have to be declared with the same definition. What is
 * static stays its object's own. Types are merged; of what debuggers need, only BTF is kept. What nobody defines stays open,
 * for a later link. One object is linked, too: it comes out without what only debuggers need.
 *
 * All objects must have BTF (`-g`) and the same licence. Needs no privilege.
 *
 * @returns the bytes of an object file, for {@link loadObject} or a file
 * @throws EbpfError ERR_EBPF_LINKER when objects define the same, or disagree on what it is: says which objects, and what
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT when one is no object file; BtfFormatError when its types are malformed
 * @throws the error of `fs.readFile`, such as ENOENT with the path
 */
declare function linkObjects(sources: readonly ObjectSource[], options?: LinkObjectsOptions): Promise<Uint8Array>;

/** What a generated module is written for. */
type Form = 'typescript' | 'javascript' | 'declaration';

/** How a module is written. */
interface SkeletonOptions {
    /** Where the module finds the object: a URL, or a path from the module. The file that was read, beside the module, by default. */
    object?: string | undefined;
    /** Puts the object's bytes into the module, in place of {@link object}. */
    embed?: boolean | undefined;
    /** How 64-bit integers come, which `load` and `open` of the module also choose; `bigint`, exact, by default. */
    int64?: Int64 | undefined;
    /** Says the offset of each field. */
    offsets?: boolean | undefined;
    /**
     * `typescript`, by default; `javascript`, the same without types; or `declaration`, the types alone as a `.d.ts` file has
     * them.
     */
    form?: Form | undefined;
    /** What the module imports the package by; `ebpf` by default. */
    runtime?: string | undefined;
}
/**
 * The TypeScript module for an object: interfaces of its keys, values, records and globals, its enums, its maps and programs by
 * name, and `load()` and `open()` that find it and give it these types. The same bytes give the same text, formatted.
 * Needs no privilege.
 *
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT when libbpf cannot read the object
 * @throws TypeError for options that cannot be
 * @throws the error of `fs.readFile`, such as ENOENT with the path
 */
declare function skeleton(source: ObjectSource, options?: SkeletonOptions): Promise<string>;

/**
 * The name of an enum's value, as generated modules ask for it: of several names of one value the first.
 *
 * @param values such as `{ OPEN: 1, CLOSED: 2 }`
 */
declare function enumName<const E extends Readonly<Record<string, number | bigint>>>(values: E, value: number | bigint): (keyof E & string) | undefined;

/** A function of the kernel, or of a module that is loaded. */
interface KernelFunction {
    name: string;
    /** The module that it belongs to; `undefined` for the kernel itself. */
    module: string | undefined;
    /** How many functions there have this name: with several, no probe by name can tell which is meant. */
    count: number;
    /**
     * What takes it, as far as the kernel tells: `fentry` (also fexit and so on) needs its type, and code that begins with a call to
     * ftrace, which `kprobe_multi` needs as well. Whether this kernel has such probes at all is another question.
     */
    hooks: ('fentry' | 'kprobe' | 'kprobe_multi')[];
    /** Whether it begins with a call to ftrace; `undefined` where tracefs cannot be read. */
    traceable: boolean | undefined;
    /** Whether the kernel refuses kprobes on it; `undefined` where debugfs cannot be read. */
    blacklisted: boolean | undefined;
    /** Of its `func` in `kernelBtf()`, or in `moduleBtf(module)`; `undefined` where there is none, as of what the compiler has changed. */
    typeId: TypeId | undefined;
    /** In C, such as `int vfs_unlink(struct mnt_idmap *idmap, …);`. */
    declaration: string | undefined;
}
/**
 * Functions of the kernel and of its modules, in the order of modules and names. Their names come from /proc/kallsyms, what
 * they take and give from BTF, and what can be done with them from tracefs and debugfs, each as far as this process may read it.
 *
 * @param pattern of names, with `*` and `?`; with a colon of `module:name`, where the kernel itself is `vmlinux`
 * @throws EbpfError ERR_EBPF_KERNEL where the kernel tells of no functions
 */
declare function listFunctions(pattern: string): Promise<KernelFunction[]>;

/** The `format` file of an event of tracefs: what a program of `SEC("tp/…")` finds in its context. */
/** A field of the record that an event has, which is the context of a program there. */
interface TracepointField {
    name: string;
    /** In C, such as `char[16]`; with `__data_loc` or `__rel_loc` for what is of varying length. */
    type: string;
    /** Bytes from the start of the context. */
    offset: number;
    /** Bytes. */
    size: number;
    signed: boolean;
    /**
     * The field is where its bytes are, in place of the bytes: 16 bits of length above 16 bits of offset, from the start of the
     * context (`data_loc`) or from the end of the field (`rel_loc`).
     */
    location: 'data_loc' | 'rel_loc' | undefined;
}

/** A place where the kernel says what it does. */
interface KernelTracepoint {
    /** Such as `sched`; `undefined` where only its types are known: it is no event of tracefs, or tracefs cannot be read. */
    category: string | undefined;
    name: string;
    /** The module that has its types; `undefined` for the kernel itself, and where there are none. */
    module: string | undefined;
    /** For `tracepoint()`: what is in the context; `undefined` where tracefs cannot be read, or does not have it. */
    fields: TracepointField[] | undefined;
    /** For `tpBtf()` and `rawTracepoint()`: what the kernel passes; `undefined` for events that have no tracepoint of their own, as system calls. */
    arguments: TracepointArgument[] | undefined;
}
interface TracepointArgument {
    /** `''` where the kernel does not tell. */
    name: string;
    /** In C, such as `struct task_struct *`. */
    type: string;
    /** In `kernelBtf()`, or in `moduleBtf(module)`. */
    typeId: TypeId;
}
/**
 * Tracepoints of the kernel and of its modules, in the order of categories and names: those of tracefs with the fields of their
 * records, and those that BTF knows with the types of what the kernel passes. Where tracefs cannot be read (it takes root), it
 * tells what BTF does: Linux 5.5, modules 5.11.
 *
 * @param pattern of names, with `*` and `?`; with a colon or a slash of `category:name`, for which tracefs must be readable
 * @throws EbpfError ERR_EBPF_KERNEL where neither tracefs can be read nor the kernel has BTF
 */
declare function listTracepoints(pattern?: string): Promise<KernelTracepoint[]>;

/** A function or variable of a program or library. */
interface BinarySymbol {
    /** As the linker has it: names of C++ and Rust are mangled. */
    name: string;
    /** Of a symbol that a library exports in versions, such as `GLIBC_2.17`. */
    version: string | undefined;
    /** Whether programs that are linked now get this one of several versions; true without a version. */
    isDefault: boolean;
    /** `indirect`: a function that gives the address of the one to call. `thread`: a variable of each thread. */
    type: 'function' | 'indirect' | 'object' | 'thread';
    binding: 'local' | 'global' | 'weak' | 'unique';
    /** `dynamic`: exported, also from stripped binaries; `static`: in the table that strip(1) removes; `debug`: in a file of its own. */
    table: 'dynamic' | 'static' | 'debug';
    /** Before the binary is moved to where it is loaded; of `thread` the offset in the memory of a thread. */
    address: bigint;
    /** In the file, as uprobes take it; `undefined` for what is not in it, such as variables that begin as zeros. */
    offset: number | undefined;
    /** Bytes; 0 where it is not known. */
    size: number;
}
/**
 * Functions and variables that a program or library defines, in the order of their addresses: those that it exports, with
 * their versions, those of its other table of symbols, and, where that was stripped off, those of the debug file that belongs
 * to it (by build id or `.gnu_debuglink`, below `/usr/lib/debug` or beside it).
 *
 * A `function` of the tables `dynamic` and `static` is what `uprobe()` and `uprobeMulti()` find by name; one of `debug` is
 * attached to by its `offset`. ELF files of 32 and 64 bits and of both byte orders. Needs no privilege but to read the file.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 * @param pattern of names, with `*` and `?`
 * @throws EbpfError ERR_EBPF_INVALID_BINARY when it is no ELF file, or a broken one; ENOENT when there is none
 */
declare function listSymbols(binary: Binary, pattern?: string): Promise<BinarySymbol[]>;

/**
 * The language in which a static probe says where its arguments are: `-4@%edi 8@$3 8@-16(%rbp)`, that is a size and an operand
 * of the architecture's assembler for each (https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation).
 */
/** Where a static probe has one of its arguments. */
type UsdtArgument = UsdtOperand & {
    /** Bytes. */
    size: number;
    signed: boolean;
    /** Whether it is a floating-point number. */
    float: boolean;
    /** The operand as the assembler writes it. */
    text: string;
};
type UsdtOperand = {
    kind: 'constant';
    value: bigint;
} | {
    kind: 'register';
    register: string;
}
/** At `base + index * scale + offset`, or that far from a symbol. */
 | {
    kind: 'memory';
    base: string | undefined;
    index: string | undefined;
    scale: number;
    offset: bigint;
    symbol: string | undefined;
} | {
    kind: 'unknown';
};

/** A static probe that the authors of a program put into it, for `usdt(binary, provider, name)`. */
interface UsdtProbe {
    provider: string;
    name: string;
    /** Several where it was written more than once, or inlined: a program at the probe runs at all of them. */
    places: UsdtPlace[];
}
interface UsdtPlace {
    /** Before the binary is moved to where it is loaded. */
    address: bigint;
    /** In the file; `undefined` where it is not a part of what is loaded. */
    offset: number | undefined;
    /** File offset of the counter by which the program sees that somebody listens; `undefined` where there is none. */
    semaphoreOffset: number | undefined;
    arguments: UsdtArgument[];
}
/**
 * The static probes of a program or library, in the order of their names, with every place that has them and where their
 * arguments are there. ELF files of 32 and 64 bits and of both byte orders. Needs no privilege but to read the file.
 *
 * @param binary path, name such as `libc.so.6`, or `{ pid, library }`: what a process runs
 * @param pattern of `provider:name`, with `*` and `?`; without a colon of the name alone
 * @throws EbpfError ERR_EBPF_INVALID_BINARY when it is no ELF file, or a broken one; ENOENT when there is none
 */
declare function listUsdt(binary: Binary, pattern?: string): Promise<UsdtProbe[]>;

/** The verifier refused a program. */
declare class VerifierError extends EbpfError {
    #private;
    /** The verifier's whole text, never cut. Not printed with the error: it can have many megabytes. */
    readonly log: string;
    /** The class of the mistake; `unknown` where the log says something that this package does not know. */
    readonly kind: VerifierFailureKind;
    /** The verifier's own sentence. */
    readonly rule: string;
    /** The kernel's own explanation; Linux 7.3. */
    readonly reason?: string;
    /** What was refused; `undefined` when it is the program as a whole. */
    readonly instruction?: VerifierInstruction;
    /**
     * What the registers and the slots of the stack hold before that instruction, as the verifier prints it, by name: `r1`,
     * `fp-8`. Before Linux 5.18 the log seldom tells all: load with a `logLevel` of 2.
     */
    readonly registers: RegisterState;
    /** Where it is in the source: from the object's line information, else from the log. */
    readonly location?: VerifierLocation;
    /** The branches and calls that led there, in order; one that repeats comes once. The last 4096 lines of a way are looked at. */
    readonly path: readonly VerifierStep[];
    /** How far the verifier came, where the log says. */
    readonly stats?: VerifierStatistics;
    /** The place in the source, the registers, how the verifier came there, and what to do, as compilers print it. */
    toString(): string;
}

/** Bytes that are not valid BTF, or types in it that contradict each other. */
declare class BtfFormatError extends EbpfError {
    #private;
    /** Byte of the BTF data at which the contradiction was seen, where there is one such place. */
    readonly offset?: number;
    /** @param file whose BTF it is */
    constructor(problem: string, offset?: number, file?: string);
}

/** libbpf's messages as data: nothing of them ever reaches stderr. */

type LogLevel = 'warn' | 'info' | 'debug';
/** One message of libbpf. */
interface LogMessage {
    level: LogLevel;
    /** Without the `libbpf: ` prefix and the trailing newline. */
    message: string;
}
/**
 * Calls `listener` with each message that libbpf gives in this thread from now on, when the operation that caused it
 * ends. Debug messages come only from loads with a `logLevel`.
 *
 * @returns a function that removes the listener.
 */
declare function onLog(listener: (message: LogMessage) => void): () => void;

/**
 * The date of a `bpf_ktime_get_ns()` timestamp (CLOCK_MONOTONIC, which stops while the machine is suspended), by the
 * clocks' distance now: exact to the millisecond unless the wall clock was set in between.
 */
declare function monotonicToDate(nanoseconds: number | bigint): Date;
/** The date of a `bpf_ktime_get_boot_ns()` timestamp (CLOCK_BOOTTIME). */
declare function bootTimeToDate(nanoseconds: number | bigint): Date;

/**
 * CPUs that could ever be online: the number of values in a per-CPU map entry. It never changes while the kernel runs, and
 * is not `os.cpus().length`, which counts those online now.
 */
declare function possibleCpus(): number;

/** Program statistics are on while one of these is open anywhere in the system. */
declare class RunStatistics extends Resource {
    /** Turns the statistics off, unless another holder keeps them on. A second call does nothing. */
    close(): void;
    [Symbol.dispose](): void;
    protected describe(): string;
}
/**
 * Makes the kernel count runs and run time of every program (`BPF_ENABLE_STATS`), at a cost of some 20 ns a run, until the
 * returned handle is closed. Linux 5.8.
 */
declare function enableRunStatistics(): RunStatistics;

/** The libbpf that the addon was built with, such as `1.7.0`. */
declare const libbpfVersion: string;

export { AddonLoadError, Arena, ArrayMap, ArrayOfMaps, Batch, BloomFilter, BpfMap, BpfObject, BpfProgram, Btf, BtfFormatError, CgroupArray, CgroupStorage, CompileError, CpuMap, DescriptorArray, DeviceHashMap, DeviceMap, Diagnostic, EbpfError, EntryMap, HashMap, HashOfMaps, InodeStorage, KeyedMap, LineStream, Link, LinkSet, Log2Histogram, LpmTrie, LruHashMap, LruPerCpuHashMap, MergedStream, NestedMap, NoneAttachedError, ObjectSpec, OldCgroupStorage, OldPerCpuCgroupStorage, OverwritableBuffer, PerCpuArrayMap, PerCpuHashMap, PerfBuffer, ProgramArray, QueueMap, ReadableTargetMap, RecordMap, RecordProducer, RecordStream, Reservation, ReuseportSocketArray, RingBuffer, RunStatistics, SockHash, SockMap, SocketMap, SocketStorage, StackMap, StackTraceMap, StorageMap, StructOpsMap, TargetMap, TaskStorage, TracePipe, UserRingBuffer, VerifierError, XskMap, array, attachClassicFilter, attachFirst, bool, bootTimeToDate, breakpoint, bytes, cacheEvent, cgroup, char, compile, createMap, enableRunStatistics, enumName, enumeration, f32, f64, fentry, fexit, flowDissector, fmodRet, freplace, fsession, hardwareEvent, i16, i32, i64, i8, iterator, kernelBtf, kernelSymbols, kprobe, kprobeMulti, kprobeSession, kprobes, kretprobe, kretprobeMulti, kretprobes, kretsyscall, ksyscall, libbpfVersion, linkObjects, lirc, listFunctions, listLinks, listSymbols, listTracepoints, listUsdt, loadObject, log2Histogram, lsm, lsmCgroup, mergeStreams, minimalBtf, moduleBtf, modulesWithBtf, monotonicToDate, netfilter, netkit, objectBtf, onLog, openLink, openMap, openObject, openProgram, perfEvent, perfEvents, possibleCpus, query, rawEvent, rawTracepoint, readBtf, readings, reuseport, skLookup, skeleton, socketFilter, sockmap, softwareEvent, struct, tc, tcx, text, tpBtf, tracePipe, tracepoint, tracepoints, u16, u32, u64, u8, union, uprobe, uprobeMulti, uprobeSession, uretprobe, uretprobeMulti, usdt, xdp };
export type { Anchor, AnyColumn, ArenaOptions, ArrayOfMapsOptions, ArrayOptions, AttachChoice, AttachResult, AttachedPlace, AttachedPlaceInput, AttachedPlaceKey, BatchHandler, BigIntColumn, Binary, BinarySymbol, BloomFilterOptions, BreakpointAccess, BreakpointOptions, BtfArray, BtfComposite, BtfDataSection, BtfDeclarationTag, BtfEnum, BtfEnum64, BtfFloat, BtfForward, BtfFunction, BtfFunctionPrototype, BtfInt, BtfKind, BtfMember, BtfParameter, BtfReference, BtfType, BtfTypeOf, BtfVariable, BtfVoid, BuildIdFrame, CacheLevel, CacheOperation, CacheResult, CgroupAnchor, CgroupAttachType, CgroupHook, CgroupLinkInfo, CgroupOptions, CgroupOrder, ClassicFilterOptions, ClassicInstruction, Column, ColumnName, Columns, CompileOptions, CompiledObject, CoreRelocation, CoreRelocationKind, CpuMapOptions, CpuOptions, CpuQueue, CpuTarget, CpuVersion, CreateInnerOptions, CreateMapOptions, CreatedMap, DeclarationOptions, DescriptorArrayOptions, Device, DeviceTarget, DiagnosticData, DiagnosticFix, Direction, EbpfErrorCode, EditableGlobals, Encodable, FailureContext, FirstAttached, FlowDissectorHook, FreplaceHook, FreplaceTarget, FunctionInfo, GlobalsOf, HardwareEvent, HashOfMapsOptions, HashOptions, HashType, HistogramBucket, HistogramOptions, HistogramSource, Hook, Infer, InferInput, InferKey, InnerMap, Input, InstructionPlace, Int64, InterfacePlace, IteratorHook, IteratorLinkInfo, IteratorOptions, KconfigEdits, KconfigValue, KernelFrame, KernelFunction, KernelFunctions, KernelSymbol, KernelTarget, KernelTracepoint, KeyOf, KprobeHook, KprobeMultiHook, KprobeMultiLinkInfo, KprobeMultiOptions, KprobeOptions, KretprobeOptions, KsyscallHook, KsyscallOptions, LineInfo, LineOptions, LinkInfo, LinkObjectsOptions, Linkage, LircHook, LoadOptions, LockOptions, LogLevel, LogMessage, LpmTrieOptions, LsmCgroupHook, LsmHook, LsmOptions, MapClass, MapEdit, MapFlag, MapInfo, MapOwner, MapSpec, MapType, MapView, MapViewClass, Members, MergeableStream, MergeableStreams, MergedBatch, MergedRecord, NetfilterFamily, NetfilterHook, NetfilterHookName, NetfilterLinkInfo, NetfilterOptions, NetkitHook, NetkitLinkInfo, NetkitOptions, NetkitSide, NetnsLinkInfo, NetworkNamespace, NetworkNamespaceOptions, NumberColumn, ObjectBtf, ObjectBytes, ObjectShape, ObjectSource, OldCgroupStorageOptions, OldStorageType, OpenMapOptions, OpenOptions, OpenPerfEventOptions, Ordering, OtherMapOptions, OverwritableOptions, PassedOver, PathOrDescriptor, PerfBufferOptions, PerfEventArrayOptions, PerfEventHook, PerfEventLinkInfo, PerfEventOptions, PerfEventPrecision, PerfEventSource, PerfEventsOptions, PerfStreamOptions, Prefix, PrefixKey, ProbeMode, ProcessBinary, ProgramEdit, ProgramInfo, ProgramSpec, PushOptions, QueryEntry, QueryOptions, QueryResult, QueueOptions, RawEventOptions, RawOptions, RawTracepointHook, RawTracepointLinkInfo, RawTracepointOptions, ReadingsOf, RecordOfType, RecordView, RedirectOptions, ReuseportHook, RingBufferOptions, SetCondition, SetCpuOptions, SetOptions, ShapeOf, SkLookupHook, SkeletonOptions, SockHashOptions, SocketArrayOptions, SocketFilterHook, SocketOrDescriptor, SockmapAttachType, SockmapHook, SockmapLinkInfo, SockmapOptions, SoftwareEvent, SourcePlace, StackTraceOptions, StorageOptions, StorageType, StreamOptions, StreamStatistics, StructOpsLinkInfo, Subscription, TaskOrDescriptor, TcHook, TcOptions, TcxHook, TcxLinkInfo, TcxOptions, TestRunOptions, TestRunResult, TextColumn, TpBtfHook, TpBtfOptions, TraceLine, TracepointArgument, TracepointField, TracepointHook, TracepointOptions, TracingHook, TracingLinkInfo, TracingOptions, Type, TypeId, UnknownLinkInfo, UnknownShape, UpdateOptions, UprobeHook, UprobeMultiHook, UprobeMultiLinkInfo, UprobeMultiOptions, UprobeOptions, UsdtArgument, UsdtHook, UsdtOperand, UsdtOptions, UsdtPlace, UsdtProbe, UserRingBufferOptions, VerifierFailureKind, VerifierInstruction, VerifierLocation, VerifierStatistics, VerifierStep, ViewOf, WriteOptions, XdpHook, XdpLinkInfo, XdpMode, XdpOptions };
