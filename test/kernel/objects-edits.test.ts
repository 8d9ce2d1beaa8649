/** What can be changed in an object before it is loaded. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  type BpfObject,
  HashMap,
  createMap,
  loadObject,
  onLog,
  openMap,
  openObject,
  u32,
  u64,
} from '../../lib/index.ts'
import { withBpffs } from '../support/bpffs.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { run } from '../support/run.ts'

type Options = NonNullable<Parameters<typeof loadObject>[1]>

/** The map that is declared with a pin stays out, unless a test says otherwise. */
const load = ({ maps, ...options }: Options = {}): Promise<BpfObject> =>
  loadObject(fixture('objects'), { maps: { kept: { autocreate: false }, ...maps }, ...options })

describe('a map', () => {
  it('gets the size that it was given', async () => {
    await using object = await load({ maps: { counts: { maxEntries: 3 } } })
    expect(object.maps.counts.maxEntries).toBe(3)
    object.maps.counts.setMany([
      [1, 1n],
      [2, 1n],
      [3, 1n],
    ])
    expect(() => object.maps.counts.set(4, 1n)).toThrowError(expect.objectContaining({ code: 'E2BIG' }))
  })

  it('gets the size of values that it was given, which are bytes then', async () => {
    await using object = await load({ maps: { counts: { valueSize: 12 } } })
    const { counts } = object.maps
    expect(counts.valueSize).toBe(12)
    counts.set(1, Uint8Array.of(41, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4))
    expect(await run(object, 'bump')).toBe(42)
    expect(counts.get(1)).toEqual(Uint8Array.of(42, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4))
    expect([...counts.keys()]).toEqual([1])
  })

  it('is not pinned where the pin that it declares is taken back', () =>
    withBpffs(async (pinRoot) => {
      const spec = await openObject(fixture('objects'))
      spec.pinRoot = pinRoot
      expect(spec.maps.kept?.pinPath).toBe('/sys/fs/bpf/kept')
      Object.assign(spec.maps.kept as object, { pinPath: undefined })
      await using _object = await spec.load()
      expect(readdirSync(pinRoot)).toEqual([])
    }))

  it('takes only edits that there are', async () => {
    const spec = await openObject(fixture('objects'))
    const counts = spec.maps.counts as unknown as Record<string, unknown>
    const misspelt = (): void => {
      counts.max_entries = 7
    }
    expect(misspelt).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_UNKNOWN_NAME' }))
    const renamed = (): void => {
      counts.name = 'others'
    }
    expect(renamed).toThrowError(TypeError)
  })

  it('gets the flags that it was given', async () => {
    const BPF_F_NO_PREALLOC = 1
    const BPF_F_RDONLY = 8
    await using object = await load({ maps: { counts: { flags: BPF_F_NO_PREALLOC | BPF_F_RDONLY } } })
    expect(object.maps.counts.info().flags).toBe(BPF_F_NO_PREALLOC)
    expect(() => object.maps.counts.set(1, 1n)).toThrowError(expect.objectContaining({ code: 'EPERM', map: 'counts' }))
    expect(await run(object, 'bump')).toBe(1)
    expect(object.maps.counts.get(1)).toBe(1n)
  })

  it('lies on the memory node that it was given', async () => {
    const BPF_F_NUMA_NODE = 4
    await using object = await load({ maps: { counts: { flags: BPF_F_NUMA_NODE, numaNode: 0 } } })
    expect(object.maps.counts.info().flags).toBe(BPF_F_NUMA_NODE)
    await expect(load({ maps: { counts: { flags: BPF_F_NUMA_NODE, numaNode: 4000 } } })).rejects.toMatchObject({
      code: 'EINVAL',
    })
  })

  it('is left out when no program needs it', async () => {
    await using object = await load({ maps: { unused: { autocreate: false } } })
    expect(Object.keys(object.maps)).toEqual(['counts'])
    expect(() => object.maps.unused).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_UNKNOWN_NAME' }))
  })

  it('that is left out but used makes the load fail, by name', async () => {
    await expect(load({ maps: { counts: { autocreate: false } } })).rejects.toMatchObject({
      name: 'VerifierError',
      program: 'bump',
      log: expect.stringContaining('counts'),
    })
  })

  it.each([
    ['maxEntries', -1, RangeError],
    ['maxEntries', 2 ** 32, RangeError],
    ['maxEntries', 1.5, TypeError],
    ['maxEntries', '16', TypeError],
    ['maxEntries', undefined, TypeError],
    ['flags', Number.NaN, TypeError],
    ['numaNode', 1n, TypeError],
    ['autocreate', 1, TypeError],
    ['pinPath', '', TypeError],
    ['pinPath', 'a\0b', TypeError],
    ['replacement', {}, TypeError],
  ])('cannot have %s %o', async (field, value, type) => {
    const error = await load({ maps: { counts: { [field]: value } } }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(type)
    expect(error).toMatchObject({
      code: expect.stringMatching(/^ERR_EBPF_/),
      message: expect.stringContaining(`maps.counts.${field}`),
    })
  })
})

describe('a map replaced by another', () => {
  it('is the very same map, which stays open when the object is closed', async () => {
    using mine = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 16 })
    mine.set(1, 41n)
    {
      await using object = await load({ maps: { counts: mine } })
      expect(object.maps.counts.id).toBe(mine.id)
      expect(object.maps.counts).not.toBe(mine)
      expect(await run(object, 'bump')).toBe(42)
    }
    expect(mine.closed).toBe(false)
    expect(mine.get(1)).toBe(42n)
  })

  it('stays usable by the object when its owner closes it', async () => {
    const mine = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 16 })
    const spec = await openObject(fixture('objects'))
    spec.maps.kept!.autocreate = false
    spec.maps.counts!.replacement = mine
    const loading = spec.load()
    mine.close()
    await using object = await loading
    expect(await run(object, 'bump')).toBe(1)
    expect(object.maps.counts.get(1)).toBe(1n)
    await expect(spec.load()).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })

  it('may be one that is pinned', () =>
    withBpffs(async (folder) => {
      {
        await using object = await load()
        object.maps.counts.pin(`${folder}/counts`)
        await run(object, 'bump')
      }
      using pinned = openMap(`${folder}/counts`, HashMap)
      await using object = await load({ maps: { counts: { replacement: pinned } } })
      expect(await run(object, 'bump')).toBe(2)
    }))

  it('is shared by two objects', async () => {
    await using one = await load()
    await using two = await load({ maps: { counts: one.maps.counts } })
    await run(one, 'bump')
    expect(await run(two, 'bump')).toBe(2)
  })

  it('may have another number of entries', async () => {
    using mine = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 1 })
    await using object = await load({ maps: { counts: mine } })
    expect(object.maps.counts.maxEntries).toBe(1)
  })

  it('must have the same type and sizes', async () => {
    using otherType = createMap({ type: 'lru_hash', key: u32, value: u64, maxEntries: 16 })
    using otherKey = createMap({ type: 'hash', key: u64, value: u64, maxEntries: 16 })
    using otherValue = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 16 })
    for (const mine of [otherType, otherKey, otherValue]) {
      await expect(load({ maps: { counts: mine } })).rejects.toMatchObject({
        code: 'ERR_EBPF_INVALID_ARGUMENT',
        map: 'counts',
        message: expect.stringContaining('cannot replace'),
      })
      expect(mine.closed).toBe(false)
    }
  })

  it('cannot be one that is closed', async () => {
    const mine = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 16 })
    mine.close()
    await expect(load({ maps: { counts: mine } })).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })
})

