/** A source that does not compile. */
import { basename } from 'node:path'
import { EbpfError } from '../errors.ts'
import type { Diagnostic } from './diagnostic.ts'

/** Shown in the message; all of them are in `diagnostics`. */
const SHOWN = 10

/**
 * clang refused a source. `code` is ERR_EBPF_COMPILE; the message shows the first errors in their sources, `diagnostics` has
 * everything that clang said, warnings included.
 */
export class CompileError extends EbpfError {
  readonly diagnostics: readonly Diagnostic[]
  /**
   * What to watch for the next attempt: absolute paths of the sources, of the headers that were read, and of those that are missing,
   * in each place where one would be found.
   */
  readonly dependencies: readonly string[]

  /** @internal */
  constructor(sources: readonly string[], diagnostics: readonly Diagnostic[], dependencies: readonly string[]) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    const names = sources.map((source) => basename(source)).join(', ')
    const count = errors.length === 1 ? 'an error' : `${errors.length} errors`
    const shown = errors.slice(0, SHOWN).map((diagnostic) => `\n${diagnostic.toString()}`)
    const rest = errors.length > SHOWN ? `\n… and ${errors.length - SHOWN} more` : ''
    super(`compiling ${names} ended with ${count}${shown.join('')}${rest}`, 'ERR_EBPF_COMPILE', undefined, {
      operation: 'clang',
      hint: compileHint(diagnostics),
    })
    this.name = 'CompileError'
    this.diagnostics = diagnostics
    this.dependencies = dependencies
  }
}

/** What to do about an error that says little to somebody who never met it. */
function compileHint(diagnostics: readonly Diagnostic[]): string | undefined {
  for (const { severity, message, notes } of diagnostics) {
    if (severity !== 'error') continue
    const again = /^redefinition of '([^']+)'/.exec(message)?.[1]
    if (again !== undefined && notes.some(({ file }) => file.endsWith('/vmlinux.h'))) {
      return `vmlinux.h has a type '${again}' of the kernel's: give yours another name.`
    }
    const header = /^'([^']+)' file not found/.exec(message)?.[1]
    if (header === 'vmlinux.h') {
      return "vmlinux.h is made from a kernel's BTF, and there is none here: name one by the option vmlinux."
    }
    if (header !== undefined && /^(asm|asm-generic|linux)\//.test(header)) {
      return `${header} is a header of the kernel's: install linux-libc-dev (Debian, Ubuntu), kernel-headers (Fedora), or linux-headers (Alpine), or take the types from vmlinux.h.`
    }
    if (/stack limit|too much stack/i.test(message)) {
      return 'A program has 512 bytes of stack: put what is larger into a map, such as a per-CPU array of one element.'
    }
    if (/built-in function 'mem(set|cpy|move|cmp)'/.test(message)) {
      return 'A program has no C library: use __builtin_memset and the like with a size that the compiler knows and that is not large, or a loop.'
    }
  }
  return undefined
}
