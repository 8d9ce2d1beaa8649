/**
 * What this kernel may lack. Where it is new enough for a feature, the absence is a failure, unless it is one of the gaps
 * listed here, which a look at the kernel has to prove each time.
 */
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import { gunzipSync } from 'node:zlib'

/** A way in which a kernel of the right version can still lack something. */
interface Gap {
  /** What a person types to see it. */
  command: string
  shows(): boolean
  reason: string
}

const lacksSymbol = (symbol: string, option: string): Gap => ({
  command: `grep -w ${symbol} /proc/kallsyms`,
  shows: () => !symbols().has(symbol),
  reason: `built without ${option}`,
})

const lacksOption = (option: string, reason: string): Gap => ({
  command: `zgrep ${option} /proc/config.gz`,
  shows: () => !options().includes(`${option}=y`) && options() !== '',
  reason,
})

/** Programs that the kernel jumps to by code that it writes at run time (kernel/bpf/trampoline.c). */
const noTrampolines: Gap = {
  command: 'zgrep CONFIG_PVM_GUEST /proc/config.gz',
  shows: () => options().includes('CONFIG_PVM_GUEST=y'),
  reason: 'a guest of a hypervisor that refuses BPF trampolines (EPERM at load, without a log)',
}

/** A kernel booted with a list of security modules (`lsm=`) that BPF is not on attaches programs and never asks them. */
const noLsmModule: Gap = {
  command: 'cat /sys/kernel/security/lsm',
  shows: () => !securityModules().includes('bpf'),
  reason: 'booted without the BPF security module',
}

/** Every gap that is known of a kernel that the tests run on, by feature. */
const GAPS = {
  kprobe: [lacksSymbol('register_kprobe', 'CONFIG_KPROBES')],
  fprobe: [lacksSymbol('register_fprobe_ips', 'CONFIG_FPROBE')],
  trampoline: [noTrampolines],
  lsm: [noTrampolines, lacksSymbol('bpf_lsm_verify_prog', 'CONFIG_BPF_LSM'), noLsmModule],
  netkit: [lacksSymbol('netkit_link_attach', 'CONFIG_NETKIT')],
  netdevsim: [lacksOption('CONFIG_NETDEVSIM', 'built without CONFIG_NETDEVSIM')],
  sched_ext: [lacksSymbol('bpf_scx_reg', 'CONFIG_SCHED_CLASS_EXT')],
  lirc: [lacksSymbol('lirc_prog_attach', 'CONFIG_BPF_LIRC_MODE2')],
} satisfies Record<string, Gap[]>

export type GapName = keyof typeof GAPS

/** Why this kernel has no such thing, or `undefined` where it has. */
export function absence(since: string, gap?: GapName): string | undefined {
  if (olderThan(since)) return `Linux ${since} is the first that has it`
  const found = gap === undefined ? undefined : GAPS[gap].find((candidate) => candidate.shows())
  return found === undefined ? undefined : `${found.reason} (${found.command})`
}

/** Whether the running kernel is older than `version`, such as `6.6`. */
export function olderThan(version: string): boolean {
  const running = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10))
  for (const [index, wanted] of version.split('.').map(Number).entries()) {
    const had = running[index] ?? 0
    if (had !== wanted) return had < wanted
  }
  return false
}

let knownSymbols: Set<string> | undefined
function symbols(): Set<string> {
  knownSymbols ??= new Set(
    readFileSync('/proc/kallsyms', 'latin1')
      .split('\n')
      .map((line) => line.split(/[ \t]/)[2] ?? ''),
  )
  return knownSymbols
}

let knownOptions: string | undefined
/** `''` where the kernel does not tell. */
function options(): string {
  if (knownOptions === undefined) {
    try {
      knownOptions = gunzipSync(readFileSync('/proc/config.gz')).toString('latin1')
    } catch {
      knownOptions = ''
    }
  }
  return knownOptions
}

/** `['bpf']` where the kernel does not tell: then it is expected to be there. */
function securityModules(): string[] {
  try {
    return readFileSync('/sys/kernel/security/lsm', 'latin1').trim().split(',')
  } catch {
    return ['bpf']
  }
}
