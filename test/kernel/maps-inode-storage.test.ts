import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InodeStorage, createMap, u64 } from '../../lib/index.ts'
import { hasBpfModule } from '../../lib/system/security-modules.ts'
import { refuses } from '../support/bad-input.ts'
import { withObject } from '../support/fixtures.ts'
import { absence, olderThan } from '../support/kernel-features.ts'

const made = (): InodeStorage<bigint> => createMap({ type: 'inode_storage', value: u64 })
const hasModule = !olderThan('5.10') && hasBpfModule() === true

describe.skipIf(!hasModule)('the storage of inodes', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ebpf-inodes-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it.skipIf(absence('5.10', 'lsm') !== undefined)('is shared with programs', () =>
    withObject('maps-inode-storage', async (object) => {
      const inodes = object.map('inodes', InodeStorage<bigint>)
      const file = join(folder, 'file')
      writeFileSync(file, '')
      const fd = openSync(file, 'r')
      expect([inodes.get(file), inodes.has({ fd })]).toEqual([undefined, false])
      expect(inodes.set(file, 5n)).toBe(true)
      await object.attach()
      closeSync(openSync(file, 'r'))
      expect([inodes.get(file), inodes.get({ fd })]).toEqual([6n, 6n])
      expect([inodes.delete({ fd }), inodes.delete(file), inodes.has(file)]).toEqual([true, false, false])
      closeSync(fd)
    }),
  )

  it('has conditions, and takes folders', () => {
    using inodes = made()
    expect(inodes.set(folder, 1n, { if: 'present' })).toBe(false)
    expect(inodes.set(folder, 1n, { if: 'absent' })).toBe(true)
    expect(inodes.set(folder, 2n, { if: 'absent' })).toBe(false)
    expect(inodes.get(folder)).toBe(1n)
  })

  describe('refuses', () => {
    let inodes: InodeStorage<bigint>
    beforeAll(() => {
      inodes = made()
    })
    afterAll(() => inodes.close())
    refuses([
      {
        name: 'a path that is not there',
        act: () => inodes.get('/no/such/file'),
        code: 'ENOENT',
        message: /opening \/no\/such\/file/,
      },
      {
        name: 'a descriptor that is not open',
        act: () => inodes.get({ fd: 99_999 }),
        code: 'EBADF',
        message: /fd 99999 is not open/,
      },
      { name: 'a number', act: () => inodes.set(3 as never, 1n), code: 'ERR_EBPF_INVALID_ARGUMENT' },
    ])
  })
})

describe.skipIf(hasModule || olderThan('5.10'))('a kernel booted without BPF as security module', () => {
  it('has no place for values in inodes, which would be memory of others', () => {
    let inodes: InodeStorage<bigint>
    try {
      inodes = made()
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/EOPNOTSUPP|ERR_EBPF_KERNEL/) })
      return
    }
    using _ = inodes
    const refused = expect.objectContaining({ code: 'ERR_EBPF_KERNEL', hint: expect.stringMatching(/lsm|securityfs/) })
    expect(() => inodes.get('/')).toThrowError(refused)
    expect(() => inodes.set('/', 1n)).toThrowError(refused)
    expect(() => inodes.delete({ fd: 0 })).toThrowError(refused)
  })
})
