/** What createMap does not make, and why. */
import { describe, expect, it } from 'vitest'
import { array, bytes, char, createMap, struct, u32, u64 } from '../../lib/index.ts'

const PAGE = 4096
const inner = { type: 'array', value: u64, maxEntries: 1 } as const

describe('createMap refuses, and says why:', () => {
  const rows: [string, object, RegExp][] = [
    ['a type that there is not', { type: 'hsah' }, /type must be a map type such as 'hash', not "hsah"/],
    ['no type at all', { type: 'unspec' }, /type must be a map type/],
    ['what every object has', { type: 'toString' }, /type must be a map type/],
    ['a struct_ops map', { type: 'struct_ops' }, /cannot be created by itself: the kernel makes one only for/],
    ['a jump table', { type: 'insn_array' }, /cannot be created by itself: libbpf makes it/],
    ['a key of a queue', { type: 'queue', key: u32, value: u32, maxEntries: 1 }, /key does not apply: .* has no keys/],
    ['a value of a ring', { type: 'ringbuf', value: u32, maxEntries: PAGE }, /value does not apply/],
    ['wide indexes', { type: 'array', key: u64, value: u32, maxEntries: 1 }, /key has 8 bytes: .* has keys of 4 bytes/],
    ['wide programs', { type: 'prog_array', value: u64, maxEntries: 1 }, /value has 8 bytes: .* has values of 4 bytes/],
    ['odd devices', { type: 'devmap', value: bytes(5), maxEntries: 1 }, /has values of 4 or 8 bytes/],
    ['no value', { type: 'queue', maxEntries: 1 }, /value is missing: a map of type queue/],
    ['no key', { type: 'lpm_trie', value: u32, maxEntries: 1 }, /key is missing: a map of type lpm_trie/],
    ['an empty value', { type: 'hash', key: u32, value: struct({}), maxEntries: 1 }, /no maps of empty values; use u8/],
    ['an empty key', { type: 'hash', key: bytes(0), value: u32, maxEntries: 1 }, /no maps of empty keys; use u8/],
    ['an empty element', { type: 'queue', value: char(0), maxEntries: 1 }, /no maps of empty values/],
    ['entries of a storage', { type: 'task_storage', value: u32, maxEntries: 1 }, /maxEntries does not apply/],
    ['a storage without types', { type: 'task_storage', value: u32, btf: false }, /btf must not be false/],
    [
      'types of a queue',
      { type: 'queue', value: u32, maxEntries: 1, btf: true },
      /btf does not apply: the kernel keeps no/,
    ],
    [
      'types of a trie of bytes',
      { type: 'lpm_trie', key: bytes(8), value: u32, maxEntries: 1, btf: true },
      /only where keys are a struct/,
    ],
    [
      'a btf that is no boolean',
      { type: 'hash', key: u32, value: u32, maxEntries: 1, btf: 'yes' },
      /btf must be a boolean/,
    ],
    ['records of a hash', { type: 'hash', key: u32, value: u32, maxEntries: 1, record: u32 }, /record does not apply/],
    ['no template', { type: 'array_of_maps', maxEntries: 1 }, /inner must be a map like those/],
    ['a template of a hash', { type: 'hash', key: u32, value: u32, maxEntries: 1, inner }, /inner does not apply/],
    [
      'hash functions of a hash',
      { type: 'hash', key: u32, value: u32, maxEntries: 1, hashFunctions: 3 },
      /only a bloom_filter/,
    ],
    ['too many of them', { type: 'bloom_filter', value: u32, maxEntries: 1, hashFunctions: 16 }, /from 1 to 15/],
    [
      'a flag that there is not',
      { type: 'array', value: u32, maxEntries: 1, flags: ['mmap'] },
      /flags: "mmap" is none of/,
    ],
    [
      'flags that are a word',
      { type: 'array', value: u32, maxEntries: 1, flags: 'mmapable' },
      /flags must be a number or/,
    ],
    ['a flag that is an object', { type: 'array', value: u32, maxEntries: 1, flags: [{}] }, /flags: object is none of/],
    [
      'an option that there is not',
      { type: 'array', value: u32, maxentries: 1 },
      /unknown option "maxentries" of createMap/,
    ],
    ['options that are a string', 'hash' as never, /options must be an object/],
    ['a pin without a path', { type: 'array', value: u32, maxEntries: 1, pinPath: '' }, /pinPath must be/],
    [
      'a pin that can only be read',
      { type: 'array', value: u32, maxEntries: 1, pinPath: '/sys/fs/bpf/x', flags: ['readOnly'] },
      /readOnly and writeOnly are of one descriptor/,
    ],
  ]
  it.each(rows)('%s', (_, options, message) => {
    expect(() => createMap(options as never)).toThrowError(
      expect.objectContaining({
        code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/),
        message: expect.stringMatching(message),
      }),
    )
  })
})

describe('what only the kernel knows to refuse comes with what it wants:', () => {
  const rows: [string, object, RegExp][] = [
    ['a ring of an odd size', { type: 'ringbuf', maxEntries: 5000 }, /size in bytes: a power of two/],
    ['a ring of part of a page', { type: 'ringbuf', maxEntries: 512 }, /multiple of the page size/],
    ['a trie without data', { type: 'lpm_trie', key: u32, value: u32, maxEntries: 1 }, /1 to 256 bytes of data/],
    ['half a frame', { type: 'stack_trace', value: bytes(12), maxEntries: 1 }, /8 bytes for each frame/],
    ['too many frames', { type: 'stack_trace', value: array(u64, 4096), maxEntries: 1 }, /perf_event_max_stack/],
    ['more queues than CPUs', { type: 'cpumap', maxEntries: 1 << 20 }, /CPUs that the kernel is built for/],
    [
      'a map of maps of maps',
      { type: 'array_of_maps', maxEntries: 1, inner: { type: 'array_of_maps', maxEntries: 1, inner } },
      /Maps of maps, .* cannot be in a map/,
    ],
  ]
  it.each(rows)('%s', (_, options, hint) => {
    expect(() => createMap(options as never)).toThrowError(
      expect.objectContaining({
        name: 'EbpfError',
        code: expect.stringMatching(/^(EINVAL|E2BIG|ENOTSUPP)$/),
        operation: 'bpf_map_create',
        hint: expect.stringMatching(hint),
      }),
    )
  })
})
