import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { describeHook, familyOf, prepareHook } from '../../lib/hooks/hook.ts'
import { lirc } from '../../lib/hooks/lirc.ts'
import { flowDissector, skLookup } from '../../lib/hooks/network-namespace.ts'
import { reuseport, socketFilter } from '../../lib/hooks/socket.ts'
import { sockmap } from '../../lib/hooks/sockmap.ts'

const invalid = expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
const outOfRange = expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' })

describe('a hook is plain data', () => {
  test.each([
    [socketFilter(7), { kind: 'socket_filter', socket: 7 }, 'socket filter of fd 7'],
    [socketFilter({ fd: 7 }), { kind: 'socket_filter', socket: 7 }, 'socket filter of fd 7'],
    [reuseport(7), { kind: 'reuseport', socket: 7 }, 'reuseport group of fd 7'],
    [skLookup(), { kind: 'sk_lookup', netns: undefined }, 'sk_lookup'],
    [
      skLookup({ netns: '/run/netns/blue' }),
      { kind: 'sk_lookup', netns: '/run/netns/blue' },
      'sk_lookup of network namespace /run/netns/blue',
    ],
    [
      flowDissector({ netns: { pid: 3 } }),
      { kind: 'flow_dissector', netns: { pid: 3 } },
      'flow_dissector of network namespace of pid 3',
    ],
    [
      flowDissector({ netns: { fd: 3 } }),
      { kind: 'flow_dissector', netns: { fd: 3 } },
      'flow_dissector of network namespace fd 3',
    ],
    [lirc('/dev/lirc0'), { kind: 'lirc', device: '/dev/lirc0' }, 'lirc /dev/lirc0'],
    [lirc({ fd: 3 }), { kind: 'lirc', device: { fd: 3 } }, 'lirc fd 3'],
  ])('with a name: %#', (hook, data, description) => {
    expect(hook).toEqual(data)
    expect(structuredClone(hook)).toEqual(data)
    expect(describeHook(hook)).toBe(description)
  })
})

describe('a builder refuses', () => {
  test.each([
    [() => socketFilter('7' as never), invalid],
    [() => socketFilter(undefined as never), invalid],
    [() => socketFilter(1.5), invalid],
    [() => socketFilter(-1), outOfRange],
    [() => socketFilter(null as never), invalid],
    [() => reuseport({ fd: -1 }), outOfRange],
    [() => reuseport(new Socket()), invalid],
    [() => reuseport({} as never), invalid],
    [() => reuseport(2 ** 31), outOfRange],
    [() => skLookup({ netns: 3 as never }), invalid],
    [() => skLookup({ netns: '' }), invalid],
    [() => flowDissector({ netns: { pid: 0 } }), outOfRange],
    [() => flowDissector({ netns: {} as never }), invalid],
    [() => sockmap(undefined as never), invalid],
    [() => sockmap({ type: 'sockmap' } as never), invalid],
    [() => lirc(''), invalid],
    [() => lirc({ fd: -1 }), outOfRange],
    [() => lirc(0 as never), invalid],
  ])('%#', (build, error) => {
    expect(build).toThrow(error)
  })
})

describe('a hook that was made by hand', () => {
  test.each([
    { kind: 'socket_filter' },
    { kind: 'reuseport', socket: 'x' },
    { kind: 'sk_lookup', netns: 5 },
    { kind: 'flow_dissector', netns: [] },
    { kind: 'sockmap', map: {} },
    { kind: 'lirc' },
  ])('is checked when it is used: %j', (hook) => {
    expect(() => prepareHook(hook as never)).toThrow(invalid)
  })
})

test('a network namespace or device that does not exist is the error of opening it', () => {
  expect(() => prepareHook(skLookup({ netns: '/run/netns/no-such' }))).toThrow(/no-such.*ENOENT/)
  expect(() => prepareHook(lirc('/dev/no-such'))).toThrow(/no-such.*ENOENT/)
})

test("the process's own network namespace is opened, too", () => {
  for (const hook of [skLookup(), flowDissector()]) {
    const attach = prepareHook(hook)
    expect(attach.native).toMatchObject({ kind: 'netns', netnsFd: expect.any(Number) })
    expect((attach.native as { netnsFd: number }).netnsFd).toBeGreaterThan(2)
    attach.release?.()
    familyOf(hook).query?.(hook).release?.()
  }
})
