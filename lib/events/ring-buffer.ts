import { constants } from 'node:os'
import { type Handle, binding } from '../binding.ts'
import { kernelError } from '../errors.ts'
import type { MapInit } from '../maps/map.ts'
import { RecordMap, type RecordTypes } from './record-map.ts'
import { BUSY, busyError } from './record-source.ts'

const OVERWRITE_HINT =
  'This ring overwrites its oldest records (BPF_F_RB_OVERWRITE), even while they are read; only rings without that flag can be read.'

/**
 * `BPF_MAP_TYPE_RINGBUF`: records from programs, in one order over all CPUs. Linux 5.8.
 *
 * Records are decoded when the map's declaration names their type (`EBPF_RINGBUF` of ebpf.h); otherwise they are bytes,
 * and {@link as} decodes them by a type's name.
 */
export class RingBuffer<T = unknown> extends RecordMap<T> {
  /** @internal */
  constructor(init: MapInit, types: RecordTypes) {
    super(init, types, 'ring', false)
  }

  /** Bytes of the ring's data area. */
  get size(): number {
    return this.maxEntries
  }

  /** @internal */
  protected openReader(): Handle {
    const ring = binding.ringOpen(this.use('read records'))
    if (ring > 0) return ring
    throw ring === BUSY ? busyError('ring', this.name) : unreadableError(ring, this.name)
  }

  /** @internal The positions are in the ring's own pages, which only a consumer has mapped. */
  protected pendingUnread(): number {
    const pending = binding.ringPendingOf(this.use('stats'))
    if (pending < 0) throw unreadableError(pending, this.name)
    return pending
  }
}

/** Why the pages of a ring cannot be had. */
function unreadableError(status: number, name: string): Error {
  const hint = status === -constants.errno.EOPNOTSUPP ? OVERWRITE_HINT : undefined
  return kernelError(status, { operation: 'mmap', map: name, hint })
}
