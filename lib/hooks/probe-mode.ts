import { invalidArgument } from '../errors.ts'
import { inspectBriefly } from '../arguments.ts'
import type { NativeProbeMode } from '../native-hook.ts'

/**
 * The kernel's three ways to place a probe, newest first: a `link` (Linux 5.15), a `perf` event with the program set on it
 * (4.17), and `legacy`, an event made in tracefs (4.1 for kprobes, 4.3 for uprobes). Without one, libbpf takes the newest
 * that this kernel has. libbpf 1.2.
 */
export type ProbeMode = 'link' | 'perf' | 'legacy'

/** `enum probe_attach_mode` of libbpf.h. */
const MODES: Record<ProbeMode, NativeProbeMode> = { legacy: 1, perf: 2, link: 3 }

/** @throws TypeError unless `mode` is one, or not given. */
export function checkProbeMode(mode: unknown): ProbeMode | undefined {
  if (mode === undefined || (typeof mode === 'string' && Object.hasOwn(MODES, mode))) {
    return mode as ProbeMode | undefined
  }
  throw invalidArgument(`mode must be one of ${Object.keys(MODES).join(', ')}, not ${inspectBriefly(mode)}`)
}

/** The number of a checked mode. */
export function nativeProbeMode(mode: ProbeMode | undefined): NativeProbeMode {
  return mode === undefined ? 0 : MODES[mode]
}
