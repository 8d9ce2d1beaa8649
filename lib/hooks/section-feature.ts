/** What an ELF section asks of the kernel and of libbpf. */
import type { HookedProgram } from './family.ts'
import { type Hook, familyOf } from './hook.ts'
import { iteratorFeature } from './iterator-targets.ts'
import { sectionTarget } from './section.ts'
import { type Feature, featureOfFamily } from './support.ts'

/** The kind of hook by the section's first word, without the `.s` of programs that may sleep. */
const KINDS = new Map<string, Hook['kind']>(
  Object.entries({
    socket: 'socket_filter',
    sk_reuseport: 'reuseport',
    kprobe: 'kprobe',
    kretprobe: 'kretprobe',
    'kprobe.multi': 'kprobe_multi',
    'kretprobe.multi': 'kretprobe_multi',
    'kprobe.session': 'kprobe_session',
    ksyscall: 'ksyscall',
    kretsyscall: 'kretsyscall',
    uprobe: 'uprobe',
    uretprobe: 'uretprobe',
    'uprobe.multi': 'uprobe_multi',
    'uretprobe.multi': 'uretprobe_multi',
    'uprobe.session': 'uprobe_session',
    usdt: 'usdt',
    classifier: 'tc',
    action: 'tc',
    netkit: 'netkit',
    tcx: 'tcx',
    tracepoint: 'tracepoint',
    tp: 'tracepoint',
    raw_tracepoint: 'raw_tracepoint',
    raw_tp: 'raw_tracepoint',
    tp_btf: 'tp_btf',
    fentry: 'fentry',
    fexit: 'fexit',
    fmod_ret: 'fmod_ret',
    fsession: 'fsession',
    freplace: 'freplace',
    lsm: 'lsm',
    lsm_cgroup: 'lsm_cgroup',
    xdp: 'xdp',
    perf_event: 'perf_event',
    sockops: 'cgroup',
    sk_skb: 'sockmap',
    sk_msg: 'sockmap',
    lirc_mode2: 'lirc',
    flow_dissector: 'flow_dissector',
    cgroup_skb: 'cgroup',
    cgroup: 'cgroup',
    sk_lookup: 'sk_lookup',
    netfilter: 'netfilter',
  } as const),
)

/** Sections that need a newer Linux than others of their kind. */
const VARIANTS = new Map(
  Object.entries({
    'raw_tp.w': '5.2',
    'raw_tracepoint.w': '5.2',
    'xdp/devmap': '5.8',
    'xdp/cpumap': '5.9',
    'sk_reuseport/migrate': '5.14',
    'sk_skb/verdict': '5.13',
    'xdp.frags': '5.18',
    'xdp.frags/devmap': '5.18',
    'xdp.frags/cpumap': '5.18',
  }),
)

/** The first libbpf that knows a section, where the oldest that the addon is built with (1.1) does not. */
const NEWER_SECTIONS: readonly (readonly [section: RegExp, libbpf: string])[] = [
  [/^struct_ops\.s\b/, '1.2'],
  [/^netfilter$/, '1.3'],
  [/^tcx?\/(?:in|e)gress$/, '1.3'],
  [/^netkit\//, '1.3'],
  [/^u(?:ret)?probe\.multi(?:\.s)?(?:\/|$)/, '1.3'],
  [/^usdt\.s(?:\/|$)/, '1.3'],
  [/^cgroup\/\w+_unix$/, '1.3'],
  [/^kprobe\.session(?:\/|$)/, '1.5'],
  [/^uprobe\.session(?:\.s)?(?:\/|$)/, '1.6'],
  [/^fsession(?:\.s)?(?:\/|$)/, '1.7'],
  [/^sk_skb\/verdict$/, '1.7'],
]

/** What a program of this section asks of the kernel; `undefined` when nothing is known of it. */
export function sectionFeature(program: HookedProgram): Feature | undefined {
  const section = program.section.replace(/^\?/, '')
  const word = (section.split('/')[0] as string).replace(/\.s$/, '')
  if (word === 'iter') return iteratorFeature(sectionTarget(section))
  if (word === 'struct_ops') return STRUCT_OPS
  if (word === 'syscall') return SYSCALL
  const variant = VARIANTS.get(section) ?? VARIANTS.get(section.split('/')[0] as string)
  if (variant !== undefined) return { what: section, since: variant, evidence: [], config: undefined }
  const kind = word === 'tc' ? (section === 'tc' ? 'tc' : 'tcx') : KINDS.get(word)
  if (kind === undefined) return undefined
  // Families look at no more of a hook than what it is and what its program was loaded for.
  const hook = { kind } as Hook
  return featureOfFamily(kind, familyOf(hook), hook, program)
}

/** Programs that only a test run starts. */
const SYSCALL: Feature = { what: 'a syscall program', since: '5.14', evidence: [], config: undefined }

const STRUCT_OPS: Feature = {
  what: 'struct_ops',
  since: '5.6',
  evidence: ['bpf_struct_ops_map_update_elem'],
  config: 'CONFIG_BPF_JIT and CONFIG_DEBUG_INFO_BTF',
}

/** The first libbpf that knows the section, such as `1.3`; `undefined` when every one does, or none. */
export function sectionLibbpf(section: string): string | undefined {
  const name = section.replace(/^\?/, '')
  return NEWER_SECTIONS.find(([pattern]) => pattern.test(name))?.[1]
}
