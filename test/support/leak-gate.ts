/** Ends every test file that uses the kernel: what it opened must be closed again. */
import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import { binding } from '../../lib/binding.ts'

interface Inventory {
  handles: Record<string, number>
  /** Descriptors of kernel BPF objects, perf events and event polls, counted by what they are. */
  descriptors: Record<string, number>
}

function takeInventory(): Inventory {
  const descriptors: Record<string, number> = {}
  for (const fd of readdirSync('/proc/self/fd')) {
    let target: string
    try {
      target = readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      continue // the descriptor of the listing itself
    }
    const kind =
      /^anon_inode:\[?(bpf[^\]]*|btf|perf_event)\]?$/.exec(target)?.[1] ??
      (target.startsWith('net:') ? 'netns' : undefined)
    if (kind !== undefined) descriptors[kind] = (descriptors[kind] ?? 0) + 1
  }
  return { handles: { ...binding.liveHandles() }, descriptors }
}

/** Mapped globals are unmapped by the garbage collector, some turns after they were dropped. */
async function settle(before: Inventory): Promise<Inventory> {
  for (let attempt = 0; ; attempt++) {
    globalThis.gc?.()
    const now = takeInventory()
    if (attempt === 50 || JSON.stringify(now) === JSON.stringify(before)) return now
    await sleep(20)
  }
}

let before: Inventory

beforeAll(() => {
  before = takeInventory()
})

afterAll(async () => {
  expect(await settle(before), 'everything opened by this file is closed again').toEqual(before)
})
