/** What runs in a cgroup, which is more than what is attached to it. */
import { expect, test } from 'vitest'
import { cgroup, query, tracepoint } from '../../lib/index.ts'
import { Cgroup } from '../support/cgroup.ts'
import { olderThan } from '../support/kernel-features.ts'
import { withLinks } from '../support/links-fixture.ts'
import { rejection } from '../support/wait.ts'

const invalid = { name: 'TypeError', code: 'ERR_EBPF_INVALID_ARGUMENT' }

const attachType = 'inet_egress' as const

/** The names of the programs: of the cgroup itself, and of all that run there. */
async function namesAt({ path }: Cgroup): Promise<{ attached: unknown[]; effective: unknown[] }> {
  const hook = cgroup(path, { attachType })
  const [attached, effective] = await Promise.all([query(hook), query(hook, { effective: true })])
  // A system may have its own programs at the root.
  const names = ({ entries }: typeof attached): unknown[] =>
    entries.map(({ programName }) => programName).filter((name) => name?.startsWith('egress_'))
  return { attached: names(attached), effective: names(effective) }
}

test('query() tells what runs in a cgroup, in run order: the programs further down first', async () => {
  await using parent = new Cgroup()
  await using child = new Cgroup(parent)
  await withLinks(async ({ programs: { egress_first, egress_second } }) => {
    const above = await egress_first.attach(cgroup(parent.path))
    const below = await egress_second.attach(cgroup(child.path))
    expect(await namesAt(parent)).toEqual({ attached: ['egress_first'], effective: ['egress_first'] })
    expect(await namesAt(child)).toEqual({
      attached: ['egress_second'],
      effective: ['egress_second', 'egress_first'],
    })
    await below.close()
    expect(await namesAt(child)).toEqual({ attached: [], effective: ['egress_first'] })
    await above.close()
  })
})

test.skipIf(olderThan('6.17'))('a program with preorder is where it runs, not where it was attached', async () => {
  await using group = new Cgroup()
  await withLinks(async ({ programs: { egress_first, egress_second } }) => {
    await egress_first.attach(cgroup(group.path))
    await egress_second.attach(cgroup(group.path, { preorder: true }))
    expect(await namesAt(group)).toEqual({
      attached: ['egress_first', 'egress_second'],
      effective: ['egress_second', 'egress_first'],
    })
  })
})

test('only cgroups have programs that run elsewhere', async () => {
  expect(await rejection(query(tracepoint('sched', 'sched_switch'), { effective: true }))).toMatchObject(invalid)
  const hook = cgroup('/sys/fs/cgroup', { attachType })
  expect(await rejection(query(hook, { effective: 1 as never }))).toMatchObject(invalid)
  expect(await rejection(query(hook, null as never))).toMatchObject(invalid)
})
