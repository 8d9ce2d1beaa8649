/**
 * Hooks are data: `tracepoint('sched', 'sched_switch')` is a plain object that can be stored, compared and logged. One file
 * of this folder holds one family: its type, its builder, and how it is described to native code.
 */
import type { NativeHook } from '../binding.ts'
import { invalidArgument } from '../errors.ts'
import { type RawTracepointHook, rawTracepointToNative } from './raw-tracepoint.ts'
import { type TpBtfHook, tpBtfToNative } from './tp-btf.ts'
import { type TracepointHook, tracepointToNative } from './tracepoint.ts'
import { type UprobeHook, uprobeToNative } from './uprobe.ts'
import { type XdpHook, xdpToNative } from './xdp.ts'

/** Anything that a program can be attached to by name. */
export type Hook = TracepointHook | RawTracepointHook | TpBtfHook | UprobeHook | XdpHook

/** A hook made ready for one attach call; `release` closes what was opened for it. */
export interface PreparedHook {
  native: NativeHook
  release?: () => void
}

type Preparations = { [Kind in Hook['kind']]: (hook: Extract<Hook, { kind: Kind }>) => PreparedHook }

/** One row for each kind: adding a hook means a file of this folder and a row here. */
const PREPARATIONS: Preparations = {
  tracepoint: tracepointToNative,
  raw_tracepoint: rawTracepointToNative,
  tp_btf: tpBtfToNative,
  uprobe: uprobeToNative,
  uretprobe: uprobeToNative,
  xdp: xdpToNative,
}

/** libbpf's names of the program types that a kind of hook takes. */
const PROGRAM_TYPES: { [Kind in Hook['kind']]: readonly string[] } = {
  tracepoint: ['tracepoint'],
  raw_tracepoint: ['raw_tracepoint', 'raw_tracepoint_writable'],
  tp_btf: ['tracing'],
  uprobe: ['kprobe'],
  uretprobe: ['kprobe'],
  xdp: ['xdp'],
}

/** Whether a program of this type can be attached there; the kernel would only say EINVAL. */
export function takesProgram(hook: Hook, type: string): boolean {
  return PROGRAM_TYPES[hook.kind].includes(type)
}

/**
 * @throws TypeError when `hook` is not one that a builder makes.
 */
export function prepareHook(hook: Hook): PreparedHook {
  const kind: unknown = (hook as { kind?: unknown } | null | undefined)?.kind
  if (typeof kind !== 'string' || !Object.hasOwn(PREPARATIONS, kind)) {
    throw invalidArgument(
      `hook must be made by a builder such as tracepoint() or xdp(); known kinds: ${Object.keys(PREPARATIONS).join(', ')}`,
    )
  }
  const prepare = PREPARATIONS[hook.kind] as (hook: Hook) => PreparedHook
  return prepare(hook)
}

/** A short text for messages, such as `tracepoint sched/sched_switch`. */
export function describeHook(hook: Hook): string {
  switch (hook.kind) {
    case 'tracepoint':
      return `tracepoint ${hook.category}/${hook.name}`
    case 'raw_tracepoint':
    case 'tp_btf':
      return `${hook.kind} ${hook.name}`
    case 'uprobe':
    case 'uretprobe':
      return `${hook.kind} ${hook.binary}:${hook.symbol ?? `0x${hook.offset.toString(16)}`}`
    case 'xdp':
      return `xdp ${hook.interface}`
  }
}
