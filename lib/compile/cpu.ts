/**
 * Which version of the instruction set the running kernel and clang both know: found out by loading a few instructions, since
 * distributions bring features to older kernels, and some JIT compilers come later than the verifier.
 */
import { constants, endianness } from 'node:os'
import { binding } from '../binding.ts'
import { ENOTSUPP } from '../errors.ts'
import { kernelOlderThan } from '../system/kernel-version.ts'
import type { Clang } from './clang.ts'
import type { CpuVersion } from './options.ts'

/** The first clang whose -mcpu has it (release notes of LLVM 18). */
const FIRST_CLANG_WITH_V4 = 18

/** What v3 and v4 came with: Linux 5.1, and 6.6. Where the kernel cannot be asked, its number has to do. */
const FIRST_KERNEL_WITH_V4 = '6.6'

interface Instruction {
  code: number
  destination?: number
  source?: number
  offset?: number
  immediate?: number
}

// Opcodes of Documentation/bpf/standardization/instruction-set.rst.
const EXIT: Instruction = { code: 0x95 }
const RESULT_IS_ZERO: Instruction = { code: 0xb7 }

/** What each version has that those before have not. */
const ADDED = {
  v2: [{ code: 0xa5, immediate: 1 }], // if r0 < 1
  v3: [{ code: 0xa6, immediate: 1 }], // if w0 < 1
  v4: [
    { code: 0xbf, offset: 8 }, // r0 = (s8)r0
    { code: 0x37, offset: 1, immediate: 1 }, // r0 s/= 1
    { code: 0xd7, immediate: 16 }, // r0 = bswap16 r0
    { code: 0x7a, destination: 10, offset: -8 }, // *(u64 *)(r10 - 8) = 0
    { code: 0x91, source: 10, offset: -8 }, // r0 = *(s8 *)(r10 - 8)
    { code: 0x06 }, // gotol +0
  ],
} satisfies Record<string, Instruction[]>

/** It never changes while the kernel runs. */
const answers = new Map<string, boolean | undefined>()

/** The newest version that the running kernel and this clang know. */
export function probeCpu({ major }: Pick<Clang, 'major'>): CpuVersion {
  if (major >= FIRST_CLANG_WITH_V4 && (kernelTakes('v4') ?? !kernelOlderThan(FIRST_KERNEL_WITH_V4))) return 'v4'
  if (kernelTakes('v3') ?? true) return 'v3'
  return (kernelTakes('v2') ?? true) ? 'v2' : 'v1'
}

/** `undefined` where this process may not ask. */
function kernelTakes(version: keyof typeof ADDED): boolean | undefined {
  if (!answers.has(version)) answers.set(version, answerOf(binding.instructionsProbe(encode(ADDED[version]))))
  return answers.get(version)
}

/** What the kernel says of instructions that it does not know; any other errno is about this process, or this moment. */
const UNKNOWN = new Set([-constants.errno.EINVAL, -constants.errno.EOPNOTSUPP, -ENOTSUPP])

function answerOf(status: number): boolean | undefined {
  if (status === 0) return true
  return UNKNOWN.has(status) ? false : undefined
}

/** As `struct bpf_insn` of linux/bpf.h lies in memory. */
function encode(added: readonly Instruction[]): Uint8Array {
  const little = endianness() === 'LE'
  const program = [RESULT_IS_ZERO, ...added, RESULT_IS_ZERO, EXIT]
  const view = new DataView(new ArrayBuffer(program.length * 8))
  for (const [index, { code, destination = 0, source = 0, offset = 0, immediate = 0 }] of program.entries()) {
    view.setUint8(index * 8, code)
    view.setUint8(index * 8 + 1, little ? (source << 4) | destination : (destination << 4) | source)
    view.setInt16(index * 8 + 2, offset, little)
    view.setInt32(index * 8 + 4, immediate, little)
  }
  return new Uint8Array(view.buffer)
}
