/** Values as short texts. */

const units: [name: string, nanoseconds: number][] = [
  ['d', 86_400e9],
  ['h', 3_600e9],
  ['min', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
]

/** At most 8 characters, such as `12.3 ms`. */
export function duration(nanoseconds: number | null): string {
  if (nanoseconds === null) return '-'
  const unit = units.find(([, size]) => nanoseconds >= size)
  if (unit === undefined) return `${nanoseconds} ns`
  const [name, size] = unit
  const number = nanoseconds / size
  return `${number < 100 ? number.toPrecision(3) : Math.floor(number)} ${name}`
}

/** Local time of day, to the second or the millisecond. */
export function timeOfDay(time: Date, precise: boolean): string {
  const seconds = time.toTimeString().slice(0, 8)
  return precise ? `${seconds}.${String(time.getMilliseconds()).padStart(3, '0')}` : seconds
}

/** Any process may name a file so that it moves a terminal's cursor: what is not visible is shown by its number. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/** A command line, quoted as a shell would have it. */
export function commandLine(args: readonly string[]): string {
  return args.map((text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)).join(' ')
}

/** Cuts the end of a text that is longer than `width`. */
export function shorten(text: string, width: number): string {
  const characters = [...text]
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

/** Cuts the start of a text that is longer than `width`. */
export function shortenStart(text: string, width: number): string {
  const characters = [...text]
  return characters.length <= width ? text : `…${characters.slice(characters.length - Math.max(0, width - 1)).join('')}`
}
