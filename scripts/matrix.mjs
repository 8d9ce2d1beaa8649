// Runs test/kernel on this machine's kernel and, in virtual machines, on others; writes down in docs/kernels.md which hook
// works where. Needs root, as the tests do, and "node scripts/setup.mjs --kernel --vm" for what it needs beside.
//
//   node scripts/matrix.mjs [--proofs] [--jobs N] [--kernel KERNEL]... [TEST FILE]...
//
// A KERNEL is "host", or what "ebpf vm --kernel" takes. --proofs runs only the proof of each hook, a quarter of the time.
// --jobs runs that many guests at once, and shows what each printed when it has ended; the host has its turn alone.
// docs/kernels.md is written only when all kernels were asked for, and every hook was proven on each of them.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { findFaults, parseRecords, renderDocument } from './matrix-document.mjs'
import { main, Problem, root, say } from './support.mjs'

/** Long-term releases and the newest; a mirror may drop those that no release of Debian is built on. */
const everyKernel = [
  { name: 'host' },
  { name: '5.10' },
  { name: '6.1' },
  { name: '6.12' },
  { name: '6.18', optional: true },
  { name: 'latest' },
]

/** Seconds that one guest may take: emulation is some ten times slower than the machine. */
const patience = 45 * 60

/** What test/support/hook-proof.ts calls its tests. */
const proofs = 'runs the program, from attach|is refused in words: '

const document = join(root, 'docs/kernels.md')

await main(import.meta.url, async (args) => {
  const { values, positionals } = readArguments(args)
  const kernels = values.kernel ? values.kernel.map((name) => ({ name })) : everyKernel
  const files = positionals.length > 0 ? positionals : [values.proofs ? 'test/kernel/hooks' : 'test/kernel']
  const tests = values.proofs ? ['--testNamePattern', proofs, ...files] : files
  const runs = await runOnAll(kernels, tests, readJobs(values.jobs))
  const ran = runs.filter((run) => !run.skipped)
  const unproven = findFaults(ran)
  const faults = [...ran.filter((run) => run.problem).map((run) => `${run.name}: ${run.problem}`), ...unproven]
  const guests = ran.filter((run) => run.name !== 'host')
  const whole = !values.kernel && positionals.length === 0 && ran.every((run) => run.release !== undefined)
  if (whole && unproven.length === 0) {
    writeFileSync(document, renderDocument(guests))
    process.stdout.write(`\nWritten: ${document}\n`)
  }
  report(runs, faults)
})

function readArguments(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        kernel: { type: 'string', multiple: true },
        proofs: { type: 'boolean' },
        jobs: { type: 'string', default: '1' },
      },
    })
  } catch (error) {
    throw new Problem(
      `${error.message.split('. ')[0]}. Known: --proofs, --jobs N, --kernel KERNEL (may be repeated), and test files.`,
    )
  }
}

function readJobs(text) {
  if (!/^[1-9]\d?$/.test(text)) throw new Problem(`--jobs takes a number from 1 to 99, not "${text}".`)
  return Number(text)
}

async function runOnAll(kernels, tests, jobs) {
  const runs = new Map()
  const run = async (kernel, show) => {
    const title = kernel.name === 'host' ? `the host (Linux ${release()})` : kernel.name
    show(`\n=== The tests on ${title}\n`)
    runs.set(kernel, await runOn(kernel, tests, show))
  }
  const inTurn = kernels.filter(({ name }) => name === 'host' || jobs === 1)
  for (const kernel of inTurn) await run(kernel, (text) => process.stdout.write(text))
  const waiting = kernels.filter((kernel) => !inTurn.includes(kernel))
  const lane = async () => {
    for (let kernel = waiting.shift(); kernel !== undefined; kernel = waiting.shift()) {
      const shown = []
      await run(kernel, (text) => shown.push(text))
      process.stdout.write(shown.join(''))
    }
  }
  await Promise.all(Array.from({ length: Math.min(jobs, waiting.length) }, lane))
  return kernels.map((kernel) => runs.get(kernel))
}

