import { constants } from 'node:os'
import { inspectBriefly, integer, nonEmptyString, optionsObject } from './arguments.ts'
import { type Handle, binding } from './binding.ts'
import type { NativeProgramDescription } from './native-object.ts'
import type { NativeHook } from './native-hook.ts'
import { closedError, invalidArgument, ruleError } from './errors.ts'
import { type Hook, describeHook, familyOf, prepareHook, takesProgram } from './hooks/hook.ts'
import { requireBpfModule } from './hooks/lsm.ts'
import { preparationError } from './hooks/preparation-error.ts'
import type { LineOptions, LineStream } from './events/line-stream.ts'
import { ProgramStream } from './events/program-stream.ts'
import { namesTarget, sectionTarget } from './hooks/section.ts'
import { sectionFeature } from './hooks/section-feature.ts'
import { type Feature, attachError, featureOf } from './hooks/support.ts'
import { programTypeName } from './kernel-enums.ts'
import { type FirstAttached, attachFirst } from './attach-first.ts'
import { Link } from './link.ts'
import { LinkOwner } from './link-owner.ts'
import { type LinkSet, attachAll, hookList } from './link-set.ts'
import { type Names, check, checkValue, unwrap } from './outcome.ts'
import { Resource } from './resource.ts'
import { bootTimeToDate } from './system/clocks.ts'
import { checkPin, removePin } from './target.ts'
import { type VerifierStatistics, onlyInstructions } from './verifier/statistics.ts'

/** What the kernel knows of a loaded program. */
export interface ProgramInfo {
  id: number
  /** bpftool's name of the program type, such as `tracepoint`. */
  type: string
  /** At most 15 bytes, cut by the kernel. */
  name: string
  /** The kernel's hash of the instructions, 16 hexadecimal digits. */
  tag: string
  gplCompatible: boolean
  loadTime: Date
  createdByUid: number
  mapIds: number[]
  btfId: number
  /** 8-byte instructions after the kernel's rewriting; 0 when hidden from this process. */
  instructionCount: number
  /** Instructions that the verifier walked, all paths together; Linux 5.16, else 0. */
  verifiedInstructions: number
  /** Bytes of machine code; 0 when not compiled or hidden. */
  jitedSize: number
  /** Nanoseconds and runs, counted while statistics are on (see `enableRunStatistics`). */
  runTimeNs: bigint
  runCount: bigint
  /** Runs left out because the program was already running on that CPU; Linux 5.12. */
  recursionMisses: bigint
}

export interface TestRunOptions {
  /** The packet, or whatever input the program type takes. */
  data?: Uint8Array
  /** The context struct, where the program type takes one. */
  ctx?: Uint8Array
  /** Number of runs, 1 by default. */
  repeat?: number
  /** BPF_F_TEST_* of linux/bpf.h. */
  flags?: number
  /** CPU to run on, with BPF_F_TEST_RUN_ON_CPU. */
  cpu?: number
  /** Packets in one batch, with BPF_F_TEST_XDP_LIVE_FRAMES. */
  batchSize?: number
}

export interface TestRunResult {
  returnValue: number
  /** Average nanoseconds of one run. */
  durationNs: number
  /** The packet as the program left it. */
  data: Uint8Array
  /** The context as the program left it. */
  ctx: Uint8Array
}

/** Types that are run on the context itself: the kernel refuses a place for another one. */
const CONTEXT_IN_PLACE = new Set(['syscall', 'raw_tracepoint', 'raw_tracepoint_writable'])

/** More than any context struct has: the kernel gives all of it, also to who gave only its first fields. */
const CONTEXT_OUT_ROOM = 512

/** XDP may grow a packet by its headroom (XDP_PACKET_HEADROOM of linux/bpf.h) and by its tail room, at most one page. */
const DATA_OUT_ROOM = 256 + 4096

