/** The declarations of a type and of all that it needs, in an order that a C compiler takes. */
import type { Btf } from '../../../lib/btf/btf.ts'
import type { BtfType, TypeId } from '../../../lib/btf/types.ts'

export class CHeader {
  readonly #btf: Btf
  readonly #done = new Set<string>()
  readonly #lines: string[] = []

  constructor(btf: Btf) {
    this.#btf = btf
  }

  get text(): string {
    return this.#lines.join('\n')
  }

  /** @param whole whether its size has to be known, which it has not behind a pointer */
  need(id: TypeId, whole: boolean = true): void {
    const key = `${id} ${whole}`
    if (this.#done.has(key)) return
    this.#done.add(key)
    const type = this.#btf.type(id)
    switch (type.kind) {
      case 'ptr':
        return this.need(type.type, false)
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        return this.need(type.type, whole)
      case 'array':
        return this.need(type.element, true)
      case 'func_proto':
        this.need(type.returnType, false)
        for (const parameter of type.parameters) this.need(parameter.type, false)
        return
      case 'typedef':
        this.need(type.type, whole)
        return this.#once(type)
      case 'struct':
      case 'union':
        if (type.name !== '' && !whole) {
          this.#lines.push(`${type.kind} ${type.name};`)
          return
        }
        for (const member of type.members) this.need(member.type)
        if (type.name !== '') this.#once(type)
        return
      case 'enum':
      case 'enum64':
      case 'fwd':
        if (type.name !== '') this.#once(type)
        return
      default:
    }
  }

  #once(type: BtfType): void {
    const key = `${type.kind === 'typedef' ? '' : `${type.kind} `}${type.name}`
    if (this.#done.has(key)) return
    this.#done.add(key)
    this.#lines.push(this.#btf.declaration(type.id))
  }
}
