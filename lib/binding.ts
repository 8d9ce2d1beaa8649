/**
 * The only typed description of the native addon's surface, and its loader.
 *
 * Conventions of every native function:
 * - A kernel object is an integer {@link Handle} into a table of its environment (thread). Handles carry a generation:
 *   a stale, foreign or invented one is answered with `-EBADF`, never with a crash.
 * - What a user can get wrong has been checked in TypeScript before. Native code checks again only what would corrupt
 *   memory, and answers with `-EINVAL`.
 * - Cold functions that can fail return a negative errno in place of their value. Functions that may pass 1 ms run on
 *   the thread pool and resolve to an {@link Outcome}; they never reject.
 * - Nothing here throws, except on a wrong number or type of arguments (a bug of ours).
 */
import type {
  NativeImage,
  NativeLinked,
  NativeLoadOptions,
  NativeLoadedObject,
  NativeLoadedProgram,
  NativeMapCreateOptions,
  NativeMapInfo,
  NativeOpenOptions,
  NativeOpenedObject,
  NativeProgramImage,
  NativeProgramInfo,
  NativeTarget,
  NativeTestRunOptions,
  NativeTestRunResult,
} from './native-object.ts'
import { loadAddon } from './addon.ts'
import type { NativeHook, NativeLinkInfo, NativeQuery, NativeQueryResult } from './native-hook.ts'

/** Integer name of a native object; 0 is never one. */
export type Handle = number

/** 0 or a positive count on success, a negative errno on failure. */
export type Status = number

/** What `libbpf_set_print` gave during one operation, in order. `level` is libbpf's: 0 warn, 1 info, 2 debug. */
export interface NativeLogMessage {
  level: 0 | 1 | 2
  message: string
}

/** Result of a native operation that ran on the thread pool. */
export interface Outcome<T> {
  /** 0, or a negative errno. */
  errno: number
  /** The libbpf or kernel call that failed, such as `bpf_object__load`; the last one tried on success. */
  operation: string
  log: NativeLogMessage[]
  /** The first libbpf version that has the operation, such as `1.4`, when the one this addon is built with lacks it. */
  needsLibbpf?: string
  /** Present exactly when `errno` is 0. */
  value?: T
}

/** How a perf buffer is opened. */
export interface NativePerfBufferOptions {
  /** Of each CPU, a power of two. */
  pages: number
  /** Wakes after so many bytes, or so many records: one of them is 0. */
  wakeupBytes: number
  wakeupEvents: number
  byTime: boolean
  /** For snapshots: it cannot be read by `readerRead`. */
  overwritable: boolean
}

/** `undefined` when it was done, else a negative errno. */
export type MapFunction = () => undefined | Status

export interface Binding {
  // ---- query.cc: the environment ----
  libbpfVersion(): string
  /** Possible CPUs, the number of values in a per-CPU entry. */
  possibleCpus(): Status
  /** `clock_gettime(2)` in nanoseconds; 0 realtime, 1 monotonic, 7 boottime. */
  clock(clockId: number): bigint
  /** Handles of this environment that are open, by kind. For the leak gate. */
  liveHandles(): {
    object: number
    program: number
    map: number
    link: number
    reader: number
    userRing: number
    mapping: number
    descriptor: number
  }
  /** `bpf_enable_stats(BPF_STATS_RUN_TIME)`: statistics are on until the handle is closed by `descriptorClose`. */
  enableRunStatistics(): Handle | Status
  /** 0 when the kernel takes these instructions as a socket filter, which is closed at once; else a negative errno. */
  instructionsProbe(instructions: Uint8Array): Status
  descriptorClose(descriptor: Handle): Status

  // ---- pidfd.cc ----
  /**
   * `pidfd_open(2)` of a process or, since Linux 6.9, of any of its threads: closed by `descriptorClose`. `-ESRCH` when there is
   * none; `-EINVAL` for a thread on older kernels.
   */
  pidfdOpen(id: number): Handle | Status
  /** The number of a descriptor that stays its handle's. */
  descriptorFd(descriptor: Handle): number

