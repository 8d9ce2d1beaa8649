import type { Btf } from './btf.ts'
import type { TypeId } from './types.ts'

/** An element that an array does not have. */
export interface ElementBeyond {
  /** As C would write it, without what it is of: `args[9]`. */
  place: string
  /** The array's own name for itself: `args`. */
  array: string
  length: number
}

/**
 * The first element beyond its array on the way to a place of a type, by the type's own declaration: compilers only warn of it, and
 * the loader cannot say where the kernel has it. `undefined` where the way has none.
 *
 * @param access the indexes that lead to the place, such as `0:5:1`; the first is of an array that begins where the pointer points to
 */
export function elementBeyond(btf: Btf, id: TypeId, access: string): ElementBeyond | undefined {
  const indexes = access.split(':').map(Number)
  let current = id
  let place = ''
  let mayBeFlexible = false
  for (const index of indexes.slice(1)) {
    const type = btf.resolve(current)
    if (type.kind === 'struct' || type.kind === 'union') {
      const member = type.members[index]
      if (member === undefined) return undefined
      if (member.name !== '') place += place === '' ? member.name : `.${member.name}`
      mayBeFlexible = index === type.members.length - 1
      current = member.type
    } else if (type.kind === 'array') {
      const beyond = index >= type.length && !(mayBeFlexible && type.length === 0)
      const element = `${place}[${index}]`
      if (beyond) return { place: element, array: place, length: type.length }
      place = element
      mayBeFlexible = false
      current = type.element
    } else {
      return undefined
    }
  }
  return undefined
}
