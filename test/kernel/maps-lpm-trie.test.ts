import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  EbpfError,
  LpmTrie,
  type Prefix,
  bytes,
  createMap,
  openMap,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { run } from '../support/run.ts'

function trie<K extends string | Prefix = string>(dataSize: number, maxEntries: number = 1024): LpmTrie<K, number> {
  const key = struct({ prefixlen: u32, data: bytes(dataSize) }, { packed: true })
  return createMap({ type: 'lpm_trie', key, value: u32, maxEntries }) as LpmTrie<K, number>
}

describe('a trie of addresses', () => {
  it('finds the longest prefix that covers an address, as programs do', () =>
    withObject('maps-lpm-trie', async (object) => {
      const routes = object.map('routes', LpmTrie<string, bigint>)
      routes.set('0.0.0.0/0', 0n)
      routes.set('10.0.0.0/8', 8n)
      routes.set('10.1.0.0/16', 16n)
      for (const [address, wanted, value] of [
        ['10.1.2.3', 0x0a010203, 16n],
        ['10.2.3.4', 0x0a020304, 8n],
        ['11.0.0.1', 0x0b000001, 0n],
      ] as const) {
        expect(routes.get(address)).toBe(value)
        object.globals.wanted = wanted
        expect(await run(object, 'route')).toBe(0)
        expect(object.globals.found).toBe(value)
      }
      expect([routes.get('10.1.0.0/12'), routes.get('10.0.0.0/7')]).toEqual([8n, 0n])
      expect(routes.delete('0.0.0.0/0')).toBe(true)
      expect([routes.get('11.0.0.1'), routes.has('11.0.0.1'), routes.has('10.9.9.9')]).toEqual([undefined, false, true])
      object.globals.wanted = 0x0b000001
      expect(await run(object, 'route')).toBe(-1)
    }))

  it('shows what programs wrote as text', () =>
    withObject('maps-lpm-trie', async (object) => {
      expect(await run(object, 'add_route')).toBe(0)
      expect([...object.map('routes', LpmTrie)]).toEqual([['172.16.0.0/12', 12n]])
      expect([...object.map('routes6', LpmTrie)]).toEqual([['2001:db8::/32', 32n]])
      expect(object.map('routes6', LpmTrie).get('2001:db8:1::1')).toBe(32n)
    }))

  it('writes and deletes exactly one prefix', () => {
    using map = trie(4)
    map.set('10.0.0.0/8', 1)
    expect(map.set('10.0.0.0/16', 2, { if: 'present' })).toBe(false)
    expect(map.set('10.0.0.0/8', 2, { if: 'absent' })).toBe(false)
    expect(map.set('10.0.0.0/8', 3, { if: 'present' })).toBe(true)
    expect(map.delete('10.0.0.0/16')).toBe(false)
    expect(map.get('10.0.0.0/16')).toBe(3)
  })

  it('gives back keys that find their entries again, also with bits behind their prefix', () => {
    using map = trie(4)
    map.set('10.1.2.3/8', 1)
    expect([...map.keys()]).toEqual(['10.1.2.3/8'])
    map.set('10.9.9.9/8', 2)
    expect([...map]).toEqual([['10.9.9.9/8', 2]])
    expect(map.delete('10.9.9.9/8')).toBe(true)

    using version6 = trie(16)
    const keys = ['::/0', '::ffff:0:0/96', '2001:db8::/32', 'fe80::1/128']
    version6.setMany(keys.map((key, index) => [key, index]))
    expect(new Set(version6.keys())).toEqual(new Set(keys))
    for (const [key, value] of version6) expect(version6.get(key)).toBe(value)
    for (const [key] of version6.entries({ raw: true })) expect(version6.delete(key)).toBe(true)
    expect(version6.count()).toBe(0)
  })

  it('takes a key in each of its forms', () => {
    using map = trie<string | Prefix>(4)
    const data = Uint8Array.of(192, 168, 0, 0)
    map.set({ prefixLength: 16, data }, 1)
    const whole = new Uint8Array(8)
    new Uint32Array(whole.buffer)[0] = 16
    whole.set(data, 4)
    for (const key of ['192.168.0.0/16', { prefixLength: 16, data }, whole]) expect(map.get(key)).toBe(1)
    expect([...map.keys({ raw: true })]).toEqual([whole])
  })

  it('goes in bulk', () => {
    using map = trie(4, 8192)
    const entries = Array.from({ length: 8192 }, (_, index) => [`10.${index >> 8}.${index & 255}.0/24`, index] as const)
    expect(map.setMany(entries)).toBe(8192)
    expect(map.count()).toBe(8192)
    expect(map.toMap()).toEqual(new Map(entries))
    expect(map.getMany(['10.0.7.9', '11.0.0.0/8'])).toEqual([7, undefined])
    expect(map.deleteMany(['10.0.7.0/24', '10.0.7.0/24', '10.0.8.0/24'])).toBe(2)
    expect(map.clear()).toBe(8190)
    expect([...map]).toEqual([])
  })

  it('is the same after thousands of calls', () => {
    using map = trie(4)
    for (let index = 0; index < 3000; index++) {
      const key = `10.0.${index & 255}.0/24`
      expect(map.set(key, index)).toBe(true)
      expect([map.get(`10.0.${index & 255}.77`), map.has('11.0.0.0')]).toEqual([index, false])
      expect([map.delete(key), map.delete(key)]).toEqual([true, false])
    }
    expect(() => map.get('10.0.0.0/33')).toThrowError(RangeError)
  })

  it('comes to an end when each prefix is deleted while it is walked', () => {
    using map = trie(4, 8192)
    map.setMany(Array.from({ length: 5000 }, (_, index) => [`10.${index >> 8}.${index & 255}.0/24`, index] as const))
    const seen: number[] = []
    for (const [key, value] of map) {
      seen.push(value)
      map.delete(key)
    }
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, index) => index))
    expect(map.count()).toBe(0)
  })

  it('says when it is full, and how far it came', () => {
    using map = trie(4, 2)
    const error = expect.objectContaining({ code: 'ENOSPC', done: 2, message: expect.stringContaining('it holds 2') })
    expect(() =>
      map.setMany([
        ['1.0.0.0/8', 1],
        ['2.0.0.0/8', 2],
        ['3.0.0.0/8', 3],
      ]),
    ).toThrowError(error)
    expect(() => map.set('3.0.0.0/8', 3)).toThrowError(/map is full/)
    // Before Linux 6.13 a full trie replaces no value, either.
    if (!olderThan('6.13')) expect(map.set('1.0.0.0/8', 4)).toBe(true)
  })

  it('is opened by whoever knows its id, and its class', () => {
    using map = trie(4)
    map.set('10.0.0.0/8', 5)
    using again = openMap({ id: map.id }, LpmTrie<string, number>)
    expect(again.get('10.20.30.40')).toBe(5)
    expect(() => map.close()).not.toThrow()
    expect(() => map.get('10.0.0.0/8')).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
  })
})

