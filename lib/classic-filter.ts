/** Filters in classic BPF, the kernel's older instruction set: what `tcpdump -ddd` writes, and libpcap compiles. */
import { constants, endianness } from 'node:os'
import { boolean, inspectBriefly, integer, optionsObject } from './arguments.ts'
import { binding } from './binding.ts'
import { invalidArgument } from './errors.ts'
import { descriptorOf } from './hooks/socket.ts'
import { Link } from './link.ts'
import { unwrap } from './outcome.ts'
import type { SocketOrDescriptor } from './system/socket-descriptor.ts'

/** `struct sock_filter` of linux/filter.h. */
export interface ClassicInstruction {
  /** BPF_LD, BPF_JMP, BPF_RET and the like of linux/bpf_common.h. */
  code: number
  /** Instructions to skip when a jump's condition holds; 0 by default. */
  jt?: number
  /** Instructions to skip when it does not; 0 by default. */
  jf?: number
  /** The operand, 0 by default; negative ones are the kernel's own fields (SKF_AD_OFF and the like). */
  k?: number
}

export interface ClassicFilterOptions {
  /** The program chooses a socket of the group by its index, as `reuseport` hooks do, in place of filtering. Linux 4.5. */
  reuseport?: boolean
}

/** BPF_MAXINSNS of linux/bpf_common.h. */
const MAX_INSTRUCTIONS = 4096

const SIZE = 8

/**
 * Attaches a classic BPF program to one socket, off the JavaScript thread, without any privilege. Linux 2.2.
 *
 * The program returns how many bytes of a packet to keep, 0 to drop it. The kernel holds one filter for each socket, classic
 * or not, and no link: another one takes its place, and `close()` takes it away.
 *
 * @param socket any socket, which stays the caller's; a number is its descriptor
 * @throws EbpfError EINVAL when the kernel does not take the instructions
 */
export async function attachClassicFilter(
  socket: SocketOrDescriptor | number,
  instructions: readonly ClassicInstruction[],
  options: ClassicFilterOptions = {},
): Promise<Link> {
  const fd = descriptorOf(socket)
  const reuseport = boolean(optionsObject(options).reuseport ?? false, 'reuseport')
  const code = encode(instructions)
  const name = `classic filter of fd ${fd}`
  const outcome = await binding.classicFilterAttach(fd, code, reuseport)
  return new Link({ name, handle: unwrap(outcome, { link: name, hint: hint(outcome.errno, reuseport) }), program: '' })
}

function encode(instructions: readonly ClassicInstruction[]): Uint8Array {
  if (!Array.isArray(instructions) || instructions.length === 0 || instructions.length > MAX_INSTRUCTIONS) {
    const given = Array.isArray(instructions) ? `${instructions.length} of them` : inspectBriefly(instructions)
    throw invalidArgument(`instructions must be an array of 1 to ${MAX_INSTRUCTIONS} instructions, not ${given}`)
  }
  const bytes = new Uint8Array(instructions.length * SIZE)
  const view = new DataView(bytes.buffer)
  const littleEndian = endianness() === 'LE'
  for (const [index, instruction] of instructions.entries()) {
    const argument = `instructions[${index}]`
    if (typeof instruction !== 'object' || instruction === null) {
      throw invalidArgument(`${argument} must be { code, jt, jf, k }, not ${inspectBriefly(instruction)}`)
    }
    const { code, jt = 0, jf = 0, k = 0 } = instruction as ClassicInstruction
    const at = index * SIZE
    view.setUint16(at, integer(code, `${argument}.code`, 0, 0xffff), littleEndian)
    view.setUint8(at + 2, integer(jt, `${argument}.jt`, 0, 0xff))
    view.setUint8(at + 3, integer(jf, `${argument}.jf`, 0, 0xff))
    view.setUint32(at + 4, integer(k, `${argument}.k`, -0x8000_0000, 0xffff_ffff), littleEndian)
  }
  return bytes
}

function hint(errno: number, reuseport: boolean): string | undefined {
  if (errno !== -constants.errno.EINVAL) return undefined
  const group = reuseport ? ', and the socket must be one of a group (SO_REUSEPORT)' : ''
  return `Instructions must be known ones, jump only forward and within the program, and end by a return${group}.`
}
