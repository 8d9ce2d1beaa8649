/**
 * Which version of the instruction set the running kernel and clang both know: found out by loading a few instructions, since
 * distributions bring features to older kernels, and some JIT compilers come later than the verifier.
 */
import { constants } from 'node:os'
import { assemble } from '../asm/assemble.ts'
import { encode } from '../asm/code.ts'
import { binding } from '../binding.ts'
import { ENOTSUPP } from '../errors.ts'
import { kernelOlderThan } from '../system/kernel-version.ts'
import type { Clang } from './clang.ts'
import type { CpuVersion } from './options.ts'

/** The first clang whose -mcpu has it (release notes of LLVM 18). */
const FIRST_CLANG_WITH_V4 = 18

/** What v3 and v4 came with: Linux 5.1, and 6.6. Where the kernel cannot be asked, its number has to do. */
const FIRST_KERNEL_WITH_V4 = '6.6'

/** What each version has that those before have not. */
const ADDED = {
  v2: 'if r0 < 0x1 goto pc+0',
  v3: 'if w0 < 0x1 goto pc+0',
  v4: `
    r0 = (s8)r0
    r0 s/= 1
    r0 = bswap16 r0
    *(u64 *)(r10 -8) = 0
    r0 = *(s8 *)(r10 -8)
    gotol pc+0`,
}

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
  if (!answers.has(version))
    answers.set(
      version,
      answerOf(binding.instructionsProbe(encode(assemble(`r0 = 0\n${ADDED[version]}\nr0 = 0\nexit`)))),
    )
  return answers.get(version)
}

/** What the kernel says of instructions that it does not know; any other errno is about this process, or this moment. */
const UNKNOWN = new Set([-constants.errno.EINVAL, -constants.errno.EOPNOTSUPP, -ENOTSUPP])

function answerOf(status: number): boolean | undefined {
  if (status === 0) return true
  return UNKNOWN.has(status) ? false : undefined
}
