/** Tracepoints of the running kernel, with what programs get there. */
import type { Btf } from '../btf/btf.ts'
import { DeclarationWriter } from '../btf/declaration.ts'
import type { BtfFunctionPrototype, TypeId } from '../btf/types.ts'
import { type EbpfError, ruleError } from '../errors.ts'
import { TRACEFS_HINT, tracefsText } from '../system/tracefs.ts'
import { kernelTypes, moduleTypes, typedModules } from './kernel-types.ts'
import { inTurns, patternExpression } from './pattern.ts'
import { parseTracepointFormat, type TracepointField } from './tracepoint-format.ts'

/** A place where the kernel says what it does. */
export interface KernelTracepoint {
  /** Such as `sched`; `undefined` where only its types are known: it is no event of tracefs, or tracefs cannot be read. */
  category: string | undefined
  name: string
  /** The module that has its types; `undefined` for the kernel itself, and where there are none. */
  module: string | undefined
  /** For `tracepoint()`: what is in the context; `undefined` where tracefs cannot be read, or does not have it. */
  fields: TracepointField[] | undefined
  /** For `tpBtf()` and `rawTracepoint()`: what the kernel passes; `undefined` for events that have no tracepoint of their own, as system calls. */
  arguments: TracepointArgument[] | undefined
}

export interface TracepointArgument {
  /** `''` where the kernel does not tell. */
  name: string
  /** In C, such as `struct task_struct *`. */
  type: string
  /** In `kernelBtf()`, or in `moduleBtf(module)`. */
  typeId: TypeId
}

interface TypedTracepoint {
  module: string | undefined
  arguments: TracepointArgument[]
}

/** So many files are read at a time: the kernel makes each when it is read. */
const FILES_AT_ONCE = 32
const TYPEDEF = 'btf_trace_'
/** The function that calls the programs of a tracepoint; Linux 5.10. It alone knows the names of arguments. */
const ITERATOR = '__traceiter_'

/**
 * Tracepoints of the kernel and of its modules, in the order of categories and names: those of tracefs with the fields of their
 * records, and those that BTF knows with the types of what the kernel passes. Where tracefs cannot be read (it takes root), it
 * tells what BTF does: Linux 5.5, modules 5.11.
 *
 * @param pattern of names, with `*` and `?`; with a colon or a slash of `category:name`, for which tracefs must be readable
 * @throws EbpfError ERR_EBPF_KERNEL where neither tracefs can be read nor the kernel has BTF
 */
export async function listTracepoints(pattern: string = '*'): Promise<KernelTracepoint[]> {
  if (typeof pattern === 'string') pattern = pattern.replace('/', ':')
  const wanted = patternExpression(pattern)
  const withCategory = pattern.includes(':')
  const events = await tracefsText('available_events')
  if (events === undefined && withCategory) throw unknown('tracefs cannot be read: it alone knows categories')
  const typed = await typedTracepoints()
  if (events === undefined && typed.size === 0) {
    throw unknown('tracefs cannot be read, and this kernel has no BTF of tracepoints')
  }
  const all = (events ?? '').split('\n').filter((line) => line.includes(':'))
  const names = all.filter((line) => wanted.test(withCategory ? line : line.slice(line.indexOf(':') + 1)))
  const found = await inGroups(names, async (line): Promise<KernelTracepoint> => {
    const [category = '', name = ''] = line.split(':')
    const format = await tracefsText(`events/${category}/${name}/format`)
    const fields = format === undefined ? undefined : parseTracepointFormat(format)
    return { category, name, module: undefined, fields, arguments: undefined, ...typed.get(name)?.() }
  })
  if (!withCategory) {
    const known = new Set(all.map((line) => line.slice(line.indexOf(':') + 1)))
    for (const [name, facts] of typed) {
      if (known.has(name) || !wanted.test(name)) continue
      found.push({ category: undefined, name, fields: undefined, ...facts() })
    }
  }
  const order = ({ category, name }: KernelTracepoint): string => `${category ?? ''}:${name}`
  return found.sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

function unknown(message: string): EbpfError {
  return ruleError('ERR_EBPF_KERNEL', message, { operation: 'listing tracepoints', hint: TRACEFS_HINT })
}

async function inGroups<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += FILES_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(at, at + FILES_AT_ONCE).map(read))))
  }
  return results
}

/** By name; types are written out only of those that are asked for. */
async function typedTracepoints(): Promise<Map<string, () => TypedTracepoint>> {
  const found = new Map<string, () => TypedTracepoint>()
  const kernel = await kernelTypes()
  if (kernel === undefined) return found
  await addTracepoints(kernel, undefined, found)
  for (const module of await typedModules()) {
    const types = await moduleTypes(module)
    if (types !== undefined) await addTracepoints(types, module, found)
  }
  return found
}

async function addTracepoints(
  btf: Btf,
  module: string | undefined,
  found: Map<string, () => TypedTracepoint>,
): Promise<void> {
  const iterators = new Map<string, TypeId>()
  for await (const some of inTurns(btf.types('func'))) {
    for (const { name, type } of some) {
      if (name.startsWith(ITERATOR)) iterators.set(name.slice(ITERATOR.length), type)
    }
  }
  for await (const some of inTurns(btf.types('typedef'))) {
    for (const { name, type } of some) {
      if (!name.startsWith(TYPEDEF)) continue
      const tracepoint = name.slice(TYPEDEF.length)
      const prototype = pointedPrototype(btf, type)
      if (prototype === undefined || found.has(tracepoint)) continue
      found.set(tracepoint, () => ({ module, arguments: argumentsOf(btf, prototype, iterators.get(tracepoint)) }))
    }
  }
}

function pointedPrototype(btf: Btf, id: TypeId): BtfFunctionPrototype | undefined {
  const pointer = btf.resolve(id)
  const target = pointer.kind === 'ptr' ? btf.resolve(pointer.type) : undefined
  return target?.kind === 'func_proto' ? target : undefined
}

/** Without the first, which is the kernel's own. */
function argumentsOf(btf: Btf, prototype: BtfFunctionPrototype, iterator: TypeId | undefined): TracepointArgument[] {
  const writer = new DeclarationWriter(btf)
  const named = iterator === undefined ? undefined : btf.type(iterator)
  const names = named?.kind === 'func_proto' ? named.parameters : prototype.parameters
  return prototype.parameters.slice(1).map(({ type, name }, index) => ({
    name: names[index + 1]?.name ?? name,
    type: writer.declare(type, ''),
    typeId: type,
  }))
}