/** What is known of a program that was loaded. */
export interface ProgramDescription extends Pick<NativeProgramDescription, 'name' | 'section' | 'type'> {
  /** libbpf's name of what it was loaded for, such as `cgroup_inet4_bind`; `''` when that is not known. */
  expectedAttachType?: string | undefined
  /** Where the user had it loaded for, in place of what its section says. */
  attachTarget?: string | undefined
  /** What the verifier said of its work, where it was asked. */
  verifier?: VerifierStatistics | undefined
}

const NO_TARGET_HINT = "The program's section names no target: attach it by a hook, such as attach(xdp('eth0'))."

const PIN_CALLS = { open: binding.programOpenByPath, info: binding.programInfo, close: binding.programClose }

const releaseProgram = (unreachable: Handle): unknown => binding.programClose(unreachable)

const ATTACHED_HINT = 'The program is attached there already.'

/** A program in the kernel: verified, compiled, ready to be attached. */
export class BpfProgram extends Resource {
  /** ELF section, such as `tracepoint/sched/sched_process_exec`; `''` for a program that was not loaded from an object. */
  readonly section: string
  /** libbpf's name of the program type, such as `tracepoint`. */
  readonly type: string
  /** @internal libbpf's name of what it was loaded for, such as `cgroup_inet4_bind`; `''` when that is not known. */
  readonly expectedAttachType: string
  /** The object itself, not only its name: a link keeps its program, and so this, alive. */
  readonly #object: { readonly name: string } | undefined
  readonly #owner: LinkOwner
  readonly #verifier: VerifierStatistics | undefined
  #stdout: ProgramStream | undefined
  #stderr: ProgramStream | undefined
  /** What a tracing program was loaded for; `''` when it is not known. */
  readonly #target: string
  /** @internal Whether {@link attach} needs no hook: the section names the target, or `attachTarget` did before loading. */
  readonly knowsTarget: boolean

  /** @internal */
  constructor(handle: Handle, description: ProgramDescription, object?: { readonly name: string }) {
    super(description.name, handle, object === undefined ? 'program' : undefined, releaseProgram)
    this.section = description.section
    this.type = description.type
    this.expectedAttachType = description.expectedAttachType ?? ''
    this.#target = description.attachTarget ?? sectionTarget(description.section)
    this.knowsTarget = namesTarget(description.section) || description.attachTarget !== undefined
    this.#object = object
    this.#verifier = description.verifier
    this.#owner = new LinkOwner(this, 'program', description.type, this.#names())
  }

