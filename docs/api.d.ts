// The public API, rolled up from lib/index.ts. Made by "npm run api"; do not edit.

/** A value of an `extern … __kconfig` variable, as a .config file would have it: `true` is `y`. */
type KconfigValue = boolean | number | bigint | string;

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
interface MapInfo extends Omit<NativeMapInfo, 'type'> {
    /** bpftool's name of the map type, such as `hash`. */
    type: string;
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
}
/** What of a map can be edited before it is loaded. */
type MapEdit = Partial<Omit<MapSpec, 'name' | 'type' | 'keySize'>>;

/** What the kernel knows of a link. */
interface LinkInfo {
    id: number;
    /** bpftool's name of the link type, such as `perf_event` or `xdp`. */
    type: string;
    programId: number;
}
/** One program attached to one hook. */
declare class Link extends Resource {
    #private;
    /** The program's name. */
    readonly program: string;
    /** The kernel's descriptor; it stays this link's. */
    get fd(): number;
    /** Unique in the running kernel. */
    get id(): number;
    /**
     * What the kernel knows of the link. Linux 5.8.
     *
     * @throws EbpfError EINVAL where the attachment is a perf event without a link (tracing before Linux 5.15).
     */
    info(): LinkInfo;
    /**
     * Pins the link in a BPF file system, where it outlives this process until the file is removed. Linux 5.7.
     *
     * @param path of a file that does not exist, below a mounted bpffs such as `/sys/fs/bpf`
     */
    pin(path: string): void;
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
    [Symbol.iterator](): Generator<T, void, undefined>;
    /** Calls back for each record: faster than iterating. */
    forEach(callback: (record: T, index: number) => void): void;
    toArray(): T[];
}

/** What gets the batches. When it returns a promise, the next batch waits for it; other values mean nothing. */
type BatchHandler<T> = (batch: Batch<T>) => unknown;

interface StreamOptions {
    /** Ends the stream: iterations reject with the signal's reason, subscriptions finish. */
    signal?: AbortSignal;
    /**
     * The longest that a record submitted without a wake-up (BPF_RB_NO_WAKEUP) waits, in milliseconds; 100 by default, 0 to
     * wait for the next wake-up, however long.
     */
    maxLatencyMs?: number;
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
    /** Bytes of ring space that they took, headers included. */
    bytes: number;
    /** Bytes in the ring now. */
    pending: number;
    /** The most bytes that were found in the ring; of {@link RingBuffer.size} when programs had to drop. */
    maxPending: number;
    /**
     * Records that the program could not submit, where it counts them (`EBPF_RINGBUF` of ebpf.h); `undefined` where it does
     * not, since the kernel keeps no such count.
     */
    dropped: number | undefined;
}
/**
 * Records of a ring, in the order in which programs reserved them. A ring has one consumer at a time in a process, whether
 * that is an iteration or a subscription; starting a second one throws ERR_EBPF_BUSY.
 */
