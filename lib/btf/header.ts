/** Types -> a C header that declares them all, each after what it needs. */
import type { Btf } from './btf.ts'
import { baseTypeOf, checkNames } from './c-names.ts'
import { DeclarationWriter, type Names } from './declaration.ts'
import { BtfFormatError } from './format-error.ts'
import type { BtfComposite, BtfEnum, BtfEnum64, BtfFloat, BtfInt, BtfKind, BtfType, TypeId } from './types.ts'

/** Characters; that of a kernel with everything that there is has a tenth of it. */
const longestHeader = 1 << 26

/** Compilers know it without being told. */
const builtin = '__builtin_va_list'

const begin = `#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

#ifndef __weak
#define __weak __attribute__((weak))
#endif
`

const end = `
#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
`

/** See `Btf.header`. */
export function headerOf(btf: Btf): string {
  const header = new HeaderWriter(btf)
  const used = usedEnums(btf)
  for (const type of btf.types()) {
    const isLoose = type.name === '' && isEnum(type) && !used.has(type.id)
    if (isLoose || (type.name !== '' && definable.has(type.kind))) header.add(type.id)
  }
  const functions = kernelFunctions(btf).flatMap((id) => header.functionOf(id) ?? [])
  const prototypes =
    functions.length === 0
      ? ''
      : `\n#ifndef BPF_NO_KFUNC_PROTOTYPES\n${functions.map((line) => `${line}\n`).join('')}#endif\n`
  return `${begin}\n${header.text}${prototypes}${end}`
}

const definable: ReadonlySet<BtfKind> = new Set(['struct', 'union', 'enum', 'enum64', 'typedef'])

function isEnum(type: BtfType): type is BtfEnum | BtfEnum64 {
  return type.kind === 'enum' || type.kind === 'enum64'
}

/** Enums without a name that are written out in what uses them. */
function usedEnums(btf: Btf): Set<TypeId> {
  const used = new Set<TypeId>()
  for (const type of btf.types()) {
    switch (type.kind) {
      case 'struct':
      case 'union':
        for (const member of type.members) used.add(member.type)
        break
      case 'array':
        used.add(type.element)
        break
      case 'ptr':
      case 'typedef':
      case 'const':
      case 'volatile':
        used.add(type.type)
        break
      default:
    }
  }
  return used
}

/** What the kernel marks as callable by programs (KF_ flags of `BTF_ID_FLAGS`, which pahole turns into tags). */
function kernelFunctions(btf: Btf): TypeId[] {
  return Array.from(btf.types('decl_tag'))
    .filter(({ name, component }) => name === 'bpf_kfunc' && component === -1)
    .map(({ type }) => type)
}

/** Declares types and what they need, each once. */
export class HeaderWriter implements Names {
  readonly #btf: Btf
  readonly #writer: DeclarationWriter
  readonly #lines: string[] = []
  #length = 0
  /** By id: whose names were found to be names in C. */
  readonly #checked = new Set<TypeId>()
  /** By id: whose definition is begun, whose is written, and what was looked at otherwise. */
  readonly #begun = new Set<TypeId>()
  readonly #written = new Set<TypeId>()
  readonly #seen = new Set<TypeId>()
  /** By id: the names of what is called otherwise than in BTF. */
  readonly #others = new Map<TypeId, string>()
  /** C has one space of names for structs, unions and enums, and another one for the rest. Names, and who has them. */
  readonly #tags = new Map<string, TypeId>()
  readonly #identifiers = new Map<string, TypeId>()
  readonly #counts = new Map<string, number>()

