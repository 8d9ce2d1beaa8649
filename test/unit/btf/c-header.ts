/** The declarations of a type and of all that it needs, in an order that a C compiler takes. */
import type { Btf } from '../../../lib/btf/btf.ts'
import type { BtfComposite, BtfType, TypeId } from '../../../lib/btf/types.ts'

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
        this.need(type.type, false)
        break
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        this.need(type.type, whole)
        break
      case 'array':
        this.need(type.element, true)
        break
      case 'func_proto':
        this.need(type.returnType, false)
        for (const parameter of type.parameters) this.need(parameter.type, false)
        break
      case 'typedef':
        this.need(type.type, whole)
        this.#once(type)
        break
      case 'struct':
      case 'union':
        this.#composite(type, whole)
        break
      case 'enum':
      case 'enum64':
      case 'fwd':
        if (type.name !== '') this.#once(type)
        break
      default:
    }
  }

  #composite(type: BtfComposite, whole: boolean): void {
    if (type.name !== '' && !whole) {
      this.#lines.push(`${type.kind} ${type.name};`)
      return
    }
    for (const member of type.members) this.need(member.type)
    if (type.name !== '') this.#once(type)
  }

  #once(type: BtfType): void {
    const key = `${type.kind === 'typedef' ? '' : `${type.kind} `}${type.name}`
    if (this.#done.has(key)) return
    this.#done.add(key)
    this.#lines.push(this.#btf.declaration(type.id))
  }
}
