import { outOfRange } from '../errors.ts'
import { type DeclarationOptions, declarationOf } from './declaration.ts'
import { decodeType, kindNumberOf, type TypeSource } from './decode-type.ts'
import { BtfFormatError } from './format-error.ts'
import { headerOf } from './header.ts'
import {
  btfKinds,
  type BtfDataSection,
  type BtfKind,
  type BtfType,
  type BtfTypeOf,
  maxTypeDepth,
  type TypeId,
} from './types.ts'

/** Size of a pointer: BPF programs and the kernels that run them with JIT and BTF are 64-bit. */
const pointerSize = 8

/** The kernel's limit for one type (BTF stores sizes in 32 bits). */
const maxTypeSize = 0xffffffff

const voidType: BtfType = Object.freeze({ kind: 'void', id: 0, name: '' })

/**
 * The types of one BTF section or file. BTF of a module builds on the kernel's: it has all of that one's types, too, and
 * its own ones after them.
 */
export class Btf {
  /** What it builds on; `undefined` when it stands alone. */
  readonly base: Btf | undefined
  /** The first id of its own types: 0 (`void`) when it stands alone. */
  readonly firstId: TypeId
  /** Number of types, `void` (id 0) and those of `base` included: valid ids are 0 to `typeCount - 1`. */
  readonly typeCount: number
  readonly littleEndian: boolean
  readonly #source: TypeSource
  readonly #decoded: (BtfType | undefined)[] = []

  /** @internal */
  constructor(source: TypeSource, littleEndian: boolean, base?: Btf) {
    this.#source = source
    this.base = base
    this.firstId = source.firstId
    this.typeCount = source.firstId + source.positions.length
    this.littleEndian = littleEndian
  }

  /**
   * The type with this id.
   *
   * @throws RangeError if there is no such id.
   * @throws BtfFormatError if the type refers to what does not exist.
   */
  type(id: TypeId): BtfType {
    const known = this.#decoded[id - this.firstId]
    if (known !== undefined) return known
    if (!Number.isInteger(id) || id < 0 || id >= this.typeCount) {
      throw outOfRange(`BTF type id ${id} is not within 0..${this.typeCount - 1}`)
    }
    if (id < this.firstId) return (this.base as Btf).type(id)
    const type = this.#decode(id)
    this.#decoded[id - this.firstId] = type
    return type
  }

  /**
   * The first type with this name, of this kind if one is given; `undefined` if there is none. Types of `base` come
   * first.
   */
  find(name: string): BtfType | undefined
  find<K extends BtfKind>(name: string, kind: K): BtfTypeOf<K> | undefined
  find(name: string, kind?: BtfKind): BtfType | undefined {
    return this.base?.find(name, kind as BtfKind) ?? this.#findOwn(name, kind)
  }

