import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CgroupStorage, createMap, u64 } from '../../lib/index.ts'
import { refuses } from '../support/bad-input.ts'
import { Cgroup, mountPoint } from '../support/cgroup.ts'
import { withObject } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'
import { run } from '../support/run.ts'

/** The cgroup that this process is in. */
function ownCgroup(): string {
  const line = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('0::'))
  return join(mountPoint(), (line as string).slice('0::'.length))
}

describe.skipIf(olderThan('6.2'))('the storage of cgroups', () => {
  it('is shared with programs', () =>
    withObject('maps-cgroup-storage', async (object) => {
      const cgroups = object.map('cgroups', CgroupStorage<bigint>)
      const own = ownCgroup()
      expect(cgroups.get(own)).toBeUndefined()
      expect(await run(object, 'count')).toBe(1)
      expect([cgroups.get(own), cgroups.has(own)]).toEqual([1n, true])
      expect(cgroups.set(own, 9n)).toBe(true)
      expect(await run(object, 'count')).toBe(10)
      const fd = openSync(own, 'r')
      expect(cgroups.get({ fd })).toBe(10n)
      closeSync(fd)
      expect([cgroups.delete(own), cgroups.delete(own), cgroups.has(own)]).toEqual([true, false, false])
    }))

  it('has one value for each', async () => {
    await using first = new Cgroup()
    await using second = new Cgroup()
    using cgroups = createMap({ type: 'cgrp_storage', value: u64, int64: 'number' })
    expect(cgroups.set(first.path, 1, { if: 'present' })).toBe(false)
    expect(cgroups.set(first.path, 1, { if: 'absent' })).toBe(true)
    expect(cgroups.set(first.path, 2, { if: 'absent' })).toBe(false)
    cgroups.set(second.path, 2)
    expect([cgroups.get(first.path), cgroups.get(second.path)]).toEqual([1, 2])
  })

  describe('refuses', () => {
    let cgroups: CgroupStorage<bigint>
    beforeAll(() => {
      cgroups = createMap({ type: 'cgrp_storage', value: u64 })
    })
    afterAll(() => cgroups.close())
    const INVALID = 'ERR_EBPF_INVALID_ARGUMENT'
    refuses([
      {
        name: 'a folder that is not there',
        act: () => cgroups.get('/no/such/cgroup'),
        code: 'ENOENT',
        message: /cgroup \/no\/such/,
      },
      { name: 'a file', act: () => cgroups.has('/proc/self/status'), code: 'ENOTDIR' },
      {
        name: 'a folder that is no cgroup',
        act: () => cgroups.set('/proc', 1n),
        code: 'EBADF',
        message: /\/proc is no open folder of a cgroup/,
      },
      { name: 'a descriptor that is none', act: () => cgroups.delete({ fd: 0 }), code: 'EBADF' },
      { name: 'an id', act: () => cgroups.get(1 as never), code: INVALID },
      { name: 'an empty path', act: () => cgroups.get(''), code: INVALID },
      {
        name: 'a closed map',
        act: () => {
          const closed = createMap({ type: 'cgrp_storage', value: u64 })
          closed.close()
          closed.delete(mountPoint())
        },
        code: 'ERR_EBPF_CLOSED',
      },
    ])
  })
})
