import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { Arena, createMap, libbpfVersion, openMap } from '../../lib/index.ts'
import { isOlder } from '../../lib/system/kernel-version.ts'
import { PYTHON } from '../support/actor.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { run } from '../support/run.ts'

const oldLibbpf = isOlder(libbpfVersion, '1.4')

const PAGE = 4096
const PAGES = 16
const MMAPABLE = 1 << 10

/** What the kernel is asked for, but for what tests say. */
const PLAIN = {
  name: 'arena',
  keySize: 0,
  valueSize: 0,
  numaNode: 0,
  innerMap: 0,
  btf: 0,
  keyTypeId: 0,
  valueTypeId: 0,
}
const code = (expected: string) => expect.objectContaining({ code: expected })

const arenaOf = (pages = PAGES) => createMap({ type: 'arena', maxEntries: pages })

/** A list of nodes in an arena, as a program finds it. */
function writeList(arena: Arena, values: bigint[]): void {
  values.forEach((value, index) => {
    const next = index + 1 < values.length ? arena.address + BigInt((index + 1) * PAGE) : 0n
    arena.write(index * PAGE, new Uint8Array(BigUint64Array.of(next, value).buffer))
  })
}

function readList(arena: Arena): bigint[] {
  const values: bigint[] = []
  for (let pointer = arena.address; pointer !== 0n; ) {
    const [next, value] = new BigUint64Array(arena.read(arena.offsetOf(pointer), 16).buffer)
    values.push(value!)
    pointer = next!
  }
  return values
}

