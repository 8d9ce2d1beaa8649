/** What every family of hooks says of itself; one file of this folder each, and one row in the table of hook.ts. */
import type { NativeHook, NativeQuery, NativeQueryEntry } from '../native-hook.ts'
import type { LinkInfo } from '../link-info.ts'

/** A hook made ready for one native call; `release` closes what was opened for it. */
export interface PreparedHook {
  native: NativeHook
  release?: () => void
}

/** The question "who is attached here", made ready for one native call. */
export interface PreparedQuery {
  native: NativeQuery
  /** Whether a program of the answer is at the hook, where the kernel answers for several hooks at once. */
  isHere?(programId: number): boolean
  /** Whether a link of the system may be that of a program in the answer, where the kernel names none. */
  mayBeOf?(link: LinkInfo, entry: NativeQueryEntry): boolean
  /** Whether the kernel refused since it cannot be asked: links are looked through then. */
  isUnknown?(errno: number): boolean
  release?: () => void
}

/** What a hook may follow from in the program that is attached there. */
export interface HookedProgram {
  readonly name: string
  /** ELF section; `''` for a program that was opened. */
  readonly section: string
  /** libbpf's name of the program type. */
  readonly type: string
  /** libbpf's name of what it was loaded for (`libbpf_bpf_attach_type_str`); `''` when that is not known. */
  readonly expectedAttachType: string
}

/** The same for all hooks of a family, or by the hook and its program; of the hook only `kind` is known for a section. */
export type PerHook<H, T> = T | ((hook: H, program?: HookedProgram) => T)

/** One kind of hook. */
export interface HookFamily<H> {
  /** libbpf's names of the program types that it takes; for others the kernel would only say EINVAL. */
  programTypes: readonly string[]
  /**
   * libbpf's names of the expected attach types (`libbpf_bpf_attach_type_str`) that it takes, where the program was loaded
   * for one and the kernel would attach it as that, whatever the hook says.
   */
  attachTypes?: readonly string[]
  /** What is said to be missing, where that is not the hook itself but an option of it; the hook's kind by default. */
  feature?: PerHook<H, string>
  /** The first Linux that has it, such as `6.6`. */
  since: PerHook<H, string>
  /**
   * A function of the kernel that is there exactly where it has the hook, as in /proc/kallsyms, or several that are all
   * there: kernels are built without features, and distributions bring features to older versions, so a version alone proves
   * nothing.
   */
  evidence?: PerHook<H, string | readonly string[] | undefined>
  /** The option that a kernel of that version may be built without, such as `CONFIG_FPROBE`. */
  config?: PerHook<H, string | undefined>
  /** The errnos that a kernel without it answers, where others mean something else; whatever is plausible without it. */
  refusals?: PerHook<H, readonly number[] | undefined>
  /** A short text for messages, such as `tracepoint sched/sched_switch`. */
  describe(hook: H): string
  /** Checks the hook like its builder does, since it may be made by hand. */
  prepare(hook: H, program?: HookedProgram): PreparedHook
  /** What a failed attach means here, where the kernel's negative errno alone does not say it. */
  hint?(hook: H, errno: number): string | undefined
  /** The target that a program for this hook is fixed to when it is loaded, such as a kernel function's name. */
  loadTarget?(hook: H): string
  /** Where the kernel can be asked who is attached; `effective`, of cgroups: who runs there, wherever it is attached. */
  query?(hook: H, effective?: boolean): PreparedQuery
  /** Checks a hook of which links are asked, where `prepare` checks also what only an attach needs. */
  check?(hook: H): void
  /** Whether a link of the system is at this hook, which was checked, where the kernel answers no query. */
  holds?(hook: H, link: LinkInfo): boolean | Promise<boolean>
}
