// What the tests of hooks wrote down, as a document: docs/kernels.md. Pure, so that it can be tested.

import { isOlder } from './packages.mjs'

/**
 * A line of the file that EBPF_HOOK_RECORD names: how one hook went on one kernel.
 * @typedef {{ hook: string, family: string, kernel: string, outcome: 'passed' | 'failed' | 'absent', reason?: string,
 *   since: string, link?: { id: boolean, pin: boolean, update: boolean } }} HookRecord
 * @typedef {{ name: string, release: string, records: HookRecord[] }} Run
 */

/** In the order of the document. */
const families = ['tracing', 'user space', 'security', 'network', 'cgroup', 'socket', 'other']

/** @returns {HookRecord[]} */
export function parseRecords(text) {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** The version in a release: 6.12.107+deb13-amd64 is 6.12.107. */
const versionOf = (release) => /^\d+(?:\.\d+)*/.exec(release)?.[0] ?? release

const seriesOf = (release) => /^\d+\.\d+/.exec(release)?.[0] ?? release

/** Of several records of one hook the worst counts. */
function recordOf(run, hook) {
  const records = run.records.filter((record) => record.hook === hook)
  return records.find(({ outcome }) => outcome === 'failed') ?? records.at(-1)
}

const hooksOf = (runs) => [...new Set(runs.flatMap((run) => run.records.map((record) => record.hook)))].sort()

/** Hooks that failed, or were not tried on a kernel where others were, each as a sentence. */
export function findFaults(runs) {
  return hooksOf(runs).flatMap((hook) =>
    runs.flatMap((run) => {
      const record = recordOf(run, hook)
      if (record === undefined) return [`${run.name}: the hook "${hook}" was not tried`]
      return record.outcome === 'failed' ? [`${run.name}: the hook "${hook}" failed`] : []
    }),
  )
}

/** The document. The same records give the same text, in whatever order the tests ran. */
export function renderDocument(runs) {
  const notes = new Map()
  const sections = families
    .map((family) => ({ family, rows: rowsOf(runs, family, notes) }))
    .filter(({ rows }) => rows.length > 0)
    .map(({ family, rows }) => section(family, rows, runs))
  const reasons = [...notes].map(([reason, number]) => `${number}. ${reason}\n`).join('')
  return `${heading(runs)}\n${sections.join('\n')}${reasons && `\n## Notes\n\n${reasons}`}`
}

function heading(runs) {
  return `# Hooks and kernels

Made by \`npm run test:matrix\`; do not edit. On each of these kernels a program was attached to each hook, an event made it
run, and closing the link ended that: ${runs.map(({ release }) => `\`${release}\``).join(', ')}.

| mark | meaning |
| --- | --- |
| ✓ | works |
| link | the attachment is a link of the kernel: it has an id, and can be pinned |
| update | another program can be put in its place without a gap |
| – | the kernel is older than the hook; attaching says so |
| absent | the kernel is new enough, and lacks it all the same: see the note |
`
}

function section(family, rows, runs) {
  const head = ['hook', 'since', ...runs.map(({ release }) => seriesOf(release))]
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return `## ${family[0].toUpperCase()}${family.slice(1)}\n\n${lines.join('\n')}\n`
}

function rowsOf(runs, family, notes) {
  const records = runs.flatMap((run) => run.records).filter((record) => record.family === family)
  const hooks = [...new Set(records.map(({ hook }) => hook))].sort((a, b) => (a < b ? -1 : 1))
  return hooks.map((hook) => {
    const since = records.find((record) => record.hook === hook).since
    return [hook, since, ...runs.map((run) => cell(recordOf(run, hook), run, notes))]
  })
}

function cell(record, run, notes) {
  if (record === undefined) return 'not tried'
  if (record.outcome === 'failed') return 'failed'
  if (record.outcome === 'passed') return ['✓', ...linkWords(record.link)].join(' ')
  if (isOlder(versionOf(run.release), record.since)) return '–'
  const reason = record.reason ?? 'no reason was given'
  if (!notes.has(reason)) notes.set(reason, notes.size + 1)
  return `absent (${notes.get(reason)})`
}

function linkWords(link) {
  if (link === undefined) return []
  const parts = link.id && link.pin ? ['link'] : [link.id && 'id', link.pin && 'pin']
  return [[...parts, link.update && 'update'].filter(Boolean).join(', ')].filter(Boolean)
}
