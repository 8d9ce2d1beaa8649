import { describe, expect, it } from 'vitest'
import { findFaults, parseRecords, renderDocument } from '../../scripts/matrix-document.mjs'

type Run = Parameters<typeof renderDocument>[0][number]

const row = (hook: string, since: string, outcome: string, more: object = {}) => ({
  hook,
  family: 'network',
  since,
  outcome,
  kernel: 'any',
  ...more,
})
const linked = { link: { id: true, pin: true, update: true } }
const old = {
  name: '6.1',
  release: '6.1.0-56-amd64',
  records: [row('xdp', '5.9', 'passed', linked), row('tcx', '6.6', 'absent', { reason: 'Linux 6.6 is the first' })],
} as Run
const fresh = {
  name: 'latest',
  release: '7.3.4+deb13-amd64',
  records: [
    row('tcx', '6.6', 'absent', { reason: 'CONFIG_NET_XGRESS is not set' }),
    row('xdp', '5.9', 'passed', { link: { id: false, pin: false, update: false } }),
  ],
} as Run

describe('the document of hooks and kernels', () => {
  const rows = renderDocument([old, fresh])
    .split('\n')
    .filter((line) => /^\| (?:hook|tcx|xdp)/.test(line))

  it('says of each hook what each kernel does with it', () => {
    expect(rows).toEqual([
      '| hook | since | 6.1 | 7.3 |',
      '| tcx | 6.6 | – | absent (1) |',
      '| xdp | 5.9 | ✓ link, update | ✓ |',
    ])
  })

  it('gives the reason where a kernel lacks what its version promises, once', () => {
    expect(renderDocument([old, fresh, fresh])).toContain('\n## Notes\n\n1. CONFIG_NET_XGRESS is not set\n')
    expect(renderDocument([old])).not.toContain('Notes')
  })

  it('is the same in whatever order the tests ran', () => {
    const reversed = { ...fresh, records: [...fresh.records].reverse() }
    expect(renderDocument([old, reversed])).toBe(renderDocument([old, fresh]))
  })
})

describe('faults', () => {
  it('are none where every hook passed or is absent everywhere', () => {
    expect(findFaults([old, fresh])).toEqual([])
  })

  it('are hooks that failed once, or were not tried', () => {
    const failing = {
      ...old,
      records: [row('xdp', '5.9', 'failed'), row('xdp', '5.9', 'passed', linked)],
    } as Run
    expect(findFaults([failing, fresh])).toEqual(['6.1: the hook "tcx" was not tried', '6.1: the hook "xdp" failed'])
  })
})

it('records are read line by line', () => {
  expect(parseRecords(`${JSON.stringify(old.records[0])}\n\n${JSON.stringify(old.records[1])}\n`)).toEqual(old.records)
})
