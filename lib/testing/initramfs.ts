/** The guest's initial file system: busybox, the first modules, and what it is to run. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CpioEntry, file, folder, writeCpio } from './cpio.ts'
import { EARLY_MODULES, FIRST_INIT, SECOND_INIT } from './guest-init.ts'
import { requireTool } from './host-tools.ts'
import type { Kernel } from './kernel.ts'
import { loadOrder, moduleName, parseBuiltin, parseDependencies, readModule } from './kernel-modules.ts'
import { VmError } from './vm-error.ts'

/** The modules to load, in order, as files of the archive. */
export async function earlyModules(kernel: Kernel): Promise<CpioEntry[]> {
  const { modules } = kernel
  // A kernel of one's own without modules has all that it needs built in, or the guest will say what it lacks.
  if (modules === undefined) return []
  const dependencies = parseDependencies(await readFile(join(modules, 'modules.dep'), 'utf8'))
  const builtin = parseBuiltin(await readFile(join(modules, 'modules.builtin'), 'utf8').catch(() => ''))
  const known = new Set([...dependencies.keys()].map(moduleName))
  const absent = EARLY_MODULES.filter((name) => !known.has(name) && !builtin.has(name))
  if (builtin.size > 0 && absent.length > 0) {
    throw new VmError(
      'ERR_EBPF_VM_KERNEL',
      `Linux ${kernel.release} lacks ${absent.join(', ')}, without which the guest cannot see the host's files. ` +
        'Kernels for clouds are built so; take one of the general flavour.',
    )
  }
  const order = loadOrder(dependencies, EARLY_MODULES)
  return await Promise.all(
    order.map(async (path, index) =>
      file(`modules/${String(index).padStart(3, '0')}-${moduleName(path)}.ko`, await readModule(modules, path)),
    ),
  )
}

/** The archive that QEMU hands to the kernel. */
export async function buildInitramfs(kernel: Kernel, settings: string, command: string): Promise<Buffer> {
  const busybox = await readFile(await requireTool('busybox'))
  return writeCpio([
    ...['bin', 'dev', 'proc', 'sys', 'modules', 'lower', 'upper', 'root'].map(folder),
    file('bin/busybox', busybox, 0o755),
    file('init', FIRST_INIT, 0o755),
    file('second', SECOND_INIT),
    file('settings', settings),
    file('command', command),
    ...(await earlyModules(kernel)),
  ])
}
