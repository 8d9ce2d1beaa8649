// docs/verifier/*.md: each class of VerifierError.kind, with a program that is refused so and what the error says of it.
//
//   node scripts/verifier-classes.mjs [KIND...]     (as root, after npm run build)
//
// It loads the programs of all classes, or of these, in test/fixtures/rejected, on the running kernel. The example of another kernel, whose
// version stands above it, stays as it is. The pages are checked by test/unit/verifier-classes.test.ts, and what each kernel says by
// test/kernel/rejected.test.ts.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { dirname, join } from 'node:path'
import { folder } from './rejected-programs.mjs'
import { main, Problem, root } from './support.mjs'

/**
 * @typedef {{ kernel: string, text: string }} Example
 * @typedef {{ title: string, about: string, classes: Record<string, string | undefined> }} Page
 */

/**
 * The pages, and the program that is the example of each class; without one where no program of ours is refused so.
 * @type {Record<string, Page>}
 */
export const pages = {
  'docs/verifier/memory.md': {
    title: 'Refused: memory and pointers',
    about: 'What a program reads or writes where it may not, or cannot be sure that it may.',
    classes: {
      'unchecked-map-value': 'unchecked-map-value',
      'unchecked-pointer': 'ringbuf-unchecked',
      'null-dereference': 'null-branch',
      'invalid-pointer': 'kernel-pointer-dereferenced',
      'untrusted-pointer': 'kfunc-untrusted',
      'packet-out-of-bounds': 'packet-short-check',
      'stale-packet-pointer': 'packet-invalidated',
      'map-value-out-of-bounds': 'map-value-variable-index',
      'memory-out-of-bounds': 'ringbuf-out-of-bounds',
      'stack-out-of-bounds': 'stack-buffer-short',
      'stack-overflow': 'stack-one-frame',
      'uninitialised-stack': 'stack-uninitialised',
      'uninitialised-register': 'register-uninitialised',
      'use-after-release': 'ringbuf-after-submit',
      'read-only-memory': 'rodata-written',
      'special-field': 'lock-overwritten',
      'context-access': 'context-end',
      'misaligned-access': 'stack-misaligned',
      'atomic-access': 'atomic-packet',
      'pointer-arithmetic': 'pointer-aligned',
      'pointer-leak': undefined,
      dynptr: 'dynptr-overwritten',
      iterator: 'iterator-uninitialised',
    },
  },
  'docs/verifier/calls.md': {
    title: 'Refused: calls and what they give',
    about:
      'Helpers, functions of the kernel and of your own: which may be called where, with what, and what has to be given back.',
    classes: {
      'argument-type': 'argument-wrong-type',
      'argument-size': 'size-unbounded',
      'not-constant': 'size-not-constant',
      'wrong-map-type': 'map-wrong-type',
      'uncreated-map': undefined,
      'helper-not-allowed': 'helper-wrong-type',
      'kfunc-not-allowed': 'kfunc-not-allowed',
      'unknown-helper': 'helper-unknown',
      'unknown-kfunc': 'kfunc-unknown',
      'missing-gpl': 'license-missing',
      sleepable: 'sleepable-helper',
      'lock-held': 'lock-held-at-exit',
      'leaked-reference': 'ringbuf-leaked',
      'invalid-release': 'release-not-acquired',
      'return-value': 'return-range',
      'global-function': 'global-void',
      'call-depth': 'calls-too-deep',
      recursion: 'recursion',
      'tail-call': 'tail-call-void',
    },
  },
  'docs/verifier/programs.md': {
    title: 'Refused: programs as a whole',
    about: 'Loops and sizes, code that is no program, and what does not fit to the kernel.',
    classes: {
      'unbounded-loop': 'loop-unbounded',
      'too-complex': 'too-complex',
      'unreachable-code': 'unreachable-code',
      'no-exit': 'no-exit',
      'jump-out-of-range': 'jump-out-of-range',
      'invalid-instruction': 'division-by-zero',
      'invalid-btf': undefined,
      'unmatched-core-relocation': 'core-field',
      'attach-target': 'fentry-not-sleepable',
      'struct-ops': 'struct-ops-member',
    },
  },
}

