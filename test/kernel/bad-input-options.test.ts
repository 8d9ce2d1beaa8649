/** Hooks that are none, programs that cannot be attached so, and maps that cannot be. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BpfObject, createMap, loadObject, rawTracepoint, u32, u64, xdp } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { fixture, withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'

test.skipIf(olderThan('5.14'))('A program that only a test run starts cannot be attached', () =>
  withObject('syscall', async ({ programs }) => {
    await expect(programs.multiply!.attach()).rejects.toMatchObject({
      code: expect.stringMatching(/^(EINVAL|EOPNOTSUPP|ERR_EBPF_\w+)$/),
      program: 'multiply',
    })
  }),
)

describe('attaching refuses', () => {
  let object: BpfObject
  beforeAll(async () => {
    object = await loadObject(fixture('programs'))
  })
  afterAll(() => object.close())
  const attach = (name: string, hook?: unknown) => () => object.programs[name]!.attach(hook as never)
  const ARGUMENT = 'ERR_EBPF_INVALID_ARGUMENT'

  refuses([
    { name: 'a bare xdp section', act: attach('grow'), code: /^(EINVAL|EOPNOTSUPP|ERR_EBPF_\w+)$/ },
    { name: 'a socket filter', act: attach('length_of_the_packet'), code: /^(EINVAL|EOPNOTSUPP|ERR_EBPF_\w+)$/ },
    { name: 'a tc program', act: attach('mark'), code: /^(EINVAL|EOPNOTSUPP|ERR_EBPF_\w+)$/ },
    { name: 'a hook that is null', act: attach('grow', null), code: ARGUMENT },
    { name: 'a hook that is text', act: attach('grow', 'lo'), code: ARGUMENT },
    { name: 'a hook of an unknown kind', act: attach('grow', { kind: 'toString' }), code: ARGUMENT },
    { name: 'a hook without its fields', act: attach('which_cpu', { kind: 'raw_tracepoint' }), code: ARGUMENT },
    { name: 'an interface that is not there', act: attach('grow', xdp('no_such_if')), code: 'ENODEV' },
    { name: 'an interface of index 2^31 - 1', act: attach('grow', xdp(0x7fff_ffff)), code: /^(ENODEV|EINVAL)$/ },
    {
      name: 'a hook of another type of program',
      act: attach('mark', rawTracepoint('sched_switch')),
      code: 'ERR_EBPF_INVALID_ARGUMENT',
    },
    { name: 'a raw tracepoint that is not there', act: attach('which_cpu', rawTracepoint('no_such')), code: 'ENOENT' },
    {
      name: 'a namespace that is none',
      act: attach('grow', xdp('lo', { netns: '/etc/passwd' })),
      code: /^E(INVAL|PERM)$/,
    },
    {
      name: 'a namespace that is not there',
      act: attach('grow', xdp('lo', { netns: '/nowhere' })),
      type: Error,
      code: 'ENOENT',
    },
  ])
})

describe('createMap refuses', () => {
  const hash = (options: object) => () =>
    createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1, ...options } as never)
  const ARGUMENT = 'ERR_EBPF_INVALID_ARGUMENT'
  const RANGE = 'ERR_EBPF_OUT_OF_RANGE'

  refuses([
    { name: 'nothing', act: () => createMap(undefined as never), code: ARGUMENT },
    { name: 'a type that is none', act: hash({ type: 'hashes' }), code: ARGUMENT },
    { name: 'a type by number', act: hash({ type: 1 }), code: ARGUMENT },
    { name: 'a type of an Object’s property', act: hash({ type: 'toString' }), code: ARGUMENT },
    { name: 'a key that is no type', act: hash({ key: 'u32' }), code: ARGUMENT },
    { name: 'a key that is null', act: hash({ key: null }), code: ARGUMENT },
    { name: 'no key', act: hash({ key: undefined }), code: ARGUMENT, message: /key is missing/ },
    { name: 'no value', act: hash({ value: undefined }), code: ARGUMENT, message: /value is missing/ },
    {
      name: 'no value of an array',
      act: () => createMap({ type: 'array', maxEntries: 1 } as never),
      code: ARGUMENT,
      message: /value is missing/,
    },
    { name: 'no entries', act: hash({ maxEntries: 0 }), code: RANGE },
    { name: 'no number of entries', act: hash({ maxEntries: undefined }), code: ARGUMENT },
    { name: 'fewer entries than none', act: hash({ maxEntries: -1 }), code: RANGE },
    { name: 'half an entry', act: hash({ maxEntries: 0.5 }), code: ARGUMENT },
    { name: 'more entries than 32 bits', act: hash({ maxEntries: 2 ** 32 }), code: RANGE },
    { name: 'more entries than memory', act: hash({ maxEntries: 2 ** 32 - 1 }), code: /^(E2BIG|ENOMEM)$/ },
    { name: 'an empty name', act: hash({ name: '' }), code: ARGUMENT },
    { name: 'a name of 16 letters', act: hash({ name: 'a'.repeat(16) }), code: ARGUMENT },
    { name: 'a name with rubbish', act: hash({ name: 'a b' }), code: ARGUMENT },
    { name: 'a name with a NUL', act: hash({ name: 'a\0' }), code: ARGUMENT },
    { name: 'a name in another alphabet', act: hash({ name: 'жук' }), code: ARGUMENT },
    { name: 'a name that is a number', act: hash({ name: 5 }), code: ARGUMENT },
    { name: 'flags that do not exist', act: hash({ flags: 2 ** 31 }), code: 'EINVAL' },
    { name: 'negative flags', act: hash({ flags: -1 }), code: RANGE },
    { name: 'a memory node that is not there', act: hash({ numaNode: 100_000 }), code: 'EINVAL' },
    { name: 'another int64', act: hash({ int64: 'text' }), code: ARGUMENT },
    { name: 'a ring of an odd size', act: () => createMap({ type: 'ringbuf', maxEntries: 5000 }), code: 'EINVAL' },
    { name: 'a ring of no page', act: () => createMap({ type: 'ringbuf', maxEntries: 1 }), code: 'EINVAL' },
    {
      name: 'an array of too much',
      act: () => createMap({ type: 'array', value: u64, maxEntries: 2 ** 32 - 1 }),
      code: /^(E2BIG|ENOMEM)$/,
    },
  ])
})
