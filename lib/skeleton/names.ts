/** C names as TypeScript has them. */

/** Names that the generated module uses itself: a type of such a name would hide what is meant. */
const OWN_NAMES: readonly string[] = [
  ...['Maps', 'Programs', 'Globals', 'Kconfig', 'Shape', 'Buffer', 'Omit', 'Promise', 'Record', 'URL', 'Uint8Array'],
  ...['load', 'open', 'source', 'base64'],
]

/** `conn_key` is `ConnKey`; what is no letter or digit parts words. `''` where nothing is left. */
export function pascalCase(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return /^[0-9]/.test(joined) ? `_${joined}` : joined
}

/** The same as a function is called. */
export function camelCase(name: string): string {
  const pascal = pascalCase(name)
  return pascal.charAt(0).toLowerCase() + pascal.slice(1)
}

/** Names of one module, each given once. */
export class ModuleNames {
  readonly #taken: Set<string>

  /** @param imported what the module may import */
  constructor(imported: Iterable<string>) {
    this.#taken = new Set([...OWN_NAMES, ...imported])
  }

  /** The first of `wishes` that is free; where none is, the last one with a number. */
  claim(wishes: readonly string[]): string {
    const last = wishes.at(-1) ?? 'Type'
    let name = wishes.find((wish) => !this.#taken.has(wish))
    for (let number = 2; name === undefined; number++) {
      if (!this.#taken.has(`${last}${number}`)) name = `${last}${number}`
    }
    this.#taken.add(name)
    return name
  }
}
