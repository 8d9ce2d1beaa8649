/** The calls on single entries of a map. */
import { constants } from 'node:os'
import { type Handle, binding } from '../binding.ts'
import type { Codec } from '../btf/codec.ts'
import { type Memory, createBuffer, createMemory, roundUpTo8 } from '../btf/memory.ts'
import { type Access, compileAccess } from './access.ts'
import type { Purpose } from './walk.ts'

const { EEXIST, ENOENT } = constants.errno

/** Calls after which it pays to compile them for one map. */
const CALLS_WORTH_COMPILING = 1000

/** What the calls need of their map. */
export interface EntryOwner {
  keySize: number
  /** The handle for one native call. @throws EbpfError when the map is closed. */
  use(operation: string): Handle
  /**
   * The error of a negative status. `operation` is what was asked of the map, `call` what was asked of the kernel, with these
   * flags of the kernel's.
   */
  fail(status: number, call: string, operation: string, flags?: number): Error
}

/**
 * Keys and values go by memory that is bound to the map: the key, and from the next multiple of 8 its value.
 *
 * Encoding an object may run getters of the user's, which may use this very map and so the same memory. They all run
 * before the first byte is written here. Code that was made for the map writes while they run: then whoever comes here
 * leaves the memory as it was.
 */
export class Entries<K, V> {
  /** What to call: soon code that was made for this map. */
  access: Access<K, V>
  readonly #owner: EntryOwner
  readonly #keyCodec: Codec<K>
  readonly #valueCodec: Codec<V>
  readonly #valueOffset: number
  readonly #state = { encoding: false }
  #memory: Memory | undefined
  #keyMemory: Memory | undefined
  #calls = 0

  constructor(owner: EntryOwner, keyCodec: Codec<K>, valueCodec: Codec<V>) {
    this.#owner = owner
    this.#keyCodec = keyCodec
    this.#valueCodec = valueCodec
    this.#valueOffset = roundUpTo8(owner.keySize)
    const counted = <T>(result: T): T => {
      if (++this.#calls === CALLS_WORTH_COMPILING) this.#compile()
      return result
    }
    this.access = {
      get: (key) => counted(this.get(key, false, 0) as V | undefined),
      has: (key) => counted(this.has(key)),
      set: (key, value) => counted(this.set(key, value, 0, false)),
      delete: (key) => counted(this.delete(key)),
    }
  }

  get(key: unknown, raw: boolean | undefined, flags: number): V | Uint8Array | undefined {
    return this.read(key, flags, (memory) => this.#value(memory, raw))
  }

  /** What `decode` makes of the value of a key, from a place in memory that is only lent; `undefined` when there is none. */
  read<T>(key: unknown, flags: number, decode: (memory: Memory, offset: number) => T): T | undefined {
    return this.#withMemory((memory) => {
      this.#keyCodec.encode(key, memory, 0)
      const status = binding.mapLookup(this.#owner.use('get'), flags)
      if (status === 0) return decode(memory, this.#valueOffset)
      if (status === -ENOENT) return undefined
      throw this.#owner.fail(status, 'bpf_map_lookup_elem', 'get', flags)
    })
  }

  has(key: unknown): boolean {
    return this.#withMemory((memory) => {
      this.#keyCodec.encode(key, memory, 0)
      const status = binding.mapLookup(this.#owner.use('has'), 0)
      if (status === 0) return true
      if (status === -ENOENT) return false
      throw this.#owner.fail(status, 'bpf_map_lookup_elem', 'has')
    })
  }

  /** `flags` are the kernel's; with a condition among them, false says that it did not hold. */
  set(key: unknown, value: unknown, flags: number, conditional: boolean): boolean {
    return this.#withMemory((memory) => {
      this.#encodeEntry(memory, key, value)
      const status = binding.mapUpdate(this.#owner.use('set'), flags)
      if (status === 0) return true
      if (conditional && (status === -EEXIST || status === -ENOENT)) return false
      throw this.#owner.fail(status, 'bpf_map_update_elem', 'set', flags)
    })
  }

