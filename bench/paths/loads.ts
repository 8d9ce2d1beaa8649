/** Opening, loading and closing an object from its file. */
import { fileURLToPath } from 'node:url'
import { loadObject } from 'ebpf'
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { GoPeer } from '../peers/go.ts'
import { now } from '../statistics.ts'

function prepare(name: string): Sides {
  const path = fileURLToPath(new URL(`../programs/${name}.bpf.o`, import.meta.url))
  const goPeer = GoPeer.start()
  return {
    c: () => loadBaseline().objectLoad(path),
    go: goPeer && (() => goPeer.ask('load', path)),
    ours: async () => {
      const begin = now()
      const object = await loadObject(path)
      await object.close()
      return now() - begin
    },
    close: () => goPeer?.close(),
  }
}

export const loads: Comparison[] = [
  {
    name: 'load',
    title: 'load and close of a CO-RE object of 8 programs',
    unit: 'ms',
    goals: () => ({ must: { ratio: 1.1 }, stretch: { ratio: 0.7 }, go: 1 }),
    slices: 24,
    quickSlices: 6,
    prepare: async () => prepare('core'),
  },
  {
    name: 'load-small',
    title: 'load and close of a small object',
    unit: 'ms',
    slices: 48,
    quickSlices: 12,
    prepare: async () => prepare('small'),
  },
]
