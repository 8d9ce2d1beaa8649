/** Sockmaps: what their links tell, who else is there, and what cannot be done. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SockmapOptions, sockmap } from '../../../lib/hooks/sockmap.ts'
import type { BpfMap } from '../../../lib/maps/map.ts'
import { openMap } from '../../../lib/maps/open.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import { openProgram } from '../../../lib/open-program.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { query } from '../../../lib/query.ts'
import { fixture } from '../../support/fixtures.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { rejection } from '../../support/wait.ts'

interface Fixture {
  maps: { sockets: BpfMap; hashed: BpfMap; others: BpfMap }
  programs: Record<string, BpfProgram>
}

let maps: BpfObject<Fixture>

beforeAll(async () => {
  maps = await loadObject<Fixture>(fixture('hooks-sockmap'))
})

afterAll(async () => {
  await maps?.close()
})

describe('a program of a sockmap', () => {
  test.skipIf(olderThan('6.10'))('is known by its link', async () => {
    await using link = await maps.programs.msg_verdict_first!.attach(sockmap(maps.maps.sockets))
    expect(link.info()).toEqual({
      type: 'sockmap',
      id: link.id,
      programId: maps.programs.msg_verdict_first!.id,
      mapId: maps.maps.sockets.id,
      attachType: 'msg_verdict',
    })
    const error = await rejection(maps.programs.msg_verdict_second!.attach(sockmap(maps.maps.sockets)))
    expect(error).toMatchObject({ code: 'EBUSY' })
  })

  test('is found by asking', async () => {
    const hook = sockmap(maps.maps.hashed, { attachType: 'stream_verdict' })
    if (olderThan('5.18')) {
      expect(await rejection(query(hook))).toMatchObject({ code: 'EINVAL' })
      return
    }
    expect((await query(hook)).entries).toEqual([])
    await using _link = await maps.programs.stream_verdict_first!.attach(hook)
    expect((await query(hook)).entries).toMatchObject([{ programId: maps.programs.stream_verdict_first!.id }])
    expect((await query(sockmap(maps.maps.hashed, { attachType: 'msg_verdict' }))).entries).toEqual([])
  })

  test('is attached through an opened map, by an opened program', async () => {
    using map = openMap({ id: maps.maps.sockets.id })
    using program = openProgram({ id: maps.programs.verdict_first!.id })
    await using link = await program.attach(sockmap(map, { attachType: 'stream_verdict' }))
    await link.close()
    const error = await rejection(program.attach(sockmap(map)))
    expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    expect(error.message).toContain('attachType')
  })

  test('does not go with another one that is there instead', async () => {
    const hook = sockmap(maps.maps.sockets)
    const [one, two] = [maps.programs.stream_verdict_first!, maps.programs.stream_verdict_second!]
    await using link = await one.attach(hook)
    await link.update(two)
    await link.close()
    await using again = await one.attach(hook)
    expect(again.closed).toBe(false)
  })

  test('needs a map of sockets, and of the right kind of programs', async () => {
    expect(() => sockmap(maps.maps.others)).toThrow(/'others' must be of type sockmap or sockhash, not hash/)
    const wrong: [string, SockmapOptions][] = [
      ['msg_verdict_first', { attachType: 'verdict' }],
      ['verdict_first', { attachType: 'msg_verdict' }],
      ['verdict_first', {}],
    ]
    for (const [name, options] of wrong) {
      const error = await rejection(maps.programs[name]!.attach(sockmap(maps.maps.sockets, options)))
      expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
      expect(error.message).toContain(`'${name}'`)
    }
    await using sockets = await loadObject(fixture('hooks-socket'))
    const other = await rejection(sockets.programs.filter_first!.attach(sockmap(maps.maps.sockets)))
    expect(other.message).toContain('socket_filter')
    const closed = openMap({ id: maps.maps.sockets.id })
    const hook = sockmap(closed)
    closed.close()
    expect(await rejection(maps.programs.msg_verdict_first!.attach(hook))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })
})
