/** The one poller of this thread: tells ring consumers when the kernel has records for them. */
import { type Handle, binding } from '../binding.ts'
import { check } from '../outcome.ts'

const readers = new Map<Handle, () => void>()
let started = false
let holders = 0

function start(): void {
  if (started) return
  check(
    binding.pollerStart((ring) => readers.get(ring)?.()),
    'epoll_create1',
    {},
  )
  started = true
}

/** Calls `onReadable` on the event loop whenever the ring has records, until it is disarmed. */
export function arm(ring: Handle, onReadable: () => void): void {
  start()
  check(binding.ringArm(ring), 'epoll_ctl', {})
  readers.set(ring, onReadable)
}

/** Stops the calls. An unread ring would otherwise keep the poller, and a core, busy. */
export function disarm(ring: Handle): void {
  readers.delete(ring)
  binding.ringDisarm(ring)
}

/** Keeps the program running while somebody listens. */
export function hold(): void {
  start()
  if (holders++ === 0) binding.pollerReference(true)
}

export function letGo(): void {
  if (--holders === 0) binding.pollerReference(false)
}
