import { describe, expect, test } from 'vitest'
import { type IteratorOptions, iterator } from '../../lib/hooks/iterator.ts'
import { describeHook, prepareHook } from '../../lib/hooks/hook.ts'

const none = { map: undefined, cgroup: undefined, order: undefined, tid: undefined, pid: undefined, pidFd: undefined }
const invalid = expect.objectContaining({ name: 'TypeError', code: 'ERR_EBPF_INVALID_ARGUMENT' })

describe('iterator() is plain data', () => {
  test.each([
    [iterator(), {}, 'iterator'],
    [iterator({ pid: 7 }), { pid: 7 }, 'iterator of process 7'],
    [iterator({ tid: 7 }), { tid: 7 }, 'iterator of thread 7'],
    [iterator({ pidFd: 7 }), { pidFd: 7 }, 'iterator of process by descriptor 7'],
    [
      iterator({ cgroup: '/sys/fs/cgroup', order: 'self' }),
      { cgroup: '/sys/fs/cgroup', order: 'self' },
      'iterator of cgroup /sys/fs/cgroup',
    ],
    [iterator({ cgroup: { fd: 9 } }), { cgroup: { fd: 9 } }, 'iterator of cgroup fd 9'],
  ])('with a name: %#', (hook, data, description) => {
    expect(hook).toEqual({ kind: 'iterator', ...none, ...data })
    expect(describeHook(hook)).toBe(description)
  })
})

describe('iterator() refuses', () => {
  test.each([
    [null],
    ['task'],
    [{ map: {} }],
    [{ map: 'counts' }],
    [{ order: 'self' }],
    [{ cgroup: '/x', order: 'upwards' }],
    [{ cgroup: '/x', order: 'toString' }],
    [{ cgroup: '' }],
    [{ cgroup: 5 }],
    [{ pid: '1' }],
    [{ pid: 1.5 }],
    [{ pid: 1, tid: 1 }],
    [{ pid: 1, cgroup: '/x' }],
    [{ pidFd: 3, tid: 4 }],
  ])('%j', (options) => {
    expect(() => iterator(options as IteratorOptions)).toThrow(invalid)
  })

  test.each([[{ pid: 0 }], [{ pid: -1 }], [{ tid: 2 ** 31 }], [{ pidFd: -1 }], [{ cgroup: { fd: -1 } }]])(
    '%j',
    (options) => {
      expect(() => iterator(options)).toThrow(
        expect.objectContaining({ name: 'RangeError', code: 'ERR_EBPF_OUT_OF_RANGE' }),
      )
    },
  )

  test('what is made by hand as well', () => {
    expect(() => prepareHook({ kind: 'iterator', ...none, pid: 0 })).toThrow(RangeError)
    expect(() => prepareHook({ kind: 'iterator', map: {} } as never)).toThrow(invalid)
    expect(() => prepareHook({ kind: 'iterator' } as never)).not.toThrow()
  })
})

describe('of a program’s section', () => {
  const program = (section: string) => ({ name: 'walk', section, type: 'tracing', expectedAttachType: 'trace_iter' })

  test.each([
    ['iter/task', { cgroup: '/x' }, 'takes tid or pid or pidFd, not cgroup'],
    ['iter/bpf_map_elem', { pid: 1 }, 'takes map, not pid'],
    ['iter/bpf_map_elem', {}, 'say of which map'],
    ['iter.s/sockmap', {}, 'say of which map'],
    ['iter/tcp', { pid: 1 }, 'takes nothing, not pid'],
    ['iter/constructor', { pid: 1 }, 'takes nothing, not pid'],
    ['iter/cgroup', { tid: 1 }, 'takes cgroup, not tid'],
  ] as const)('%s refuses %j', (section, options, words) => {
    expect(() => prepareHook(iterator(options), program(section))).toThrow(invalid)
    expect(() => prepareHook(iterator(options), program(section))).toThrow(words)
  })

  test('takes what fits', () => {
    expect(prepareHook(iterator(), program('iter/task')).native).toEqual({
      kind: 'iterator',
      mapFd: -1,
      cgroupFd: -1,
      cgroupOrder: 0,
      tid: 0,
      pid: 0,
      pidFd: -1,
    })
    expect(() => prepareHook(iterator({ cgroup: { fd: 0 } }), program('iter/cgroup'))).not.toThrow()
  })
})
