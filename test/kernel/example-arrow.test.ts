/** The example that fills an Apache Arrow table: examples/arrow. */
import { spawnSync } from 'node:child_process'
import { tableFromIPC, tableToIPC } from 'apache-arrow'
import { expect, test } from 'vitest'
import { StretchCollector, type Stretch, type Switches, timeByCommand } from '../../examples/arrow/stretches.ts'
import { loadObject } from '../../lib/object-spec.ts'
import { until } from '../support/wait.ts'

test('columns of many batches become one table, which survives being written', async () => {
  await using object = await loadObject<Switches>(new URL('../../examples/arrow/switches.bpf.o', import.meta.url))
  await object.attach()
  const collector = new StretchCollector()
  const expected: Stretch[] = []
  let batches = 0
  const subscription = object.maps.stretches.subscribe((batch) => {
    collector.add(batch.columns())
    expected.push(...batch.toArray())
    batches++
  })
  await until('a few batches, with `true` in them', () => {
    spawnSync('true')
    return batches > 3 && expected.some(({ command }) => command === 'true')
  })
  subscription.close()
  await subscription.finished

  const table = collector.table()
  const rows = (): Stretch[] => table.toArray().map((row) => ({ ...row.toJSON() }))
  expect(rows()).toEqual(expected)
  expect(table.schema.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
    'end: Uint64',
    'duration: Uint64',
    'pid: Uint32',
    'cpu: Uint32',
    'command: Dictionary<Int32, Utf8>',
  ])
  const again = tableFromIPC(tableToIPC(table, 'file'))
  expect(again.toArray().map((row) => ({ ...row.toJSON() }))).toEqual(expected)
  const total = expected.reduce((sum, { duration }) => sum + Number(duration), 0) / 1e6
  expect(timeByCommand(table).reduce((sum, [, time]) => sum + time, 0)).toBeCloseTo(total, 3)
})
