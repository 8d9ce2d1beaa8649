/** Types of the running kernel and of its modules. */
import { createReadStream, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { release } from 'node:os'
import { buffer } from 'node:stream/consumers'
import { nonEmptyString } from '../arguments.ts'
import type { Btf } from '../btf/btf.ts'
import { parseBtf } from '../btf/parse.ts'
import { readBtfFile } from './btf-file.ts'
import { type EbpfError, invalidArgument, kernelError, ruleError, unknownName } from '../errors.ts'

const FOLDER = '/sys/kernel/btf'
const KERNEL = 'vmlinux'

/** Where libbpf looks next, in its order (`btf__load_vmlinux_btf` of btf.c). */
const FILES = [
  '/boot/vmlinux-%s',
  '/lib/modules/%s/vmlinux-%s',
  '/lib/modules/%s/build/vmlinux',
  '/usr/lib/modules/%s/kernel/vmlinux',
  '/usr/lib/debug/boot/vmlinux-%s',
  '/usr/lib/debug/boot/vmlinux-%s.debug',
  '/usr/lib/debug/lib/modules/%s/vmlinux',
]

/** It never changes while the kernel runs. */
let known: Btf | undefined

/**
 * The types of the running kernel, without those of its modules. The first call reads them, some milliseconds; all calls
 * give the same. Linux 5.4, built with CONFIG_DEBUG_INFO_BTF, as those of all large distributions are; elsewhere those of a
 * vmlinux of this release with BTF, in the folders in which libbpf looks for one: /boot, /lib/modules, /usr/lib/debug.
 *
 * @throws EbpfError ERR_EBPF_KERNEL where there are none
 */
export async function kernelBtf(): Promise<Btf> {
  return kernelBtfNow()
}

/** The same while the caller waits: where there is no promise to wait for. */
export function kernelBtfNow(): Btf {
  known ??= parseBtf(readKernelBtf(), { owned: true })
  return known
}

/**
 * The types of a module that is loaded, such as `nf_tables`, built on those of the kernel. Linux 5.11, built with
 * CONFIG_DEBUG_INFO_BTF_MODULES.
 *
 * @throws EbpfError ERR_EBPF_UNKNOWN_NAME when there is no such module, or it has no BTF; ERR_EBPF_KERNEL where the kernel
 *   has none
 */
export async function moduleBtf(name: string): Promise<Btf> {
  nonEmptyString(name, 'name')
  if (name === KERNEL || name.includes('/')) throw invalidArgument(`name must be that of a module, not '${name}'`)
  const base = await kernelBtf()
  // What /proc/modules calls nf_tables, modprobe(8) takes as nf-tables, too.
  const file = createReadStream(`${FOLDER}/${name.replaceAll('-', '_')}`)
  // Not readFile: stat(2) says that files of modules have 4096 bytes, however long they are.
  const bytes = await buffer(file).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw unknownName('module with BTF', name, await modulesWithBtf())
    throw refusal(error, name)
  })
  return parseBtf(bytes, { base, owned: true })
}

/** Names of the modules whose types {@link moduleBtf} gives, sorted. */
export async function modulesWithBtf(): Promise<string[]> {
  const names = await readdir(FOLDER).catch(refuse)
  return names.filter((name) => name !== KERNEL).sort()
}

/** @throws EbpfError ERR_EBPF_KERNEL where the kernel has no BTF */
export function readKernelBtf(): Buffer {
  try {
    // The kernel gives 4096 bytes a read(2), however many are asked for: 1200 of them on the thread pool, one after the other, cost
    // this thread four times what it costs to wait.
    return readFileSync(`${FOLDER}/${KERNEL}`)
  } catch (error) {
    return elsewhere(error as NodeJS.ErrnoException)
  }
}

/** What is not readable, or no BTF, is passed over as libbpf does. */
function elsewhere(error: NodeJS.ErrnoException): Buffer {
  if (error.code !== 'ENOENT') throw refusal(error, KERNEL)
  for (const file of FILES) {
    try {
      return readBtfFile(file.replaceAll('%s', release()))
    } catch {
      // The next one, then.
    }
  }
  throw refusal(error, KERNEL)
}

function refuse(error: NodeJS.ErrnoException): never {
  throw refusal(error, KERNEL)
}

function refusal(error: NodeJS.ErrnoException, name: string): EbpfError {
  const operation = `reading ${FOLDER}/${name}`
  if (error.code !== 'ENOENT') return kernelError(error.errno ?? -1, { operation })
  const where = '/boot, /lib/modules and /usr/lib/debug have no vmlinux of it either'
  return ruleError('ERR_EBPF_KERNEL', `this kernel, ${release()}, shows no BTF, and ${where}`, {
    operation,
    hint: 'Kernels built with CONFIG_DEBUG_INFO_BTF have it in /sys/kernel/btf. Objects load where it is missing with kernelBtfPath.',
  })
}
