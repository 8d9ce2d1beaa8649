/**
 * Walks over all entries of a map, a chunk at a time.
 *
 * By batches a hash is read bucket by bucket, so an entry that nobody touches is seen exactly once, whatever happens to
 * the others. The batches of other types, and every walk where the kernel or the map type has none, go from one key to
 * the next: when the key that a walk stands on is deleted, the kernel starts again from the first (`htab_map_get_next_key`
 * in kernel/bpf/hashtab.c, `trie_get_next_key` in kernel/bpf/lpm_trie.c). Such a walk remembers what it has given, so that
 * nothing comes twice, and is bounded: it throws at its bound rather than ending short.
 */
import { constants } from 'node:os'
import { type Memory, createBuffer, createMemory, roundUpTo8 } from '../btf/memory.ts'
import { binding } from '../binding.ts'
import { ENOTSUPP } from '../errors.ts'
import { SeenKeys } from './seen-keys.ts'

/** Entries laid out one behind the other, valid until the walk goes on. */
export interface Chunk {
  count: number
  keys: Memory
  values: Memory
}

/**
 * Where the kernel takes a walk up again: at a bucket's number or an array's index, which only grow, or at the last key,
 * which may be gone.
 */
export type Cursor = 'bucket' | 'index' | 'key'

/** What becomes of an entry: it is read, read and deleted in one step, or deleted. */
export type Purpose = 'read' | 'take' | 'delete'

/** What a walk needs of its map. Sizes are bytes. */
export interface WalkedMap {
  name: string
  maxEntries: number
  keySize: number
  /** Of a whole entry: for per-CPU maps, of all CPUs. */
  entrySize: number
  /** Of batches. */
  cursor: Cursor
  /** The kernel's flags for each entry. */
  flags: number
  /** The handle for one native call. @throws EbpfError when the map is closed. */
  use(operation: string): number
  /** The error for a negative status. */
  fail(status: number, operation: string): Error
  /** Copies the entry of a key into `values` at `offset` for a purpose; false when it is gone. */
  visit(purpose: Purpose, key: Uint8Array, values: Uint8Array, offset: number): boolean
  /** Replaces the key by the next one, or by the first; false at the end. */
  next(key: Uint8Array, first: boolean): boolean
}

const { EINTR, EINVAL, ENOENT, ENOSPC, EOPNOTSUPP } = constants.errno

/** Measured: throughput no longer grows beyond a thousand entries a call. */
const CHUNK_ENTRIES = 4096
const CHUNK_BYTES = 4 << 20

/**
 * Before Linux 6.14 a batch ended in EINTR when three keys in a row had gone between their being found and being read
 * (`generic_map_lookup_batch` in kernel/bpf/syscall.c). So often in a row it is tried again.
 */
const INTERRUPTIONS = 16

function allocate(map: WalkedMap, count: number): Chunk {
  return {
    count: 0,
    keys: createMemory(createBuffer(roundUp(count * map.keySize))),
    values: createMemory(createBuffer(roundUp(count * map.entrySize))),
  }
}

const roundUp = (size: number): number => Math.max(8, roundUpTo8(size))

/** Whether the kernel, or the map's type, has no batch call: then no entry was done. */
export function hasNoBatches(status: number): boolean {
  return status === -ENOTSUPP || status === -EINVAL || status === -EOPNOTSUPP
}

/** Every entry of the map; removed from it unless `purpose` is to read. */
export function* walk(map: WalkedMap, purpose: Purpose = 'read'): Generator<Chunk, void, undefined> {
  const call = purpose === 'read' ? 'mapLookupBatch' : 'mapLookupAndDeleteBatch'
  // What is read by one call has no key in between that could be deleted by who is given the entries.
  const most = map.cursor === 'key' ? map.maxEntries : Math.min(CHUNK_ENTRIES, map.maxEntries)
  let capacity = Math.max(1, Math.min(most, Math.floor(CHUNK_BYTES / (map.keySize + map.entrySize))))
  let chunk = allocate(map, capacity)
  const token = new Uint8Array(Math.max(8, map.keySize))
  const control = new Uint32Array(2)
  const seen = purpose === 'read' && map.cursor === 'key' ? new SeenKeys(map) : undefined
  let started = false
  let interruptions = 0
  for (;;) {
    control[0] = capacity
    control[1] = started ? 1 : 0
    const status = binding[call](map.use('iterate'), chunk.keys.u8, chunk.values.u8, token, control, map.flags)
    if (status === -ENOSPC) {
      // One bucket holds more entries than the buffers; nothing was consumed (bcc#5273).
      capacity *= 2
      chunk = allocate(map, capacity)
      continue
    }
    const ended = status === -ENOENT
    const read = control[0]
    chunk.count = seen === undefined ? read : seen.keepNew(chunk, read)
    // What came with an error was taken: it must not be lost.
    if (chunk.count > 0) yield chunk
    if (status === -EINTR) {
      // Without an entry the cursor stays where it was.
      started ||= read > 0
      interruptions = read > 0 ? 0 : interruptions + 1
      if (interruptions > INTERRUPTIONS) return yield* walkByKeys(map, purpose, seen, started ? token : undefined)
      continue
    }
    if (status < 0 && !ended) {
      if (!started && read === 0 && hasNoBatches(status)) return yield* walkByKeys(map, purpose, seen)
      throw map.fail(status, purpose === 'read' ? 'bpf_map_lookup_batch' : 'bpf_map_lookup_and_delete_batch')
    }
    if (ended) return
    started = true
    interruptions = 0
  }
}

/**
 * The fall-back without batches. Exported for its tests: kernels that need it are rare.
 *
 * @param seen keys that were given before
 * @param from the key to go on after
 */
export function* walkByKeys(
  map: WalkedMap,
  purpose: Purpose = 'read',
  seen: SeenKeys | undefined = map.cursor === 'index' ? undefined : new SeenKeys(map),
  from?: Uint8Array,
): Generator<Chunk, void, undefined> {
  const capacity = Math.max(1, Math.min(256, map.maxEntries))
  const chunk = allocate(map, capacity)
  const key = from === undefined ? new Uint8Array(map.keySize) : from.slice(0, map.keySize)
  const current = Buffer.alloc(map.keySize)
  let more = map.next(key, from === undefined)
  while (more) {
    chunk.count = 0
    let failure: { error: unknown } | undefined
    while (more && chunk.count < capacity && failure === undefined) {
      try {
        current.set(key)
        // From a key that is gone the kernel would start again.
        if (purpose !== 'read') more = map.next(key, false)
        if (seen === undefined || seen.isNew(current, 0) || purpose !== 'read') {
          const offset = chunk.count * map.entrySize
          if (map.visit(purpose, current, chunk.values.u8, offset)) {
            chunk.keys.u8.set(current, chunk.count * map.keySize)
            chunk.count++
          }
        }
        if (purpose === 'read') more = map.next(key, false)
      } catch (error) {
        failure = { error }
      }
    }
    if (chunk.count > 0) yield chunk
    if (failure !== undefined) throw failure.error
  }
}
