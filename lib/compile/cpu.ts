/** Which version of the instruction set the running kernel and clang both know. */
import { kernelOlderThan } from '../system/kernel-version.ts'
import type { Clang } from './clang.ts'
import type { CpuVersion } from './options.ts'

/** The first clang that knows it (LLVM 18: release notes of the BPF back end). */
const FIRST_CLANG_WITH_V4 = 18

export function probeCpu({ major }: Clang): CpuVersion {
  if (major >= FIRST_CLANG_WITH_V4 && !kernelOlderThan('6.6')) return 'v4'
  return 'v3'
}