describe('a program', () => {
  it('is left out when it is not to be loaded', async () => {
    await using object = await load({ programs: { bump: { autoload: false }, on_fork: { autoload: false } } })
    expect(Object.keys(object.programs)).toEqual(['on_exit', 'on_packet'])
    expect(() => object.programs.bump).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_UNKNOWN_NAME' }))
  })

  it('of an optional section is loaded when it is wanted', async () => {
    await using object = await load({ programs: { on_nothing: { autoload: true } } })
    expect(object.programs.on_nothing!.section).toBe('tp/no_such_category/no_such_event')
  })

  it('gets the target that its section does not name', async () => {
    await using object = await load({ programs: { on_something: { autoload: true, attachTarget: 'sched_switch' } } })
    const link = await object.programs.on_something!.attach()
    expect(link.info()).toMatchObject({ type: 'raw_tracepoint', programId: object.programs.on_something!.id })
    await link.close()
  })

  it('cannot get a target that the kernel does not have', async () => {
    await expect(
      load({ programs: { on_something: { autoload: true, attachTarget: 'no_such_tracepoint' } } }),
    ).rejects.toMatchObject({ code: 'ESRCH' })
    await expect(load({ programs: { on_something: { autoload: true } } })).rejects.toMatchObject({ name: 'EbpfError' })
  })

  it.each([
    ['autoload', 'yes', TypeError],
    ['logLevel', 8, RangeError],
    ['logLevel', '1', TypeError],
    ['attachTarget', '', TypeError],
    ['attachTarget', 5, TypeError],
  ])('cannot have %s %o', async (field, value, type) => {
    const error = await load({ programs: { bump: { [field]: value } } }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(type)
    expect(error).toMatchObject({
      code: expect.stringMatching(/^ERR_EBPF_/),
      message: expect.stringContaining(`programs.bump.${field}`),
    })
  })
})

describe('the log level', () => {
  it('of the object makes the verifier talk about every program, of a program about that one', async () => {
    const messages: string[] = []
    const stop = onLog(({ message }) => messages.push(message))
    try {
      await (await load()).close()
      expect(messages.filter((message) => message.includes('processed'))).toEqual([])
      await (await load({ logLevel: 4 })).close()
      const about = messages.filter((message) => /processed \d+ insns/.test(message))
      expect(about.map((message) => /prog '(\w+)'/.exec(message)?.[1]).sort()).toEqual([
        'bump',
        'on_exit',
        'on_fork',
        'on_packet',
      ])
      messages.length = 0
      await (await load({ programs: { bump: { logLevel: 2 } } })).close()
      const one = messages.filter((message) => /processed \d+ insns/.test(message))
      expect(one).toHaveLength(1)
      expect(one[0]).toMatch(/prog 'bump'.*\n.*call bpf_map_lookup_elem/s)
    } finally {
      stop()
    }
  })

  it('is a small integer', async () => {
    await expect(load({ logLevel: 8 })).rejects.toMatchObject({ code: 'ERR_EBPF_OUT_OF_RANGE' })
    await expect(load({ logLevel: 'debug' as never })).rejects.toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
  })
})

describe("the kernel's BTF, for programs that are relocated by it,", () => {
  const programs = { relocated: { autoload: true } }

  // bpf_get_current_task_btf() came with Linux 5.11.
  it.skipIf(olderThan('5.11'))('is the running one, or comes from a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ebpf-'))
    try {
      const kernelBtfPath = join(folder, 'vmlinux.btf')
      copyFileSync('/sys/kernel/btf/vmlinux', kernelBtfPath)
      for (const options of [{ programs }, { programs, kernelBtfPath }]) {
        await using object = await load(options)
        expect(await run(object, 'relocated')).toBe(process.pid)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is missed where its file is not there, or is none', async () => {
    expect(await codeOf(load({ kernelBtfPath: '/nowhere/vmlinux', programs }))).toBe('ENOENT')
    expect(await codeOf(load({ kernelBtfPath: fileURLToPath(import.meta.url), programs }))).toBe('ERR_EBPF_BTF')
  })
})

/** The code that a load fails with; an object that loads all the same is closed. */
async function codeOf(loading: Promise<BpfObject>): Promise<unknown> {
  try {
    await (await loading).close()
    return undefined
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}
