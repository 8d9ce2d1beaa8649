// first.mjs
import { spawn } from 'node:child_process'
import { loadObject } from 'ebpf'

// Ready-made from first.bpf.c: it tells of every program that is executed on this machine.
const object = await loadObject(new URL(import.meta.resolve('ebpf/examples/first/first.bpf.o')))
await object.attach()

spawn('sh', ['-c', 'uname; date']) // Three executions: sh itself, uname and date.

let count = 0
for await (const event of object.maps.events) {
  console.log(`${event.comm} (${event.pid}) runs ${event.filename}`)
  if (++count === 3) break
}
await object.close()
