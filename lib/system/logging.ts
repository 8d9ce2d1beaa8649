/** libbpf's messages as data: nothing of them ever reaches stderr. */
import type { NativeLogMessage } from '../binding.ts'

export type LogLevel = 'warn' | 'info' | 'debug'

/** One message of libbpf. */
export interface LogMessage {
  level: LogLevel
  /** Without the `libbpf: ` prefix and the trailing newline. */
  message: string
}

const LEVELS = ['warn', 'info', 'debug'] as const satisfies readonly LogLevel[]

const listeners = new Set<(message: LogMessage) => void>()

/**
 * Calls `listener` with each message that libbpf gives in this thread from now on, when the operation that caused it
 * ends. Debug messages come only from loads with a `logLevel`.
 *
 * @returns a function that removes the listener.
 */
export function onLog(listener: (message: LogMessage) => void): () => void {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** Hands the messages of one operation to the listeners. */
export function publish(messages: readonly NativeLogMessage[]): void {
  if (listeners.size === 0) return
  for (const { level, message } of messages) {
    const event: LogMessage = { level: LEVELS[level], message: plain(message) }
    for (const listener of listeners) tell(listener, event)
  }
}

/** A listener that throws must not end the operation that it is told of: the error is an uncaught one of its own. */
function tell(listener: (message: LogMessage) => void, event: LogMessage): void {
  try {
    listener(event)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}

/** A message without libbpf's prefix and newline. */
export function plain(message: string): string {
  return message.replace(/^libbpf: /, '').trimEnd()
}
