/** What the kernel tells of links, in the words of the hooks' builders. */
import { readFileSync, statSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cgroup } from '../../lib/hooks/cgroup.ts'
import { fentry } from '../../lib/hooks/tracing.ts'
import { kprobe } from '../../lib/hooks/kprobe.ts'
import { netfilter } from '../../lib/hooks/netfilter.ts'
import { skLookup } from '../../lib/hooks/network-namespace.ts'
import { rawTracepoint } from '../../lib/hooks/raw-tracepoint.ts'
import { tc } from '../../lib/hooks/tc.ts'
import { tcx } from '../../lib/hooks/tcx.ts'
import { tpBtf } from '../../lib/hooks/tp-btf.ts'
import { tracepoint } from '../../lib/hooks/tracepoint.ts'
import { uprobe } from '../../lib/hooks/uprobe.ts'
import { xdp } from '../../lib/hooks/xdp.ts'
import { libbpfVersion } from '../../lib/system/libbpf-version.ts'
import { Cgroup } from '../support/cgroup.ts'
import { functionOffset, libcPath } from '../support/elf.ts'
import { absence, olderThan } from '../support/kernel-features.ts'
import { Loopback, withLinks } from '../support/links-fixture.ts'
import { withTrace } from '../support/trace.ts'

let lo: Loopback

beforeAll(async () => {
  lo = await Loopback.start()
})

afterAll(async () => {
  await lo?.[Symbol.asyncDispose]()
})

/** What is absent in the answer of an older kernel. */
const since = (version: string, fields: object): object => (olderThan(version) ? {} : fields)

const oldLibbpf = /^1\.[012]\b/.test(libbpfVersion)

