/** The pages of docs/ and their links. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { filesUnder, root } from '../../scripts/support.mjs'

const pages = [
  'README.md',
  'CHANGELOG.md',
  ...filesUnder(join(root, 'docs'), (file) => file.endsWith('.md')).map((file) => join('docs', file)),
]

interface Target {
  link: string
  path: string
  heading: string | undefined
}

/** Where a page leads to in this package: code is no text, and other sites are not ours. */
function targetsOf(page: string): Target[] {
  return [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = '', heading] = link.split('#')
      return { link, path: file === '' ? page : join(dirname(page), file), heading }
    })
}

const textOf = (page: string): string => readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')

/** As GitHub names them. */
const headingsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

describe('the pages', () => {
  it.each(pages)('%s leads to files and headings that are there', (page) => {
    for (const { link, path, heading } of targetsOf(page)) {
      expect.soft(existsSync(join(root, path)), link).toBe(true)
      if (heading !== undefined) expect.soft(headingsOf(path), link).toContain(heading)
    }
  })

  it('can each be reached from the README', () => {
    const reached = new Set(['README.md'])
    for (const page of reached) {
      for (const { path } of targetsOf(page)) if (path.endsWith('.md')) reached.add(path)
    }
    expect(pages.filter((page) => !reached.has(page))).toEqual(['CHANGELOG.md'])
  })

  it.each(pages)('%s has at most 400 lines', (page) => {
    expect(readFileSync(join(root, page), 'utf8').split('\n').length).toBeLessThanOrEqual(400)
  })
})
