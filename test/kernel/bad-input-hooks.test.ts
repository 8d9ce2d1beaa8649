/** Hooks that name what is not there, and hooks that were made by hand badly. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type BpfObject,
  attachFirst,
  cgroup,
  lirc,
  loadObject,
  query,
  rawTracepoint,
  skLookup,
  tcx,
  tracepoint,
  xdp,
} from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { fixture } from '../support/fixtures.ts'

let object: BpfObject
beforeAll(async () => {
  object = await loadObject(fixture('links'), {
    programs: { egress_first: { autoload: true }, lookup_first: { autoload: true }, xdp_first: { autoload: true } },
  })
})
afterAll(() => object.close())

describe('a file that a hook names and that is not there', () => {
  refuses([
    {
      name: 'is an error that names program, hook and file, of a cgroup',
      act: () => object.programs.egress_first!.attach(cgroup('/nowhere')),
      code: 'ENOENT',
      message: /^opening \/nowhere failed on link 'cgroup \/nowhere' of program 'egress_first': ENOENT/,
    },
    {
      name: 'of a cgroup that is no folder',
      act: () => object.programs.egress_first!.attach(cgroup('/etc/hostname')),
      code: 'ENOTDIR',
      message: /It must be a folder/,
    },
    {
      name: 'of a network namespace',
      act: () => object.programs.lookup_first!.attach(skLookup({ netns: '/nowhere' })),
      code: 'ENOENT',
      message: /'sk_lookup of network namespace \/nowhere' of program 'lookup_first'/,
    },
    {
      name: 'of a process that is gone',
      act: () => object.programs.xdp_first!.attach(xdp('lo', { netns: { pid: 0x7fff_ffff } })),
      code: 'ENOENT',
      message: /There is no process 2147483647/,
    },
    { name: 'of a query for a device', act: () => query(lirc('/dev/nowhere')), code: 'ENOENT', message: /'lirc / },
    {
      name: 'of a query for a cgroup',
      act: () => query(cgroup('/nowhere', { attachType: 'inet_egress' })),
      code: 'ENOENT',
      message: /'cgroup \/nowhere inet_egress'/,
    },
  ])

  test('is passed over by attachFirst()', async () => {
    const { egress_first, raw_first } = object.programs
    const { link, passedOver } = await attachFirst([
      [egress_first, cgroup('/nowhere')],
      [raw_first, rawTracepoint('sys_enter')],
    ])
    await link.close()
    expect(passedOver).toMatchObject([{ program: 'egress_first', hook: 'cgroup /nowhere', error: { code: 'ENOENT' } }])
  })
})

describe('query() names the hook in its error', () => {
  refuses([
    {
      name: 'an interface that is not there',
      act: () => query(tcx('nosuch0', 'ingress')),
      code: 'ENODEV',
      message: /on link 'tcx ingress nosuch0'/,
    },
    {
      name: 'a tracepoint that is not there',
      act: () => query(tracepoint('sched', 'no_such')),
      code: 'ENOENT',
      message: /on link 'tracepoint sched\/no_such'/,
    },
    {
      name: 'a folder that is no cgroup',
      act: () => query(cgroup('/', { attachType: 'inet_egress' })),
      code: 'EBADF',
      message: /on link 'cgroup \/ inet_egress'/,
    },
  ])
})
