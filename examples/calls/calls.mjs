// Which processes make how many system calls, for three seconds: a program of a few instructions, without C and without
// clang. Run it as root: node examples/calls/calls.mjs
import { setTimeout as sleep } from 'node:timers/promises'
import { createMap, rawTracepoint, u32, u64 } from 'ebpf'
import * as bpf from 'ebpf/asm'

const { add, at, atomicAdd, call, exit, gotoIf, label, loadMap, loadProgram, mov, rsh, store } = bpf
const { r0, r1, r2, r3, r4, r10 } = bpf

const seconds = Number(process.argv[2] ?? 3)
const counts = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 10_000 })

const program = await loadProgram({
  section: 'raw_tp',
  name: 'count_calls',
  instructions: [
    // The process's id, in the upper half, is the key: four bytes of the stack.
    call('bpf_get_current_pid_tgid'),
    rsh(r0, 32),
    store(at(r10, -4, 'u32'), r0),

    loadMap(r1, counts),
    mov(r2, r10),
    add(r2, -4),
    call('bpf_map_lookup_elem'),
    gotoIf(r0, '!=', 0, 'known'),

    // Its first call: an entry with 1.
    store(at(r10, -16, 'u64'), 1),
    loadMap(r1, counts),
    mov(r2, r10),
    add(r2, -4),
    mov(r3, r10),
    add(r3, -16),
    mov(r4, 0),
    call('bpf_map_update_elem'),
    mov(r0, 0),
    exit(),

    label('known'),
    mov(r1, 1),
    atomicAdd(at(r0, 0, 'u64'), r1),
    mov(r0, 0),
    exit(),
  ],
})

const link = await program.attach(rawTracepoint('sys_enter'))
await sleep(seconds * 1000)
await link.close()

const busiest = [...counts].sort(([, one], [, other]) => Number(other - one)).slice(0, 10)
for (const [pid, calls] of busiest) console.log(`process ${pid}: ${calls} system calls`)

program.close()
counts.close()