declare class RecordStream<T> implements AsyncIterable<T> {
    #private;
    /**
     * Calls `handler` with each batch: the way with the least cost. When the handler returns a promise, the next batch waits
     * for it, and the records meanwhile stay in the ring. An error ends the subscription and rejects its `finished`.
     *
     * @throws EbpfError ERR_EBPF_BUSY
     */
    subscribe(handler: BatchHandler<T>, options?: StreamOptions): Subscription;
    /** Batches as an async iterable; each is valid until the next one is asked for. */
    batches(options?: StreamOptions): AsyncIterableIterator<Batch<T>, undefined, undefined> & AsyncDisposable;
    /** Records as an async iterable. Leaving the loop loses nothing: what was not handed over stays in the ring. */
    records(options?: StreamOptions): AsyncIterableIterator<T, undefined, undefined> & AsyncDisposable;
    [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined>;
    /** Counts since the map was opened by this process. */
    stats(): StreamStatistics;
}

/**
 * `BPF_MAP_TYPE_RINGBUF`: records from programs, in one order over all CPUs. Linux 5.8.
 *
 * Records are decoded when the map's declaration names their type (`EBPF_RINGBUF` of ebpf.h); otherwise they are bytes,
 * and {@link as} decodes them by a type's name.
 */
declare class RingBuffer<T = unknown> extends BpfMap implements AsyncIterable<T> {
    #private;
    /** Bytes of the ring's data area. */
    get size(): number;
    /** Whether records come decoded, not as bytes. */
    get typed(): boolean;
    /**
     * The same ring with its records decoded as a struct, union or typedef of the object.
     *
     * @param type C name without `struct`
     * @throws EbpfError ERR_EBPF_NO_BTF or ERR_EBPF_UNKNOWN_NAME, with the line to add to the program
     */
    as<U = unknown>(type: string): RecordStream<U>;
    /** The same ring with its records as bytes, own copies. */
    raw(): RecordStream<Uint8Array>;
    /** See {@link RecordStream.subscribe}. */
    subscribe(handler: BatchHandler<T>, options?: StreamOptions): Subscription;
    /** See {@link RecordStream.batches}. */
    batches(options?: StreamOptions): AsyncIterableIterator<Batch<T>, undefined, undefined> & AsyncDisposable;
    /** See {@link RecordStream.records}. */
    records(options?: StreamOptions): AsyncIterableIterator<T, undefined, undefined> & AsyncDisposable;
    [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined>;
    /** Counts of all streams of this ring since it was opened by this process. */
    stats(): StreamStatistics;
    /** Ends its stream, then closes the descriptor. A second call does nothing. */
    close(): void;
}

type MapClass<M extends BpfMap> = abstract new (...args: any[]) => M;

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

/** An instruction of a user-space binary, in one process or in all. */
interface UprobeHook {
    kind: 'uprobe' | 'uretprobe';
    /** Path, or a library name such as `libc.so.6` that libbpf looks up in the usual folders. */
    binary: string;
    symbol: string | undefined;
    /** Bytes from the symbol, or from the start of the file without one. */
    offset: bigint;
    /** -1: every process. */
    pid: number;
    referenceCounterOffset: bigint;
    cookie: bigint;
}
interface UprobeOptions {
    /** Function name in the binary's symbol table. */
    symbol?: string;
    /** Bytes from the symbol's start, or from the file's start without a symbol. 0 by default. */
    offset?: number | bigint;
    /** Only this process; every process by default. */
    pid?: number;
    /** File offset of a semaphore that the kernel increments while the probe is attached (USDT); Linux 4.20. */
    referenceCounterOffset?: number | bigint;
    /** What `bpf_get_attach_cookie()` gives the program; Linux 5.15. */
    cookie?: number | bigint;
}
/**
 * Entry of a user-space function, or any instruction of a binary. Linux 4.3.
 *
 * @param binary path, or library name such as `libc.so.6`
 */
declare function uprobe(binary: string, options: UprobeOptions): UprobeHook;
/**
 * Return of a user-space function. Linux 4.3.
 *
 * @param binary path, or library name such as `libc.so.6`
 */
declare function uretprobe(binary: string, options: UprobeOptions): UprobeHook;

/** A path such as `/run/netns/blue`, the pid of a process in it, or an open descriptor of it. */
type NetworkNamespace = string | {
    pid: number;
} | {
    fd: number;
};

/**
 * Where the packet meets the program: `native` in the driver, `generic` in the stack (every driver, slower), `offload` on
 * the card. The kernel chooses native, else generic, when it is not said.
 */
type XdpMode = 'native' | 'generic' | 'offload';
/** The earliest point of a received packet. */
interface XdpHook {
    kind: 'xdp';
    /** Name or index. */
    interface: string | number;
    mode: XdpMode | undefined;
    netns: NetworkNamespace | undefined;
}
interface XdpOptions {
    mode?: XdpMode;
    /** The network namespace that the interface is in; the process's own by default. */
    netns?: NetworkNamespace;
}
/**
 * XDP on a network interface, by a link. Linux 5.9.
 *
 * @param networkInterface name or index, in `options.netns`
 */
declare function xdp(networkInterface: string | number, options?: XdpOptions): XdpHook;

/**
 * Hooks are data: `tracepoint('sched', 'sched_switch')` is a plain object that can be stored, compared and logged. One file
 * of this folder holds one family: its type, its builder, and how it is described to native code.
 */

/** Anything that a program can be attached to by name. */
type Hook = TracepointHook | RawTracepointHook | TpBtfHook | UprobeHook | XdpHook;

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
    info(): ProgramInfo;
    /**
     * Attaches, off the JavaScript thread.
     *
     * @param hook where to; without one, where the ELF section says
     * @throws EbpfError with the kernel's code, such as ENOENT for a tracepoint that this kernel does not have.
     */
    attach(hook?: Hook): Promise<Link>;
    /**
     * Runs the program on given input, without any event, off the JavaScript thread. Linux 4.12 for network programs; the
     * kernel answers ENOTSUPP for types that it cannot run so.
     */
    testRun(options?: TestRunOptions): Promise<TestRunResult>;
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

/** What an object holds, by C name: written by hand or generated. What it leaves out is as in {@link UnknownShape}. */
interface ObjectShape {
    maps?: object;
    programs?: object;
    globals?: object;
}
/** Without a shape, maps and globals come untyped. */
interface UnknownShape {
    maps: Record<string, any>;
    programs: Record<string, BpfProgram>;
    globals: Record<string, any>;
}
/** One part of a shape. */
type ShapeOf<Shape extends ObjectShape, Part extends keyof ObjectShape> = Shape[Part] extends object ? Shape[Part] : UnknownShape[Part];
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
    readonly globals: ShapeOf<Shape, 'globals'>;
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

/** How 64-bit integers come: exact bigints by default, or numbers where the user has chosen that once. */
type Int64 = 'bigint' | 'number';

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
    /** The kernel function or tracepoint of a tracing program whose section names none. */
    attachTarget: string | undefined;
}
/** What of a program can be edited before it is loaded. */
type ProgramEdit = Partial<Pick<ProgramSpec, 'autoload' | 'logLevel' | 'attachTarget'>>;

/** A path, a file URL, or the bytes of an ELF object. */
type ObjectSource = string | URL | Uint8Array;

/** How an object is opened. Everything here may also be set on the spec later. */
interface OpenOptions {
    /** Name in messages, and the start of data section names in the kernel; the file's name by default. */
    name?: string;
    /** How 64-bit integers of its maps, records and globals come; `bigint`, exact, by default. */
    int64?: Int64;
}
/** Edits that {@link loadObject} makes before it loads, by C name. */
interface LoadOptions<Shape extends ObjectShape = UnknownShape> extends OpenOptions {
    globals?: Partial<ShapeOf<Shape, 'globals'>>;
    /** A map here replaces the object's. */
    maps?: {
        [Name in keyof ShapeOf<Shape, 'maps'>]?: MapEdit | BpfMap;
    };
    programs?: {
        [Name in keyof ShapeOf<Shape, 'programs'>]?: ProgramEdit;
    };
    kconfig?: Record<string, KconfigValue>;
    kernelBtfPath?: string;
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
    readonly globals: ShapeOf<Shape, 'globals'>;
    /** Overrides of the kernel's configuration for `__kconfig` externs, such as `{ CONFIG_HZ: 250 }`. */
    readonly kconfig: Record<string, KconfigValue>;
    /** BTF file of the kernel, where it is not in /sys/kernel/btf/vmlinux. */
    kernelBtfPath?: string;
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

/** Conditions of {@link KeyedMap.set}. */
interface SetOptions {
    /** Only when there is no such entry, or only when there is one. */
    if?: 'absent' | 'present';
}
/**
 * What a value can be encoded from: as it is decoded, with numbers and bigints in each other's place. (An enumerator's
 * name is taken for an enum too, which TypeScript cannot tell from other numbers.)
 */
type Encodable<T> = T extends bigint | number ? bigint | number : T extends string | boolean | Uint8Array ? T : T extends readonly (infer E)[] ? readonly Encodable<E>[] : T extends object ? {
    readonly [Field in keyof T]: Encodable<T[Field]>;
} : T;
/** A key or value to encode, or its bytes. */
type Input<T> = T | Encodable<T> | Uint8Array;
/** `{ raw: true }` gives bytes, own copies, in place of decoded values. */
interface RawOptions {
    raw: true;
}
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
    get(key: Input<K>): V | undefined;
    get(key: Input<K>, options: RawOptions): Uint8Array | undefined;
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
    entries(): Generator<[K | Uint8Array, V], void, undefined>;
    entries(options: RawOptions): Generator<[Uint8Array, Uint8Array], void, undefined>;
    keys(): Generator<K | Uint8Array, void, undefined>;
    keys(options: RawOptions): Generator<Uint8Array, void, undefined>;
    values(): Generator<V, void, undefined>;
    values(options: RawOptions): Generator<Uint8Array, void, undefined>;
    [Symbol.iterator](): Generator<[K | Uint8Array, V], void, undefined>;
    /** Calls back for each entry: the fastest way to read a whole map. */
    forEach(callback: (value: V, key: K | Uint8Array, map: this) => void): void;
    /** The values of several keys, in their order, `undefined` for a miss. */
    getMany(keys: Iterable<Input<K>>): (V | undefined)[];
    /**
     * Writes many entries, by one system call for each few thousand where the kernel can (Linux 5.6).
     *
     * @throws EbpfError saying in its hint how many entries were done before it failed
     */
    setMany(entries: Iterable<readonly [Input<K>, Input<V>]>): void;
    /** How many entries there are now. Walks the map: the kernel keeps no count that can be read. */
    count(): number;
}

/** `BPF_MAP_TYPE_ARRAY`: a fixed number of values by index, zero at first; nothing can be deleted. Linux 3.19. */
declare class ArrayMap<V = unknown> extends KeyedMap<number, V> {
    /** The number of values. */
    get length(): number;
    /**
     * @throws RangeError ERR_EBPF_OUT_OF_RANGE when the index is outside of the array
     */
    set(index: Input<number>, value: Input<V>, options?: SetOptions): boolean;
    /** An array is always full. */
    count(): number;
}

/** `BPF_MAP_TYPE_HASH`: entries come and go. Linux 3.19. */
declare class HashMap<K = unknown, V = unknown> extends KeyedMap<K, V> {
    /** @returns whether there was such an entry. */
    delete(key: Input<K>): boolean;
    /**
     * Reads and deletes an entry in one atomic step, never emulated by two. Linux 5.14.
     *
     * @returns `undefined` when there was no such entry
     * @throws RangeError when a 64-bit value does not fit a number (`int64: 'number'`), with the bytes as its `taken`
     */
    take(key: Input<K>): V | undefined;
    take(key: Input<K>, options: RawOptions): Uint8Array | undefined;
    /** Deletes many entries; keys that are not there are passed over. */
    deleteMany(keys: Iterable<Input<K>>): void;
    /**
     * Takes all entries out of the map, a few thousand by one system call (`BPF_MAP_LOOKUP_AND_DELETE_BATCH`, Linux 5.6):
     * nothing that a program writes meanwhile is lost, it is either here or still in the map.
     *
     * @throws RangeError when a 64-bit value does not fit a number (`int64: 'number'`), with the entries as its `drained`,
     * and those that cannot be decoded as bytes in its `undecoded`
     */
    drain(): [K | Uint8Array, V][];
    /**
     * Deletes all entries that are there now.
     *
     * @returns how many there were.
     */
    clear(): number;
}
/** `BPF_MAP_TYPE_LRU_HASH`: a full map drops the entries that were not used for longest. Linux 4.10. */
declare class LruHashMap<K = unknown, V = unknown> extends HashMap<K, V> {
}

/** `BPF_MAP_TYPE_PERCPU_HASH`: each value is an array with one element for each possible CPU. Linux 4.6. */
declare class PerCpuHashMap<K = unknown, V = unknown> extends HashMap<K, V[]> {
}
/** `BPF_MAP_TYPE_LRU_PERCPU_HASH`. Linux 4.10. */
declare class LruPerCpuHashMap<K = unknown, V = unknown> extends PerCpuHashMap<K, V> {
}
/** `BPF_MAP_TYPE_PERCPU_ARRAY`: each value is an array with one element for each possible CPU. Linux 4.6. */
declare class PerCpuArrayMap<V = unknown> extends ArrayMap<V[]> {
}

interface CommonOptions<I extends Int64> {
    /** Entries; for a ring buffer, bytes: a power of two and a multiple of the page size. */
    maxEntries: number;
    /** Name in the kernel, at most 15 letters, digits, `_` and `.`; the map's type by default. */
    name?: string;
    /** BPF_F_* of linux/bpf.h. */
    flags?: number;
    /** Memory node, with BPF_F_NUMA_NODE set by itself. */
    numaNode?: number;
    /** How 64-bit integers come; `bigint`, exact, by default. */
    int64?: I;
}
interface HashOptions<T extends 'hash' | 'lru_hash' | 'percpu_hash' | 'lru_percpu_hash' = 'hash' | 'lru_hash' | 'percpu_hash' | 'lru_percpu_hash', K extends Type = Type, V extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
    type: T;
    key: K;
    value: V;
}
interface ArrayOptions<T extends 'array' | 'percpu_array' = 'array' | 'percpu_array', V extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
    type: T;
    value: V;
}
interface RingBufferOptions<R extends Type = Type, I extends Int64 = Int64> extends CommonOptions<I> {
    type: 'ringbuf';
    /** The records' type; bytes without it. */
    record?: R;
}
type CreateMapOptions = HashOptions | ArrayOptions | RingBufferOptions;
/**
 * Creates a map that belongs to no object, by explicit types: `createMap({ type: 'hash', key: u32, value: u64, maxEntries:
 * 1024 })`. It can replace a map of an object at load.
 *
 * @throws EbpfError with the kernel's code, such as EINVAL for a ring whose size is not a power of two
 */
