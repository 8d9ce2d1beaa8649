/** What an ELF section says about attaching. */

/**
 * Sections whose programs libbpf attaches by themselves, since what follows the slash names the target (`SEC_DEF` with an
 * attach function in libbpf.c). A bare `kprobe` or `uprobe` names none, nor does any network section.
 */
const TARGETED =
  /^(?:k(?:ret)?probe|k(?:ret)?probe\.multi|kprobe\.session|k(?:ret)?syscall|u(?:ret)?probe(?:\.s)?|u(?:ret)?probe\.multi(?:\.s)?|uprobe\.session(?:\.s)?|usdt(?:\.s)?|tp|tracepoint|raw_tp|raw_tracepoint|raw_tp\.w|raw_tracepoint\.w|tp_btf|fentry(?:\.s)?|fexit(?:\.s)?|fmod_ret(?:\.s)?|fsession(?:\.s)?|freplace|lsm(?:\.s)?|iter(?:\.s)?)\/.+/

/** Whether `bpf_program__attach` knows where to attach a program of this section. */
export function namesTarget(section: string): boolean {
  return TARGETED.test(section.replace(/^\?/, ''))
}

/** What follows the first slash, such as `sched_switch` of `tp_btf/sched_switch`; `''` without one. */
export function sectionTarget(section: string): string {
  const slash = section.indexOf('/')
  return slash < 0 ? '' : section.slice(slash + 1)
}
