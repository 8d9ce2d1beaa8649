import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { inspectBriefly, nonEmptyString, optionsObject } from './arguments.ts'
import { type Handle, type Status, binding } from './binding.ts'
import type { NativeLinkInfo } from './native-hook.ts'
import { closedError, invalidArgument } from './errors.ts'
import { readIterator } from './iterator-stream.ts'
import { type LinkInfo, linkInfo } from './link-info.ts'
import { type LinkHolder, type LinkOwner, ownerOf } from './link-owner.ts'
import { notDetachable, updateError } from './link-refusal.ts'
import type { StructOpsMap } from './maps/struct-ops.ts'
import { type Names, check, checkValue, unwrap } from './outcome.ts'
import type { BpfProgram } from './program.ts'
import { Resource } from './resource.ts'
import { checkPin, removePin } from './target.ts'

/**
 * Links that were attached here. Whoever drops the last reference to a link does not mean to detach: it stays until it or
 * its object is closed, or the process ends, never until some garbage collection.
 */
const attached = new Set<Link>()

const releaseLink = (unreachable: Handle): unknown => binding.linkClose(unreachable)

const PIN_CALLS = { open: binding.linkOpenByPath, info: binding.linkInfo, close: binding.linkCloseSync }

export interface UpdateOptions {
  /** Only when this is the program, or the struct_ops map, that is attached now; EPERM otherwise. */
  expected?: BpfProgram | StructOpsMap
}

/** @internal */
export interface LinkInit {
  /** For messages, such as `xdp eth0`. */
  name: string
  handle: Handle
  /** Whose link it is; nobody's in this process when it was opened. */
  owner?: LinkOwner
  /** The name of the program of a link without owner. */
  program?: string
  /** Attached by somebody else, who decides how long: dropped without being closed, it is let go, like any descriptor. */
  opened?: boolean
}

/** One program attached to one hook. */
export class Link extends Resource {
  #owner: LinkOwner | undefined
  readonly #openedProgram: string
  #closing: Promise<void> | undefined
  /** Updates under way: they happen in the order of their calls, and closing waits for them. */
  #updating: Promise<void> = Promise.resolve()

  /** @internal */
  constructor(init: LinkInit) {
    super(init.name, init.handle, 'link', releaseLink)
    this.#owner = init.owner
    this.#openedProgram = init.program ?? ''
    this.#owner?.adopt(this)
    if (init.opened !== true) attached.add(this)
  }

  /** The name of the program that is attached, or of the struct_ops map. */
  get program(): string {
    return this.#owner?.name ?? this.#openedProgram
  }

  /** @internal What is attached: a program or a struct_ops map, where it is this process's. */
  get holder(): LinkHolder | undefined {
    return this.#owner?.holder
  }

