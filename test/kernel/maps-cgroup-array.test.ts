import { closeSync, openSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CgroupArray, EbpfError, createMap } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { Cgroup, mountPoint } from '../support/cgroup.ts'
import { withObject } from '../support/fixtures.ts'
import { run } from '../support/run.ts'

const made = (): CgroupArray => createMap({ type: 'cgroup_array', maxEntries: 2 }) as CgroupArray

describe('a cgroup array', () => {
  it('has the cgroups that programs ask about', async () => {
    await using own = new Cgroup()
    await withObject('maps-descriptors', async (object) => {
      const cgroups = object.map('cgroups', CgroupArray)
      expect(await run(object, 'is_in_cgroup')).toBeLessThan(0)
      cgroups.set(0, mountPoint())
      expect(await run(object, 'is_in_cgroup')).toBe(1)
      const fd = openSync(own.path, 'r')
      cgroups.set(1, { fd })
      closeSync(fd)
      object.globals.place = 1
      expect(await run(object, 'is_in_cgroup')).toBe(0)
      cgroups.set(1, mountPoint())
      expect(await run(object, 'is_in_cgroup')).toBe(1)
      expect([cgroups.delete(1), cgroups.delete(1)]).toEqual([true, false])
      expect(await run(object, 'is_in_cgroup')).toBeLessThan(0)
      expect([cgroups.length, cgroups.clear(), cgroups.clear()]).toEqual([2, 1, 0])
    })
  })
})

describe('refuses', () => {
  let array: CgroupArray
  beforeAll(() => {
    array = made()
  })
  afterAll(() => array.close())
  const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
  refuses([
    {
      name: 'a folder that is not there',
      act: () => array.set(0, '/no/such/cgroup'),
      code: 'ENOENT',
      message: /no\/such/,
    },
    { name: 'a file', act: () => array.set(0, '/proc/self/status'), type: EbpfError, code: 'ENOTDIR' },
    {
      name: 'a folder that is no cgroup',
      act: () => array.set(0, '/proc'),
      code: 'EBADF',
      message: /\/proc is no folder/,
    },
    {
      name: 'a descriptor that is no cgroup',
      act: () => array.set(0, { fd: 0 }),
      code: 'EBADF',
      message: /fd 0 is no/,
    },
    { name: 'a number', act: () => array.set(0, 3 as never), code: INVALID },
    { name: 'an empty path', act: () => array.set(0, ''), code: INVALID },
    { name: 'an index past the end', act: () => array.set(2, mountPoint()), code: 'ERR_EBPF_OUT_OF_RANGE' },
    {
      name: 'a closed array',
      act: () => {
        const closed = made()
        closed.close()
        closed.set(0, mountPoint())
      },
      code: 'ERR_EBPF_CLOSED',
    },
  ])
})
