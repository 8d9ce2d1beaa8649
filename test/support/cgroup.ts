/** Cgroups of a test's own: what is denied there is denied to processes that the test put there, and to nobody else. */
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { until } from './wait.ts'

let created = 0

/** A cgroup of version 2 below the root of its hierarchy, or below another one of the test. */
export class Cgroup implements AsyncDisposable {
  readonly path: string

  constructor(parent?: Cgroup) {
    this.path = `${parent?.path ?? mountPoint()}/ebpf-test-${process.pid}-${++created}`
    mkdirSync(this.path)
  }

  /** The kernel's id, which is the folder's inode. */
  get id(): bigint {
    return statSync(this.path, { bigint: true }).ino
  }

  /** Moves a process, and what it will start, into the cgroup; the sockets that it has already stay where they were. */
  add(pid: number): void {
    writeFileSync(`${this.path}/cgroup.procs`, String(pid))
  }

  /** Waits until those who were in it have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await until(`${this.path} is removed`, () => {
      try {
        rmdirSync(this.path)
        return true
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'ENOENT') return true
        if (code === 'EBUSY') return false
        throw error
      }
    })
  }
}

/** Where cgroup2 is mounted, which is not where all systems have it. */
export function mountPoint(): string {
  const mount = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, , type]) => type === 'cgroup2')
  if (mount?.[1] === undefined) throw new Error('no cgroup2 is mounted')
  return mount[1]
}
