/** As much of SVG as the charts need: text of elements, scales, and colours for light and dark pages. */

/** An element; contents are elements, or plain text that `text` has escaped. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...contents: readonly string[]
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(short(value))}"`)
  const start = `<${name}${written.join('')}`
  return contents.length === 0 ? `${start}/>` : `${start}>${contents.join('')}</${name}>`
}

export function text(x: number, y: number, words: string, attributes: Record<string, string | number> = {}): string {
  return element('text', { x, y, ...attributes }, escaped(words))
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return element('line', { x1, y1, x2, y2, class: kind })
}

/** A whole document, with a title for those who cannot see it. */
export function drawing(width: number, height: number, title: string, contents: readonly string[]): string {
  return `${element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img' },
    element('title', {}, escaped(title)),
    element('style', {}, STYLE),
    `\n${element('rect', { width, height, class: 'page' })}`,
    ...contents.map((content) => `\n${content}`),
    '\n',
  )}\n`
}

/** Numbers to places on a line. */
export type Scale = (value: number) => number

export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [low, high] = domain
  return (value) => range[0] + ((value - low) / (high - low)) * (range[1] - range[0])
}

/** What lies outside of the domain is drawn at its edge. */
export function logScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const linear = linearScale([Math.log(domain[0]), Math.log(domain[1])], range)
  return (value) => linear(Math.log(Math.min(domain[1], Math.max(domain[0], value))))
}

/** The class of the first, second, … version of Node. */
export function nodeClass(index: number): string {
  return `node${index % 4}`
}

const STYLE = `
.page{fill:#fff}text{font:12px system-ui,sans-serif;fill:#1f2328}.small{font-size:11px;fill:#59636e}.head{font-weight:600;font-size:14px}
.grid{stroke:#d1d9e0}.whole{stroke:#1f2328}.must{stroke:#cf222e;stroke-width:2}.stretch{stroke:#1a7f37;stroke-width:2}
.go{fill:#bf8700}.npm{fill:#8250df}.curve{stroke-width:1.5}
.node0{fill:#0550ae;stroke:#0550ae}.node1{fill:#218bff;stroke:#218bff}.node2{fill:#1b7c83;stroke:#1b7c83}.node3{fill:#3fb8a5;stroke:#3fb8a5}
path.curve{fill:none}.dashed{stroke-dasharray:5 3}
@media(prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#f0f6fc}.small{fill:#9198a1}.grid{stroke:#3d444d}.whole{stroke:#f0f6fc}
.must{stroke:#f85149}.stretch{stroke:#3fb950}.go{fill:#d29922}.npm{fill:#ab7df8}.node0{fill:#4493f8;stroke:#4493f8}.node1{fill:#a5d6ff;stroke:#a5d6ff}}
`

function short(value: string | number): string {
  return typeof value === 'number' ? String(Number(value.toFixed(1))) : value
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
