/** Attaching a whole object: all or nothing. */
import { describe, expect, it } from 'vitest'
import { type BpfObject, Link, loadObject } from '../../lib/index.ts'
import { fixture } from '../support/fixtures.ts'
import { olderThan } from '../support/kernel-features.ts'

const load = (programs: Record<string, { autoload: boolean }> = {}): Promise<BpfObject> =>
  loadObject(fixture('objects'), { maps: { kept: { autocreate: false } }, programs })

describe('object.attach()', () => {
  it('attaches each program whose section names a target, and names the others', async () => {
    await using object = await load()
    const { links, skipped } = await object.attach()
    expect(links.map((link) => link.program).sort()).toEqual(['on_exit', 'on_fork'])
    expect(skipped.sort()).toEqual(['bump', 'on_packet'])
    expect(object.links).toEqual(links)
    expect(object.programs.on_exit!.links).toEqual([links.find(({ program }) => program === 'on_exit')])
    for (const link of links) {
      expect(link).toBeInstanceOf(Link)
      // Before Linux 5.15 a tracepoint gives no link of the kernel.
      if (olderThan('5.15')) expect(() => link.info()).toThrowError(expect.objectContaining({ code: 'EINVAL' }))
      else expect(link.info()).toMatchObject({ type: 'perf_event', programId: object.programs[link.program]!.id })
    }
    await links[0]!.close()
    expect(object.links).toEqual([links[1]])
  })

  it('leaves nothing attached when one program cannot be', async () => {
    await using object = await load({ on_nothing: { autoload: true } })
    await expect(object.attach()).rejects.toMatchObject({
      name: 'EbpfError',
      code: 'ENOENT',
      program: 'on_nothing',
      object: 'objects',
    })
    expect(object.links).toEqual([])
    const { id } = object.programs.on_exit!
    expect(id).toBeGreaterThan(0)
    const link = await object.programs.on_exit!.attach()
    expect(link.name).toBe('tp/sched/sched_process_exit')
  })

  it('detaches with the object', async () => {
    const object = await load()
    const { links } = await object.attach()
    await object.close()
    expect(links.map((link) => link.closed)).toEqual([true, true])
    expect(() => links[0]!.info()).toThrowError(expect.objectContaining({ code: 'ERR_EBPF_CLOSED' }))
    await links[0]!.close()
  })

  it('refused the second time leaves the links of the first', async () => {
    await using object = await load()
    const { links } = await object.attach()
    // The kernel attaches a program to a tracepoint once.
    await expect(object.attach()).rejects.toMatchObject({ code: 'EEXIST', program: expect.stringMatching(/^on_/) })
    expect(object.links).toEqual(links)
    expect(links.map((link) => link.closed)).toEqual([false, false])
  })

  it('that meets close() ends in an error, and nothing stays attached', async () => {
    const object = await load()
    const attaching = object.attach()
    const closing = object.close()
    await expect(attaching).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    await closing
    expect(object.links).toEqual([])
  })

  it('of one program that meets close() ends in an error, and nothing stays attached', async () => {
    const object = await load()
    const attaching = object.programs.on_fork!.attach()
    object[Symbol.dispose]()
    await expect(attaching).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    expect(object.programs.on_fork!.links).toEqual([])
  })
})

describe('what has no target', () => {
  it.each([
    ['on_packet', 'xdp'],
    ['bump', 'raw_tp'],
  ])('%s of a bare section is refused with a reason', async (name) => {
    await using object = await load()
    await expect(object.programs[name]!.attach()).rejects.toMatchObject({
      name: 'EbpfError',
      code: expect.stringMatching(/^(EINVAL|EOPNOTSUPP|ENOTSUP|ERR_EBPF_\w+)$/),
      program: name,
    })
  })
})
