/** Reading the kernel's BTF anew, from its file. */
import { type Btf, readBtf } from 'ebpf'
import { loadBaseline } from '../baseline.ts'
import type { Comparison, Sides } from '../comparison.ts'
import { now } from '../statistics.ts'

const KERNEL = '/sys/kernel/btf/vmlinux'

/** What was found, so that no compiler can drop the search. */
export let sink: unknown

function prepare(c: 'typesFind' | 'typesWalk', look: (btf: Btf) => unknown): Sides {
  return {
    c: () => loadBaseline()[c](KERNEL),
    ours: async () => {
      const begin = now()
      sink = look(await readBtf(KERNEL))
      return now() - begin
    },
    close: () => {},
  }
}

function functionsOf(btf: Btf): number {
  let functions = 0
  for (const { kind, name } of btf.types()) if (kind === 'func' && name !== '') functions++
  return functions
}

const MS = 1e6

export const types: Comparison[] = [
  {
    name: 'btf-find',
    title: "open the kernel's BTF and find a struct",
    unit: 'ms',
    goals: () => ({ must: { time: 15 * MS }, stretch: { time: 10 * MS }, go: 1 }),
    slices: 24,
    quickSlices: 6,
    prepare: async () => prepare('typesFind', (btf) => btf.find('task_struct', 'struct')),
  },
  {
    name: 'btf-walk',
    title: "open the kernel's BTF and decode every type",
    unit: 'ms',
    goals: () => ({ must: { time: 150 * MS }, stretch: { time: 75 * MS }, go: 1 }),
    slices: 16,
    quickSlices: 4,
    prepare: async () => prepare('typesWalk', functionsOf),
  },
]
