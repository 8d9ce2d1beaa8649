/** Infrared receivers: the kernel's loopback device (module rc-loopback), where the kernel has such programs. */
import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, writeSync } from 'node:fs'
import { lirc } from '../../../lib/hooks/lirc.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { fixture } from '../../support/fixtures.ts'
import { proveHook } from '../../support/hook-proof.ts'
import { until } from '../../support/wait.ts'

interface LircFixture {
  maps: Record<never, never>
  programs: { pulse_first: BpfProgram }
  globals: { first_runs: bigint }
}

const DEVICE = '/dev/lirc0'

/** A pulse, a space and a pulse, microseconds. */
const SAMPLES = Uint32Array.of(500, 500, 500)

proveHook({
  hook: 'lirc',
  family: 'other',
  since: '4.18',
  gap: 'lirc',
  link: false,
  update: '4.18',
  async setUp() {
    const object = await loadObject<LircFixture>(fixture('hooks-lirc'))
    if (!existsSync(DEVICE)) execFileSync('modprobe', ['rc-loopback'])
    let attached = false
    return {
      async attach() {
        const link = await object.programs.pulse_first.attach(lirc(DEVICE))
        attached = true
        return link
      },
      async observe() {
        const before = object.globals.first_runs
        attached &&= object.programs.pulse_first.links.length > 0
        const fd = openSync(DEVICE, 'r+')
        try {
          writeSync(fd, SAMPLES)
        } finally {
          closeSync(fd)
        }
        // What is sent comes back on a thread of the kernel.
        if (attached) await until('the program runs', () => object.globals.first_runs > before)
        return object.globals.first_runs > before ? 'first' : 'none'
      },
      [Symbol.asyncDispose]: () => object.close(),
    }
  },
})
