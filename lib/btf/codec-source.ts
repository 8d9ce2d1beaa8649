/**
 * JavaScript source under construction. Type and field names come from BTF, which anybody may have written: they enter
 * the source only through {@link literal}.
 */

/** Where a value lies: `base` is a variable that holds a multiple of `alignment`, or `''` for 0; `offset` is known
 * beforehand. */
export interface Place {
  readonly base: string
  readonly offset: number
  readonly alignment: number
}

/** A string as JavaScript source. JSON is a subset of JavaScript since ES2019, U+2028 included. */
export function literal(text: string): string {
  return JSON.stringify(text)
}

/** The typed arrays of a `Memory`. */
export type ViewName = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64' | 'f32' | 'f64' | 'view'

/** Collects the statements of a function over a `memory`, and the objects that they refer to. */
export class Source {
  #statements: string[] = []
  readonly #views = new Set<ViewName>()
  readonly #constants = new Map<unknown, string>()
  #variables = 0

  /** The name under which the source sees an object. */
  constant(value: unknown): string {
    let name = this.#constants.get(value)
    if (name === undefined) {
      name = `c${this.#constants.size}`
      this.#constants.set(value, name)
    }
    return name
  }

  /** The name under which the source sees one of the memory's arrays. */
  view(name: ViewName): string {
    this.#views.add(name)
    return name
  }

  /** A fresh variable name. */
  variable(): string {
    return `v${this.#variables++}`
  }

  add(...statements: string[]): void {
    this.#statements.push(...statements)
  }

  addFirst(statement: string): void {
    this.#statements.unshift(statement)
  }

  /** The statements that `fill` adds, as text for another place of the source. */
  block(fill: () => void): string {
    const outer = this.#statements
    this.#statements = []
    try {
      fill()
      return this.#statements.join('\n')
    } finally {
      this.#statements = outer
    }
  }

  /**
   * Makes the function.
   *
   * @throws EvalError where code generation from strings is disallowed.
   */
  compile<F>(parameters: string, helpers: Readonly<Record<string, unknown>>): F {
    const names = [...Object.keys(helpers), ...this.#constants.values()]
    const views = `const { ${[...this.#views].join(', ')} } = memory`
    const body = ["'use strict'", `return function (${parameters}) {`, views, ...this.#statements, '}'].join('\n')
    return new Function(...names, body)(...Object.values(helpers), ...this.#constants.keys()) as F
  }
}

/** Source of the byte at `place`. */
export function byteIndex({ base, offset }: Place): string {
  if (base === '') return String(offset)
  return offset === 0 ? base : `${base} + ${offset}`
}

/** Source of the index of the element of `size` bytes at `place`, which must be aligned to it. */
export function elementIndex({ base, offset, alignment }: Place, size: number): string {
  const index = base === '' || size === 1 ? base : `(${base} >>> ${Math.log2(size)})`
  return byteIndex({ base: index, offset: offset / size, alignment })
}

/** Whether a value of `size` bytes at `place` can be reached in one access, whatever the base is. */
export function isAligned({ offset, alignment }: Place, size: number): boolean {
  return alignment % size === 0 && offset % size === 0
}