  constructor(btf: Btf) {
    this.#btf = btf
    this.#writer = new DeclarationWriter(btf, {}, this)
  }

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('')
  }

  /** Defines a type, after all that it needs. */
  add(id: TypeId): void {
    const type = this.#type(id)
    if (isEnum(type)) this.#once(type)
    else this.#need(id, true)
  }

  /** The prototype of a function, after all that it needs; `undefined` where its name is that of something else in C. */
  functionOf(id: TypeId): string | undefined {
    const type = this.#type(id)
    if (type.kind !== 'func') return undefined
    this.#need(type.type, false)
    if (this.#identifiers.has(type.name)) return undefined
    return `extern ${this.#writer.declare(type.type, type.name)} __weak __ksym;`
  }

  type(type: BtfType): string {
    if (type.kind === 'typedef') return this.#nameOf(type, this.#identifiers)
    const owner = this.#tags.get(type.name)
    const other = owner === undefined ? undefined : this.#btf.type(owner)
    // What is only declared is what was, or will be, defined under that name.
    if (type.kind === 'fwd' && other?.kind === type.of) return type.name
    if (other?.kind === 'fwd' && other.of === type.kind) this.#tags.set(type.name, type.id)
    return this.#nameOf(type, this.#tags)
  }

  /** Enums without a name are written out wherever they are used, and one more time is one too many for C. */
  value(name: string): string {
    return this.#take(this.#identifiers.has(name) ? this.#another(name) : name, 0, this.#identifiers)
  }

  base(type: BtfInt | BtfFloat): string {
    return baseTypeOf(type)
  }

  /** What is written has no other names than C has: the BTF may be of a file that somebody else has made. */
  #type(id: TypeId): BtfType {
    const type = this.#btf.type(id)
    if (!this.#checked.has(id)) checkNames(type)
    this.#checked.add(id)
    return type
  }

  #push(line: string): void {
    this.#length += line.length
    if (this.#length > longestHeader) {
      throw new BtfFormatError(`its header is longer than ${longestHeader} characters`)
    }
    this.#lines.push(line)
  }

  /** @param whole whether its size has to be known, which it has not behind a pointer */
  #need(id: TypeId, whole: boolean): void {
    const type = this.#type(id)
    switch (type.kind) {
      case 'ptr':
        if (this.#isFirst(id)) this.#need(type.type, false)
        break
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        this.#need(type.type, whole)
        break
      case 'array':
        this.#need(type.element, true)
        break
      case 'func_proto':
        if (!this.#isFirst(id)) break
        this.#need(type.returnType, false)
        for (const parameter of type.parameters) this.#need(parameter.type, false)
        break
      case 'typedef':
        this.#need(type.type, whole)
        if (type.name !== builtin) this.#once(type)
        break
      case 'struct':
      case 'union':
        this.#needComposite(type, whole)
        break
      case 'enum':
      case 'enum64':
        if (type.name !== '') this.#once(type)
        break
      case 'fwd':
        this.#once(type)
        break
      default:
    }
  }

  #needComposite(type: BtfComposite, whole: boolean): void {
    if (type.name === '') {
      if (this.#isFirst(type.id)) for (const member of type.members) this.#need(member.type, true)
      return
    }
    if (this.#written.has(type.id)) return
    if (!whole) {
      if (this.#isFirst(type.id)) this.#push(`${type.kind} ${this.type(type)};`)
      return
    }
    if (this.#begun.has(type.id)) return
    this.#begun.add(type.id)
    for (const member of type.members) this.#need(member.type, true)
    this.#once(type)
  }

  #isFirst(id: TypeId): boolean {
    if (this.#seen.has(id)) return false
    this.#seen.add(id)
    return true
  }

  #once(type: BtfType): void {
    if (this.#written.has(type.id)) return
    this.#written.add(type.id)
    this.#push(this.#writer.declaration(type))
  }

  #nameOf({ id, name }: BtfType, taken: Map<string, TypeId>): string {
    const other = this.#others.get(id)
    if (other !== undefined) return other
    const owner = taken.get(name)
    if (owner === undefined) return this.#take(name, id, taken)
    if (owner === id) return name
    const another = this.#take(this.#another(name), id, taken)
    this.#others.set(id, another)
    return another
  }

  #take(name: string, id: TypeId, taken: Map<string, TypeId>): string {
    taken.set(name, id)
    return name
  }

  #another(name: string): string {
    let count = this.#counts.get(name) ?? 1
    let another: string
    do another = `${name}___${++count}`
    while (this.#tags.has(another) || this.#identifiers.has(another))
    this.#counts.set(name, count)
    return another
  }
}
