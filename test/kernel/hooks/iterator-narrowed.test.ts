/** Iterators over one process, or a part of the tree of cgroups. */
import { closeSync, openSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type IteratorOptions, iterator } from '../../../lib/hooks/iterator.ts'
import { PYTHON } from '../../support/actor.ts'
import { Cgroup } from '../../support/cgroup.ts'
import { Child } from '../../support/child.ts'
import { loadIterators } from '../../support/iterator-fixture.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { runScript } from '../../support/script.ts'
import { rejection } from '../../support/wait.ts'

describe.skipIf(olderThan('6.1'))('iterator() narrowed', () => {
  test('to one process or one thread', async () => {
    await using child = await Child.start(`process.on('message', () => {}); process.send('ready')`)
    await using object = await loadIterators(['task_first'])
    const program = object.program('task_first')
    const pids = async (options: IteratorOptions): Promise<number[]> => {
      await using link = await program.attach(iterator(options))
      return (await link.text())
        .split('\n')
        .slice(0, -1)
        .map((line) => Number(line.split(' ')[1]))
    }
    const threads = readdirSync(`/proc/${child.pid}/task`).map(Number)
    const found = await pids({ pid: child.pid })
    expect(found).toContain(child.pid)
    expect(found.length).toBeGreaterThan(1)
    for (const tid of found) expect(threads).toContain(tid)
    expect(await pids({ tid: child.pid })).toEqual([child.pid])
    expect((await pids({})).length).toBeGreaterThan(found.length)
  })

  test('to one process by its descriptor', () => {
    // Node has no pidfd_open(2).
    const open = [
      'import os, sys',
      'fd = os.pidfd_open(int(sys.argv[1]))',
      'os.set_inheritable(fd, True)',
      "os.environ['TARGET'] = str(fd)",
      'os.execvp(sys.argv[2], sys.argv[2:])',
    ].join('\n')
    const { stdout, stderr, status } = runScript(
      `
        const { loadObject, iterator } = ebpf
        const object = await loadObject(fixture('hooks-iterator'), { programs: { task_first: { autoload: true } } })
        const link = await object.programs.task_first.attach(iterator({ pidFd: Number(process.env.TARGET) }))
        console.log(JSON.stringify({ pid: link.info().pid, text: await link.text() }))
        await object.close()
      `,
      [PYTHON, '-I', '-S', '-c', open, String(process.pid)],
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { pid, text } = JSON.parse(stdout) as { pid: number; text: string }
    expect(pid).toBe(process.pid)
    expect(text).toContain(`first ${process.pid} `)
    expect(text.split('\n').length - 1).toBe(readdirSync('/proc/self/task').length)
  })

  test('to a part of the tree of cgroups', async () => {
    await using object = await loadIterators(['cgroup_first'])
    await using parent = new Cgroup()
    await using child = new Cgroup(parent)
    await using sibling = new Cgroup(parent)
    const walk = async (options: IteratorOptions): Promise<bigint[]> => {
      await using link = await object.program('cgroup_first').attach(iterator(options))
      return (await link.text())
        .split('\n')
        .slice(0, -1)
        .map((line) => BigInt(line.split(' ')[1] as string))
    }
    const below = [child.id, sibling.id]
    expect(await walk({ cgroup: child.path, order: 'self' })).toEqual([child.id])
    const pre = await walk({ cgroup: parent.path, order: 'descendants_pre' })
    expect(pre[0]).toBe(parent.id)
    expect(pre.slice(1).sort()).toEqual(below.sort())
    const post = await walk({ cgroup: parent.path, order: 'descendants_post' })
    expect(post.at(-1)).toBe(parent.id)
    expect(post).toHaveLength(3)
    const up = await walk({ cgroup: child.path, order: 'ancestors_up' })
    expect(up.slice(0, 2)).toEqual([child.id, parent.id])
    const children = walk({ cgroup: parent.path, order: 'children' })
    if (olderThan('7.0')) expect(await rejection(children)).toMatchObject({ name: 'EbpfError', code: 'EINVAL' })
    else expect((await children).sort()).toEqual(below)
    const fd = openSync(parent.path, 'r')
    try {
      expect(await walk({ cgroup: { fd }, order: 'descendants_pre' })).toEqual(pre)
    } finally {
      closeSync(fd)
    }
  })
})

test.skipIf(!olderThan('6.1'))('iterator() narrowed to a process is refused, where it would not be', async () => {
  await using object = await loadIterators(['task_first'])
  for (const options of [{ pid: process.pid }, { tid: process.pid }, { pidFd: 0 }]) {
    expect(await rejection(object.program('task_first').attach(iterator(options)))).toMatchObject({
      name: 'EbpfError',
      code: 'ERR_EBPF_KERNEL',
      message: expect.stringContaining('needs Linux 6.1'),
    })
  }
})