  /**
   * Its own types in the order of their ids, of one kind if one is given; those of `base` are not among them. Each is
   * decoded when it is its turn, and not kept.
   */
  types(): Generator<BtfType, void, undefined>
  types<K extends BtfKind>(kind: K): Generator<BtfTypeOf<K>, void, undefined>
  *types(kind?: BtfKind): Generator<BtfType, void, undefined> {
    const wanted = kind === undefined ? -1 : btfKinds.indexOf(kind)
    for (let id = this.firstId; id < this.typeCount; id++) {
      if (wanted === -1 || this.#kindOf(id) === wanted) yield this.#decoded[id - this.firstId] ?? this.#decode(id)
    }
  }

  /** The data section with this name, such as `.maps` or `.rodata`; `undefined` if there is none. */
  datasec(name: string): BtfDataSection | undefined {
    return this.find(name, 'datasec')
  }

  /**
   * The type behind typedefs, const, volatile, restrict and type tags.
   *
   * @throws BtfFormatError if these refer to each other in a circle.
   */
  resolve(id: TypeId): BtfType {
    let type = this.type(id)
    for (let depth = 0; depth <= maxTypeDepth; depth++) {
      switch (type.kind) {
        case 'typedef':
        case 'volatile':
        case 'const':
        case 'restrict':
        case 'type_tag':
          type = this.type(type.type)
          break
        default:
          return type
      }
    }
    throw new BtfFormatError(`type ${id} goes through more than ${maxTypeDepth} typedefs and modifiers: a circle`)
  }

  /**
   * Bytes that a value of this type takes.
   *
   * @throws BtfFormatError if such a value cannot exist (a function, an undefined struct, an endless array).
   */
  sizeOf(id: TypeId): number {
    let count = 1
    let type = this.resolve(id)
    for (let depth = 0; depth <= maxTypeDepth; depth++) {
      switch (type.kind) {
        case 'array':
          count *= type.length
          type = this.resolve(type.element)
          continue
        case 'var':
          type = this.resolve(type.type)
          continue
        case 'void':
        case 'fwd':
        case 'func':
        case 'func_proto':
        case 'decl_tag':
          throw new BtfFormatError(`type ${type.id} (${describe(type)}) has no size`)
        default:
      }
      const size = count * (type.kind === 'ptr' ? pointerSize : 'size' in type ? type.size : 0)
      if (size > maxTypeSize) {
        throw new BtfFormatError(`type ${id} is larger than 4 GiB`)
      }
      return size
    }
    throw new BtfFormatError(`type ${id} nests arrays more than ${maxTypeDepth} deep`)
  }

  /**
   * A type's declaration in C: of a struct, union or enum its whole body, of a function its signature, of a typedef or a
   * variable the line that declares it. Types that it uses are named, not declared.
   *
   * @throws RangeError if there is no such id.
   * @throws BtfFormatError if its types refer to each other in a circle.
   */
  declaration(id: TypeId, options: DeclarationOptions = {}): string {
    return declarationOf(this, this.type(id), options)
  }

  /**
   * All types as one C header: the `vmlinux.h` of the kernel's. Accesses to the members of its structs are adapted to the
   * kernel that runs the program (CO-RE). Of a module these are its own types, and what they need of the kernel's.
   *
   * Where several types have one name, the second is called `name___2`, and so on, which CO-RE takes for the same name.
   * Functions that programs may call (kfuncs) are declared as well, where the kernel tells which they are: Linux 6.10.
   *
   * @throws BtfFormatError if types refer to each other in a circle, or have names that C cannot have, as BTF of other languages does.
   */
  header(): string {
    return headerOf(this)
  }

  /** Its own types, for `JSON.stringify`; values of 64-bit enums as decimal strings. */
  toJSON(): { firstId: TypeId; types: unknown[] } {
    const types = Array.from(this.types(), (type) =>
      type.kind === 'enum64'
        ? { ...type, values: type.values.map(({ name, value }) => ({ name, value: value.toString() })) }
        : type,
    )
    return { firstId: this.firstId, types }
  }

  /** @internal Of the BTF that builds on this one. */
  get strings(): TypeSource['strings'] {
    return this.#source.strings
  }

  #decode(id: TypeId): BtfType {
    return id === 0 ? voidType : decodeType(this.#source, id)
  }

  /** The number that BTF stores. */
  #kindOf(id: TypeId): number {
    if (id === 0) return 0
    const { words, positions, firstId } = this.#source
    return kindNumberOf(words[positions[id - firstId]! + 1]!)
  }

  #findOwn(name: string, kind: BtfKind | undefined): BtfType | undefined {
    const places = this.strings.places(name)
    if (places.size === 0) return undefined
    const { words, positions, firstId } = this.#source
    const wanted = kind === undefined ? -1 : btfKinds.indexOf(kind)
    const only = places.size === 1 ? [...places][0] : undefined
    for (let index = firstId === 0 ? 1 : 0; index < positions.length; index++) {
      const place = words[positions[index]!]!
      // Nearly always there is one, and a comparison costs less than a look into a set.
      if (only === undefined ? !places.has(place) : place !== only) continue
      if (wanted === -1 || this.#kindOf(firstId + index) === wanted) return this.type(firstId + index)
    }
    return undefined
  }
}

/** A type in words, for messages: `struct event`, `func main`. */
export function describe(type: BtfType): string {
  return type.name === '' ? `anonymous ${type.kind}` : `${type.kind} ${type.name}`
}
