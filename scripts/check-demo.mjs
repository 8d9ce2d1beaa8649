// Runs the demo for a few seconds as a person would, starts processes of its own meanwhile, and checks that the demo's
// JSON tells of just those: their execution with its arguments, their exit, and the file they opened. Needs root.

import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { main, Problem, root, say } from './support.mjs'

const seconds = 3

/** A process that nobody else starts: a copy of cat under our own name, reading a file of our own. */
function prepare(folder) {
  const program = join(folder, `seen-${process.pid}`)
  const file = join(folder, `opened-${process.pid}`)
  cpSync('/bin/cat', program)
  writeFileSync(file, '')
  return { program, file }
}

async function check() {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-demo-'))
  try {
    const { program, file } = prepare(folder)
    const pids = new Set()
    const activity = setInterval(() => {
      const child = spawn(program, [file], { stdio: 'ignore' })
      if (child.pid !== undefined) pids.add(child.pid)
    }, 150)
    const text = await demoOutput().finally(() => clearInterval(activity))
    const events = parse(text).filter((event) => pids.has(event.pid))
    expect(events, 'exec', (event) => String(event.arguments).includes(file) && event.result === 0)
    expect(events, 'exit', () => true)
    expect(events, 'open', (event) => event.path === file && event.result >= 0)
    expect(events, 'exec', (event) => event.parent === process.pid)
    say(`The demo told of ${events.length} events of the ${pids.size} processes started here, such as:`)
    for (const event of events.slice(0, 3)) say(`  ${JSON.stringify(event)}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function demoOutput() {
  const args = ['run', '--silent', 'demo', '--', '--json', '--quiet', '--seconds', String(seconds)]
  return new Promise((resolve, reject) => {
    const child = spawn('npm', args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], timeout: 300_000 })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
    })
    child.on('error', (error) => reject(new Problem(`npm cannot be run (${error.message}).`)))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(text)
      else reject(new Problem(`The demo ended with ${signal ?? `code ${code}`}.`))
    })
  })
}

function parse(text) {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      try {
        return JSON.parse(line)
      } catch {
        throw new Problem(`The demo printed a line that is not JSON: ${line.slice(0, 200)}`)
      }
    })
}

function expect(events, type, matches) {
  const candidates = events.filter((event) => event.type === type)
  if (candidates.some(matches)) return
  const example = candidates.length > 0 ? `; it told of ${JSON.stringify(candidates[0])}` : ''
  throw new Problem(`The demo's JSON lacks the "${type}" event that was looked for (${matches})${example}.`)
}

await main(import.meta.url, check)
