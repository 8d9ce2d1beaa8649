/** Values as a person would write them in TypeScript. */
import type { Random } from '../btf/random-c.ts'

/** A value's source text. */
export function literal(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return numberText(value)
  if (value instanceof Uint8Array) return `Uint8Array.of(${value.join(', ')})`
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${literal(each)}`)
  return `{ ${fields.join(', ')} }`
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'Number.NaN'
  if (Math.abs(value) === Number.POSITIVE_INFINITY) return `${value < 0 ? '-' : ''}Number.POSITIVE_INFINITY`
  return Object.is(value, -0) ? '-0' : String(value)
}

/** The same value but for one part, somewhere in it, that has another type. `undefined` where a value has no parts. */
export function broken(value: unknown, random: Random): string | undefined {
  if (typeof value === 'bigint') return random.one([numberText(Number(value & 0xffffn)), '"1"', 'true'])
  if (typeof value === 'number') return random.one(['1n', '"1"', 'false', '[1]'])
  if (typeof value === 'string') return random.one(['1', 'Uint8Array.of(1)', '["a"]'])
  if (typeof value === 'boolean') return random.one(['1', '"true"', '0n'])
  if (value instanceof Uint8Array) return random.one(['[1, 2]', '"bytes"', 'new Uint16Array(1)'])
  if (Array.isArray(value)) return brokenArray(value, random)
  return brokenObject(Object.entries(value as object), random)
}

function brokenArray(value: readonly unknown[], random: Random): string {
  const at = random.next(value.length + 1)
  const inner = at < value.length ? broken(value[at], random) : undefined
  if (inner === undefined) return random.one(['1', '"1"', '{}'])
  return `[${value.map((each, index) => (index === at ? inner : literal(each))).join(', ')}]`
}

function brokenObject(fields: readonly [string, unknown][], random: Random): string | undefined {
  if (fields.length === 0) return undefined
  const at = random.next(fields.length)
  const [name, value] = fields[at]!
  const inner = random.chance(70) ? broken(value, random) : undefined
  const texts = fields.map(([each, part]) => `${JSON.stringify(each)}: ${literal(part)}`)
  // A field that is missing, or one that nobody knows.
  if (inner === undefined && random.chance(50)) texts.splice(at, 1)
  else texts[at] = inner === undefined ? `${texts[at]}, unknown: 1` : `${JSON.stringify(name)}: ${inner}`
  return `{ ${texts.join(', ')} }`
}
