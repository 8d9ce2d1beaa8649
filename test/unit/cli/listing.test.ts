/** Commands that list: columns for people, JSON for programs. */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { formatTable } from '../../../lib/cli/listing.ts'
import { listSymbols } from '../../../lib/index.ts'
import { targetProgram } from '../../support/target.ts'

const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url))

function ebpf(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } })
}

describe('a table', () => {
  const columns = [
    { head: 'SIZE', cell: ({ size }: { size: number; name: string }) => String(size), right: true as const },
    { head: 'NAME', cell: ({ name }: { size: number; name: string }) => name },
  ]

  it('has its columns below each other', () => {
    const items = [
      { size: 7, name: 'one' },
      { size: 12345, name: 'another' },
    ]
    const lines = formatTable(items, columns).split('\n')
    expect(lines.slice(1)).toEqual(['    7  one', '12345  another', ''])
  })

  it('gives a terminal nothing that it would obey', () => {
    const printed = formatTable([{ size: 1, name: 'a\x1b[31m\nb' }], columns)
    expect(printed.split('\n')[1]).toBe('   1  a?[31m?b')
  })
})

describe('output that cannot be written', () => {
  it('is one sentence, and a failure', () => {
    const full = openSync('/dev/full', 'w')
    const { status, stderr } = spawnSync(process.execPath, [main, 'symbols', targetProgram()], {
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    })
    closeSync(full)
    expect(stderr).toBe('ebpf: cannot write the output: ENOSPC: no space left on device, write\n')
    expect(status).toBe(1)
  })
})

describe('ebpf symbols', () => {
  it('prints what fits', () => {
    const { status, stdout } = ebpf('symbols', targetProgram(), 'target_t*')
    expect(status).toBe(0)
    const [head, ...rows] = stdout.trimEnd().split('\n')
    expect(head?.trim().split(/ +/)).toEqual(['OFFSET', 'SIZE', 'TYPE', 'BINDING', 'TABLE', 'NAME'])
    const names = rows.map((row) => row.split(/ +/).at(-1)).sort()
    expect(names).toEqual(['target_three', 'target_two'])
  })

  it('prints the same as JSON', async () => {
    const printed = JSON.parse(ebpf('symbols', targetProgram(), 'target_*', '--json').stdout) as unknown
    const listed = await listSymbols(targetProgram(), 'target_*')
    expect(printed).toEqual(
      listed.map(({ version: _, address, ...facts }) => ({ ...facts, address: address.toString() })),
    )
  })

  it('says that nothing fits, or that there is no such binary', () => {
    expect(ebpf('symbols', targetProgram(), 'nothing')).toEqual(
      expect.objectContaining({ status: 0, stdout: '', stderr: 'ebpf: nothing fits\n' }),
    )
    const { status, stderr } = ebpf('symbols', '/nowhere')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^ebpf: reading \/nowhere failed: ENOENT/)
  })
})

describe('ebpf usdt', () => {
  it('prints each place of a probe, with its arguments', () => {
    const { stdout } = ebpf('usdt', targetProgram(), 'ebpftest:request')
    expect(stdout.match(/^ebpftest:request +0x[0-9a-f]+ +0x[0-9a-f]+ +-4@\S+ -?8@\S+ 8@\S+$/gm)).toHaveLength(3)
  })

  it('prints one object for each probe as JSON', () => {
    const probes = JSON.parse(ebpf('usdt', targetProgram(), '--json').stdout) as { name: string; places: unknown[] }[]
    expect(probes.map(({ name, places }) => [name, places.length])).toEqual([
      ['plain', 1],
      ['request', 3],
    ])
  })
})

it('what nobody reads to the end is no failure', () => {
  const { status, stderr } = spawnSync('sh', ['-c', `"${process.execPath}" "${main}" symbols libc.so.6 | head -n 1`], {
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