declare function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(options: HashOptions<'hash', K, V, I>): HashMap<Infer<K, I>, Infer<V, I>>;
declare function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(options: HashOptions<'lru_hash', K, V, I>): LruHashMap<Infer<K, I>, Infer<V, I>>;
declare function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(options: HashOptions<'percpu_hash', K, V, I>): PerCpuHashMap<Infer<K, I>, Infer<V, I>>;
declare function createMap<K extends Type, V extends Type, I extends Int64 = 'bigint'>(options: HashOptions<'lru_percpu_hash', K, V, I>): LruPerCpuHashMap<Infer<K, I>, Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: ArrayOptions<'array', V, I>): ArrayMap<Infer<V, I>>;
declare function createMap<V extends Type, I extends Int64 = 'bigint'>(options: ArrayOptions<'percpu_array', V, I>): PerCpuArrayMap<Infer<V, I>>;
declare function createMap<R extends Type, I extends Int64 = 'bigint'>(options: RingBufferOptions<R, I> & {
    record: R;
}): RingBuffer<Infer<R, I>>;
declare function createMap(options: RingBufferOptions & {
    record?: never;
}): RingBuffer<Uint8Array>;

/** Our own codes. Kernel failures carry the kernel's name instead, such as `EPERM`. */
type EbpfErrorCode = 
/** The native addon could not be loaded. */
'ERR_EBPF_ADDON'
/** The BTF of an object or of the kernel is malformed. */
 | 'ERR_EBPF_BTF'
