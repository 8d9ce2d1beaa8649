/** Types of the running kernel and of its modules. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { kernelBtf, moduleBtf, modulesWithBtf } from '../../lib/system/kernel-btf.ts'
import { olderThan } from '../support/kernel-features.ts'

describe('the kernel', () => {
  it('tells its types, the same at every call', async () => {
    const btf = await kernelBtf()
    expect(await kernelBtf()).toBe(btf)
    expect(btf.base).toBeUndefined()
    expect(btf.find('task_struct', 'struct')?.size).toBeGreaterThan(1000)
  })

  it('tells the signatures of its functions', async () => {
    const btf = await kernelBtf()
    const declaration = btf.declaration(btf.find('vfs_unlink', 'func')!.id)
    expect(declaration).toMatch(/^static int vfs_unlink\(.*struct inode \*dir, struct dentry \*dentry.*\);$/)
  })

  it('tells all types of a kind', async () => {
    const btf = await kernelBtf()
    let functions = 0
    for (const { name } of btf.types('func')) if (name.startsWith('tcp_')) functions++
    expect(functions).toBeGreaterThan(50)
  })
})

describe('a module', () => {
  it('that is not loaded is not there, and those that are, are named', async () => {
    const names = await modulesWithBtf()
    await expect(moduleBtf('no_such_module')).rejects.toMatchObject({
      code: 'ERR_EBPF_UNKNOWN_NAME',
      message: expect.stringContaining(names[0] ?? 'there are none'),
    })
    await expect(moduleBtf('vmlinux')).rejects.toThrow(TypeError)
    await expect(moduleBtf('../vmlinux')).rejects.toThrow(TypeError)
    await expect(moduleBtf('')).rejects.toThrow(TypeError)
  })

  it('adds its types to those of the kernel', async () => {
    const names = await modulesWithBtf()
    // Guests load modules to reach their files; a kernel without modules has none to show.
    const isBare = !existsSync('/proc/modules') || readFileSync('/proc/modules', 'latin1') === '' || olderThan('5.11')
    expect(names.length > 0).toBe(!isBare)
    for (const name of names.slice(0, 3)) {
      const kernel = await kernelBtf()
      const btf = await moduleBtf(name)
      expect(btf.base).toBe(kernel)
      expect(btf.firstId).toBe(kernel.typeCount)
      expect(btf.typeCount).toBeGreaterThan(btf.firstId)
      for (const type of btf.types()) expect(btf.type(type.id)).toEqual(type)
      expect(btf.find('task_struct', 'struct')).toBe(kernel.find('task_struct', 'struct'))
    }
  })
})
