import { binding } from '../binding.ts'
import { check } from '../outcome.ts'

let count: number | undefined

/**
 * CPUs that could ever be online: the number of values in a per-CPU map entry. It never changes while the kernel runs, and
 * is not `os.cpus().length`, which counts those online now.
 */
export function possibleCpus(): number {
  count ??= check(binding.possibleCpus(), 'libbpf_num_possible_cpus', {})
  return count
}