  delete(key: unknown): boolean {
    return this.#withMemory((memory) => {
      this.#keyCodec.encode(key, memory, 0)
      const status = binding.mapDelete(this.#owner.use('delete'))
      if (status === 0) return true
      if (status === -ENOENT) return false
      throw this.#owner.fail(status, 'bpf_map_delete_elem', 'delete')
    })
  }

  take(key: unknown, raw: boolean | undefined, flags: number): V | Uint8Array | undefined {
    return this.#withMemory((memory) => {
      this.#keyCodec.encode(key, memory, 0)
      const status = binding.mapLookupAndDelete(this.#owner.use('take'), flags)
      if (status === -ENOENT) return undefined
      if (status < 0) throw this.#owner.fail(status, 'bpf_map_lookup_and_delete_elem', 'take', flags)
      try {
        return this.#value(memory, raw)
      } catch (error) {
        // It is no longer in the map: what was taken must not be lost.
        throw Object.assign(error as Error, { taken: this.#value(memory, true) })
      }
    })
  }

  /** A call on an entry of which there are bytes. Gives its status. */
  write(key: Uint8Array, value: Uint8Array, call: () => number): number {
    return this.#withMemory(({ u8 }) => {
      u8.set(key, 0)
      u8.set(value, this.#valueOffset)
      return call()
    })
  }

  /** Reads, takes or deletes the entry of a key's bytes; false when it is gone. */
  visit(purpose: Purpose, key: Uint8Array, values: Uint8Array, offset: number, flags: number): boolean {
    return this.#withMemory(({ u8 }) => {
      u8.set(key, 0)
      const status = VISITS[purpose].act(this.#owner.use('iterate'), flags)
      if (status === -ENOENT) return false
      if (status < 0) throw this.#owner.fail(status, VISITS[purpose].call, 'iterate', flags)
      if (purpose !== 'delete') {
        values.set(u8.subarray(this.#valueOffset, this.#valueOffset + this.#valueCodec.size), offset)
      }
      return true
    })
  }

  /** Replaces a key's bytes by the next key's, or by the first one's; false at the end. */
  next(key: Uint8Array, first: boolean): boolean {
    return this.#withMemory(({ u8 }) => {
      u8.set(key, 0)
      const status = binding.mapNextKey(this.#owner.use('iterate'), first)
      if (status === -ENOENT) return false
      if (status < 0) throw this.#owner.fail(status, 'bpf_map_get_next_key', 'iterate')
      key.set(u8.subarray(0, key.length))
      return true
    })
  }

  #withMemory<T>(work: (memory: Memory) => T): T {
    const memory = this.#memory ?? this.#bind()
    if (!this.#state.encoding) return work(memory)
    const before = memory.u8.slice()
    try {
      return work(memory)
    } finally {
      memory.u8.set(before)
    }
  }

  #bind(): Memory {
    const handle = this.#owner.use('read')
    const memory = createMemory(createBuffer(this.#valueOffset + roundUpTo8(this.#valueCodec.size)))
    const status = binding.mapBind(handle, memory.u8.buffer)
    if (status < 0) throw this.#owner.fail(status, 'bind the memory of', 'bind')
    this.#memory = memory
    return memory
  }

  /** Where nothing can be compiled, the calls stay as they are, and are no longer counted. */
  #compile(): void {
    const general: Access<K, V> = {
      get: (key) => this.get(key, false, 0) as V | undefined,
      has: (key) => this.has(key),
      set: (key, value) => this.set(key, value, 0, false),
      delete: (key) => this.delete(key),
    }
    const { buffer } = (this.#memory ?? this.#bind()).u8
    const functions = binding.mapFunctions(this.#owner.use('read'))
    if (typeof functions === 'number') {
      this.access = general
      return
    }
    const compiled = compileAccess<K, V>({
      general,
      state: this.#state,
      functions,
      keyCodec: this.#keyCodec,
      keyMemory: createMemory(buffer, 0, this.#valueOffset),
      valueCodec: this.#valueCodec,
      valueMemory: createMemory(buffer, this.#valueOffset),
      fail: this.#owner.fail,
    })
    this.access = compiled ?? general
  }

  /** The key is encoded aside, then the value in place, and only then the key is put in front of it. */
  #encodeEntry(memory: Memory, key: unknown, value: unknown): void {
    // Own memory for each nesting: a getter of the value may set another entry with an object as key.
    const aside = this.#keyMemory ?? createMemory(createBuffer(this.#valueOffset))
    this.#keyMemory = undefined
    this.#keyCodec.encode(key, aside, 0)
    this.#valueCodec.encode(value, memory, this.#valueOffset)
    memory.u8.set(aside.u8.subarray(0, this.#owner.keySize), 0)
    this.#keyMemory = aside
  }

  #value(memory: Memory, raw: boolean | undefined): V | Uint8Array {
    const { size } = this.#valueCodec
    if (raw) return memory.u8.slice(this.#valueOffset, this.#valueOffset + size)
    return this.#valueCodec.decode(memory, this.#valueOffset)
  }
}

/** For one entry of a walk. */
const VISITS: Record<Purpose, { call: string; act(handle: Handle, flags: number): number }> = {
  read: { call: 'bpf_map_lookup_elem', act: (handle, flags) => binding.mapLookup(handle, flags) },
  take: {
    call: 'bpf_map_lookup_and_delete_elem',
    act: (handle, flags) => binding.mapLookupAndDelete(handle, flags),
  },
  delete: { call: 'bpf_map_delete_elem', act: (handle) => binding.mapDelete(handle) },
}