/** Another consumer in this process already reads this ring. */
 | 'ERR_EBPF_BUSY'
/** The handle was closed. */
 | 'ERR_EBPF_CLOSED'
/** The file is not an eBPF object that libbpf can read. */
 | 'ERR_EBPF_INVALID_OBJECT'
/** The libbpf that the addon was built with lacks the operation. */
 | 'ERR_EBPF_LIBBPF'
/** The map's class is not the one that was asked for. */
 | 'ERR_EBPF_MAP_CLASS'
/** Keys, values or records have no BTF, so they cannot be decoded. */
 | 'ERR_EBPF_NO_BTF'
/** A record is shorter than its type. */
 | 'ERR_EBPF_RECORD_SIZE'
/** An iteration met its bound because the map kept changing underneath it. */
 | 'ERR_EBPF_ITERATION'
/** The memory is read-only in a loaded object. */
 | 'ERR_EBPF_READ_ONLY'
/** A batch of records was used after its handler had returned. */
 | 'ERR_EBPF_RELEASED'
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
    /** What to do about it, where the cause is known. */
    readonly hint?: string;
    /** libbpf's last warnings that explain the failure, each one line. */
    readonly warnings: readonly string[];
    constructor(message: string, code: string, errno: number | undefined, context: FailureContext);
}
/** The verifier refused a program. `log` is its whole text, never cut. */
declare class VerifierError extends EbpfError {
    readonly log: string;
    constructor(message: string, code: string, errno: number, context: FailureContext, log: string);
}
/** The native addon could not be loaded: says what was tried and what to do. */
declare class AddonLoadError extends EbpfError {
    constructor(failures: readonly {
        path: string;
        reason: string;
    }[]);
}

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

