import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { EbpfError, TaskStorage, createMap, struct, u32, u64 } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { run } from '../support/run.ts'

/** An id that a process had. */
async function deadProcess(): Promise<number> {
  const child = spawn('true')
  await once(child, 'exit')
  return child.pid as number
}

describe.skipIf(olderThan('5.11'))('the storage of tasks', () => {
  it('is shared with programs', () =>
    withObject('maps-task-storage', async (object) => {
      const tasks = object.map('tasks', TaskStorage<bigint>)
      expect([tasks.get(process.pid), tasks.has(process.pid)]).toEqual([undefined, false])
      expect(await run(object, 'count_process')).toBe(1)
      expect([tasks.get(process.pid), tasks.has(process.pid)]).toEqual([1n, true])
      expect(tasks.set(process.pid, 41)).toBe(true)
      expect(await run(object, 'count_process')).toBe(42)
      expect(tasks.get(process.pid, { raw: true })).toEqual(Uint8Array.of(42, 0, 0, 0, 0, 0, 0, 0))
      expect([tasks.delete(process.pid), tasks.delete(process.pid)]).toEqual([true, false])
      expect(await run(object, 'count_process')).toBe(1)
    }))

  it('is of one thread', () =>
    withObject('maps-task-storage', async (object) => {
      const tasks = object.map('tasks', TaskStorage<bigint>)
      const value = await run(object, 'count_thread')
      const thread = object.globals.thread as number
      expect(thread).not.toBe(process.pid)
      expect(tasks.has(process.pid)).toBe(false)
      if (olderThan('6.9')) {
        expect(() => tasks.get(thread)).toThrowError(
          expect.objectContaining({
            code: expect.stringMatching(/EINVAL|ENOENT/),
            message: expect.stringMatching(/Linux 6\.9/),
          }),
        )
      } else {
        expect(tasks.get(thread)).toBe(BigInt(value))
      }
    }))

  it('takes pidfds, which stay those of their process', async () => {
    using tasks = createMap({ type: 'task_storage', value: u32 })
    const child = spawn('sleep', ['1000'])
    const handle = binding.pidfdOpen(child.pid as number)
    const fd = binding.descriptorFd(handle)
    try {
      expect([tasks.set({ fd }, 5), tasks.get(child.pid as number), tasks.get({ fd })]).toEqual([true, 5, 5])
      child.kill('SIGKILL')
      await once(child, 'exit')
      expect([tasks.get({ fd }), tasks.has({ fd }), tasks.delete({ fd })]).toEqual([undefined, false, false])
      expect(tasks.set({ fd }, 6, { if: 'present' })).toBe(false)
      expect(() => tasks.set({ fd }, 6)).toThrowError(
        expect.objectContaining({ code: 'ENOENT', message: expect.stringMatching(/has ended/) }),
      )
    } finally {
      binding.descriptorClose(handle)
    }
  })

  it('has conditions', () => {
    using tasks = createMap({ type: 'task_storage', value: struct({ a: u32, b: u64 }), int64: 'number' })
    const { pid } = process
    expect(tasks.set(pid, { a: 1, b: 2 }, { if: 'present' })).toBe(false)
    expect(tasks.set(pid, { a: 1, b: 2 }, { if: 'absent' })).toBe(true)
    expect(tasks.set(pid, { a: 3, b: 4 }, { if: 'absent' })).toBe(false)
    expect(tasks.get(pid)).toEqual({ a: 1, b: 2 })
    expect(tasks.set(pid, { a: 3, b: 4 }, { if: 'present' })).toBe(true)
    expect(tasks.get(pid)).toEqual({ a: 3, b: 4 })
  })

  it('leaves no warning of descriptors in a worker', async () => {
    const source = `
      const { createMap, u32 } = await import(${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)})
      const { parentPort } = await import('node:worker_threads')
      const warnings = []
      process.on('warning', ({ message }) => warnings.push(message))
      const tasks = createMap({ type: 'task_storage', value: u32 })
      tasks.set(process.pid, 7)
      const got = tasks.get(process.pid)
      tasks.close()
      setTimeout(() => parentPort.postMessage({ got, warnings }), 10)`
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
    const [message] = await once(worker, 'message')
    expect(message).toEqual({ got: 7, warnings: [] })
    await worker.terminate()
  })

  describe('refuses', () => {
    let tasks: TaskStorage<{ a: number }>
    let dead: number
    beforeAll(async () => {
      tasks = createMap({ type: 'task_storage', value: struct({ a: u32 }) })
      dead = await deadProcess()
    })
    afterAll(() => tasks.close())
    const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
    refuses([
      {
        name: 'a process that has ended',
        act: () => tasks.get(dead),
        code: 'ESRCH',
        message: /No task of the id \d+ runs/,
      },
      {
        name: 'no task',
        act: () => tasks.get(undefined as never),
        code: INVALID,
        message: /id of a process or \{ fd \}/,
      },
      { name: 'a text', act: () => tasks.has('1' as never), code: INVALID },
      { name: 'a child process', act: () => tasks.has({ pid: 1 } as never), code: INVALID },
      { name: 'the id 0', act: () => tasks.get(0), code: 'ERR_EBPF_OUT_OF_RANGE' },
      { name: 'half an id', act: () => tasks.get(1.5), code: INVALID },
      {
        name: 'a descriptor of something else',
        act: () => tasks.get({ fd: 0 }),
        code: 'EBADF',
        message: /fd 0 is no open pidfd/,
      },
      { name: 'a descriptor that is not open', act: () => tasks.set({ fd: 99_999 }, { a: 1 }), code: 'EBADF' },
      { name: 'a negative descriptor', act: () => tasks.delete({ fd: -1 }), code: 'ERR_EBPF_OUT_OF_RANGE' },
      {
        name: 'a value that does not fit',
        act: () => tasks.set(process.pid, { a: -1 }),
        code: 'ERR_EBPF_OUT_OF_RANGE',
      },
      { name: 'a value of another type', act: () => tasks.set(process.pid, 5 as never), code: INVALID },
      {
        name: 'another condition',
        act: () => tasks.set(process.pid, { a: 1 }, { if: 'maybe' as never }),
        code: INVALID,
      },
      {
        name: 'a lock where there is none',
        act: () => tasks.get(process.pid, { lock: true }),
        type: EbpfError,
        code: INVALID,
        message: /no lock/,
      },
      {
        name: 'a closed map',
        act: () => {
          const closed = createMap({ type: 'task_storage', value: u32 })
          closed.close()
          closed.get(process.pid)
        },
        code: 'ERR_EBPF_CLOSED',
      },
      {
        name: 'a value whose getter closes the map',
        act: () => {
          const closing = createMap({ type: 'task_storage', value: struct({ a: u32 }) })
          closing.set(process.pid, {
            get a() {
              closing.close()
              return 1
            },
          })
        },
        code: 'ERR_EBPF_CLOSED',
      },
      {
        name: 'a descriptor whose getter closes the map',
        act: () => {
          const closing = createMap({ type: 'task_storage', value: u32 })
          closing.get(process.pid)
          closing.get({
            get fd() {
              closing.close()
              return 0
            },
          })
        },
        code: 'ERR_EBPF_CLOSED',
      },
      {
        name: 'another this',
        act: () => tasks.get.call({} as never, process.pid),
        type: TypeError as never,
        code: undefined,
      },
      {
        name: 'to be iterated, as the kernel does',
        act: () => [...(tasks as never as Iterable<never>)],
        type: TypeError as never,
        code: undefined,
      },
      {
        name: 'entries',
        act: () => createMap({ type: 'task_storage', value: u32, maxEntries: 5 } as never),
        code: INVALID,
      },
      {
        name: 'values that are too large',
        act: () =>
          createMap({
            type: 'task_storage',
            value: { layout: { kind: 'bytes', size: 70_000 }, alignment: 1 } as never,
          }),
        code: 'E2BIG',
        message: /64 KiB/,
      },
    ])
  })
})