/**
 * Meanings by class, as lib/verifier/kinds.ts has them, but for `unknown`.
 * @returns {Map<string, string>}
 */
export function meanings() {
  const text = readFileSync(join(root, 'lib/verifier/kinds.ts'), 'utf8')
  const found = [...text.matchAll(/\/\*\* (.+) \*\/\s*\| '([a-z-]+)'/g)].map(([, meaning, kind]) => [kind, meaning])
  return new Map(found.filter(([kind]) => kind !== 'unknown'))
}

/**
 * The examples that a page has.
 * @param {string} text
 * @returns {Map<string, Example>}
 */
export function examplesOf(text) {
  const sections = [...text.matchAll(/^## (\S+)\n\n[^\n]* Linux (\d+\.\d+):\n\n```text\n([\s\S]*?)\n```$/gm)]
  return new Map(sections.map(([, kind, kernel, example]) => [kind, { kernel, text: example }]))
}

/**
 * @param {Page} page
 * @param {ReadonlyMap<string, Example>} examples
 * @returns {string}
 */
export function renderPage({ title, about, classes }, examples) {
  const known = meanings()
  const sections = Object.keys(classes).map((kind) => {
    const meaning = known.get(kind)
    if (meaning === undefined) throw new Problem(`lib/verifier/kinds.ts has no class '${kind}'.`)
    const example = examples.get(kind)
    if (example === undefined) return `## ${kind}\n\n${meaning}\n`
    return `## ${kind}\n\n${meaning} Linux ${example.kernel}:\n\n\`\`\`text\n${example.text}\n\`\`\`\n`
  })
  return `# ${title}

Made by "node scripts/verifier-classes.mjs"; do not edit.

${about} [The verifier](../verifier.md) says what the lines of an error mean; the sentence after the program's name is the
kernel's own, and differs between kernels. The programs are in test/fixtures/rejected of the repository; the notes on the way there are left out here.

${sections.join('\n')}`
}

/**
 * What an error says, without the way there, without folders, and without numbers that are of one build of a kernel.
 * @param {{ toString(): string }} error
 */
export function exampleText(error) {
  const [head, ...notes] = error.toString().split(/\n(?=\S+: note: |note: )/)
  const hint = /\nhint: .*$/s.exec(notes.at(-1) ?? '')?.[0] ?? ''
  return `${head}${hint}`
    .split('\n')
    .filter((line) => !/^ +\d* \|(?! +\^)/.test(line))
    .map((line) =>
      line
        .replace(/^\/\S*\//, '')
        .replace(/ ?\/\* refused [^*]*\*\//g, '')
        .replace(/#\d{4,}$/, ''),
    )
    .join('\n')
}

/** What this kernel says of the example of a class; `undefined` where it says something else, or takes the program. */
async function refusal(kind, program) {
  const { loadObject } = await import('../dist/index.js')
  try {
    await (await loadObject(join(folder, `${program}.bpf.o`))).close()
  } catch (error) {
    if (error.kind === kind) return exampleText(error)
  }
  return undefined
}

/** @returns {string} The running kernel's version, as the pages have it. */
export function kernelVersion() {
  return /^\d+\.\d+/.exec(release())?.[0] ?? ''
}

await main(import.meta.url, async (kinds) => {
  const missing = [...meanings().keys()].filter((kind) => !Object.values(pages).some(({ classes }) => kind in classes))
  if (missing.length > 0) throw new Problem(`scripts/verifier-classes.mjs names no page for ${missing.join(', ')}.`)
  for (const [path, page] of Object.entries(pages)) {
    const file = join(root, path)
    const examples = existsSync(file) ? examplesOf(readFileSync(file, 'utf8')) : new Map()
    for (const [kind, program] of Object.entries(page.classes)) {
      const isAnothers = examples.has(kind) && examples.get(kind).kernel !== kernelVersion()
      if (program === undefined || isAnothers || (kinds.length > 0 && !kinds.includes(kind))) continue
      const text = await refusal(kind, program)
      if (text !== undefined) examples.set(kind, { kernel: kernelVersion(), text })
    }
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, renderPage(page, examples))
  }
})
