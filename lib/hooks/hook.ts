/**
 * Hooks are data: `tracepoint('sched', 'sched_switch')` is a plain object that can be stored, compared and logged. One file
 * of this folder holds one family: its type, its builder, and how it is described to native code.
 */
import { invalidArgument } from '../errors.ts'
import type { Names } from '../outcome.ts'
import { type CgroupHook, cgroupFamily } from './cgroup.ts'
import type { HookFamily, HookedProgram, PreparedHook, PreparedQuery } from './family.ts'
import { type FreplaceHook, freplaceFamily } from './freplace.ts'
import { type IteratorHook, iteratorFamily } from './iterator.ts'
import { type KprobeHook, type KsyscallHook, kprobeFamily, ksyscallFamily } from './kprobe.ts'
import { type KprobeMultiHook, kprobeMultiFamily, kprobeSessionFamily } from './kprobe-multi.ts'
import { type LircHook, lircFamily } from './lirc.ts'
import { type LsmCgroupHook, type LsmHook, lsmCgroupFamily, lsmFamily } from './lsm.ts'
import { type NetfilterHook, netfilterFamily } from './netfilter.ts'
import { type NetkitHook, netkitFamily } from './netkit.ts'
import { type FlowDissectorHook, type SkLookupHook, flowDissectorFamily, skLookupFamily } from './network-namespace.ts'
import { type PerfEventHook, perfEventFamily } from './perf-event.ts'
import { preparationError } from './preparation-error.ts'
import { type RawTracepointHook, rawTracepointFamily } from './raw-tracepoint.ts'
import { type ReuseportHook, type SocketFilterHook, reuseportFamily, socketFilterFamily } from './socket.ts'
import { type SockmapHook, sockmapFamily } from './sockmap.ts'
import { type TcHook, tcFamily } from './tc.ts'
import { type TcxHook, tcxFamily } from './tcx.ts'
import { type TpBtfHook, tpBtfFamily } from './tp-btf.ts'
import { type TracepointHook, tracepointFamily } from './tracepoint.ts'
import { type TracingHook, fentryFamily, fexitFamily, fmodRetFamily, fsessionFamily } from './tracing.ts'
import { type UprobeMultiHook, uprobeMultiFamily, uprobeSessionFamily } from './uprobe-multi.ts'
import { type UprobeHook, uprobeFamily } from './uprobe.ts'
import { type UsdtHook, usdtFamily } from './usdt.ts'
import { type XdpHook, xdpFamily } from './xdp.ts'

/** Anything that a program can be attached to by name. */
export type Hook =
  | TracepointHook
  | RawTracepointHook
  | TpBtfHook
  | KprobeHook
  | KsyscallHook
  | KprobeMultiHook
  | TracingHook
  | FreplaceHook
  | LsmHook
  | LsmCgroupHook
  | UprobeHook
  | UprobeMultiHook
  | UsdtHook
  | PerfEventHook
  | XdpHook
  | TcHook
  | TcxHook
  | NetkitHook
  | NetfilterHook
  | CgroupHook
  | SocketFilterHook
  | ReuseportHook
  | SockmapHook
  | SkLookupHook
  | FlowDissectorHook
  | LircHook
  | IteratorHook

type Families = { [Kind in Hook['kind']]: HookFamily<Extract<Hook, { kind: Kind }>> }

/** One row for each kind: adding a hook means a file of this folder and a row here. */
const FAMILIES: Families = {
  tracepoint: tracepointFamily,
  raw_tracepoint: rawTracepointFamily,
  tp_btf: tpBtfFamily,
  kprobe: kprobeFamily,
  kretprobe: kprobeFamily,
  ksyscall: ksyscallFamily,
  kretsyscall: ksyscallFamily,
  kprobe_multi: kprobeMultiFamily,
  kretprobe_multi: kprobeMultiFamily,
  kprobe_session: kprobeSessionFamily,
  fentry: fentryFamily,
  fexit: fexitFamily,
  fmod_ret: fmodRetFamily,
  fsession: fsessionFamily,
  freplace: freplaceFamily,
  lsm: lsmFamily,
  lsm_cgroup: lsmCgroupFamily,
  uprobe: uprobeFamily,
  uretprobe: uprobeFamily,
  uprobe_multi: uprobeMultiFamily,
  uretprobe_multi: uprobeMultiFamily,
  uprobe_session: uprobeSessionFamily,
  usdt: usdtFamily,
  perf_event: perfEventFamily,
  xdp: xdpFamily,
  tc: tcFamily,
  tcx: tcxFamily,
  netkit: netkitFamily,
  netfilter: netfilterFamily,
  cgroup: cgroupFamily,
  socket_filter: socketFilterFamily,
  reuseport: reuseportFamily,
  sockmap: sockmapFamily,
  sk_lookup: skLookupFamily,
  flow_dissector: flowDissectorFamily,
  lirc: lircFamily,
  iterator: iteratorFamily,
}

function isHook(hook: Hook): boolean {
  const kind: unknown = (hook as { kind?: unknown } | null | undefined)?.kind
  return typeof kind === 'string' && Object.hasOwn(FAMILIES, kind)
}

/**
 * The family of a hook.
 *
 * @throws TypeError when `hook` is not one that a builder makes.
 */
export function familyOf<H extends Hook>(hook: H): HookFamily<H> {
  if (!isHook(hook)) {
    throw invalidArgument(
      `hook must be made by a builder such as tracepoint() or xdp(); known kinds: ${Object.keys(FAMILIES).join(', ')}`,
    )
  }
  return FAMILIES[hook.kind] as unknown as HookFamily<H>
}

/** Whether a program of this type can be attached there; the kernel would only say EINVAL. */
export function takesProgram(hook: Hook, type: string): boolean {
  return familyOf(hook).programTypes.includes(type)
}

/**
 * @param names of the program that is to be attached there
 * @throws TypeError when `hook` is not one that a builder makes.
 * @throws EbpfError when a file that it names cannot be opened
 */
export function prepareHook(hook: Hook, program?: HookedProgram, names: Names = {}): PreparedHook {
  return saidOf(hook, names, () => familyOf(hook).prepare(hook, program))
}

/**
 * The question who is attached, where the kernel can be asked; `undefined` otherwise.
 *
 * @throws as {@link prepareHook}
 */
export function prepareQuery(hook: Hook, effective: boolean): PreparedQuery | undefined {
  return saidOf(hook, {}, () => familyOf(hook).query?.(hook, effective))
}

/**
 * For hooks whose links are looked through, which may be made by hand: what is no hook has nobody attached, either, but that
 * is not the answer.
 *
 * @throws as {@link prepareHook}
 */
export function checkHook(hook: Hook): void {
  saidOf(hook, {}, () => {
    const family = familyOf(hook)
    if (family.check === undefined) family.prepare(hook).release?.()
    else family.check(hook)
  })
}

/** What is refused is said of the hook, and of the program that was to be attached there. */
function saidOf<T>(hook: Hook, names: Names, body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw preparationError(error, { ...names, ...(isHook(hook) && { link: describeHook(hook) }) })
  }
}

/** A short text for messages, such as `tracepoint sched/sched_switch`; the kind alone of a hook that was made by hand badly. */
export function describeHook(hook: Hook): string {
  const family = familyOf(hook)
  try {
    return family.describe(hook)
  } catch {
    return hook.kind
  }
}
