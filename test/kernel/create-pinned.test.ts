/** Maps that are created where none is pinned yet, and opened where one is. */
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type BpfMap, type Type, createMap, struct, u32, u64 } from '../../lib/index.ts'
import { binding } from '../../lib/binding.ts'
import { withBpffs } from '../support/bpffs.ts'

describe('a map with a path', () => {
  const options = { type: 'hash', key: u32, value: u64, maxEntries: 4, name: 'counts' } as const

  it('is created and pinned by the first, and opened by those who come later', () =>
    withBpffs((folder) => {
      const pinPath = `${folder}/counts`
      {
        using first = createMap({ ...options, pinPath })
        first.set(1, 5n)
        using second = createMap({ ...options, pinPath, name: 'other' })
        expect([second.id, second.get(1), second.name]).toEqual([first.id, 5n, 'other'])
      }
      using third = createMap({ ...options, pinPath })
      expect(third.get(1)).toBe(5n)
      third.unpin(pinPath)
    }))

  it('is not another map', () =>
    withBpffs((folder) => {
      const pinPath = `${folder}/counts`
      using first = createMap({ ...options, pinPath })
      const { map: before } = binding.liveHandles()
      for (const [other, difference] of [
        [{ key: u64 }, 'keySize is 4, not 8'],
        [{ value: u32 }, 'valueSize is 8, not 4'],
        [{ maxEntries: 5 }, 'maxEntries is 4, not 5'],
        [{ type: 'lru_hash' }, 'type is hash, not lru_hash'],
        [{ flags: ['noPreallocation'] }, 'flags are 0x0, not 0x1'],
      ] as const) {
        expect(() => createMap({ ...options, pinPath, ...other } as never)).toThrowError(
          expect.objectContaining({
            code: 'ERR_EBPF_PINNED',
            map: 'counts',
            message: expect.stringContaining(`another map is pinned at ${pinPath}: ${difference}`),
          }),
        )
      }
      expect(binding.liveHandles().map).toBe(before)
      first.unpin(pinPath)
    }))

  it('is the same one where the kernel changes what it is asked for', () =>
    withBpffs((folder) => {
      for (const [name, changed] of Object.entries({
        devices: { type: 'devmap', maxEntries: 2 },
        recent: { type: 'lru_hash', key: u32, value: u32, maxEntries: 101, flags: ['noCommonLru'] },
        channels: { type: 'cpumap' },
      })) {
        const pinPath = `${folder}/${name}`
        using first = createMap({ ...changed, pinPath } as never) as BpfMap
        using second = createMap({ ...changed, pinPath } as never) as BpfMap
        expect(second.id).toBe(first.id)
      }
    }))

  it('is pinned only when all is well with it', () =>
    withBpffs((folder) => {
      let deep: Type = u32
      for (let levels = 0; levels < 40; levels++) deep = struct({ deep })
      const pinPath = `${folder}/deep`
      expect(() => createMap({ type: 'array', value: deep, maxEntries: 1, btf: false, pinPath })).toThrow(/nested/)
      expect(existsSync(pinPath)).toBe(false)
    }))

  it('leaves no map behind where nothing can be pinned', () => {
    const { map: before } = binding.liveHandles()
    for (const pinPath of ['/tmp/no-pin-can-be-here', '/sys/fs/bpf/no/such/folder']) {
      expect(() => createMap({ ...options, pinPath })).toThrowError(
        expect.objectContaining({ operation: 'bpf_obj_pin', hint: expect.stringContaining('BPF file system') }),
      )
    }
    expect(binding.liveHandles().map).toBe(before)
  })
})
