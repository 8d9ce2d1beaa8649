/** `ebpf min-btf`: what objects need of a kernel's BTF. */
import { mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { invalidArgument } from '../errors.ts'
import { minimalBtf } from '../minimal-btf.ts'
import { readBtf } from '../read-btf.ts'
import { writeOutput } from '../system/output-file.ts'

interface Flags {
  btf: string
  output: string
}

export function define(command: Command): void {
  command
    .argument('<objects...>', 'object files, such as trace.bpf.o')
    .option(
      '-b, --btf <path>',
      "a kernel's BTF, or a folder of files *.btf, one for each kernel, in folders of its own, too",
      '/sys/kernel/btf/vmlinux',
    )
    .requiredOption('-o, --output <path>', 'where to write it; for a folder of kernels, a folder')
    .addHelpText('after', '\nExample: ebpf min-btf trace.bpf.o --btf 5.4.0-42-generic.btf -o min.btf')
    .action(async (objects: string[], { btf, output }: Flags) => {
      if (!(await stat(btf)).isDirectory()) {
        await writeOutput(output, await minimalBtf(await readBtf(btf), objects))
        return
      }
      const files = await btfFiles(btf)
      if (files.length === 0) throw invalidArgument(`no file of the folder ${btf} is named *.btf`)
      for (const name of files) {
        const path = join(output, name)
        await mkdir(dirname(path), { recursive: true })
        await writeOutput(path, await minimalBtf(await readBtf(join(btf, name)), objects))
      }
    })
}

/** Relative paths, of folders in it, too: archives have one for each distribution, version and architecture. Links are not followed. */
async function btfFiles(folder: string, within = ''): Promise<string[]> {
  const entries = await readdir(join(folder, within), { withFileTypes: true })
  const nested = await Promise.all(
    entries.map(async (entry) => {
      const path = join(within, entry.name)
      if (entry.isDirectory()) return await btfFiles(folder, path)
      return entry.isFile() && entry.name.endsWith('.btf') ? [path] : []
    }),
  )
  return nested.flat().sort()
}
