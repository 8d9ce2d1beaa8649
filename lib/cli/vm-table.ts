/** How the runs on several kernels went. */
import Table from 'cli-table3'
import colours from 'picocolors'

export interface Row {
  /** As it was asked for. */
  kernel: string
  /** What it turned out to be; undefined where it did not boot. */
  release: string | undefined
  exitCode: number
  milliseconds: number
  /** Why there is no exit code of the command's own. */
  problem: string | undefined
}

export function formatTable(rows: readonly Row[]): string {
  const table = new Table({
    head: ['kernel', 'release', 'result', 'seconds'],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'left', 'right'],
  })
  for (const { kernel, release, exitCode, milliseconds, problem } of rows) {
    const result = exitCode === 0 ? colours.green('ok') : colours.red(problem ?? `exit code ${exitCode}`)
    table.push([kernel, release ?? '', result, (milliseconds / 1000).toFixed(1)])
  }
  return table.toString()
}
