/** TypeScript source as formatters leave it: two spaces, single quotes, no semicolons, 120 columns. */

export const LINE_WIDTH = 120

/** A string literal. Names come out of a file, and may be anything. */
export function quoted(text: string): string {
  const escaped = Array.from(JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"'), (character) =>
    character > '~' ? escapeSequence(character) : character,
  ).join('')
  // As formatters choose quotes: those that need fewer escapes.
  const [single, double] = [escaped.split("'").length, escaped.split('"').length]
  return single > double ? `"${escaped.replaceAll('"', '\\"')}"` : `'${escaped.replaceAll("'", "\\'")}'`
}

function escapeSequence(character: string): string {
  return Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')
}

/** A property's name. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name)
}

/** Text of a file within a comment: it cannot end the comment. */
export function commented(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a comment's line ends with them
  return text.replace(/[\u0000-\u001f\u007f-\uffff]/g, '?').replaceAll('*/', '*?')
}

/** A comment for editors, of one line or several. Whatever stands in it, it does not end before its end. */
export function documentation(given: readonly string[], indent = ''): string {
  const lines = given.map((line) => line.replaceAll('*/', '*?'))
  const [first, ...others] = lines
  if (first === undefined) return ''
  if (others.length === 0) return `${indent}/** ${first} */\n`
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`
}

/** Blocks of a module, with an empty line between them. */
export function blocks(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== '')
    .map((part) => part.replace(/\n*$/, '\n'))
    .join('\n')
}

/** One line if it is short enough, else the list of its items. */
export function listed(start: string, items: readonly string[], end: string): string {
  const line = `${start} ${items.join(', ')} ${end}`
  return line.length <= LINE_WIDTH ? line : `${start}\n${items.map((item) => `  ${item},\n`).join('')}${end}`
}

/** The same for a function's parameter. */
export function signature(start: string, parameter: string, end: string): string {
  const line = `${start}(${parameter})${end}`
  return line.length <= LINE_WIDTH ? line : `${start}(\n  ${parameter},\n)${end}`
}

/** A type with arguments. */
export interface TypeExpression {
  readonly name: string
  readonly arguments: readonly (TypeExpression | string)[]
}

/** The type of a property, on one line where that is short enough. */
export function typeText(type: TypeExpression | string, indent: string, used: number): string {
  if (typeof type === 'string') return type
  const { name, arguments: inner } = type
  if (inner.length === 0) return name
  const line = `${name}<${inner.map((each) => typeText(each, '', Number.NEGATIVE_INFINITY)).join(', ')}>`
  if (used + line.length <= LINE_WIDTH || (inner.length === 1 && typeof inner[0] === 'string')) return line
  const deeper = `${indent}  `
  return `${name}<\n${inner.map((each) => `${deeper}${typeText(each, deeper, deeper.length + 1)}`).join(',\n')}\n${indent}>`
}