describe('link.info()', () => {
  test('of a raw tracepoint', async () => {
    await withTrace(async ({ programs }) => {
      const link = await programs.on_raw.attach(rawTracepoint('sys_enter'))
      const { id: programId } = programs.on_raw
      const cookie = since('6.18', { cookie: 0n })
      expect(link.info()).toEqual({ id: link.id, programId, type: 'raw_tracepoint', name: 'sys_enter', ...cookie })
    })
  })

  test('of a BTF-typed tracepoint, which the kernel keeps as a raw one', async () => {
    await withTrace(async ({ programs }) => {
      const link = await programs.on_btf.attach(tpBtf('sys_enter'))
      expect(link.info()).toMatchObject({ type: 'raw_tracepoint', name: 'sys_enter', programId: programs.on_btf.id })
    })
  })

  const linkInfoOfPerf = absence('5.15') === undefined
  test.skipIf(!linkInfoOfPerf)('of a tracepoint', async () => {
    await withTrace(async ({ programs }) => {
      const link = await programs.on_tracepoint.attach(tracepoint('syscalls', 'sys_enter_getppid', { cookie: 77 }))
      expect(link.info()).toEqual({
        id: link.id,
        programId: programs.on_tracepoint.id,
        type: 'perf_event',
        ...since('6.6', { event: 'tracepoint', name: 'sys_enter_getppid' }),
        ...since('6.9', { cookie: 77n }),
      })
    })
  })

  test.skipIf(!linkInfoOfPerf)('of a uprobe', async () => {
    await withLinks(async ({ programs }) => {
      const binary = libcPath()
      const link = await programs.uprobe_first.attach(
        uprobe(binary, { symbol: 'getppid', cookie: 5, pid: process.pid }),
      )
      expect(link.info()).toEqual({
        id: link.id,
        programId: programs.uprobe_first.id,
        type: 'perf_event',
        ...since('6.6', { event: 'uprobe', binary, offset: BigInt(functionOffset(binary, 'getppid')) }),
        ...since('6.9', { cookie: 5n }),
        ...since('6.16', { referenceCounterOffset: 0n }),
      })
    })
  })

  test.skipIf(!linkInfoOfPerf || absence('5.15', 'kprobe') !== undefined)('of a kprobe', async () => {
    await withLinks(async ({ programs }) => {
      const link = await programs.kprobe_first.attach(kprobe('vfs_unlink', { cookie: 3 }))
      expect(link.info()).toMatchObject({
        type: 'perf_event',
        ...since('6.6', { event: 'kprobe', symbol: 'vfs_unlink', offset: 0n, address: expect.any(BigInt) }),
        ...since('6.7', { missed: expect.any(BigInt) }),
        ...since('6.9', { cookie: 3n }),
      })
    }, 'kprobe_first')
  })

  test.skipIf(absence('5.5', 'trampoline') !== undefined)('of a function entry', async () => {
    await withLinks(async ({ programs }) => {
      const link = await programs.fentry_first.attach(fentry('vfs_unlink'))
      expect(link.info()).toMatchObject({ type: 'tracing', attachType: 'trace_fentry' })
    }, 'fentry_first')
  })

  test('of XDP', async () => {
    await withLinks(async ({ programs }) => {
      const link = await programs.xdp_first.attach(xdp('lo', { netns: lo.netns, mode: 'generic' }))
      const { id: programId } = programs.xdp_first
      expect(link.info()).toEqual({ id: link.id, programId, type: 'xdp', interfaceIndex: 1 })
      await link.detach()
      expect(link.info()).toEqual({ id: link.id, programId, type: 'xdp', interfaceIndex: 0 })
    })
  })

  test.skipIf(olderThan('6.6') || oldLibbpf).each(['ingress', 'egress'] as const)('of TCX: %s', async (direction) => {
    await withLinks(async ({ programs }) => {
      const link = await programs.tc_first.attach(tcx('lo', direction, { netns: lo.netns }))
      const { id: programId } = programs.tc_first
      expect(link.info()).toEqual({ id: link.id, programId, type: 'tcx', interfaceIndex: 1, direction })
    })
  })

  test('of a cgroup', async () => {
    await using group = new Cgroup()
    await withLinks(async ({ programs }) => {
      const link = await programs.egress_first.attach(cgroup(group.path))
      expect(link.info()).toEqual({
        id: link.id,
        programId: programs.egress_first.id,
        type: 'cgroup',
        attachType: 'inet_egress',
        cgroupId: group.id,
      })
    })
  })

  test('of a network namespace', async () => {
    await withLinks(async ({ programs }) => {
      const link = await programs.lookup_first.attach(skLookup({ netns: lo.netns }))
      expect(link.info()).toEqual({
        id: link.id,
        programId: programs.lookup_first.id,
        type: 'netns',
        attachType: 'sk_lookup',
        netnsInode: statSync(`/proc/${lo.pid}/ns/net`).ino,
      })
    })
  })

  test.skipIf(olderThan('6.4') || oldLibbpf)('of netfilter', async () => {
    await withLinks(async ({ programs }) => {
      const where = { family: 'ipv6', hook: 'output', priority: -7 } as const
      const link = await programs.netfilter_first.attach(netfilter({ ...where, netns: lo.netns }))
      const { id: programId } = programs.netfilter_first
      expect(link.info()).toEqual({ id: link.id, programId, type: 'netfilter', ...where, defragment: false })
    }, 'netfilter_first')
  })

  test('of what is no link of the kernel is an error', async () => {
    await withLinks(async ({ programs }) => {
      const link = await programs.tc_first.attach(tc('lo', 'egress', { netns: lo.netns }))
      expect(() => link.info()).toThrow(
        expect.objectContaining({ name: 'EbpfError', link: link.name, program: 'tc_first' }),
      )
      expect(() => link.id).toThrow(expect.objectContaining({ name: 'EbpfError' }))
    })
  })

  test('outlives the network namespace', async () => {
    await withLinks(async ({ programs }) => {
      const gone = await Loopback.start()
      const link = await programs.lookup_first.attach(skLookup({ netns: gone.netns }))
      expect(readFileSync(`/proc/self/fdinfo/${link.fd}`, 'latin1')).toContain('link_id')
      await gone[Symbol.asyncDispose]()
      expect(link.info()).toMatchObject({ type: 'netns', programId: programs.lookup_first.id })
      await link.close()
    })
  })
})
