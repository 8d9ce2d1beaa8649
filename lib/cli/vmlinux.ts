/** `ebpf vmlinux`: the types of the running kernel, or of one of its modules, as a C header. */
import type { Command } from 'commander'
import { kernelBtf, moduleBtf } from '../system/kernel-btf.ts'
import { writeOutput } from '../system/output-file.ts'

interface Flags {
  module?: string
  output?: string
}

export function define(command: Command): void {
  command
    .option('-m, --module <name>', "a module's own types, and what they need of the kernel's")
    .option('-o, --output <file>', 'where to write it, in place of the standard output')
    .addHelpText('after', '\nExample: ebpf vmlinux > vmlinux.h')
    .action(async ({ module, output }: Flags) => {
      const btf = module === undefined ? await kernelBtf() : await moduleBtf(module)
      const header = btf.header()
      if (output === undefined) process.stdout.write(header)
      else await writeOutput(output, Buffer.from(header))
    })
}
