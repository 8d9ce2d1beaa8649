/** The one poller of this thread: tells who reads or writes a ring when the kernel has records, or room, for them. */
import { type Handle, binding } from '../binding.ts'
import { check } from '../outcome.ts'

const listeners = new Map<Handle, () => void>()
let started = false
let holders = 0

function start(): void {
  if (started) return
  check(
    binding.pollerStart((handle) => listeners.get(handle)?.()),
    'epoll_create1',
    {},
  )
  started = true
}

/**
 * Calls `onReady` on the event loop whenever the ring or buffer is ready, until it is disarmed.
 *
 * @returns whether it is ready now, and nobody will be called for that
 */
export function arm(handle: Handle, onReady: () => void): boolean {
  start()
  const ready = check(binding.pollerArm(handle), 'epoll_ctl', {})
  listeners.set(handle, onReady)
  return ready === 1
}

/** Stops the calls. An unread ring would otherwise keep the poller, and a core, busy. */
export function disarm(handle: Handle): void {
  listeners.delete(handle)
  binding.pollerDisarm(handle)
}

/** Keeps the program running while somebody listens. */
export function hold(): void {
  start()
  if (holders++ === 0) binding.pollerReference(true)
}

export function letGo(): void {
  if (--holders === 0) binding.pollerReference(false)
}
