/** Names of values, by the object that has the values by name. */
const names = new WeakMap<object, ReadonlyMap<number | bigint, string>>()

/**
 * The name of an enum's value, as generated modules ask for it: of several names of one value the first.
 *
 * @param values such as `{ OPEN: 1, CLOSED: 2 }`
 */
export function enumName<const E extends Readonly<Record<string, number | bigint>>>(
  values: E,
  value: number | bigint,
): (keyof E & string) | undefined {
  let byValue = names.get(values)
  if (byValue === undefined) {
    byValue = new Map(
      Object.entries(values)
        .reverse()
        .map(([name, each]) => [each, name]),
    )
    names.set(values, byValue)
  }
  return byValue.get(value)
}
