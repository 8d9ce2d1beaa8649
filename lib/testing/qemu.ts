/** QEMU's arguments. Descriptors are inherited, so that a run leaves no file, socket or process behind. */
import { ROOT_TAG, STDERR_PORT, STDOUT_PORT } from './guest-init.ts'

export type Accelerator = 'kvm' | 'tcg'

/** Descriptors that QEMU inherits. */
export const DESCRIPTORS = { console: 3, control: 4, stdout: 5, stderr: 6, initramfs: 7 } as const

export interface Machine {
  kernel: string
  accelerator: Accelerator
  /** Whether each emulated processor has a thread of its own. */
  parallel: boolean
  /** MiB. */
  memory: number
  cpus: number
  /** Appended to the kernel's command line: what is said last, wins. */
  append: string
  /** Folders of the host that the guest may write to. */
  writable: readonly string[]
  /** Whether the guest has a terminal in place of two streams of output. */
  terminal: boolean
}

/** The LSMs, with BPF's among them: Debian's 5.10 leaves it out. What a kernel was built without is passed over. */
const LSM = 'lsm=landlock,lockdown,yama,integrity,apparmor,bpf'

export function kernelCommandLine(append: string): string {
  return ['console=ttyS0', 'quiet', 'panic=-1', 'oops=panic', 'no_timer_check', LSM, append].filter(Boolean).join(' ')
}

export function qemuArguments(machine: Machine): string[] {
  const { accelerator, parallel, memory, cpus, kernel, append, writable, terminal } = machine
  const channel = (name: keyof typeof DESCRIPTORS) => ['-chardev', `socket,id=${name},fd=${DESCRIPTORS[name]}`]
  const share = (id: string, tag: string, path: string, access: string) => [
    '-fsdev',
    `local,id=${id},path=${path.replaceAll(',', ',,')},security_model=none,multidevs=remap${access}`,
    '-device',
    `virtio-9p-pci,fsdev=${id},mount_tag=${tag}`,
  ]
  const output = terminal
    ? [...channel('stdout'), '-device', 'virtconsole,chardev=stdout']
    : [
        ...channel('stdout'),
        '-device',
        `virtserialport,chardev=stdout,name=${STDOUT_PORT}`,
        ...channel('stderr'),
        '-device',
        `virtserialport,chardev=stderr,name=${STDERR_PORT}`,
      ]
  return [
    ...['-machine', 'pc', '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-monitor', 'none'],
    ...(accelerator === 'kvm'
      ? ['-accel', 'kvm', '-cpu', 'host']
      : ['-accel', `tcg,thread=${parallel ? 'multi' : 'single'}`, '-cpu', 'max']),
    ...['-smp', String(cpus), '-m', `${memory}M`],
    ...['-kernel', kernel, '-initrd', `/dev/fd/${DESCRIPTORS.initramfs}`, '-append', kernelCommandLine(append)],
    ...[...channel('console'), '-serial', 'chardev:console'],
    ...[...channel('control'), '-serial', 'chardev:control'],
    ...['-device', 'virtio-serial-pci', ...output],
    ...share('root', ROOT_TAG, '/', ',readonly=on'),
    ...writable.flatMap((path, index) => share(`writable${index}`, `writable${index}`, path, '')),
  ]
}