  // ---- security.cc ----
  /** `lsm_list_modules(2)`: 1 when BPF is one of the kernel's active security modules, else 0. `-ENOSYS` before Linux 6.8. */
  hasBpfSecurityModule(): Status

  // ---- object.cc ----
  /**
   * Opens an ELF image with libbpf, and describes it. Bytes are copied before the call returns; of a path, what is not a
   * regular file, or cannot be read, is an outcome whose operation is `read`.
   *
   * @param keep leaves it open for one load, where that is as good as opening it anew
   */
  objectOpen(
    source: string | Uint8Array,
    options: NativeOpenOptions,
    keep: boolean,
  ): Promise<Outcome<NativeOpenedObject>>
  /**
   * Edits and loads an image. On failure nothing stays behind. Bytes are copied before the call returns, and opened with
   * the options; a handle is taken, and was opened.
   */
  objectLoad(image: NativeImage, options: NativeLoadOptions): Promise<Outcome<NativeLoadedObject>>
  objectClose(object: Handle): Promise<Outcome<void>>
  /** Blocks the thread. */
  objectCloseSync(object: Handle): Status

  // ---- linker.cc ----
  /** libbpf's static linker: several ELF images, which must have been checked before, as one. Bytes are copied before the call returns. */
  objectsLink(images: Uint8Array[]): Promise<Outcome<NativeLinked>>

  // ---- kernel_btf.cc ----
  /** This thread needs the kernel's parsed BTF no more, until it loads again: freed when no thread does. */
  kernelBtfRelease(): void

  // ---- program_load.cc ----
  /** Loads instructions that belong to no object. The verifier's log is in the outcome's, as libbpf writes it. */
  programLoad(image: NativeProgramImage): Promise<Outcome<NativeLoadedProgram>>

  // ---- program.cc ----
  programOpenById(id: number): Handle | Status
  programOpenByPath(path: string): Handle | Status
  /** Duplicates the descriptor. `-EINVAL` when it is not a program. */
  programOpenByFd(fd: number): Handle | Status
  programFd(program: Handle): number
  programInfo(program: Handle): NativeProgramInfo | Status
  programTestRun(program: Handle, options: NativeTestRunOptions): Promise<Outcome<NativeTestRunResult>>
  programPin(program: Handle, path: string): Status
  programClose(program: Handle): Status

  // ---- program_stream.cc ----
  /**
   * Takes bytes that a program wrote to its stream (1 stdout, 2 stderr) out of the kernel, into the buffer. Returns how
   * many, 0 when there are none now; `-EINVAL` before Linux 6.17.
   */
  programStreamRead(program: Handle, stream: number, buffer: Uint8Array): Status

