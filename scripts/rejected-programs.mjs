// What test/fixtures/rejected/*.bpf.c say of themselves, and docs/verifier-kernels.md, which is made of it:
// node scripts/rejected-programs.mjs
//
// The comment at the top of each says what is wrong, for people, and then, for programs:
//
//   // needs: FEATURE        (a feature of test/support/kernel-features.ts, or a libbpf such as: libbpf 1.3)
//   // slow: WHY             (too slow for a kernel that is emulated)
//   // expect [since X] [before Y]: KIND, "START OF THE HINT"   (of VerifierError; without a hint none is given)
//   // expect [since X] [before Y]: accepted
//   // expect [since X] [before Y]: nothing, WHY            (the kernel lacks what the program is about: it does not load)
//
// /* refused here [since X] [before Y], [since …] */ is on the line that the error names, with an instruction;
// /* refused as a whole … */ on the line of the function, where it is not about one. Where no line is marked, it names none.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isOlder } from './packages.mjs'
import { filesUnder, main, Problem, root } from './support.mjs'

/**
 * @typedef {{ since?: string, before?: string }} Range
 * @typedef {Range & { outcome: 'refused' | 'accepted' | 'nothing', kind?: string, hint?: string, why?: string }} Statement
 * @typedef {Range & { file: string, line: number, text: string, whole: boolean }} Place
 * @typedef {{ name: string, wrong: string, needs?: string, slow?: string, statements: Statement[], places: Place[] }} RejectedProgram
 */

export const folder = join(root, 'test/fixtures/rejected')

const document = join(root, 'docs/verifier-kernels.md')

/** The kernels of the tables. */
const kernels = ['5.10', '6.1', '6.12', '6.18', '7.3']

/** @returns {RejectedProgram[]} */
export function rejectedPrograms() {
  return filesUnder(folder, (file) => file.endsWith('.bpf.c')).map((file) =>
    parseRejected(file.slice(0, -'.bpf.c'.length), (each) => readFileSync(join(folder, each), 'utf8')),
  )
}

const range = String.raw`(?: since (\d+\.\d+))?(?: before (\d+\.\d+))?`
const statementPattern = new RegExp(`^// expect${range}: (?:(accepted)|nothing, (.+)|([a-z][a-z-]*)(?:, "(.+)")?)$`)
const notePattern = /^\/\/ (needs|slow): (.+)$/
const placePattern = new RegExp(String.raw`/\* refused (here|as a whole)((?:${range},?)*) \*/`, 'g')

/**
 * @param {string} name
 * @param {(file: string) => string} read
 * @returns {RejectedProgram}
 */
export function parseRejected(name, read) {
  const source = `${name}.bpf.c`
  const text = read(source)
  const lines = text.split('\n')
  const comment = lines.slice(
    1,
    lines.findIndex((line) => !line.startsWith('//')),
  )
  const wrong = comment.slice(0, comment.indexOf('//')).map((line) => line.slice(3))
  const rest = comment.slice(wrong.length + 1)
  const { needs, slow } = Object.fromEntries(rest.map((line) => notePattern.exec(line)?.slice(1) ?? ['', '']))
  const statements = rest
    .filter((line) => !notePattern.test(line))
    .map((line) => {
      const match = statementPattern.exec(line)
      if (match === null) throw new Problem(`${source}: "${line}" is no statement.`)
      const [, since, before, accepted, why, kind, hint] = match
      const outcome = accepted !== undefined ? 'accepted' : why !== undefined ? 'nothing' : 'refused'
      return { since, before, outcome, kind, hint, why }
    })
  const headers = [...text.matchAll(/^#include "(.+)"$/gm)].map((match) => match[1])
  const places = [source, ...headers].flatMap((file) => markedLines(file, read(file)))
  if (wrong.length === 0 || statements.length === 0) throw new Problem(`${source} does not say what is expected.`)
  checkRanges(source, statements)
  return { name, wrong: wrong.join(' '), needs, slow, statements, places }
}

/** @returns {Place[]} */
function markedLines(file, text) {
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(placePattern)].flatMap(([, how, ranges]) =>
      ranges.split(',').map((when) => {
        const [, since, before] = new RegExp(range).exec(when) ?? []
        return { file, line: index + 1, text: line.trim(), whole: how !== 'here', since, before }
      }),
    ),
  )
}

/** Statements follow each other without a gap, and hold for all kernels together. */
function checkRanges(source, statements) {
  const bounds = statements.slice(1).map(({ since }) => since)
  const joined = bounds.every((since, index) => since !== undefined && since === statements[index].before)
  if (!joined || statements[0].since !== undefined || statements.at(-1).before !== undefined) {
    throw new Problem(`${source}: its statements do not follow each other, from the first kernel to the last.`)
  }
}

/**
 * What holds for a kernel; `older` says whether it is older than a version.
 * @template {Range} T
 * @param {readonly T[]} ranges
 * @param {(version: string) => boolean} older
 * @returns {T | undefined}
 */
export function forKernel(ranges, older) {
  return ranges.find(
    ({ since, before }) => (since === undefined || !older(since)) && (before === undefined || older(before)),
  )
}

function kindTable(programs) {
  const kinds = new Map()
  for (const program of programs) {
    for (const kernel of kernels) {
      const { kind } = forKernel(program.statements, (version) => isOlder(kernel, version)) ?? {}
      if (kind === undefined) continue
      if (!kinds.has(kind)) kinds.set(kind, new Map(kernels.map((each) => [each, new Set()])))
      kinds.get(kind).get(kernel).add(program.name)
    }
  }
  const rows = [...kinds]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([kind, found]) => {
      const names = [...new Set([...found.values()].flatMap((set) => [...set]))].sort()
      const counts = kernels.map((kernel) => found.get(kernel).size || '–')
      return [`\`${kind}\``, ...counts, names.join(', ')]
    })
  return table(['kind', ...kernels, 'programs'], rows)
}

/** Programs that some kernels refuse, and others accept. */
function changeTable(programs) {
  const rows = programs.flatMap(({ name, wrong, statements }) => {
    if (!statements.some(({ outcome }) => outcome === 'accepted')) return []
    const parts = statements
      .filter(({ outcome }) => outcome !== 'nothing')
      .map(({ since, before, outcome, kind }) => {
        const when = [since && `since ${since}`, before && `before ${before}`].filter(Boolean).join(', ')
        return `${outcome === 'accepted' ? 'accepted' : `\`${kind}\``} ${when}`
      })
    return [[name, wrong, parts.join('; ')]]
  })
  return table(['program', 'what it does', 'kernels'], rows)
}

function table(heading, rows) {
  return [heading, heading.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('')
}

/** The document. */
export function renderDocument(programs = rejectedPrograms()) {
  return `# What verifiers refuse

Made by "node scripts/rejected-programs.mjs"; do not edit.

These ${programs.length} programs, each wrong in its own way, are in test/fixtures/rejected of the repository. They are loaded on each of these
kernels, and the [error](errors.md) has to name the kind, the line and what to do. The numbers say how many programs of a kind a kernel refuses:
fewer where it lacks what a program is about, or has learnt to see that it is right.

${kindTable(programs)}
## What kernels disagree about

${changeTable(programs)}`
}

await main(import.meta.url, () => {
  writeFileSync(document, renderDocument())
})
