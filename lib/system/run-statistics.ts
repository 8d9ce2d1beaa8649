import { binding } from '../binding.ts'
import { check } from '../outcome.ts'
import { Resource } from '../resource.ts'

/** Program statistics are on while one of these is open anywhere in the system. */
export class RunStatistics extends Resource {
  /** Turns the statistics off, unless another holder keeps them on. A second call does nothing. */
  close(): void {
    const handle = this.relinquish()
    if (handle !== 0) check(binding.descriptorClose(handle), 'close', {})
  }

  [Symbol.dispose](): void {
    this.close()
  }

  protected override describe(): string {
    return 'run statistics'
  }
}

/**
 * Makes the kernel count runs and run time of every program (`BPF_ENABLE_STATS`), at a cost of some 20 ns a run, until the
 * returned handle is closed. Linux 5.8.
 */
export function enableRunStatistics(): RunStatistics {
  const handle = check(binding.enableRunStatistics(), 'bpf_enable_stats', {})
  return new RunStatistics('run statistics', handle, 'handle', (unreachable) => binding.descriptorClose(unreachable))
}