  // ---- link.cc ----
  /** Resolves to a link. A link keeps its program's object alive in native code. */
  programAttach(program: Handle, hook: NativeHook): Promise<Outcome<Handle>>
  /** Attaches a struct_ops map of an object. */
  mapAttach(map: Handle): Promise<Outcome<Handle>>
  /**
   * Resolves to a link without a kernel's link: classic BPF on a socket. `instructions` are those of `struct sock_filter`
   * of linux/filter.h, 8 bytes each. No program can be put in its place (`-EINVAL`).
   */
  classicFilterAttach(socketFd: number, instructions: Uint8Array, reuseport: boolean): Promise<Outcome<Handle>>
  linkFd(link: Handle): number
  linkInfo(link: Handle): NativeLinkInfo | Status
  linkPin(link: Handle, path: string): Status
  linkOpenById(id: number): Handle | Status
  linkOpenByPath(path: string): Handle | Status
  /** Duplicates the descriptor. `-EINVAL` when it is not a link. */
  linkOpenByFd(fd: number): Handle | Status
  /** The first link id after `id`, 0 for the first of all; `-ENOENT` after the last. */
  linkNextId(id: number): number | Status
  /**
   * Puts another program in the link's place, atomically. With `expected` (else 0) only when that is the one there
   * (`EPERM` or `EEXIST` of the kernel otherwise). What has no kernel link is replaced the way it was attached (tc: in
   * place; netlink XDP: XDP_FLAGS_REPLACE; sockets and sockmaps: attached over it).
   */
  linkUpdate(link: Handle, program: Handle, expected: Handle): Promise<Outcome<void>>
  /** The same for struct_ops: another map of the same type; `expected` is a map, too. Linux 6.4, libbpf 1.2. */
  linkUpdateMap(link: Handle, map: Handle, expected: Handle): Promise<Outcome<void>>
  /** Detaches whoever else holds or pins the link (`BPF_LINK_DETACH`), and keeps the handle. */
  linkDetach(link: Handle): Promise<Outcome<void>>
  /** `bpf_iter_create`: a descriptor to read the iterator's output from, once; the caller's to close. */
  iteratorCreate(link: Handle): number | Status
  hookQuery(query: NativeQuery): Promise<Outcome<NativeQueryResult>>
  /** The offsets in a binary's file of functions that fit a pattern, or of every function with one of the names. */
  functionOffsets(
    path: string,
    pattern: string | undefined,
    symbols: string[] | undefined,
  ): Promise<Outcome<BigUint64Array>>
  linkClose(link: Handle): Promise<Outcome<void>>
  /** Blocks the thread, 60 ms and more for tracing links. */
  linkCloseSync(link: Handle): Status

  // ---- map.cc ----
  mapCreate(options: NativeMapCreateOptions): Handle | Status
  mapOpenById(id: number): Handle | Status
  mapOpenByPath(path: string): Handle | Status
  /** Duplicates the descriptor. `-EINVAL` when it is not a map. */
  mapOpenByFd(fd: number): Handle | Status
  mapFd(map: Handle): number
  mapInfo(map: Handle): NativeMapInfo | Status
  mapPin(map: Handle, path: string): Status
  mapFreeze(map: Handle): Status
  /**
   * Puts a map into a map of maps, or with 0 for `inner` takes one out: the kernel may wait until no program uses what was
   * there. `flags` are those of `mapUpdate`.
   */
  mapPutInner(map: Handle, key: Uint8Array, inner: Handle, flags: number): Promise<Outcome<undefined>>
  /**
   * Puts an interface into a devmap or devmap_hash, or a queue into a cpumap, in the network namespace that is named; `flags`
   * are those of `mapUpdate`.
   */
  mapPutTarget(map: Handle, key: number, target: NativeTarget, flags: number): Promise<Outcome<undefined>>
  /**
   * The same for many keys, one behind the other, by one call of the kernel's (Linux 5.19): `inner` has a map for each, or nothing
   * to take out. `done` entries were done when `status`, 0 or a negative errno, stopped it.
   */
  mapPutInnerBatch(
    map: Handle,
    keys: Uint8Array,
    inner: Uint32Array,
  ): Promise<Outcome<{ done: number; status: Status }>>
  mapClose(map: Handle): Status
  /**
   * Binds the memory that the single-entry calls work on: the key at offset 0, the value at the next multiple of 8
   * (per-CPU maps: one value, rounded up to 8 bytes, for each possible CPU). Held by a strong reference until the map is
   * closed or bound again. `-EINVAL` when the buffer is too small for the map.
   */
  mapBind(map: Handle, scratch: ArrayBuffer): Status
  /** The single-entry calls take the key from, and give the value into, the bound memory. Return 0 or a negative errno. */
  mapLookup(map: Handle, flags: number): Status
  mapUpdate(map: Handle, flags: number): Status
  mapDelete(map: Handle): Status
  mapLookupAndDelete(map: Handle, flags: number): Status
  /** Replaces the key in the bound memory by the next one, or, when `first`, by the first one. `-ENOENT` at the end. */
  mapNextKey(map: Handle, first: boolean): Status
  /**
   * Lookup, update (`BPF_ANY`) and deletion as functions of this map alone, on its bound memory: `undefined`, or a negative
   * errno; `-EBADF` once the map is closed. They may be called for ever, and hold neither the map nor its memory.
   */
  mapFunctions(map: Handle): [lookup: MapFunction, update: MapFunction, remove: MapFunction] | Status
  /**
   * Batch calls: `control[0]` is the number of entries wanted, and on return the number done, also when the status is
   * negative; `control[1]` is 0 for the first call of a walk, else 1. `token` is the kernel's cursor, at least
   * max(4, keySize) bytes. Buffers too small for `control[0]` entries: `-EINVAL`. `flags` are for each entry.
   */
  mapLookupBatch(
    map: Handle,
    keys: Uint8Array,
    values: Uint8Array,
    token: Uint8Array,
    control: Uint32Array,
    flags: number,
  ): Status
  mapLookupAndDeleteBatch(
    map: Handle,
    keys: Uint8Array,
    values: Uint8Array,
    token: Uint8Array,
    control: Uint32Array,
    flags: number,
  ): Status
  mapUpdateBatch(map: Handle, keys: Uint8Array, values: Uint8Array, control: Uint32Array, flags: number): Status
  mapDeleteBatch(map: Handle, keys: Uint8Array, control: Uint32Array): Status
  /**
   * Maps the values of a BPF_F_MMAPABLE array, `length` bytes from its start, shared and writable unless `readOnly`.
   * The pages are unmapped only by the buffer's finalizer: it may outlive the map. Never give a read-only one to a user:
   * writing to it is a SIGSEGV.
   */
  mapMemory(map: Handle, length: number, readOnly: boolean): ArrayBuffer | Status

