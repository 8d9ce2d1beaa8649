/** The map by which libbpf tells a program of `usdt.bpf.h` where a static probe has its arguments. */
import type { NativeMapDescription } from '../native-object.ts'
import { ruleError } from '../errors.ts'
import { isOlder } from '../system/kernel-version.ts'
import { libbpfVersion } from '../system/libbpf-version.ts'

const SPECS = '__bpf_usdt_specs'

/**
 * Bytes of `struct __bpf_usdt_spec`. libbpf 1.7 gave each of its 12 arguments a second register by bit-fields, which were
 * meant to fit into a gap and do not: 24 bytes in place of 16.
 */
const BEFORE_1_7 = 12 * 16 + 16
const IN_1_7 = 12 * 24 + 16

/**
 * @throws EbpfError ERR_EBPF_LIBBPF when the program was compiled with a header of another layout than this libbpf has: the
 * arguments would be wrong without a word, and libbpf would give the kernel memory that is not meant for it.
 */
export function refuseUsdtLayout(maps: readonly NativeMapDescription[], object: string): void {
  const specs = maps.find(({ name }) => name === SPECS)
  const isOld = isOlder(libbpfVersion, '1.7')
  // What a later libbpf has is not known.
  if (specs === undefined || (!isOld && isOlder('1.7', libbpfVersion))) return
  if (specs.valueSize !== (isOld ? IN_1_7 : BEFORE_1_7)) return
  const header = isOld ? '1.7' : '1.6 or older'
  throw ruleError(
    'ERR_EBPF_LIBBPF',
    `object '${object}' was compiled with usdt.bpf.h of libbpf ${header}, and this build has libbpf ${libbpfVersion}: they disagree on where arguments are`,
    {
      operation: 'load',
      object,
      map: SPECS,
      hint: isOld
        ? 'Compile it with the header of the libbpf that the addon is built with, such as /usr/include/bpf/usdt.bpf.h.'
        : 'Compile it with the headers that this package has in its folder include.',
    },
  )
}
