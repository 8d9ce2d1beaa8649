/** Opening, loading and closing an object of two programs, three maps and a global, from its file. */
import { fileURLToPath } from 'node:url'
import { loadObject } from 'ebpf'
import { loadBaseline } from '../baseline.ts'
import type { Comparison } from '../comparison.ts'
import { now } from '../statistics.ts'

const path = fileURLToPath(new URL('../programs/small.bpf.o', import.meta.url))

export const loads: Comparison[] = [
  {
    name: 'load',
    title: 'load and close of a small object',
    unit: 'ms',
    slices: 40,
    quickSlices: 10,
    prepare: async () => ({
      c: () => loadBaseline().objectLoad(path),
      ours: async () => {
        const begin = now()
        const object = await loadObject(path)
        await object.close()
        return now() - begin
      },
      close: () => {},
    }),
  },
]