  /** The kernel's descriptor; it stays this link's. */
  get fd(): number {
    return check(binding.linkFd(this.use('read fd')), 'bpf_link__fd', this.#names())
  }

  /** Unique in the running kernel. */
  get id(): number {
    return this.info().id
  }

  /**
   * What the kernel knows of the link. Linux 5.8.
   *
   * @throws EbpfError EOPNOTSUPP or EINVAL where the attachment is no link of the kernel, such as tracing before Linux 5.15.
   */
  info(): LinkInfo {
    return linkInfo(checkValue(binding.linkInfo(this.use('info')), 'bpf_link_get_info_by_fd', this.#names()))
  }

  /**
   * Puts another program in this one's place, off the JavaScript thread: atomically, so that every event meets one of the
   * two. A struct_ops link takes another map of the same type (Linux 6.4, libbpf 1.2).
   *
   * @throws EbpfError ERR_EBPF_NOT_UPDATABLE where the kernel cannot: it can for XDP (5.9), TCX (6.6), netkit (6.7), cgroups
   * (5.7), network namespaces (5.8), iterators (5.8), sockmaps (6.10) and struct_ops (6.4).
   */
  async update(replacement: BpfProgram | StructOpsMap, options: UpdateOptions = {}): Promise<void> {
    this.use('update')
    const next = ownerOf(replacement)
    if (next === undefined) {
      throw invalidArgument(
        `replacement must be a loaded program, or a struct_ops map, not ${inspectBriefly(replacement)}`,
      )
    }
    const expected = expectedOwner(options)
    this.#refuseOther(next, expected)
    next.borrow('update')
    const update = this.#updating.then(() => this.#update(next, expected))
    this.#updating = update.catch(() => {})
    await next.track(update)
  }

  /** What the kernel would mistake, or only answer with EINVAL. */
  #refuseOther(next: LinkOwner, expected: LinkOwner | undefined): void {
    const present = this.#owner
    if (present !== undefined && (present.kind !== next.kind || present.type !== next.type)) {
      throw invalidArgument(
        `${next.kind} '${next.name}' of type ${next.type} cannot take the place of ${present.kind} '${present.name}' of type ${present.type}`,
      )
    }
    if (expected !== undefined && expected.kind !== next.kind) {
      throw invalidArgument(
        `expected must be a ${next.kind}, as what takes its place: not ${expected.kind} '${expected.name}'`,
      )
    }
  }

  async #update(next: LinkOwner, expected: LinkOwner | undefined): Promise<void> {
    const handle = this.use('update')
    const update = next.kind === 'map' ? binding.linkUpdateMap : binding.linkUpdate
    const outcome = await update(handle, next.borrow('update'), expected?.borrow('update') ?? 0)
    if (outcome.errno !== 0) {
      throw updateError(outcome, { ...next.names, link: this.name }, this.#infoFor(handle), next, expected)
    }
    unwrap(outcome, this.#names())
    // Closed meanwhile: whoever did that detaches the new program, too.
    if (this.closed) throw closedError(this.describe(), 'update')
    this.#owner?.forget(this)
    this.#owner = next
    next.adopt(this)
    if (next.detaching) {
      this.#closing ??= this.#release(this.relinquish())
      await this.#closing
      throw closedError(`${next.kind} '${next.name}'`, 'update')
    }
  }

  /**
   * Pins the link in a BPF file system, where it outlives this process until the file is removed. Linux 5.7.
   *
   * @param path of a file that does not exist, below a mounted bpffs such as `/sys/fs/bpf`
   */
  pin(path: string): void {
    const pin = nonEmptyString(path, 'path')
    checkPin(binding.linkPin(this.use('pin'), pin), 'bpf_link__pin', pin, this.#names())
  }

  /**
   * Removes a pin of the link. It stays attached for as long as it is open or pinned elsewhere.
   *
   * @throws TypeError when that is no pin, or one of something else
   */
  unpin(path: string): void {
    removePin(path, this.describe(), this.id, PIN_CALLS)
  }

  /**
   * Detaches the link for everybody, also where others hold it open or pinned, off the JavaScript thread. The link is a
   * husk from then on: it can be asked and must be closed, and does not come back. Linux 5.9.
   *
   * @throws EbpfError EOPNOTSUPP for kinds that the kernel detaches only when the last holder closes them, such as tracing
   */
  async detach(): Promise<void> {
    const handle = this.use('detach')
    const outcome = await binding.linkDetach(handle)
    if (outcome.errno !== 0) throw notDetachable(outcome, this.#names(), this.#infoFor(handle))
    unwrap(outcome, this.#names())
  }

  /**
   * Runs an iterator once, and gives what its program writes. Each call is a run of its own; the stream must be read to its
   * end, or destroyed. It goes on when the link is closed. Linux 5.8.
   *
   * @throws EbpfError EINVAL when the link is none of an iterator
   */
  read(): Readable {
    return readIterator(this.use('read'), this.#names())
  }

  /** Runs an iterator once, and gives all that its program writes, as text. */
  async text(): Promise<string> {
    return await text(this.read())
  }

  /**
   * Detaches, off the JavaScript thread: the kernel waits for running programs, 60 ms and more for tracing. Resolves when
   * the program no longer runs there. A pinned link stays attached. A second call does nothing but wait for the first.
   */
  close(): Promise<void> {
    this.#closing ??= this.#detach()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The blocking form of {@link close}: stops the whole JavaScript thread for the kernel's grace period. */
  [Symbol.dispose](): void {
    const handle = this.relinquish()
    if (handle === 0) return
    const status = binding.linkCloseSync(handle)
    this.#detached()
    check(status, 'bpf_link__destroy', this.#names())
  }

  async #detach(): Promise<void> {
    const handle = this.relinquish()
    if (handle === 0) return
    await this.#updating
    await this.#release(handle)
  }

  async #release(handle: Handle): Promise<void> {
    const outcome = await binding.linkClose(handle)
    this.#detached()
    unwrap(outcome, this.#names())
  }

  #detached(): void {
    attached.delete(this)
    this.#owner?.forget(this)
  }

  /** To explain what was refused: a number when it is no link of the kernel, or closed meanwhile. */
  #infoFor(handle: Handle): NativeLinkInfo | Status {
    return this.closed ? -constants.errno.EBADF : binding.linkInfo(handle)
  }

  #names(): Names {
    return { link: this.name, ...(this.program !== '' && { program: this.program }) }
  }

  protected override describe(): string {
    return this.program === '' ? `link '${this.name}'` : `link '${this.name}' of program '${this.program}'`
  }
}

function expectedOwner(options: UpdateOptions): LinkOwner | undefined {
  if (optionsObject(options).expected === undefined) return undefined
  const owner = ownerOf(options.expected)
  if (owner === undefined) {
    throw invalidArgument(
      `expected must be a loaded program, or a struct_ops map, not ${inspectBriefly(options.expected)}`,
    )
  }
  return owner
}