  // ---- memory.cc ----
  /** Detaches a buffer of `mapMemory`, which is unmapped soon after, unless its pages were transferred to another one. */
  memoryDetach(buffer: ArrayBuffer): Status

  // ---- arena.cc ----
  /**
   * Maps an arena, at the address that it was made with (0: none). All handles of it share one mapping, which lasts until the
   * last of them and the last buffer is gone.
   */
  arenaMap(map: Handle, fixedAddress: bigint): { address: bigint; length: number } | Status
  /** Copy to and from an arena that was mapped, by a system call: `-EFAULT` where there is no page and none to be had. */
  arenaRead(map: Handle, offset: number, bytes: Uint8Array): Status
  arenaWrite(map: Handle, offset: number, bytes: Uint8Array): Status
  /**
   * Memory of an arena that was mapped, with all its pages. A page that a program frees meanwhile is made anew when it is touched; where
   * the kernel may not (BPF_F_SEGV_ON_FAULT), that is a SIGSEGV: never give a user such a one.
   */
  arenaView(map: Handle, offset: number, length: number): ArrayBuffer | Status

  // ---- btf.cc ----
  /** Raw BTF of a BTF object that the kernel holds. */
  btfById(id: number): Uint8Array | Status
  /** Closed by `descriptorClose`; what was made with it keeps it. */
  btfLoad(types: Uint8Array): Handle | Status

  // ---- ring_buffer.cc ----
  /**
   * Maps the ring of a BPF_MAP_TYPE_RINGBUF map; holds its own descriptor. `-EBUSY` while a ring of the same map (by id)
   * is open anywhere in this process, in other threads too; `-EOPNOTSUPP` for a ring in overwrite mode.
   */
  ringOpen(map: Handle): Handle | Status
  /** Bytes in a ring that nobody here consumes: maps its positions for the length of the call. */
  ringPendingOf(map: Handle): Status

