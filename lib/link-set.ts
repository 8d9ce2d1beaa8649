import { inspectBriefly } from './arguments.ts'
import { invalidArgument } from './errors.ts'
import { type Hook, familyOf } from './hooks/hook.ts'
import type { Link } from './link.ts'
import type { LinkHolder } from './link-owner.ts'
import type { BpfProgram } from './program.ts'
import { attemptAll } from './resource.ts'

/** How many attaches of one set wait on the thread pool at once: no more of them succeed after the first that failed. */
const AT_ONCE = 8

/**
 * Attaches to all of the hooks, or to none when one fails.
 *
 * @throws EbpfError of the first that failed
 */
export async function attachAll(program: BpfProgram, hooks: Iterable<Hook>): Promise<LinkSet> {
  const wanted = hookList(hooks)
  const links: Link[] = []
  let next = 0
  let failed = false
  const attachSome = async (): Promise<void> => {
    while (!failed && next < wanted.length) {
      const index = next++
      try {
        links[index] = await program.attach(wanted[index] as Hook)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, attachSome))
  for (const result of results) {
    if (result.status === 'fulfilled') continue
    await Promise.allSettled(links.map((link) => link.close()))
    throw result.reason
  }
  return new LinkSet(links)
}

/** @throws TypeError unless all of them are hooks: before anything is done with one. */
export function hookList(hooks: Iterable<Hook>): Hook[] {
  if (typeof (hooks as Partial<Iterable<Hook>> | null | undefined)?.[Symbol.iterator] !== 'function') {
    throw invalidArgument(`hooks must be a list of hooks, not ${inspectBriefly(hooks)}`)
  }
  const list = [...hooks]
  for (const hook of list) familyOf(hook)
  return list
}

/** Links that were attached together, and are closed together. */
export class LinkSet implements Iterable<Link> {
  /** In the order of their hooks. */
  readonly links: readonly Link[]

  /** @internal */
  constructor(links: readonly Link[]) {
    this.links = Object.freeze([...links])
  }

  get size(): number {
    return this.links.length
  }

  /** Whether all of them are closed. */
  get closed(): boolean {
    return this.links.every((link) => link.closed)
  }

  [Symbol.iterator](): Iterator<Link> {
    return this.links[Symbol.iterator]()
  }

  /**
   * Puts another program in the place of each link's, one link after the other: in all places, or in none when one fails.
   *
   * @throws EbpfError of the first that failed
   */
  async update(program: BpfProgram): Promise<void> {
    const updated: { link: Link; before: LinkHolder | undefined }[] = []
    try {
      for (const link of this.links) {
        const before = link.holder
        await link.update(program)
        updated.push({ link, before })
      }
    } catch (error) {
      for (const { link, before } of updated.reverse()) {
        // What failed first is what the caller must know; a program that was closed since cannot come back.
        if (before !== undefined) await link.update(before as BpfProgram).catch(() => {})
      }
      throw error
    }
  }

  /** Detaches all of them, off the JavaScript thread. A second call does nothing but wait for the first. */
  async close(): Promise<void> {
    const results = await Promise.allSettled(this.links.map((link) => link.close()))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The blocking form of {@link close}: stops the whole JavaScript thread for the kernel's grace period of each link. */
  [Symbol.dispose](): void {
    attemptAll(this.links.map((link) => () => link[Symbol.dispose]()))
  }
}
