/** struct_ops: a TCP congestion control of the test's own, which connections in a network namespace of its own use. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LoadOptions, loadObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import { openLink } from '../../../lib/open-link.ts'
import { BpfMap } from '../../../lib/maps/map.ts'
import { openMap } from '../../../lib/maps/open.ts'
import { StructOpsMap } from '../../../lib/maps/struct-ops.ts'
import { Actor } from '../../support/actor.ts'
import { withBpffs } from '../../support/bpffs.ts'
import { fixture } from '../../support/fixtures.ts'
import { type Effect, type HookProof, proveHook } from '../../support/hook-proof.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { bpfDescriptors } from '../../support/kernel-objects.ts'
import { withTrace } from '../../support/trace.ts'
import { rejection } from '../../support/wait.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'

interface TcpFixture {
  maps: { first: StructOpsMap; second: StructOpsMap }
  globals: { first_runs: bigint; second_runs: bigint }
}

let actor: Actor

beforeAll(async () => {
  actor = await Actor.start()
})

afterAll(async () => {
  await actor?.[Symbol.asyncDispose]()
})

/** Makes a connection under a congestion control, and tells how often it is there. */
async function connect(name: string): Promise<'used' | 'unknown'> {
  const code = await actor.code(`
    with listening() as listener, socket.socket() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"${name}")
        client.connect(listener.getsockname())
        server = listener.accept()[0]
        with server:
            client.sendall(b"x" * 65536)
            client.shutdown(socket.SHUT_WR)
            server.settimeout(20)
            while server.recv(65536):
                pass
        assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\\0") == b"${name}"
  `)
  if (code !== '' && code !== 'ENOENT') throw new Error(`connecting under ${name}: ${code}`)
  return code === '' ? 'used' : 'unknown'
}

/** Which of the two was used by a new connection. */
async function control({ globals }: BpfObject<TcpFixture>, name: string): Promise<Effect> {
  const before = { first: globals.first_runs, second: globals.second_runs }
  if ((await connect(name)) === 'unknown') return 'none'
  const runs = { first: globals.first_runs - before.first, second: globals.second_runs - before.second }
  // One end of the connection asked for it.
  expect(runs.first + runs.second).toBe(1n)
  return runs.first === 1n ? 'first' : 'second'
}

const tcp = (file: string, name: string): Pick<HookProof, 'setUp' | 'family'> => ({
  family: 'other',
  async setUp() {
    const object = await loadObject<TcpFixture>(fixture(file))
    const { first, second } = object.maps
    return {
      attach: () => first.attach(),
      update: (link) => link.update(second),
      observe: () => control(object, name),
      [Symbol.asyncDispose]: () => object.close(),
    }
  },
})

proveHook({
  hook: 'struct_ops link',
  since: '6.4',
  libbpf: '1.2',
  link: '6.4',
  update: '6.4',
  ...tcp('hooks-struct-ops', 'ebpf_link'),
})

proveHook({
  hook: 'struct_ops',
  since: '5.6',
  link: false,
  update: false,
  ...tcp('hooks-struct-ops-legacy', 'ebpf_map'),
})

const loadLegacy = (options?: LoadOptions<TcpFixture>): Promise<BpfObject<TcpFixture>> =>
  loadObject<TcpFixture>(fixture('hooks-struct-ops-legacy'), options)

describe('a struct_ops map', () => {
  test('has a class of its own, is attached with its object, and detached with it', async () => {
    // One of the two: both have the same name.
    const object = await loadLegacy()
    expect(object.maps.first).toBeInstanceOf(StructOpsMap)
    expect(object.map('first', StructOpsMap).type).toBe('struct_ops')
    expect(object.maps.first).toBeInstanceOf(BpfMap)
    const link = await object.maps.first.attach()
    expect(link).toMatchObject({ name: 'struct_ops first', program: 'first' })
    expect(object.maps.first.links).toEqual([link])
    expect(object.links).toEqual([link])
    expect(await connect('ebpf_map')).toBe('used')
    await object.close()
    expect(link.closed).toBe(true)
    expect(await connect('ebpf_map')).toBe('unknown')
    expect(await rejection(object.maps.first.attach())).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })

  test('whose name is registered already is refused, and all of the object with it', async () => {
    await using object = await loadLegacy()
    expect(await rejection(object.attach())).toMatchObject({ code: 'EEXIST', object: 'hooks-struct-ops-legacy' })
    expect(object.links).toEqual([])
    expect(await connect('ebpf_map')).toBe('unknown')
  })

  test('can be registered again after it was not', async () => {
    await using object = await loadLegacy()
    const link = await object.maps.second.attach()
    expect(await control(object, 'ebpf_map')).toBe('second')
    link[Symbol.dispose]()
    expect(await connect('ebpf_map')).toBe('unknown')
  })

  test('attached while its object is closed leaves nothing behind', async () => {
    const object = await loadLegacy()
    const attaching = rejection(object.maps.first.attach())
    const closing = object.close()
    expect(await attaching).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    await closing
    expect(bpfDescriptors()).toEqual({})
    expect(await connect('ebpf_map')).toBe('unknown')
  })
})