/** One kernel's run: { name, release, passed, failed, skippedTests, seconds, records } and what went wrong. */
async function runOn({ name, optional }, tests, show) {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-matrix-'))
  const record = join(folder, 'hooks.jsonl')
  const began = Date.now()
  const command = [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--project', 'kernel', ...tests]
  const env = { ...process.env, EBPF_HOOK_RECORD: record, NO_COLOR: '1' }
  try {
    const outcome =
      name === 'host' ? await runHere(command, env, show) : await runInGuest(name, command, env, folder, show)
    const records = existsSync(record) ? parseRecords(readFileSync(record, 'utf8')) : []
    const counts = countTests(outcome.output)
    const problem = outcome.exitCode === 0 && counts ? undefined : problemOf(outcome.exitCode, counts)
    const seconds = Math.round((Date.now() - began) / 1000)
    return {
      name,
      release: outcome.release,
      seconds,
      records,
      problem,
      ...(counts ?? { passed: 0, failed: 1, skippedTests: 0 }),
    }
  } catch (error) {
    const { VmError } = await testing()
    if (!(error instanceof VmError)) throw error
    say(error.message)
    const [problem] = error.message.split('\n')
    if (optional && error.code === 'ERR_EBPF_VM_KERNEL') return { name, skipped: problem }
    return {
      name,
      seconds: Math.round((Date.now() - began) / 1000),
      records: [],
      problem,
      passed: 0,
      failed: 1,
      skippedTests: 0,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function problemOf(exitCode, counts) {
  if (counts === undefined) return `ended with exit code ${exitCode}, before the tests were counted`
  return counts.failed > 0 ? `${counts.failed} tests failed` : `ended with exit code ${exitCode}`
}

function runHere([command, ...args], env, show) {
  return new Promise((resolve, reject) => {
    let output = ''
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
      show(text)
    })
    child.once('error', reject).once('close', (exitCode) => resolve({ exitCode, output, release: release() }))
  })
}

/** Only compiled TypeScript can be imported here, and it is made by the build. */
async function testing() {
  const compiled = join(root, 'dist/testing/index.js')
  if (!existsSync(compiled)) throw new Problem('The runner is not built. Run: npm run build')
  return await import(compiled)
}

async function runInGuest(kernel, command, env, writable, show) {
  const { runInVm } = await testing()
  const decoder = new TextDecoder()
  const { exitCode, output, kernelRelease } = await runInVm({
    kernel,
    command,
    env,
    cwd: root,
    writable: [writable],
    timeout: patience * 1000,
    onOutput: (bytes) => show(decoder.decode(bytes, { stream: true })),
  })
  return { exitCode, output, release: kernelRelease }
}

/** What scripts/summary-reporter.mjs prints last. */
function countTests(output) {
  const found = [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1)
  if (!found) return undefined
  const [passed, failed, skippedTests] = found.slice(1).map((text) => Number(text ?? 0))
  return { passed, failed, skippedTests }
}

function report(runs, faults) {
  const table = new Table({
    head: ['kernel', 'release', 'passed', 'failed', 'skipped', 'hooks', 'seconds'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  })
  for (const run of runs) {
    if (run.skipped) table.push([run.name, { colSpan: 6, content: `skipped: ${run.skipped}` }])
    else
      table.push([
        run.name,
        run.release ?? '',
        run.passed,
        run.failed,
        run.skippedTests,
        run.records.length,
        run.seconds,
      ])
  }
  process.stdout.write(`\n${table}\n`)
  if (faults.length > 0) process.stdout.write(`\nFaults:\n${faults.map((fault) => `  ${fault}\n`).join('')}`)
  const sum = (field) => runs.reduce((total, run) => total + (run[field] ?? 0), 0)
  const failed = Math.max(sum('failed'), faults.length)
  process.stdout.write(`\n${sum('passed')} passed, ${failed} failed, ${sum('skippedTests')} skipped\n`)
  if (failed > 0) process.exitCode = 1
}
