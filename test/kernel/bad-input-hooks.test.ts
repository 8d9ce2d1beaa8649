/** Hooks that name what is not there, and hooks that were made by hand badly. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type BpfObject,
  attachFirst,
  cgroup,
  fentry,
  lirc,
  loadObject,
  lsm,
  netfilter,
  openProgram,
  query,
  rawTracepoint,
  skLookup,
  tcx,
  tracepoint,
  uprobe,
  xdp,
} from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { rejection } from '../support/wait.ts'

const input = netfilter({ family: 'ipv4', hook: 'input' })

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
      message:
        /^opening \/nowhere failed on link 'cgroup \/nowhere' of program 'egress_first' of object 'links': ENOENT/,
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

describe('a hook that its own checks refuse, at attaching', () => {
  const attach =
    (hook: object, program = 'xdp_first') =>
    () =>
      object.programs[program]!.attach(hook as never)
  refuses([
    {
      name: 'is a mistake that names program and hook',
      act: attach({ ...xdp('lo'), mode: 'fast' }),
      code: 'ERR_EBPF_INVALID_ARGUMENT',
      message: /^program 'xdp_first' cannot be attached to xdp lo: mode must be/,
    },
    {
      name: 'also where it is a number out of range',
      act: attach({ ...xdp('lo'), netns: { pid: 0 } }),
      code: 'ERR_EBPF_OUT_OF_RANGE',
      message: /^program 'xdp_first' cannot be attached to xdp lo: netns\.pid must be from 1/,
    },
    {
      name: 'and where it is none at all',
      act: attach({ kind: 'hook' }),
      code: 'ERR_EBPF_INVALID_ARGUMENT',
      message: /^program 'xdp_first' cannot be attached: hook must be made by a builder/,
    },
    {
      name: 'is a failure that names both, of a binary that nobody finds',
      act: attach(uprobe('no-such-library.so.9', { offset: 0 }), 'raw_first'),
      code: 'ENOENT',
      message: /^program 'raw_first' cannot be attached to uprobe no-such-library\.so\.9:0x0: /,
    },
  ])

  test('has both as properties, and its hint once', async () => {
    const names = { program: 'xdp_first', object: 'links', link: 'xdp lo' }
    expect(await rejection(attach({ ...xdp('lo'), mode: 3 })())).toMatchObject({ name: 'TypeError', ...names })
    const error = await rejection(attach(uprobe('no-such-library.so.9', { offset: 0 }), 'raw_first')())
    expect(error).toMatchObject({ errno: -2, program: 'raw_first', object: 'links', hint: expect.any(String) })
    expect(error.message.split((error as unknown as { hint: string }).hint)).toHaveLength(2)
  })

  test('is itself where it is an exception of the caller', async () => {
    const own = new TypeError('mine')
    const hook = {
      kind: 'xdp',
      get interface(): string {
        throw own
      },
    }
    expect(await rejection(attach(hook)())).toBe(own)
  })
})

describe('query() refuses a hook that no builder makes', () => {
  const ARGUMENT = 'ERR_EBPF_INVALID_ARGUMENT'
  const ask = (hook: object) => () => query(hook as never)
  refuses([
    ...['fentry', 'fexit', 'fmod_ret'].map((kind) => ({
      name: `${kind} without a function`,
      act: ask({ kind }),
      code: ARGUMENT,
      message: /function must be a non-empty string/,
    })),
    { name: 'lsm without a name', act: ask({ kind: 'lsm' }), code: ARGUMENT },
    { name: 'lsm of a number', act: ask({ kind: 'lsm', name: 3, cookie: 0n }), code: ARGUMENT },
    { name: 'kprobe without a symbol', act: ask({ kind: 'kprobe' }), code: ARGUMENT },
    { name: 'ksyscall without a name', act: ask({ kind: 'ksyscall' }), code: ARGUMENT },
    { name: 'kprobe.multi without functions', act: ask({ kind: 'kprobe_multi' }), code: ARGUMENT },
    { name: 'uprobe without a binary', act: ask({ kind: 'uprobe' }), code: ARGUMENT },
    { name: 'uprobe.multi of null', act: ask({ kind: 'uprobe_multi', binary: null }), code: ARGUMENT },
    { name: 'raw tracepoint without a name', act: ask({ kind: 'raw_tracepoint' }), code: ARGUMENT },
    { name: 'tp_btf of null', act: ask({ kind: 'tp_btf', name: null }), code: ARGUMENT },
    { name: 'netfilter without a family', act: ask({ kind: 'netfilter' }), code: ARGUMENT },
    { name: 'netfilter of a hook that is none', act: ask({ ...input, hook: 'inside' }), code: ARGUMENT },
    {
      name: 'a function that the kernel does not have',
      act: () => query(fentry('no_such')),
      code: 'ENOENT',
      message: /'no_such' among the kernel's types failed on link 'fentry no_such'/,
    },
    { name: 'a security hook that it does not have', act: () => query(lsm('no_such')), code: 'ENOENT' },
    { name: 'a function of a module', act: () => query(fentry('nf_tables:nft_do_chain')), code: ARGUMENT },
  ])

  test('and answers of one that is right', async () => {
    expect(await query(fentry('vfs_read'))).toMatchObject({ entries: expect.any(Array) })
    expect(await query(input)).toMatchObject({ entries: expect.any(Array) })
  })
})

test('a program that was opened needs a hook', async () => {
  using opened = openProgram({ id: object.programs.raw_first!.id })
  expect(await rejection(opened.attach())).toMatchObject({
    name: 'TypeError',
    code: 'ERR_EBPF_INVALID_ARGUMENT',
    message: expect.stringMatching(/^program 'raw_first' has no section of an object, which .* by a hook/),
  })
  await using link = await opened.attach(rawTracepoint('sys_enter'))
  expect(link.name).toBe('raw_tracepoint sys_enter')
})

describe('query() names the hook in its error', () => {
  refuses([
    {
      name: 'an interface that is not there',
      act: () => query(tcx('nosuch0', 'ingress')),
      code: olderThan('6.6') ? 'ERR_EBPF_KERNEL' : 'ENODEV',
      message: olderThan('6.6') ? /Linux 6\.6/ : /on link 'tcx ingress nosuch0'/,
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
