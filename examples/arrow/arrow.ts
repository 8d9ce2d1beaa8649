// Writes who had the CPUs, for five seconds or as many as are given, to switches.arrow, for pandas, DuckDB, Polars …
//
//   npm install && npm run build && npx tsc -p tsconfig.examples.json
//   sudo node build/examples/arrow/arrow.js 5
import { writeFileSync } from 'node:fs'
import { tableToIPC } from 'apache-arrow'
import { loadObject } from 'ebpf'
import { StretchCollector, type Switches, timeByCommand } from './stretches.ts'

const seconds = Number(process.argv[2] ?? 5)
await using object = await loadObject<Switches>(new URL('switches.bpf.o', import.meta.url))
await object.attach()

const collector = new StretchCollector()
const { stretches } = object.maps
const subscription = stretches.subscribe((batch) => collector.add(batch.columns()))
setTimeout(() => subscription.close(), seconds * 1000)
await subscription.finished

const table = collector.table()
writeFileSync('switches.arrow', tableToIPC(table, 'file'))
console.log(`${table.numRows} rows are in switches.arrow, ${stretches.stats().dropped} did not fit the ring.`)
for (const [command, milliseconds] of timeByCommand(table).slice(0, 10)) {
  console.log(`${milliseconds.toFixed(1).padStart(10)} ms  ${command}`)
}
