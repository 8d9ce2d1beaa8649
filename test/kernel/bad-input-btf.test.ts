/** Objects whose BTF lies about the sizes of types: what can still be used is, and what cannot says why. */
import { describe, expect, it } from 'vitest'
import {
  type ArrayMap,
  type BpfObject,
  type HashMap,
  type PerCpuArrayMap,
  loadObject,
  openObject,
  possibleCpus,
} from '../../lib/index.ts'
import { fixture } from '../support/fixtures.ts'
import { withStructSize } from '../support/lying-btf.ts'
import { EVENT_SPACE, emit, type RingFixture, take } from '../support/ring.ts'
import { rejection } from '../support/wait.ts'

/** Without its programs, which the verifier would refuse: they use the sizes that were compiled into them. */
async function loadLying(name: string, struct: string, size: number): Promise<BpfObject> {
  const spec = await openObject(withStructSize(fixture(name), struct, size))
  for (const program of Object.values(spec.programs)) program.autoload = false
  return await spec.load()
}

const loadMaps = (struct: string, size: number): Promise<BpfObject> => loadLying('maps', struct, size)

const lie = (part: string, map: string): unknown =>
  expect.objectContaining({
    code: 'ERR_EBPF_BTF',
    map,
    message: expect.stringMatching(new RegExp(`the type of the ${part}s of map '${map}' cannot be used: .*not within`)),
    hint: expect.stringContaining('{ raw: true }'),
  })

describe('values that are said to be smaller than their members', () => {
  it('are bytes, and nothing else of the object is touched', async () => {
    await using object = await loadMaps('traffic', 20)
    const slots = object.maps.slots as ArrayMap
    const bytes = Uint8Array.from({ length: 20 }, (_, index) => index)
    expect(slots.valueSize).toBe(20)
    slots.set(3, bytes)
    expect(slots.get(3, { raw: true })).toEqual(bytes)
    expect([...slots.values({ raw: true })][3]).toEqual(bytes)
    const counts = object.maps.counts as HashMap<number, bigint>
    counts.set(1, 5n)
    expect([...counts]).toEqual([[1, 5n]])
  })

  it('say why they are not decoded, and not encoded', async () => {
    await using object = await loadMaps('traffic', 20)
    const slots = object.maps.slots as ArrayMap
    const refused = lie('value', 'slots')
    expect(() => slots.get(0)).toThrow(refused)
    expect(() => slots.toArray()).toThrow(refused)
    expect(() => slots.forEach(() => {})).toThrow(refused)
    expect(() => [...slots]).toThrow(refused)
    expect(() => slots.set(0, { bytes: 1n, packets: 2, comm: 'x' })).toThrow(refused)
    expect(() => slots.setMany([[0, {}]])).toThrow(refused)
    expect(() => slots.set(0, new Uint8Array(19))).toThrow(expect.objectContaining({ code: 'ERR_EBPF_OUT_OF_RANGE' }))
    for (let call = 0; call < 1100; call++) slots.has(0)
    expect(() => slots.get(0)).toThrow(refused)
    expect(slots.count()).toBe(16)
  })

  it('are not taken from the map without being given back in the error', async () => {
    await using object = await loadMaps('traffic', 20)
    const flows = object.maps.flows as HashMap<{ address: number; port: number; protocol: number }>
    const key = { address: 1, port: 2, protocol: 3 }
    const bytes = new Uint8Array(20).fill(7)
    flows.set(key, bytes)
    expect(() => flows.drain()).toThrow(
      expect.objectContaining({ done: 1, undecoded: [[Uint8Array.of(1, 0, 0, 0, 2, 0, 3, 0), bytes]] }),
    )
    expect(flows.count()).toBe(0)
  })
})

describe('keys that are said to be smaller than their members', () => {
  it('are bytes', async () => {
    await using object = await loadMaps('flow', 6)
    const flows = object.maps.flows as HashMap<unknown, { bytes: bigint }>
    const key = Uint8Array.of(1, 2, 3, 4, 5, 6)
    flows.set(key, { bytes: 1n, packets: 2, comm: 'x' } as never)
    expect([...flows]).toEqual([[key, { bytes: 1n, packets: 2, comm: 'x' }]])
    expect(flows.get(key)).toMatchObject({ packets: 2 })
    expect(() => flows.get({ address: 1, port: 2, protocol: 3 })).toThrow(lie('key', 'flows'))
    expect(flows.delete(key)).toBe(true)
  })
})

describe('values that are said to be larger than their members', () => {
  it('have padding behind these', async () => {
    await using object = await loadMaps('traffic', 64)
    const slots = object.maps.slots as ArrayMap<{ bytes: bigint; packets: number; comm: string }>
    expect(slots.valueSize).toBe(64)
    slots.set(1, { bytes: 1n, packets: 2, comm: 'x' })
    expect(slots.get(1)).toEqual({ bytes: 1n, packets: 2, comm: 'x' })
    expect(slots.get(1, { raw: true })).toHaveLength(64)
  })

  it('of which one alone is too much for the kernel are its error', async () => {
    const error = await rejection(loadMaps('traffic', 0xffff_fff8))
    expect(error).toMatchObject({ code: expect.stringMatching(/^(E2BIG|ENOMEM|EINVAL)$/) })
  })
})

describe('values that are said to have no bytes', () => {
  it.each(['traffic', 'flow'])('struct %s: the error says what the kernel has not', async (struct) => {
    const error = await rejection(loadMaps(struct, 0))
    expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_OBJECT', message: expect.stringMatching(/has no bytes.*u8/) })
  })

  it('in truth are refused the same way', async () => {
    const error = await rejection(loadObject(fixture('bad-empty-value')))
    expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_OBJECT', map: 'presence', errno: -22 })
    expect((error as Error).message).toContain("the values of map 'presence' has no bytes")
  })
})

describe('records that are said to be of another size', () => {
  const loadEvents = (size: number): Promise<BpfObject<RingFixture>> =>
    loadObject<RingFixture>(withStructSize(fixture('ring'), 'event', size))

  it('smaller than their members: they can be read as bytes', async () => {
    await using object = await loadEvents(24)
    const { events } = object.maps
    await emit(object.programs.submit, 2)
    const error = await rejection(take(events, 1))
    expect(error).toMatchObject({ code: 'ERR_EBPF_BTF', map: 'events', hint: expect.stringContaining('raw()') })
    const lengths = (await take(events.raw(), 1)).map(({ length }) => length)
    expect(lengths).toEqual([EVENT_SPACE - 8])
  })

  it('larger than what is submitted: they are too short', async () => {
    await using object = await loadEvents(40)
    await emit(object.programs.submit, 1)
    const error = await rejection(take(object.maps.events, 1))
    expect(error).toMatchObject({ code: 'ERR_EBPF_RECORD_SIZE', map: 'events' })
  })
})

describe('values of all CPUs that are said to be smaller than their members', () => {
  it('are bytes for each CPU', async () => {
    await using object = await loadLying('maps-per-cpu', 'sample', 4)
    const slots = object.maps.slots as PerCpuArrayMap
    const values = Array.from({ length: possibleCpus() }, (_, cpu) => new Uint8Array(4).fill(cpu + 1))
    slots.set(1, values)
    const whole = slots.get(1, { raw: true })!
    expect(values.map((_, cpu) => whole.slice(cpu * 8, cpu * 8 + 4))).toEqual(values)
    expect(() => slots.get(1)).toThrow(lie('value', 'slots'))
    expect(() => slots.sum(1)).toThrow(lie('value', 'slots'))
  })
})
