/** Records by C name, such as `object.maps`: an unknown name throws and lists what there is, instead of `undefined`. */
import { inspect } from 'node:util'
import { ruleError, unknownName } from './errors.ts'

/** Names that the language itself and tools look for on any value: `await`, JSON, printing, comparing in tests. */
const PROBED = new Set(['then', 'toJSON', 'constructor', 'asymmetricMatch', '$$typeof', 'nodeType', 'tagName'])

/**
 * An object without properties, to which the known names are added as own properties. The guard is its prototype: a known
 * name is an ordinary property access, and only an unknown one, read or written, reaches the proxy.
 */
export function namedRecord<T>(what: string): Record<string, T> {
  const guard = new Proxy(Object.create(null) as Record<string, T>, {
    get(_target, property, receiver) {
      // Without it, printing looks for many more names.
      if (property === inspect.custom) return () => plain(receiver as object)
      if (typeof property === 'symbol' || PROBED.has(property)) return undefined
      throw unknownName(what, property, Object.keys(receiver as object))
    },
    set(_target, property, _value, receiver) {
      throw unknownName(what, String(property), Object.keys(receiver as object))
    },
  })
  return Object.create(guard) as Record<string, T>
}

/**
 * Adds a known name. Names come from C and may be anything, `__proto__` too: they are defined, never assigned.
 *
 * @throws EbpfError ERR_EBPF_INVALID_OBJECT when it is there already: no compiler does that, a damaged file may.
 */
export function define<T>(record: Record<string, T>, name: string, value: T): void {
  if (Object.hasOwn(record, name)) throw ambiguous(name)
  Object.defineProperty(record, name, { value, enumerable: true, configurable: false, writable: false })
}

/** @throws EbpfError ERR_EBPF_INVALID_OBJECT when a name is there twice, which {@link define} would refuse. */
export function refuseAmbiguous(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw ambiguous(name)
    seen.add(name)
  }
}

function ambiguous(name: string): Error {
  return ruleError('ERR_EBPF_INVALID_OBJECT', `two things of the object are named '${name}'`, { operation: 'open' })
}

/** Adds a known name whose value is computed at each access. */
export function defineAccessor<T>(
  record: Record<string, T>,
  name: string,
  get: () => T,
  set: (value: T) => void,
): void {
  Object.defineProperty(record, name, { get, set, enumerable: true, configurable: false })
}

/** A record of fixed fields and of fields that can be assigned; any other name throws. */
export function editableRecord<T extends object>(what: string, fixed: Partial<T>, editable: Partial<T>): T {
  const record = namedRecord<unknown>(what)
  for (const [name, value] of Object.entries(fixed)) define(record, name, value)
  for (const [name, value] of Object.entries(editable)) {
    Object.defineProperty(record, name, { value, enumerable: true, configurable: false, writable: true })
  }
  return record as T
}

function plain(record: object): object {
  try {
    return { ...record }
  } catch {
    // Its values cannot be read any more: the object is closed.
    return Object.defineProperties({}, Object.getOwnPropertyDescriptors(record))
  }
}
