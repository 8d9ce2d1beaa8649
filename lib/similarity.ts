/** Names that are like another one. */

/**
 * The `count` names that have most in common with `name`, best first: pairs of neighbouring characters (Dice's coefficient), which finds
 * prefixes, suffixes and slips of the finger alike.
 */
export function mostSimilar(name: string, names: readonly string[], count: number): string[] {
  const wanted = pairs(name)
  const rated = names.map((each) => ({ each, likeness: likeness(wanted, pairs(each)) }))
  // Those that are as good as each other stay in their order.
  rated.sort((one, other) => other.likeness - one.likeness)
  return rated.slice(0, count).map(({ each }) => each)
}

function pairs(name: string): Set<string> {
  const text = ` ${name.toLowerCase()} `
  return new Set(Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2)))
}

function likeness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  let common = 0
  for (const pair of one) if (other.has(pair)) common++
  return (2 * common) / (one.size + other.size)
}