describe.skipIf(olderThan('6.9'))('an arena', () => {
  it('is read and written where it has no pages yet', () => {
    using arena = arenaOf()
    expect(arena).toBeInstanceOf(Arena)
    expect(arena.byteLength).toBe(PAGES * PAGE)
    expect(arena.read(5 * PAGE, 8)).toEqual(new Uint8Array(8))
    arena.write(PAGE - 2, Uint8Array.of(1, 2, 3, 4))
    expect(arena.read(PAGE - 3, 6), 'across pages').toEqual(Uint8Array.of(0, 1, 2, 3, 4, 0))
    expect(arena.read(0, arena.byteLength)).toHaveLength(PAGES * PAGE)
    expect(arena.read(arena.byteLength, 0)).toHaveLength(0)
    arena.write(arena.byteLength, new Uint8Array(0))
  })

  it('shows its memory', () => {
    using arena = arenaOf()
    const all = arena.view()
    expect(all).toHaveLength(PAGES * PAGE)
    all[3 * PAGE] = 7
    expect(arena.read(3 * PAGE, 1)).toEqual(Uint8Array.of(7))
    const part = arena.view(3 * PAGE - 1, 3)
    expect([...part]).toEqual([0, 7, 0])
    expect(part.buffer.byteLength, 'nothing that was not asked for').toBe(3)
    arena.write(3 * PAGE, Uint8Array.of(8))
    expect([all[3 * PAGE], part[1]]).toEqual([8, 8])
    const again = arena.view()
    expect(again[3 * PAGE], 'the same range twice').toBe(8)
    expect(arena.view(arena.byteLength)).toHaveLength(0)
  })

  it('is empty to who still has a view of it when it was closed', () => {
    const arena = arenaOf()
    const [one, other] = [arena.view(0, 8), arena.view(PAGE, 8)]
    arena.close()
    expect([one.length, other.length]).toEqual([0, 0])
    one[0] = 1
    expect(one[0]).toBeUndefined()
    for (const call of [
      () => arena.view(),
      () => arena.read(0, 1),
      () => arena.write(0, one),
      () => arena.address,
      () => arena.byteLength,
      () => arena.offsetOf(1n),
    ]) {
      expect(call).toThrowError(code('ERR_EBPF_CLOSED'))
    }
  })

  it('outlives its handle in memory that was taken over', () => {
    const arena = arenaOf(2)
    arena.write(0, Uint8Array.of(9))
    const view = arena.view(0, 16)
    const moved = structuredClone(view.buffer, { transfer: [view.buffer] })
    arena.close()
    expect(view).toHaveLength(0)
    expect(new Uint8Array(moved)[0]).toBe(9)
  })

  it('is the same for all its handles, one after the other and at once', () => {
    using arena = arenaOf()
    arena.write(0, Uint8Array.of(1))
    {
      using other = openMap({ id: arena.id }, Arena)
      expect(other.address).toBe(arena.address)
      other.view(0, 1)[0] = 2
      expect(arena.read(0, 1)).toEqual(Uint8Array.of(2))
    }
    using third = openMap({ id: arena.id }, Arena)
    const { address } = arena
    arena.close()
    expect(third.read(0, 1), 'whose address was known before it was closed').toEqual(Uint8Array.of(2))
    expect(third.address).toBe(address)
  })

  it('finds places by pointers', () => {
    using arena = arenaOf()
    expect(arena.offsetOf(arena.address)).toBe(0)
    expect(arena.offsetOf(arena.address + 4097n)).toBe(4097)
    for (const pointer of [0n, arena.address - 1n, arena.address + BigInt(PAGES * PAGE), 2n ** 64n - 1n]) {
      expect(() => arena.offsetOf(pointer)).toThrowError(RangeError)
    }
    expect(() => arena.offsetOf('0x10' as never)).toThrowError(TypeError)
  })

  it('refuses what is not inside it, and what is no number or no bytes', () => {
    using arena = arenaOf(1)
    for (const [offset, length] of [
      [0, PAGE + 1],
      [PAGE, 1],
      [PAGE + 1, 0],
      [-1, 1],
      [0, -1],
      [2 ** 53, 1],
      [0.5, 1],
      [Number.NaN, 1],
      ['0', 1],
      [0, 1n],
    ] as [number, number][]) {
      const refused = expect.objectContaining({ code: expect.stringMatching(/OUT_OF_RANGE|INVALID_ARGUMENT/) })
      expect(() => arena.read(offset, length)).toThrowError(refused)
      expect(() => arena.view(offset, length)).toThrowError(refused)
    }
    expect(() => arena.write(PAGE - 1, new Uint8Array(2))).toThrowError(RangeError)
    for (const bytes of [undefined, null, 'x', [1], new Uint16Array(1), new ArrayBuffer(1)] as never[]) {
      expect(() => arena.write(0, bytes)).toThrowError(code('ERR_EBPF_INVALID_ARGUMENT'))
    }
    expect(arena.read(0, PAGE)).toEqual(new Uint8Array(PAGE))
  })

  it('whose missing pages nobody may make gives errors, where touching them would be a SIGSEGV', () => {
    using arena = createMap({ type: 'arena', maxEntries: 4, flags: ['segvOnFault'] })
    const noPage = expect.objectContaining({ code: 'EFAULT', hint: expect.stringContaining('no page') })
    expect(() => arena.read(PAGE, 1)).toThrowError(noPage)
    expect(() => arena.write(PAGE, Uint8Array.of(1))).toThrowError(noPage)
    expect(() => arena.view()).toThrowError(
      expect.objectContaining({
        code: 'ERR_EBPF_INVALID_ARGUMENT',
        message: expect.stringContaining('BPF_F_SEGV_ON_FAULT'),
      }),
    )
  })

  it('at an address of its own is copied from and to, but not viewed', () => {
    const address = 1n << 44n
    const handle = binding.mapCreate({ ...PLAIN, type: 33, flags: MMAPABLE, maxEntries: 2, mapExtra: address })
    using arena = openMap({ fd: binding.mapFd(handle) }, Arena)
    binding.mapClose(handle)
    expect(arena.address).toBe(address)
    arena.write(PAGE, Uint8Array.of(3))
    using other = openMap({ id: arena.id }, Arena)
    expect(other.read(PAGE, 1)).toEqual(Uint8Array.of(3))
    expect(() => arena.view()).toThrowError(
      expect.objectContaining({ code: 'ERR_EBPF_INVALID_ARGUMENT', message: expect.stringContaining('map_extra') }),
    )
  })

  it('that another process mapped first cannot be mapped, and says how it could', () => {
    using arena = arenaOf()
    // By MAP_SHARED, readable and writable, wherever the kernel likes; the arena keeps the address for good.
    const other = spawnSync(PYTHON, ['-I', '-c', `import mmap; mmap.mmap(3, ${PAGES * PAGE})`], {
      stdio: ['ignore', 'ignore', 'pipe', arena.fd],
    })
    expect(`${other.stderr}`).toBe('')
    expect(() => arena.read(0, 1)).toThrowError(
      expect.objectContaining({ code: 'EINVAL', hint: expect.stringContaining('Another process mapped it first') }),
    )
  })

  it.runIf(oldLibbpf)('of an object needs a libbpf that maps it', async () => {
    const loading = withObject('maps-arena', () => {}, { programs: { double_all: { autoload: true } } })
    await expect(loading).rejects.toMatchObject({ code: 'ERR_EBPF_LIBBPF', message: /1\.4/ })
  })

  it.skipIf(oldLibbpf)('shares lists with programs, pointers and all', () =>
    withObject(
      'maps-arena',
      async (object) => {
        const arena = object.map('arena', Arena)
        writeList(arena, [1n, 20n, 300n])
        object.globals.first = arena.address
        expect(await run(object, 'double_all')).toBe(642)
        expect(readList(arena)).toEqual([2n, 40n, 600n])
        const view = new BigUint64Array(arena.view(0, 16).buffer)
        expect(await run(object, 'double_all')).toBe(1284)
        expect(view[1], 'seen at once').toBe(4n)
        expect(arena.address + BigInt(PAGE)).toBe(view[0])
      },
      { programs: { double_all: { autoload: true } } },
    ),
  )

  it('of an object stays as long as memory of it that was taken over', async () => {
    let moved: ArrayBuffer | undefined
    await withObject('maps-arena', (object) => {
      const arena = object.map('arena', Arena)
      const view = arena.view(0, 8)
      view[0] = 5
      moved = structuredClone(view.buffer, { transfer: [view.buffer] })
    })
    expect(new Uint8Array(moved!)[0]).toBe(5)
    moved = undefined
  })

  it('of an object can be one that was made before', async () => {
    using arena = arenaOf()
    writeList(arena, [5n])
    await withObject(
      'maps-arena',
      async (object) => {
        object.globals.first = arena.address
        expect(await run(object, 'double_all')).toBe(10)
        expect(object.map('arena', Arena).view(8, 1)[0]).toBe(10)
      },
      { maps: { arena }, programs: { double_all: { autoload: true } } },
    )
    expect(readList(arena), 'after the object is closed').toEqual([10n])
  })
})

it.skipIf(!olderThan('6.9'))('an older kernel has no arenas', () => {
  expect(() => arenaOf()).toThrowError(code('ERR_EBPF_KERNEL'))
})
