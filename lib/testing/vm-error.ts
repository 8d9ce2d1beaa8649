/** What a run in a virtual machine can fail of. */

/** Codes of {@link VmError}. */
export type VmErrorCode =
  /** An option has the wrong form. */
  | 'ERR_EBPF_VM_ARGUMENT'
  /** The guest ended, or never began, without a word of its own. */
  | 'ERR_EBPF_VM_ENDED'
  /** The guest could not make itself ready: a module, a mount. */
  | 'ERR_EBPF_VM_GUEST'
  /** This machine cannot run guests: its architecture, its operating system. */
  | 'ERR_EBPF_VM_HOST'
  /** No such kernel is to be had, or the file is none. */
  | 'ERR_EBPF_VM_KERNEL'
  /** The guest's kernel panicked. */
  | 'ERR_EBPF_VM_PANIC'
  /** QEMU could not be started, or refused its arguments. */
  | 'ERR_EBPF_VM_QEMU'
  /** The command did not end in time. */
  | 'ERR_EBPF_VM_TIMEOUT'
  /** A program that is needed on the host is not installed. */
  | 'ERR_EBPF_VM_TOOL'

/** A run in a virtual machine that gave no exit code. One that gave one, whichever, is no error. */
export class VmError extends Error {
  readonly code: VmErrorCode
  /** The last lines of the guest's console, where there was a guest. */
  readonly consoleTail: readonly string[]

  constructor(code: VmErrorCode, message: string, consoleTail: readonly string[] = []) {
    const tail = consoleTail.length === 0 ? '' : `\n${consoleTail.map((line) => `  | ${line}`).join('\n')}`
    super(`${message}${tail}`)
    this.name = 'VmError'
    this.code = code
    this.consoleTail = consoleTail
  }
}