const hasLink = !olderThan('6.4') && !/^1\.[01]\b/.test(libbpfVersion)

describe.skipIf(!hasLink)('a link of a struct_ops map', () => {
  const load = (): Promise<BpfObject<TcpFixture>> => loadObject<TcpFixture>(fixture('hooks-struct-ops'))

  test('says which map it is of', async () => {
    await using object = await load()
    const { first, second } = object.maps
    const link = await first.attach()
    expect(link.info()).toEqual({ id: link.id, programId: 0, type: 'struct_ops', mapId: first.id })
    await link.update(second)
    expect(link.info()).toMatchObject({ mapId: second.id })
    expect(link.program).toBe('second')
    expect([first.links, second.links]).toEqual([[], [link]])
  })

  test('pinned outlives its object, and can be opened', async () => {
    await withBpffs(async (folder) => {
      const path = `${folder}/control`
      const object = await load()
      const link = await object.maps.first.attach()
      link.pin(path)
      await object.close()
      expect(await connect('ebpf_link')).toBe('used')
      {
        await using opened = openLink(path)
        expect(opened.info().type).toBe('struct_ops')
        await using later = await load()
        // libbpf gives the kernel the struct only when it attaches the map.
        {
          using foreign = openMap({ id: later.maps.second.id }) as StructOpsMap
          expect(await rejection(opened.update(foreign))).toMatchObject({
            code: 'EINVAL',
            hint: expect.stringContaining('attached once'),
          })
        }
        await opened.update(later.maps.second)
        expect(await control(later, 'ebpf_link')).toBe('second')
        expect(later.maps.second.links).toEqual([opened])
        opened.unpin(path)
      }
      expect(await connect('ebpf_link')).toBe('unknown')
    })
  })

  test('goes over only from the map that is expected', async () => {
    await using object = await load()
    await using other = await load()
    const { first, second } = object.maps
    const link = await first.attach()
    const refused = { code: 'EPERM', hint: "Another map than 'second' is attached there.", link: 'struct_ops first' }
    // Neither was attached before.
    expect(await rejection(link.update(other.maps.second, { expected: second }))).toMatchObject(refused)
    expect(await control(object, 'ebpf_link')).toBe('first')
    await link.update(second, { expected: first })
    expect(await control(object, 'ebpf_link')).toBe('second')
    expect([link.program, first.links, second.links]).toEqual(['second', [], [link]])
    await using opened = openLink({ id: link.id })
    await opened.update(other.maps.second, { expected: second })
    expect(await control(other, 'ebpf_link')).toBe('second')
    expect(await rejection(opened.update(first, { expected: second }))).toMatchObject({ code: 'EPERM' })
    expect(opened.info()).toMatchObject({ mapId: other.maps.second.id })
  })

  test('takes no program, and a program no map', async () => {
    await using object = await load()
    const link = await object.maps.first.attach()
    await withTrace(async ({ programs }) => {
      const invalid = { name: 'TypeError', code: 'ERR_EBPF_INVALID_ARGUMENT' }
      expect(await rejection(link.update(programs.on_raw))).toMatchObject(invalid)
      const other = await programs.on_raw.attach()
      expect(await rejection(other.update(object.maps.first))).toMatchObject(invalid)
      expect(await rejection(link.update(object.maps.second, { expected: programs.on_raw }))).toMatchObject(invalid)
    })
    await withTrace(async ({ programs }) => {
      await using opened = openLink({ id: link.id })
      expect(await rejection(opened.update(programs.on_raw))).toMatchObject({
        name: 'TypeError',
        message: expect.stringContaining('takes a struct_ops map, not a program'),
      })
      const other = await programs.on_raw.attach()
      await using openedOther = openLink({ id: other.id })
      expect(await rejection(openedOther.update(object.maps.first))).toMatchObject({
        name: 'TypeError',
        message: expect.stringContaining('takes a program, not a map'),
      })
    })
    const map = object.maps.second
    map.close()
    expect(await rejection(link.update(map))).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    expect(await control(object, 'ebpf_link')).toBe('first')
  })

  test.skipIf(olderThan('6.11'))('is detached for everybody', async () => {
    await using object = await load()
    const link = await object.maps.first.attach()
    await link.detach()
    expect(await connect('ebpf_link')).toBe('unknown')
    expect(link.closed).toBe(false)
  })
})
