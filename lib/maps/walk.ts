/**
 * Walks over all entries of a map, a chunk at a time.
 *
 * By batches a hash is read bucket by bucket, so an entry that nobody touches is seen exactly once, whatever happens to
 * the others. Where the kernel or the map type has no batches, keys are followed one by one: when a key is deleted
 * underneath, the kernel starts again from the first (`htab_map_get_next_key` in kernel/bpf/hashtab.c), so that walk is
 * bounded, and throws at its bound rather than ending short.
 */
import { constants } from 'node:os'
import { type Memory, createMemory } from '../btf/memory.ts'
import { binding } from '../binding.ts'
import { ENOTSUPP, ruleError } from '../errors.ts'

/** Entries laid out one behind the other, valid until the walk goes on. */
export interface Chunk {
  count: number
  keys: Memory
  values: Memory
}

/** What a walk needs of its map. Sizes are bytes. */
export interface WalkedMap {
  name: string
  maxEntries: number
  keySize: number
  /** Of a whole entry: for per-CPU maps, of all CPUs. */
  entrySize: number
  /** The handle for one native call. @throws EbpfError when the map is closed. */
  use(operation: string): number
  /** The error for a negative status. */
  fail(status: number, operation: string): Error
  /** Copies the entry of a key into `values` at `offset`; false when it is gone. */
  read(keys: Uint8Array, values: Uint8Array, offset: number): boolean
  /** Replaces the key by the next one, or by the first; false at the end. */
  next(key: Uint8Array, first: boolean): boolean
}

const { ENOENT, ENOSPC, EINVAL, EOPNOTSUPP } = constants.errno

/** Measured: throughput no longer grows beyond a thousand entries a call. */
const CHUNK_ENTRIES = 4096
const CHUNK_BYTES = 4 << 20

function allocate(map: WalkedMap, count: number): Chunk {
  return {
    count: 0,
    keys: createMemory(new ArrayBuffer(roundUp(count * map.keySize))),
    values: createMemory(new ArrayBuffer(roundUp(count * map.entrySize))),
  }
}

const roundUp = (size: number): number => Math.max(8, (size + 7) & ~7)

function hasNoBatches(status: number): boolean {
  return status === -ENOTSUPP || status === -EINVAL || status === -EOPNOTSUPP
}

/** Every entry of the map, removed from it when `take` is set. */
export function* walk(map: WalkedMap, take = false): Generator<Chunk, void, undefined> {
  const call = take ? 'mapLookupAndDeleteBatch' : 'mapLookupBatch'
  let capacity = Math.max(
    1,
    Math.min(CHUNK_ENTRIES, map.maxEntries, Math.floor(CHUNK_BYTES / (map.keySize + map.entrySize))),
  )
  let chunk = allocate(map, capacity)
  const token = new Uint8Array(Math.max(8, map.keySize))
  const control = new Uint32Array(2)
  let started = false
  for (;;) {
    control[0] = capacity
    control[1] = started ? 1 : 0
    const status = binding[call](map.use('iterate'), chunk.keys.u8, chunk.values.u8, token, control)
    if (status === -ENOSPC) {
      // One bucket holds more entries than the buffers; nothing was consumed (bcc#5273).
      capacity *= 2
      chunk = allocate(map, capacity)
      continue
    }
    if (status < 0 && status !== -ENOENT) {
      if (!started && hasNoBatches(status) && !take) return yield* walkByKeys(map)
      throw map.fail(status, take ? 'bpf_map_lookup_and_delete_batch' : 'bpf_map_lookup_batch')
    }
    started = true
    chunk.count = control[0] as number
    if (chunk.count > 0) yield chunk
    if (status === -ENOENT) return
  }
}

/** The fall-back without batches. Exported for its tests: kernels that need it are rare. */
export function* walkByKeys(map: WalkedMap): Generator<Chunk, void, undefined> {
  const capacity = Math.max(1, Math.min(256, map.maxEntries))
  const chunk = allocate(map, capacity)
  const key = new Uint8Array(map.keySize)
  // Twice the map's size leaves room for entries that come while we walk; a restart for ever does not fit.
  const bound = map.maxEntries * 2 + 16
  let steps = 0
  let more = map.next(key, true)
  while (more) {
    chunk.count = 0
    while (more && chunk.count < capacity) {
      if (++steps > bound) {
        throw ruleError(
          'ERR_EBPF_ITERATION',
          `map '${map.name}' keeps changing: its iteration found no end in ${bound} steps`,
          {
            operation: 'bpf_map_get_next_key',
            map: map.name,
            hint: 'Entries are deleted while it is iterated, and this kernel has no batch lookup for it: collect the keys first, then delete.',
          },
        )
      }
      if (map.read(key, chunk.values.u8, chunk.count * map.entrySize)) {
        chunk.keys.u8.set(key, chunk.count * map.keySize)
        chunk.count++
      }
      more = map.next(key, false)
    }
    if (chunk.count > 0) yield chunk
  }
}