describe('a trie of other bytes', () => {
  it('has keys of a length and data', () => {
    using map = trie<Prefix>(6)
    const key = { prefixLength: 24, data: Uint8Array.of(2, 66, 172, 0, 0, 0) }
    map.set(key, 7)
    expect([...map]).toEqual([[key, 7]])
    expect(map.get({ prefixLength: 48, data: Uint8Array.of(2, 66, 172, 17, 0, 2) })).toBe(7)
  })

  it('is what has several members, whatever their size', () =>
    withObject('maps-lpm-trie', (object) => {
      const scopes = object.map('scopes', LpmTrie<Prefix, bigint>)
      const key = { prefixLength: 40, data: new Uint8Array(16).fill(9, 0, 5) }
      scopes.set(key, 1n)
      expect([...scopes.keys()]).toEqual([key])
      expect(() => scopes.get('2001:db8::/32' as never)).toThrowError(/prefixLength, data/)
    }))

  it('is found by all lengths down to none', () => {
    using map = createMap({
      type: 'lpm_trie',
      key: struct({ prefixlen: u32, port: u8 }, { packed: true }),
      value: u64,
      maxEntries: 4,
    }) as LpmTrie<Prefix, bigint>
    map.set({ prefixLength: 0, data: Uint8Array.of(0) }, 1n)
    expect(map.get({ prefixLength: 8, data: Uint8Array.of(200) })).toBe(1n)
  })
})

describe('refuses', () => {
  let map: ReturnType<typeof trie>
  beforeAll(() => {
    map = trie(4)
  })
  afterAll(() => map.close())
  const wide = trie<Prefix>(6)
  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  const RANGE = 'ERR_EBPF_OUT_OF_RANGE'
  const data = new Uint8Array(4)
  refuses([
    ...['', 'x', '/8', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '::/0', '10.0.0.0/8 '].map((key) => ({
      name: `the key ${JSON.stringify(key)}`,
      act: () => map.get(key),
      code: INVALID,
      message: /10\.0\.0\.0\/8/,
    })),
    { name: 'a prefix longer than the address', act: () => map.get('10.0.0.0/33'), code: RANGE, message: /0 to 32/ },
    { name: 'a number', act: () => map.get(8 as never), code: INVALID },
    { name: 'null', act: () => map.get(null as never), code: INVALID },
    { name: 'nothing', act: () => map.set(undefined as never, 1), code: INVALID },
    { name: 'bytes of another size', act: () => map.get(data), code: RANGE, message: /4 bytes where 8/ },
    { name: 'data of another size', act: () => wide.get({ prefixLength: 1, data }), code: RANGE, message: /key\.data/ },
    { name: 'data that is no bytes', act: () => wide.get({ prefixLength: 1, data: 'abc' as never }), code: INVALID },
    {
      name: 'half a bit',
      act: () => wide.get({ prefixLength: 0.5, data: new Uint8Array(6) }),
      code: INVALID,
      message: /key\.prefixLength/,
    },
    {
      name: 'a length behind the end in raw bytes, as the kernel does',
      act: () => map.set(new Uint8Array(8).fill(255) as never, 1),
      type: EbpfError,
      code: 'EINVAL',
    },
    {
      name: 'a getter that throws, and nothing is written',
      act: () =>
        wide.set(
          {
            prefixLength: 8,
            get data(): Uint8Array {
              throw new SyntaxError('mine')
            },
          },
          1,
        ),
      type: SyntaxError,
      code: undefined,
    },
    {
      name: 'a getter that closes the map',
      act: () => {
        const closing = trie<Prefix>(6)
        closing.get({
          prefixLength: 8,
          get data() {
            closing.close()
            return new Uint8Array(6)
          },
        })
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'keys too short for a length',
      act: () => createMap({ type: 'lpm_trie', key: struct({ a: u16 }), value: u32, maxEntries: 1 }),
      type: EbpfError,
      code: 'EINVAL',
    },
  ])
})
