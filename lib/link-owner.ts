import type { Handle } from './binding.ts'
import type { Link } from './link.ts'
import type { Names } from './outcome.ts'
import { attemptAll } from './resource.ts'

/** What is attached by links: a program, or a struct_ops map. */
export interface LinkHolder {
  readonly name: string
  borrow(operation: string): Handle
}

const owners = new WeakMap<object, LinkOwner>()

/** The links of a program or a struct_ops map; `undefined` for anything else. */
export function ownerOf(holder: unknown): LinkOwner | undefined {
  return typeof holder === 'object' && holder !== null ? owners.get(holder) : undefined
}

/**
 * The links of one program, or of one struct_ops map: those that are attached, and those on their way. It holds its
 * program, and so its object: a link keeps both alive.
 */
export class LinkOwner {
  readonly kind: 'program' | 'map'
  /** The program's type, as libbpf names it. */
  readonly type: string
  /** For messages. */
  readonly names: Names
  readonly holder: LinkHolder
  readonly #links = new Set<Link>()
  readonly #attaching = new Set<Promise<unknown>>()
  #detaching = false

  constructor(holder: LinkHolder, kind: 'program' | 'map', type: string, names: Names) {
    this.holder = holder
    this.kind = kind
    this.type = type
    this.names = names
    owners.set(holder, this)
  }

  get name(): string {
    return this.holder.name
  }

  /** Those that are not closed. */
  get links(): Link[] {
    return [...this.#links].filter((link) => !link.closed)
  }

  /** Its object is closing: what is attached from now on would stay. */
  get detaching(): boolean {
    return this.#detaching
  }

  /** @throws EbpfError ERR_EBPF_CLOSED */
  borrow(operation: string): Handle {
    return this.holder.borrow(operation)
  }

  adopt(link: Link): void {
    this.#links.add(link)
  }

  forget(link: Link): void {
    this.#links.delete(link)
  }

  /** Whoever closes the object waits for what is still being attached. */
  async track<T>(attaching: Promise<T>): Promise<T> {
    this.#attaching.add(attaching)
    try {
      return await attaching
    } finally {
      this.#attaching.delete(attaching)
    }
  }

  /** Closes its links, those still being attached included, and takes no more. */
  async close(): Promise<void> {
    this.#detaching = true
    await Promise.allSettled(this.#attaching)
    const results = await Promise.allSettled([...this.#links].map((link) => link.close()))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  /** The blocking form; an attach still under way ends in an error and closes its own link. */
  closeSync(): void {
    this.#detaching = true
    attemptAll([...this.#links].map((link) => () => link[Symbol.dispose]()))
  }
}
