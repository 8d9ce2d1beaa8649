/** What the package exports, as users import it: joined into a few files (scripts/bundle.mjs). */
import { expect, it } from 'vitest'

const ENTRIES = ['index', 'asm/index', 'testing/index']

it.each(ENTRIES)(
  '%s: functions and classes have the names that errors, traces and util.inspect() show',
  async (entry) => {
    const module: object = await import(new URL(`../../dist/${entry}.js`, import.meta.url).href)
    const named = Object.entries(module).filter(([, value]) => typeof value === 'function')
    expect(named.length).toBeGreaterThan(1)
    expect(named.map(([, value]) => value.name)).toEqual(named.map(([name]) => name))
  },
)
