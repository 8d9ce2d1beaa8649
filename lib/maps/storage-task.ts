import { constants } from 'node:os'
import { inspectBriefly, integer } from '../arguments.ts'
import { binding } from '../binding.ts'
import { invalidArgument } from '../errors.ts'
import { descriptor } from '../hooks/descriptor.ts'
import { check } from '../outcome.ts'
import { type Owner, StorageMap } from './storage.ts'

const { EBADF, EINVAL, ENOENT, ESRCH } = constants.errno

/** The id of a process or (Linux 6.9) of one of its threads, or an open pidfd, which stays the caller's. */
export type TaskOrDescriptor = number | { readonly fd: number }

/**
 * `BPF_MAP_TYPE_TASK_STORAGE`: a value with each task, until that ends. A task is one thread: of a process, the value is that of
 * its first thread. Linux 5.11.
 *
 * An id is of a task that runs now: when its process ended, another one may have it. A pidfd stays that of its own.
 */
export class TaskStorage<V = unknown> extends StorageMap<TaskOrDescriptor, V> {
  /** @internal */
  protected override find(task: TaskOrDescriptor): Owner {
    if (typeof task === 'number') return this.#open(integer(task, 'task', 1, 0x7fff_ffff))
    if (typeof task !== 'object' || (task as unknown) === null || !('fd' in task)) {
      throw invalidArgument(`task must be the id of a process or { fd } of a pidfd, not ${inspectBriefly(task)}`)
    }
    const fd = descriptor(task.fd, 'task.fd')
    return { fd, name: `fd ${fd}`, release() {} }
  }

  /** @internal */
  protected override hint(status: number, { name }: Owner): string | undefined {
    if (status === -ENOENT) return `The task of ${name} has ended.`
    if (status === -EBADF) return `${name} is no open pidfd.`
    return undefined
  }

  #open(id: number): Owner {
    const handle = binding.pidfdOpen(id)
    if (handle < 0) throw this.openingFailure(handle, `task ${id}`, openingHint(handle, id))
    const fd = check(binding.descriptorFd(handle), 'descriptorFd', this.names())
    return { fd, name: `task ${id}`, release: () => binding.descriptorClose(handle) }
  }
}

function openingHint(status: number, id: number): string | undefined {
  if (status === -ESRCH) return `No task of the id ${id} runs.`
  // `pidfd_open` of kernel/pid.c
  if (status === -EINVAL) return `${id} is a thread that is not the first of its process: these need Linux 6.9.`
  return undefined
}
