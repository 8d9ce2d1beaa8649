/** Functions of the running kernel that probes can be put on. */
import { readFile } from 'node:fs/promises'
import type { Btf } from '../btf/btf.ts'
import type { TypeId } from '../btf/types.ts'
import { ruleError } from '../errors.ts'
import { kprobeBlacklist, tracefsText } from '../system/tracefs.ts'
import { kernelTypes, moduleTypes, typedModules } from './kernel-types.ts'
import { inTurns, patternExpression } from './pattern.ts'

/** A function of the kernel, or of a module that is loaded. */
export interface KernelFunction {
  name: string
  /** The module that it belongs to; `undefined` for the kernel itself. */
  module: string | undefined
  /** How many functions there have this name: with several, no probe by name can tell which is meant. */
  count: number
  /**
   * What takes it, as far as the kernel tells: `fentry` (also fexit and so on) needs its type, and code that begins with a call to
   * ftrace, which `kprobe_multi` needs as well. Whether this kernel has such probes at all is another question.
   */
  hooks: ('fentry' | 'kprobe' | 'kprobe_multi')[]
  /** Whether it begins with a call to ftrace; `undefined` where tracefs cannot be read. */
  traceable: boolean | undefined
  /** Whether the kernel refuses kprobes on it; `undefined` where debugfs cannot be read. */
  blacklisted: boolean | undefined
  /** Of its `func` in `kernelBtf()`, or in `moduleBtf(module)`; `undefined` where there is none, as of what the compiler has changed. */
  typeId: TypeId | undefined
  /** In C, such as `int vfs_unlink(struct mnt_idmap *idmap, …);`. */
  declaration: string | undefined
}

/** A function by its module (`''` is the kernel) and its name. */
type Counts = Map<string, Map<string, number>>

const KERNEL = ''
/** How the kernel is called in patterns. */
const KERNEL_NAME = 'vmlinux'
/** Symbols of code that are no entries of functions: what compilers put before them, and the part that they expect not to run. */
const NO_ENTRY = /^__(?:pfx|cfi)_|\.cold(?:\.\d+)?$/

/** What /proc/kallsyms shows like a module: programs of BPF, and code that the kernel writes for probes. */
const NO_MODULE = /^(?:bpf|__builtin__.*)$/

/**
 * Functions of the kernel and of its modules, in the order of modules and names. Their names come from /proc/kallsyms, what
 * they take and give from BTF, and what can be done with them from tracefs and debugfs, each as far as this process may read it.
 *
 * @param pattern of names, with `*` and `?`; with a colon of `module:name`, where the kernel itself is `vmlinux`
 * @throws EbpfError ERR_EBPF_KERNEL where the kernel tells of no functions
 */
export async function listFunctions(pattern: string): Promise<KernelFunction[]> {
  const wanted = patternExpression(pattern)
  const withModule = pattern.includes(':')
  const fits = (module: string, name: string): boolean =>
    wanted.test(withModule ? `${module === KERNEL ? KERNEL_NAME : module}:${name}` : name) && !NO_ENTRY.test(name)
  const [counts, traceable, blacklist] = [
    await namedFunctions(fits),
    await traceableFunctions(fits),
    await kprobeBlacklist(),
  ]
  const functions: KernelFunction[] = []
  for (const module of [...counts.keys()].sort()) {
    const names = counts.get(module) as Map<string, number>
    const btf = module === KERNEL ? await kernelTypes() : await moduleTypes(module)
    const types = btf === undefined ? new Map<string, TypeId>() : await typesOf(btf, names)
    for (const [name, count] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const typeId = types.get(name)
      const facts = {
        name,
        module: module === KERNEL ? undefined : module,
        count,
        traceable: traceable?.get(module)?.has(name) ?? (traceable === undefined ? undefined : false),
        blacklisted: module === KERNEL ? blacklist?.has(name) : undefined,
        typeId,
        declaration: typeId === undefined ? undefined : btf?.declaration(typeId),
      }
      functions.push({ ...facts, hooks: hooksOf(facts) })
    }
  }
  return functions
}

function hooksOf({
  count,
  traceable,
  blacklisted,
  typeId,
}: Pick<KernelFunction, 'count' | 'traceable' | 'blacklisted' | 'typeId'>): KernelFunction['hooks'] {
  const hooks: KernelFunction['hooks'] = []
  if (typeId !== undefined && count === 1 && traceable !== false) hooks.push('fentry')
  if (count === 1 && blacklisted !== true) hooks.push('kprobe')
  if (traceable !== false) hooks.push('kprobe_multi')
  return hooks
}

async function namedFunctions(fits: (module: string, name: string) => boolean): Promise<Counts> {
  const text = await readFile('/proc/kallsyms', 'latin1').catch(() => '')
  if (text === '') return await typedFunctions(fits)
  const counts: Counts = new Map()
  const lines = text.matchAll(/^[0-9a-f]+ [tTwW] ([^\t\n]+)(?:\t\[(.+)\])?$/gm)
  for await (const some of inTurns(lines)) {
    for (const [, name = '', module = KERNEL] of some) {
      if (!NO_MODULE.test(module) && fits(module, name)) count(counts, module, name)
    }
  }
  return counts
}

/** Those that have types: where there is no /proc/kallsyms. */
async function typedFunctions(fits: (module: string, name: string) => boolean): Promise<Counts> {
  const btf = await kernelTypes()
  if (btf === undefined) {
    throw ruleError('ERR_EBPF_KERNEL', 'this kernel tells of no functions: it has neither /proc/kallsyms nor BTF', {
      operation: 'reading /proc/kallsyms',
    })
  }
  const counts: Counts = new Map()
  for (const module of [KERNEL, ...(await typedModules())]) {
    const types = module === KERNEL ? btf : await moduleTypes(module)
    if (types === undefined) continue
    for await (const some of inTurns(types.types('func'))) {
      for (const { name } of some) if (fits(module, name)) count(counts, module, name)
    }
  }
  return counts
}

async function traceableFunctions(fits: (module: string, name: string) => boolean): Promise<Counts | undefined> {
  const text = await tracefsText('available_filter_functions')
  if (text === undefined) return undefined
  const counts: Counts = new Map()
  for await (const some of inTurns(text.matchAll(/^(\S+)(?:[ \t]+\[(.+)\])?$/gm))) {
    for (const [, name = '', module = KERNEL] of some) if (fits(module, name)) count(counts, module, name)
  }
  return counts
}

/** The first of each name, which is what programs get that name it. */
async function typesOf(btf: Btf, names: ReadonlyMap<string, number>): Promise<Map<string, TypeId>> {
  const types = new Map<string, TypeId>()
  for await (const some of inTurns(btf.types('func'))) {
    for (const { name, id } of some) if (names.has(name) && !types.has(name)) types.set(name, id)
  }
  return types
}

function count(counts: Counts, module: string, name: string): void {
  const names = counts.get(module) ?? new Map<string, number>()
  names.set(name, (names.get(name) ?? 0) + 1)
  counts.set(module, names)
}
