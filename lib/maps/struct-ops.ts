import { type Handle, binding } from '../binding.ts'
import { closedError } from '../errors.ts'
import { attachError } from '../hooks/support.ts'
import { Link } from '../link.ts'
import { LinkOwner } from '../link-owner.ts'
import { BpfMap, type MapInit } from './map.ts'

/**
 * A struct of callbacks that the kernel calls, such as a TCP congestion control (`tcp_congestion_ops`) or a scheduler
 * (`sched_ext_ops`), declared in `SEC(".struct_ops.link")`, or before Linux 6.4 in `SEC(".struct_ops")`. Linux 5.6.
 */
export class StructOpsMap extends BpfMap {
  readonly #owner: LinkOwner

  /** @internal */
  constructor(init: MapInit) {
    super(init)
    this.#owner = new LinkOwner(this, 'map', 'struct_ops', this.names())
  }

  /** The links made by {@link attach} that are not closed. */
  get links(): readonly Link[] {
    return this.#owner.links
  }

  /**
   * Registers the struct with its part of the kernel, off the JavaScript thread. It is in use until the link is closed.
   *
   * @throws EbpfError with the kernel's code, such as EEXIST when one of this name is registered already
   */
  async attach(): Promise<Link> {
    const handle = this.use('attach')
    if (this.#owner.detaching) throw closedError(this.describe(), 'attach')
    return await this.#owner.track(this.#attach(handle))
  }

  async #attach(map: Handle): Promise<Link> {
    const outcome = await binding.mapAttach(map)
    if (outcome.errno !== 0) throw await attachError(outcome, this.names())
    const link = new Link({ name: `struct_ops ${this.name}`, handle: outcome.value as Handle, owner: this.#owner })
    if (this.closed || this.#owner.detaching) {
      await link.close()
      throw closedError(this.describe(), 'attach')
    }
    return link
  }

  /** @internal Closes its links, those still being attached included, and takes no more. */
  async closeLinks(): Promise<void> {
    await this.#owner.close()
  }

  /** @internal The blocking form; an attach still under way ends in an error and closes its own link. */
  closeLinksSync(): void {
    this.#owner.closeSync()
  }
}
