/** What cannot be attached, and what its error says to do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Hook } from '../../../lib/hooks/hook.ts'
import { perfEvent } from '../../../lib/hooks/perf-event.ts'
import { softwareEvent } from '../../../lib/hooks/perf-event-source.ts'
import { tc } from '../../../lib/hooks/tc.ts'
import { tcx } from '../../../lib/hooks/tcx.ts'
import { uprobe } from '../../../lib/hooks/uprobe.ts'
import { uprobeMulti } from '../../../lib/hooks/uprobe-multi.ts'
import { xdp } from '../../../lib/hooks/xdp.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { fixture } from '../../support/fixtures.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { Cable, ip } from '../../support/netns.ts'
import { versionedLibrary } from '../../support/versioned-library.ts'
import { rejection } from '../../support/wait.ts'

type Programs = { maps: Record<never, never>; programs: Record<string, BpfProgram>; globals: Record<never, never> }

const opened: BpfObject<Programs>[] = []

async function first(name: string, program = 'first'): Promise<BpfProgram> {
  const object = await loadObject<Programs>(fixture(name))
  opened.push(object)
  return object.programs[program] as BpfProgram
}

afterAll(async () => {
  await Promise.all(opened.map((object) => object.close()))
})

const refusal = async (program: BpfProgram, hook: Hook): Promise<Error & { hint?: string }> =>
  await rejection(program.attach(hook as never))

describe('an interface', () => {
  let cable: Cable
  let frames: BpfProgram
  let packets: BpfProgram

  beforeAll(async () => {
    cable = new Cable()
    frames = await first('hooks-xdp')
    packets = await first('hooks-tc')
  })

  afterAll(async () => {
    await cable?.[Symbol.asyncDispose]()
  })

  test('that is not there is ENODEV, by name and by index', async () => {
    const netns = cable.right.path
    for (const place of ['nosuch0', 'a name that is longer than names of interfaces', 99_999]) {
      expect(await refusal(frames, xdp(place, { netns }))).toMatchObject({ code: 'ENODEV' })
      expect(await refusal(packets, tc(place, 'ingress', { netns }))).toMatchObject({ code: 'ENODEV' })
    }
  })

  test('is found by a long alternative name', async () => {
    const name = 'right-end-of-the-cable-of-this-test'
    ip('-n', cable.right.namespace, 'link', 'property', 'add', 'dev', 'right0', 'altname', name)
    const link = await frames.attach(xdp(name, { netns: cable.right.path, netlink: true, mode: 'generic' }))
    expect(cable.right.xdpMode).toBe('xdpgeneric')
    await link.close()
  })

  test('with a program of one XDP mode takes none of the other', async () => {
    const netns = cable.right.path
    const link = await frames.attach(xdp('right0', { netns, mode: 'native' }))
    expect(await refusal(frames, xdp('right0', { netns, mode: 'generic' }))).toMatchObject({
      code: 'EEXIST',
      hint: expect.stringContaining("'native' and 'generic' exclude each other"),
    })
    await link.close()
  })

  test.skipIf(olderThan('6.6') || isOlder(libbpfVersion, '1.3'))(
    'has no place before what is no TCX link',
    async () => {
      const netns = cable.right.path
      const other = await frames.attach(xdp('right0', { netns }))
      expect(await refusal(packets, tcx('right0', 'ingress', { netns, before: other }))).toMatchObject({
        code: 'EINVAL',
        hint: expect.stringContaining('of another kind'),
      })
      await other.close()
      const filter = await packets.attach(tc('right0', 'ingress', { netns }))
      const error = await refusal(packets, tcx('right0', 'ingress', { netns, after: filter }))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toContain("after must be a link that the kernel has: link 'tc ingress right0'")
      await filter.close()
    },
  )
})

test('A CPU that is not there is named', async () => {
  const program = await first('hooks-perf-event')
  const hook = perfEvent({ event: softwareEvent('cpu-clock'), frequency: 100, cpu: 4000 })
  expect(await refusal(program, hook)).toMatchObject({ hint: 'CPU 4000 does not exist or is offline.' })
})

describe('a name that several functions of a library have', () => {
  let library: string

  beforeAll(() => {
    library = versionedLibrary()
  })

  test('is refused, with a way to name one of them', async () => {
    const program = await first('hooks-uprobe')
    expect(await refusal(program, uprobe(library, { symbol: 'versioned' }))).toMatchObject({
      code: 'ESRCH',
      hint: expect.stringContaining('versioned@VERSION'),
    })
    const link = await program.attach(uprobe(library, { symbol: 'versioned@V1' }))
    await link.close()
  })

  test.skipIf(olderThan('6.6') || isOlder(libbpfVersion, '1.3'))('is refused among several names', async () => {
    const program = await first('hooks-uprobe-multi')
    expect(await refusal(program, uprobeMulti(library, { symbols: ['versioned'] }))).toMatchObject({
      code: 'ESRCH',
      hint: expect.stringContaining('by its offset'),
    })
  })
})
