#!/usr/bin/env node
/**
 * `ebpf`, the program. A command is a file of this folder and a line of the table; only the one that is asked for is
 * imported, so that those which need no native addon work where there is none.
 */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { packageRoot } from '../package-root.ts'
import { reportFailure, reportUnwritten } from './failure.ts'

interface Registration {
  summary: string
  /** Imports the command and adds its options and its action. */
  load: () => Promise<{ define: (command: Command) => void }>
}

const COMMANDS: Readonly<Record<string, Registration>> = {
  compile: { summary: 'compile C to an object', load: async () => await import('./compile.ts') },
  types: { summary: 'write the TypeScript module of an object', load: async () => await import('./types.ts') },
  vmlinux: { summary: "write the kernel's types as a C header", load: async () => await import('./vmlinux.ts') },
  'min-btf': {
    summary: "write what objects need of a kernel's types",
    load: async () => await import('./min-btf.ts'),
  },
  link: { summary: 'link several object files into one', load: async () => await import('./link.ts') },
  functions: { summary: 'list functions of the kernel', load: async () => await import('./functions.ts') },
  tracepoints: { summary: 'list tracepoints of the kernel', load: async () => await import('./tracepoints.ts') },
  symbols: { summary: 'list functions and variables of a binary', load: async () => await import('./symbols.ts') },
  usdt: { summary: 'list static probes of a binary', load: async () => await import('./usdt.ts') },
  vm: { summary: 'run a command in a Linux virtual machine', load: async () => await import('./vm.ts') },
}

async function main(args: readonly string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as {
    version: string
  }
  const program = new Command('ebpf').description('eBPF from TypeScript').version(version).enablePositionalOptions()
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(summary)
    if (name === args[0] || (args[0] === 'help' && name === args[1])) (await load()).define(command)
  }
  await program.parseAsync(args, { from: 'user' })
}

process.stdout.on('error', reportUnwritten)

try {
  await main(process.argv.slice(2))
} catch (error) {
  reportFailure(error)
}
