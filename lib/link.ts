import { type Handle, binding } from './binding.ts'
import { nonEmptyString } from './arguments.ts'
import { type LinkInfo, linkInfo } from './link-info.ts'
import { check, checkValue, unwrap } from './outcome.ts'
import { Resource } from './resource.ts'
import { checkPin } from './target.ts'

/**
 * Links that are attached. Whoever drops the last reference to a link does not mean to detach: it stays until it or its
 * object is closed, or the process ends, never until some garbage collection.
 */
const attached = new Set<Link>()

const releaseLink = (unreachable: Handle): unknown => binding.linkClose(unreachable)

/** One program attached to one hook. */
export class Link extends Resource {
  /** The program's name. */
  readonly program: string
  readonly #forget: (link: Link) => void
  #closing: Promise<void> | undefined

  /** @internal `forget` is called when it is detached. */
  constructor(name: string, program: string, handle: Handle, forget: (link: Link) => void) {
    super(name, handle, 'link', releaseLink)
    this.program = program
    this.#forget = forget
    attached.add(this)
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
   * @throws EbpfError EINVAL where the attachment is a perf event without a link (tracing before Linux 5.15).
   */
  info(): LinkInfo {
    return linkInfo(checkValue(binding.linkInfo(this.use('info')), 'bpf_link_get_info_by_fd', this.#names()))
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
    const outcome = await binding.linkClose(handle)
    this.#detached()
    unwrap(outcome, this.#names())
  }

  #detached(): void {
    attached.delete(this)
    this.#forget(this)
  }

  #names(): { link: string; program: string } {
    return { link: this.name, program: this.program }
  }

  protected override describe(): string {
    return `link '${this.name}' of program '${this.program}'`
  }
}