/** Bytes that are not valid BTF, or types in it that contradict each other. */
declare class BtfFormatError extends EbpfError {
    /** Byte of the BTF data at which the contradiction was seen, where there is one such place. */
    readonly offset?: number;
    constructor(problem: string, offset?: number);
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

/** The kernel's map types, by bpftool's names. */
/** Index is the kernel's number: `enum bpf_map_type` of linux/bpf.h. */
declare const NAMES: readonly ["unspec", "hash", "array", "prog_array", "perf_event_array", "percpu_hash", "percpu_array", "stack_trace", "cgroup_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps", "hash_of_maps", "devmap", "sockmap", "cpumap", "xskmap", "sockhash", "cgroup_storage", "reuseport_sockarray", "percpu_cgroup_storage", "queue", "stack", "sk_storage", "devmap_hash", "struct_ops", "ringbuf", "inode_storage", "task_storage", "bloom_filter", "user_ringbuf", "cgrp_storage", "arena", "insn_array"];
type MapType = (typeof NAMES)[number];

export { AddonLoadError, ArrayMap, Batch, BpfMap, BpfObject, BpfProgram, BtfFormatError, EbpfError, HashMap, KeyedMap, Link, LruHashMap, LruPerCpuHashMap, ObjectSpec, PerCpuArrayMap, PerCpuHashMap, RecordStream, RingBuffer, RunStatistics, VerifierError, array, bool, bootTimeToDate, bytes, char, createMap, enableRunStatistics, enumeration, f32, f64, i16, i32, i64, i8, kernelSymbols, libbpfVersion, loadObject, monotonicToDate, onLog, openMap, openObject, openProgram, possibleCpus, rawTracepoint, struct, tpBtf, tracepoint, u16, u32, u64, u8, union, uprobe, uretprobe, xdp };
export type { ArrayOptions, AttachResult, BatchHandler, CreateMapOptions, EbpfErrorCode, Encodable, FailureContext, HashOptions, Hook, Infer, InferInput, Input, Int64, KconfigValue, KernelSymbol, KernelTarget, LinkInfo, LoadOptions, LogLevel, LogMessage, MapClass, MapEdit, MapInfo, MapSpec, MapType, Members, NetworkNamespace, ObjectShape, ObjectSource, OpenMapOptions, OpenOptions, ProgramEdit, ProgramInfo, ProgramSpec, RawOptions, RawTracepointHook, RawTracepointOptions, RingBufferOptions, SetOptions, ShapeOf, StreamOptions, StreamStatistics, Subscription, TestRunOptions, TestRunResult, TpBtfHook, TpBtfOptions, TracepointHook, TracepointOptions, Type, UnknownShape, UprobeHook, UprobeOptions, XdpHook, XdpMode, XdpOptions };
