import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { forKernel, parseRejected, rejectedPrograms, renderDocument } from '../../scripts/rejected-programs.mjs'

const parse = (source: string, header = '') =>
  parseRejected('wrong', (file: string) => (file === 'wrong.bpf.c' ? source : header))

const source = `// SPDX-License-Identifier: MIT
// Reads what is not there,
// twice.
//
// needs: trampoline
// slow: it is long
// expect before 5.8: nothing, it has no such thing
// expect since 5.8 before 6.4: packet-out-of-bounds, "Look for the end"
// expect since 6.4: accepted
#include <linux/bpf.h>
#include "other.h"
int first; /* refused here before 6.1, since 6.3 */
int second; /* refused here since 6.1 before 6.3 */
`

describe('what a program that is refused says of itself', () => {
  it('is read from its comment, and from the lines that are marked', () => {
    expect(parse(source, '\nint third; /* refused here */')).toEqual({
      name: 'wrong',
      wrong: 'Reads what is not there, twice.',
      needs: 'trampoline',
      slow: 'it is long',
      statements: [
        { before: '5.8', outcome: 'nothing', why: 'it has no such thing' },
        { since: '5.8', before: '6.4', outcome: 'refused', kind: 'packet-out-of-bounds', hint: 'Look for the end' },
        { since: '6.4', outcome: 'accepted' },
      ],
      places: [
        {
          file: 'wrong.bpf.c',
          line: 12,
          text: 'int first; /* refused here before 6.1, since 6.3 */',
          whole: false,
          before: '6.1',
        },
        {
          file: 'wrong.bpf.c',
          line: 12,
          text: 'int first; /* refused here before 6.1, since 6.3 */',
          whole: false,
          since: '6.3',
        },
        {
          file: 'wrong.bpf.c',
          line: 13,
          text: 'int second; /* refused here since 6.1 before 6.3 */',
          whole: false,
          since: '6.1',
          before: '6.3',
        },
        { file: 'other.h', line: 2, text: 'int third; /* refused here */', whole: false },
      ],
    })
  })

  it('holds for the kernels that it names', () => {
    const { statements, places } = parse(source)
    const on = (kernel: string) => (version: string) =>
      Number(kernel.replace('.', '.0')) < Number(version.replace('.', '.0'))
    expect(['5.4', '5.8', '6.3', '6.4', '7.3'].map((kernel) => forKernel(statements, on(kernel))?.outcome)).toEqual([
      'nothing',
      'refused',
      'refused',
      'accepted',
      'accepted',
    ])
    expect(['5.4', '6.1', '6.3'].map((kernel) => forKernel(places, on(kernel))?.line)).toEqual([12, 13, 12])
    expect(forKernel(parse(source.replaceAll(/ before 6.1,/g, '')).places, on('5.4'))).toBeUndefined()
  })

  it.each([
    ['a line that is no statement', '// expected: accepted', 'is no statement'],
    ['a kind in another form', '// expect: Packet', 'is no statement'],
    ['kernels that are left out', '// expect before 6.1: accepted', 'do not follow each other'],
    ['kernels that are meant twice', '// expect: accepted\n// expect: packet', 'do not follow each other'],
    ['a gap', '// expect before 5.8: accepted\n// expect since 6.1: packet', 'do not follow each other'],
  ])('has not %s', (_, statements, message) => {
    expect(() =>
      parse(`// SPDX-License-Identifier: MIT\n// Wrong.\n//\n${statements}\n#include <linux/bpf.h>\n`),
    ).toThrow(message)
  })

  it('is there', () => {
    expect(() => parse('// SPDX-License-Identifier: MIT\n#include <linux/bpf.h>\n')).toThrow('does not say')
    expect(() => parse('// SPDX-License-Identifier: MIT\n// Wrong.\n//\n#include <linux/bpf.h>\n')).toThrow(
      'does not say',
    )
  })
})

describe('the tables of what is refused', () => {
  it('count kinds on kernels, and name what was learnt', () => {
    const tables = renderDocument([parse(source)])
    expect(tables).toContain('| `packet-out-of-bounds` | 1 | 1 | – | – | – | wrong |')
    expect(tables).toContain(
      '| wrong | Reads what is not there, twice. | `packet-out-of-bounds` since 5.8, before 6.4; accepted since 6.4 |',
    )
  })

  it('are those of the document', () => {
    const text = readFileSync(new URL('../../docs/verifier-kernels.md', import.meta.url), 'utf8')
    expect(text, 'run: node scripts/rejected-programs.mjs').toBe(renderDocument())
  })

  it('are made of at least forty programs', () => {
    expect(rejectedPrograms().length).toBeGreaterThanOrEqual(40)
  })
})
