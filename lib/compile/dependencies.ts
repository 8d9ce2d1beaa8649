/** The files that clang read, out of the rule for make(1) that it writes (option -MD). */

/**
 * Names are escaped as clang does: a space and # by a backslash, $ by another one. It writes slashes for backslashes, and says
 * nothing of line feeds: such names come out as names of files that are not there.
 */
export function parseDependencies(rule: string): string[] {
  const names: string[] = []
  let name = ''
  const pattern = /\\([ #])|\$(\$)|\\?\n|( )|([\s\S])/g
  pattern.lastIndex = rule.indexOf(':') + 1
  for (const [, escaped, dollar, space, character] of rule.matchAll(pattern)) {
    const part = escaped ?? dollar ?? character
    if (part !== undefined && space === undefined) {
      name += part
    } else {
      if (name !== '') names.push(name)
      name = ''
    }
  }
  return name === '' ? names : [...names, name]
}
