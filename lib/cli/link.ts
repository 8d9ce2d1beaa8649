/** `ebpf link`: several object files as one. */
import type { Command } from 'commander'
import { linkObjects } from '../link-objects.ts'
import { writeOutput } from '../system/output-file.ts'

interface Flags {
  output: string
}

export function define(command: Command): void {
  command
    .argument('<objects...>', 'object files, such as main.bpf.o and library.bpf.o')
    .requiredOption('-o, --output <file>', 'where to write the object file')
    .addHelpText('after', '\nExample: ebpf link main.bpf.o library.bpf.o -o program.bpf.o')
    .action(async (objects: string[], { output }: Flags) => {
      await writeOutput(output, await linkObjects(objects, { names: objects }))
    })
}
