/** Processors that packets are redirected to: over a cable between two network namespaces of this test. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CpuMap, createMap, openMap, openProgram, possibleCpus, u32, xdp } from '../../lib/index.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { cableForTests } from '../support/cable-for-tests.ts'

const PORT = 4244
const cable = cableForTests()

const load = <T>(body: (object: BpfObject) => T | Promise<T>): Promise<T> =>
  withObject('maps-devices', body, { globals: { port: PORT } })

const programOf = (object: BpfObject, name: string): BpfProgram => object.programs[name]!

describe('a map of processors', () => {
  it('has queues that packets are redirected to, by way of their programs', () =>
    load(async (object) => {
      const { left, right } = cable
      const cpus = object.map('cpus', CpuMap)
      const redirecting = programOf(object, 'to_cpu')
      await redirecting.attach(xdp(right.interface, { netns: right.path, mode: 'native' }))
      expect([cpus.length, cpus.get(0), cpus.count()]).toEqual([2, undefined, 0])
      const program = programOf(object, 'arriving')
      await cpus.set(0, { queueSize: 64, program })
      expect(await left.send(right, PORT, 5)).toBe(5)
      expect([object.globals.on_cpu, object.globals.cpu]).toEqual([5n, 0])
      expect(cpus.get(0)).toEqual({ queueSize: 64, program: { id: program.id } })
      using again = openProgram(cpus.get(0)!.program!)
      expect(again.name).toBe('arriving')
      await cpus.set(0, { queueSize: 128 })
      expect(await left.send(right, PORT, 3)).toBe(3)
      expect(object.globals.on_cpu).toBe(5n)
      expect([...cpus]).toEqual([[0, { queueSize: 128 }]])
    }))

  it('says where a program would redirect to', () =>
    load(async (object) => {
      const cpus = object.map('cpus', CpuMap)
      // An Ethernet frame with a UDP packet to the port.
      const packet = new Uint8Array(64)
      const view = new DataView(packet.buffer)
      view.setUint16(12, 0x0800)
      packet[14] = 0x45
      packet[23] = 17
      view.setUint16(36, PORT)
      const verdict = async (): Promise<number> =>
        (await programOf(object, 'to_cpu').testRun({ data: packet })).returnValue
      const [pass, redirect] = [2, 4]
      expect(await verdict()).toBe(pass)
      await cpus.set(0, { queueSize: 1 })
      expect(await verdict()).toBe(redirect)
      expect([cpus.delete(0), cpus.delete(0)]).toEqual([true, false])
      expect(await verdict()).toBe(pass)
    }))

  it('is as long as there are processors, is iterated, emptied and opened again', async () => {
    using cpus = createMap({ type: 'cpumap' })
    expect(cpus.length).toBe(possibleCpus())
    const last = cpus.length - 1
    const all = new Set([0, last])
    for (const cpu of all) await cpus.set(cpu, { queueSize: 8 + cpu })
    using again = openMap({ id: cpus.id }, CpuMap)
    expect(new Map(again)).toEqual(new Map([0, last].map((cpu) => [cpu, { queueSize: 8 + cpu }])))
    expect(new Set(again.keys())).toEqual(all)
    expect([cpus.has(last), cpus.count(), cpus.clear(), cpus.count()]).toEqual([true, all.size, all.size, 0])
  })
})

describe('refuses', () => {
  let cpus: CpuMap
  let small: CpuMap
  beforeAll(() => {
    cpus = createMap({ type: 'cpumap', maxEntries: 1 })
    small = createMap({ type: 'cpumap', maxEntries: 1, value: u32 })
  })
  afterAll(() => {
    for (const map of [cpus, small]) map?.close()
  })

  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  const RANGE = 'ERR_EBPF_OUT_OF_RANGE'
  const queue = { queueSize: 8 }
  refuses([
    {
      name: 'a processor past the end',
      act: () => cpus.set(1, queue),
      code: RANGE,
      message: /cpu must be from 0 to 0/,
    },
    { name: 'text for a processor', act: () => cpus.get('0' as never), code: INVALID },
    { name: 'no target', act: () => cpus.set(0, null as never), code: INVALID },
    { name: 'a queue without a length', act: () => cpus.set(0, {} as never), code: INVALID, message: /queueSize/ },
    { name: 'an empty queue', act: () => cpus.set(0, { queueSize: 0 }), code: RANGE, message: /1 to 16384/ },
    { name: 'a queue that is too long', act: () => cpus.set(0, { queueSize: 16_385 }), code: RANGE },
    {
      name: 'a program for interfaces',
      act: () => load((object) => cpus.set(0, { ...queue, program: programOf(object, 'leaving') })),
      code: INVALID,
      message: /SEC\("xdp\/cpumap"\), and 'leaving' is loaded for xdp_devmap/,
    },
    {
      name: 'a program of which only the kernel knows the section',
      act: () =>
        load(async (object) => {
          using program = openProgram({ id: programOf(object, 'leaving').id })
          await cpus.set(0, { ...queue, program })
        }),
      code: /EINVAL|ENOMEM/,
      message: /'leaving' may be of another section/,
    },
    {
      name: 'a program where values have no place for one',
      act: () => load((object) => small.set(0, { ...queue, program: programOf(object, 'arriving') })),
      code: INVALID,
      message: /declare them as struct bpf_cpumap_val/,
    },
    {
      name: 'more processors than the kernel is built for',
      act: () => createMap({ type: 'cpumap', maxEntries: 1 << 20 }),
      code: 'E2BIG',
      message: /CONFIG_NR_CPUS/,
    },
    {
      name: 'a target that closes the map when it is read',
      act: async () => {
        const closed = createMap({ type: 'cpumap' })
        const target = {
          get queueSize() {
            closed.close()
            return 8
          },
        }
        await closed.set(0, target)
      },
      code: 'ERR_EBPF_CLOSED',
    },
    {
      name: 'a closed map',
      act: () => {
        const closed = createMap({ type: 'cpumap' })
        closed.close()
        closed.get(0)
      },
      code: 'ERR_EBPF_CLOSED',
    },
    { name: 'a foreign this', act: () => CpuMap.prototype.get.call({} as never, 0), type: TypeError, code: undefined },
  ])

  it('and is empty after all of that, and takes what is right', async () => {
    expect([cpus.count(), small.count()]).toEqual([0, 0])
    await small.set(0, queue)
    expect([...small]).toEqual([[0, queue]])
  })
})