  /** The kernel's descriptor; it stays this program's. */
  get fd(): number {
    return check(binding.programFd(this.use('read fd')), 'bpf_program__fd', this.#names())
  }

  /** Unique in the running kernel. */
  get id(): number {
    return this.info().id
  }

  /** The links made by {@link attach} that are not closed. */
  get links(): readonly Link[] {
    return this.#owner.links
  }

  /**
   * What verifying the program took. Of one that was opened, only `instructions`, which the kernel keeps since Linux 5.16; of one
   * of an object where libbpf is the system's, all only with a `logLevel`. `undefined` where nothing is known.
   */
  get verifier(): VerifierStatistics | undefined {
    this.use('read verifier')
    if (this.#verifier !== undefined) return this.#verifier
    const { verifiedInstructions } = this.info()
    return verifiedInstructions === 0 ? undefined : onlyInstructions(verifiedInstructions)
  }

  info(): ProgramInfo {
    const info = checkValue(binding.programInfo(this.use('info')), 'bpf_prog_get_info_by_fd', this.#names())
    const { loadTime, translatedSize, type, attachBtfObjectId: _object, attachBtfId: _function, ...rest } = info
    return {
      ...rest,
      type: programTypeName(type),
      loadTime: bootTimeToDate(loadTime),
      instructionCount: translatedSize / 8,
    }
  }

  /**
   * Attaches, off the JavaScript thread.
   *
   * @param hook where to; without one, where the ELF section says, which programs that were opened, or made of instructions, do not have
   * @throws EbpfError with the kernel's code, such as ENOENT for a tracepoint that this kernel does not have.
   */
  async attach(hook?: Hook): Promise<Link> {
    const handle = this.use('attach')
    if (this.#owner.detaching) throw closedError(this.describe(), 'attach')
    if (hook === undefined) {
      if (this.section === '') {
        throw invalidArgument(
          `${this.describe()} has no section of an object, which would say where to: attach it by a hook, such as attach(xdp('eth0'))`,
        )
      }
      return await this.#owner.track(this.#attachBySection(handle))
    }
    const { native, release } = prepareHook(hook, this, this.#names())
    try {
      this.#refuseOtherTarget(hook)
      // Native code duplicates what it needs of the hook before the call returns.
      return await this.#owner.track(this.#attach(handle, native, describeHook(hook), featureOf(hook, this), hook))
    } finally {
      release?.()
    }
  }

  async #attachBySection(handle: Handle): Promise<Link> {
    // Such a kernel attaches the program, and never asks it.
    try {
      if (this.type === 'lsm') requireBpfModule(this.section)
    } catch (error) {
      throw preparationError(error, { ...this.#names(), link: this.section })
    }
    const feature = sectionFeature(this)
    const hint = this.knowsTarget ? undefined : NO_TARGET_HINT
    return await this.#attach(handle, { kind: 'section' }, this.section, feature, undefined, hint)
  }

  async #attach(
    handle: Handle,
    native: NativeHook,
    name: string,
    feature: Feature | undefined,
    hook: Hook | undefined,
    hint?: string,
  ): Promise<Link> {
    const outcome = await binding.programAttach(handle, native)
    if (outcome.errno !== 0) {
      const known = outcome.errno === -constants.errno.EEXIST ? ATTACHED_HINT : hint
      const why = hook === undefined ? known : (familyOf(hook).hint?.(hook, outcome.errno) ?? known)
      throw await attachError(outcome, { ...this.#names(), link: name, hint: why }, feature)
    }
    const link = new Link({ name, handle: unwrap(outcome, this.#names()), owner: this.#owner })
    if (this.closed || this.#owner.detaching) {
      // Closed while the kernel attached: nothing may stay behind.
      await link.close()
      throw closedError(this.describe(), 'attach')
    }
    return link
  }

  /**
   * Attaches to several hooks: to all, or to none when one fails.
   *
   * @param hooks such as those of `kprobes('tcp_*')`
   */
  async attachAll(hooks: Iterable<Hook>): Promise<LinkSet> {
    this.use('attachAll')
    return await attachAll(this, hooks)
  }

  /**
   * Attaches to the first of the hooks that this kernel takes, and says why those before it were passed over.
   *
   * @throws EbpfError ERR_EBPF_NONE_ATTACHED, with every reason, when it takes none
   */
  async attachFirst(hooks: Iterable<Hook>): Promise<FirstAttached> {
    this.use('attachFirst')
    return await attachFirst(hookList(hooks).map((hook) => [this, hook] as const))
  }

  /** The verifier has checked the program against one target; the kernel would silently attach it there. */
  #refuseOtherTarget(hook: Hook): void {
    if (!takesProgram(hook, this.type)) {
      throw invalidArgument(
        `${this.describe()} is of type ${this.type}, which cannot be attached to ${describeHook(hook)}`,
      )
    }
    const { attachTypes, loadTarget } = familyOf(hook)
    if (attachTypes !== undefined && this.expectedAttachType !== '' && !attachTypes.includes(this.expectedAttachType)) {
      throw invalidArgument(
        `${this.describe()} was loaded for ${this.expectedAttachType}, and cannot be attached to ${describeHook(hook)}, which takes ${attachTypes.join(' or ')}`,
      )
    }
    const wanted = loadTarget?.(hook)
    const target = this.#target
    if (wanted === undefined || target === '' || target === wanted) return
    throw ruleError(
      'ERR_EBPF_INVALID_ARGUMENT',
      `${this.describe()} was loaded for ${hook.kind} ${target} and cannot be attached to ${wanted}`,
      {
        operation: 'attach',
        ...this.#names(),
        hint: `The target of a ${hook.kind} program is fixed when it is loaded.`,
      },
    )
  }

  /**
   * Runs the program on given input, without any event, off the JavaScript thread. Linux 4.12 for network programs; the
   * kernel answers ENOTSUPP for types that it cannot run so.
   */
  async testRun(options: TestRunOptions = {}): Promise<TestRunResult> {
    const { data, ctx } = optionsObject(options)
    requireBytes(data, 'data')
    requireBytes(ctx, 'ctx')
    const outcome = await binding.programTestRun(this.use('testRun'), {
      ...(data !== undefined && { data }),
      ...(ctx !== undefined && { ctx }),
      dataOutSize: data === undefined ? 0 : data.length + DATA_OUT_ROOM,
      ctxOutSize: ctx === undefined || CONTEXT_IN_PLACE.has(this.type) ? 0 : Math.max(ctx.length, CONTEXT_OUT_ROOM),
      // 0 is once, too, and the only number that every program type takes.
      repeat: options.repeat === undefined ? 0 : integer(options.repeat, 'repeat', 1, 0x7fff_ffff),
      flags: integer(options.flags ?? 0, 'flags', 0, 0xffff_ffff),
      cpu: integer(options.cpu ?? 0, 'cpu', 0, 0x7fff_ffff),
      batchSize: integer(options.batchSize ?? 0, 'batchSize', 0, 0x7fff_ffff),
    })
    return unwrap(outcome, this.#names())
  }

  /**
   * What the program writes to its stdout, by `bpf_stream_printk(BPF_STDOUT, …)`, line by line. Linux 6.17.
   *
   * The kernel keeps 100 000 bytes that nobody has taken, from before this call, too; what does not fit is refused to the
   * program. A stream has one reader at a time: leaving the loop leaves what was not handed over to the next one. It ends
   * when the program is closed.
   *
   * @throws EbpfError ERR_EBPF_BUSY while there is another reader, ERR_EBPF_KERNEL on older kernels
   */
  stdout(options: LineOptions = {}): LineStream<string> {
    this.use('stdout')
    this.#stdout ??= new ProgramStream(this, 'stdout')
    return this.#stdout.lines(options)
  }

  /**
   * What the kernel reports of the running program, such as a fault in an arena, a deadlock or a loop that was ended, with
   * a stack trace; and what it writes to BPF_STDERR. Otherwise as {@link stdout}.
   */
  stderr(options: LineOptions = {}): LineStream<string> {
    this.use('stderr')
    this.#stderr ??= new ProgramStream(this, 'stderr')
    return this.#stderr.lines(options)
  }

  /**
   * Pins the program in a BPF file system, where it outlives this process. Linux 4.4.
   *
   * @param path of a file that does not exist, below a mounted bpffs such as `/sys/fs/bpf`
   */
  pin(path: string): void {
    const pin = nonEmptyString(path, 'path')
    checkPin(binding.programPin(this.use('pin'), pin), 'bpf_obj_pin', pin, this.#names())
  }

  /**
   * Removes a pin of the program.
   *
   * @throws TypeError when that is no pin, or one of something else
   */
  unpin(path: string): void {
    removePin(path, this.describe(), this.id, PIN_CALLS)
  }

  /**
   * Closes the descriptor, at once. Links of the program stay attached. A second call does nothing.
   */
  close(): void {
    const handle = this.relinquish()
    if (handle !== 0) check(binding.programClose(handle), 'close', this.#names())
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal For calls that take another program, such as loading an extension of it, or updating a link. */
  borrow(operation: string): Handle {
    return this.use(operation)
  }

  /** @internal Closes its links, those still being attached included, and takes no more. */
  async closeLinks(): Promise<void> {
    await this.#owner.close()
  }

  /** @internal The blocking form; an attach still under way ends in an error and closes its own link. */
  closeLinksSync(): void {
    this.#owner.closeSync()
  }

  #names(): Names {
    return { program: this.name, object: this.#object?.name }
  }

  protected override describe(): string {
    return `program '${this.name}'`
  }
}

function requireBytes(value: unknown, argument: string): void {
  if (value !== undefined && !(value instanceof Uint8Array)) {
    throw invalidArgument(`${argument} must be a Uint8Array, not ${inspectBriefly(value)}`)
  }
}