  // ---- perf_buffer.cc ----
  /**
   * Opens an event of each CPU that is online, and puts it into a BPF_MAP_TYPE_PERF_EVENT_ARRAY map. `reader` is a negative
   * errno where `operation` failed: `-EBUSY` while a reader of the same map (by id) is open anywhere in this process.
   * Records have their CPU in the second word of their header.
   */
  perfBufferOpen(map: Handle, options: NativePerfBufferOptions): { reader: Handle | Status; operation: string }
  /** Records that the kernel had no room for. */
  perfBufferLost(reader: Handle): Status
  perfBufferPause(reader: Handle, paused: boolean): Status
  /** Resolves when programs that were writing to any buffer when it was called have ended: some milliseconds. */
  perfBufferSettle(): Promise<Outcome<void>>
  /** Copies what is in an overwritable buffer, as `readerRead` does: `memory` has nothing else. */
  perfBufferSnapshot(reader: Handle): { memory: ArrayBuffer; records: number } | Status

  // ---- record_reader.cc: what a ring buffer or a perf buffer is read by ----
  /**
   * Binds the memory of `readerRead`. `control` (5 words) is filled by `readerRead`: [records, bytes of the span, bytes that
   * the next record needs (where `buffer` has no room for it, otherwise 0), bytes that wait, 1 where records only wait for
   * time to pass]. `readerCommit` sets the fourth anew, before it gives space back. Both are held by strong references.
   */
  readerBind(reader: Handle, buffer: ArrayBuffer, control: Uint32Array): Status
  /**
   * Copies committed records, headers included, from the consumer position on, as many whole ones as fit (at most
   * `maxRecords`), without moving the consumer position. Stops at a record still being written. Discarded records are
   * part of the span and not counted. Returns the number of records, `-EMSGSIZE` when the next record alone does not fit.
   */
  readerRead(reader: Handle, maxRecords: number): Status
  /** Moves the consumer position by `bytes` of the span last read. `-EINVAL` when that is not a record boundary in it. */
  readerCommit(reader: Handle, bytes: number): Status
  /** Bytes between consumer and producer; of the fullest buffer, where a reader has several. */
  readerPending(reader: Handle): Status
  /** Size of the data area, bytes; of one buffer, where a reader has several. */
  readerSize(reader: Handle): Status
  /** For each of the reader's buffers, how many bytes were ever produced, or consumed. */
  readerPositions(reader: Handle, produced: boolean): number[] | Status
  readerClose(reader: Handle): Status

  // ---- user_ring_buffer.cc ----
  /**
   * Maps the ring of a BPF_MAP_TYPE_USER_RINGBUF map; holds its own descriptor. `-EBUSY` while a ring of the same map (by
   * id) is open anywhere in this process, in other threads too.
   */
  userRingOpen(map: Handle): Handle | Status
  /**
   * Copies a whole record into the ring. `-ENOSPC` without room for it now, `-E2BIG` when there never will be, `-EIO` when
   * the ring's positions contradict each other.
   */
  userRingSubmit(ring: Handle, record: Uint8Array): Status
  /** Room for a record, for which the kernel waits. Gives the place by which the next two know it; or as above. */
  userRingReserve(ring: Handle, bytes: number): number | Status
  /** Copies the record, of as many bytes as were reserved, else `-EINVAL`; `-ENOENT` when nothing is reserved there. */
  userRingCommit(ring: Handle, place: number, record: Uint8Array): Status
  userRingDiscard(ring: Handle, place: number): Status
  /** Bytes between consumer and producer. */
  userRingPending(ring: Handle): Status
  /** The same for a ring that nobody here has opened: maps its positions for the length of the call. */
  userRingPendingOf(map: Handle): Status
  /** Discards what is reserved. */
  userRingClose(ring: Handle): Status

  // ---- poller.cc: one uv_poll on one epoll descriptor for each environment ----
  /** Called on the event loop with the handle of what is armed and ready. Set once, before the first arm. */
  pollerStart(onReady: (handle: Handle) => void): Status
  /**
   * Adds what can be polled, such as a ring, to the poller, or removes it. What is ready and left so is told again, except for
   * perf buffers: `pollerArm` answers 1 when one is ready.
   */
  pollerArm(handle: Handle): Status
  pollerDisarm(handle: Handle): Status
  /** Whether the poller keeps the event loop alive. */
  pollerReference(keepAlive: boolean): void
}

export const binding: Binding = loadAddon() as Binding
