import { ATTACH_TYPES } from '../kernel-enums.ts'
import { type PathOrDescriptor, checkPathOrDescriptor, describeDescriptor, openDescriptor } from './descriptor.ts'
import type { HookFamily } from './family.ts'

/** What an infrared receiver receives. */
export interface LircHook {
  kind: 'lirc'
  device: PathOrDescriptor
}

/**
 * What an infrared receiver receives, pulses and spaces, which the program decodes (`bpf_rc_keydown()` and the like). Up
 * to 64 programs; the kernel has no links for them. Linux 4.18, which must be built with CONFIG_BPF_LIRC_MODE2: Debian's
 * kernels are not.
 *
 * @param device path such as `/dev/lirc0`, or an open descriptor of it
 */
export function lirc(device: PathOrDescriptor): LircHook {
  return { kind: 'lirc', device: checkPathOrDescriptor(device, 'device') }
}

export const lircFamily: HookFamily<LircHook> = {
  programTypes: ['lirc_mode2'],
  since: '4.18',
  evidence: 'lirc_prog_attach',
  config: 'CONFIG_BPF_LIRC_MODE2',
  describe: ({ device }) => `lirc ${describeDescriptor(device)}`,
  prepare({ device }) {
    const { fd, release } = openDescriptor(device, 'device', false)
    return { native: { kind: 'lirc', deviceFd: fd }, release }
  },
  query({ device }) {
    const { fd, release } = openDescriptor(device, 'device', false)
    return { native: { kind: 'descriptor', fd, attachType: ATTACH_TYPES.lirc_mode2, flags: 0 }, release }
  },
}
