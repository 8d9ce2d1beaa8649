/** Programs that were made of instructions, without clang: loaded, run, attached, and refused with the line that made them. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  add,
  at,
  atomicAdd,
  call,
  callFunction,
  callKernel,
  exit,
  func,
  goto,
  gotoIf,
  type Item,
  label,
  load,
  loadFunction,
  loadImmediate,
  loadMap,
  loadMapValue,
  loadProgram,
  mov,
  mul,
  r0,
  r1,
  r2,
  r3,
  r4,
  r6,
  r7,
  r10,
  store,
  toBigEndian,
  w0,
  xor,
} from '../../lib/asm/index.ts'
import { assemble } from '../../lib/asm/assemble.ts'
import { VerifierError } from '../../lib/verifier-error.ts'
import { rawTracepoint } from '../../lib/hooks/raw-tracepoint.ts'
import { createMap } from '../../lib/maps/create.ts'
import { array, u32, u64 } from '../../lib/btf/schema.ts'
import { olderThan } from '../support/kernel-features.ts'
import { rejection, until } from '../support/wait.ts'

const packet = new Uint8Array(64)

async function run(instructions: readonly Item[], section = 'xdp'): Promise<number> {
  using program = await loadProgram({ section, instructions })
  return (await program.testRun(section === 'xdp' ? { data: packet } : {})).returnValue
}

describe('a program of instructions', () => {
  it('runs', async () => {
    expect(await run([mov(r0, 2), exit()])).toBe(2)
    expect(await run([mov(r0, 6), mul(r0, 7), exit()])).toBe(42)
    expect(await run([loadImmediate(r0, 0x1_2345_6789n), exit()])).toBe(0x2345_6789)
    expect(await run([mov(r0, -1), xor(w0, -1), exit()])).toBe(0)
    expect(await run([mov(r0, 0x1234), toBigEndian(r0, 16), exit()])).toBe(0x3412)
  })

  it('jumps to labels, forwards and backwards', async () => {
    const sum = [
      mov(r0, 0),
      mov(r1, 0),
      label('again'),
      add(r1, 1),
      add(r0, r1),
      gotoIf(r1, '<', 10, 'again'),
      goto('end'),
      mov(r0, 0),
      label('end'),
      exit(),
    ]
    // Two of them are dead, which the kernel takes since Linux 5.0 from those who may.
    expect(await run(sum.filter((_, index) => index !== 7))).toBe(55)
  })

  it('calls its own functions', async () => {
    expect(
      await run([
        mov(r1, 20),
        callFunction('double'),
        add(r0, 2),
        exit(),
        func('double'),
        mov(r0, r1),
        add(r0, r1),
        exit(),
      ]),
    ).toBe(42)
  })

  it('is text as well', async () => {
    expect(
      await run(
        assemble(`
          r0 = 0
          r1 = 4            ; how often
        again:
          r0 += 10
          r1 -= 1
          if r1 != 0x0 goto again
          call two
          exit
        two:
          r0 = 2
          exit`),
      ),
    ).toBe(2)
  })

  it.skipIf(olderThan('5.13'))('gives its functions to helpers', async () => {
    // bpf_for_each_map_elem() calls it for each entry.
    using map = createMap({ type: 'array', value: u64, maxEntries: 5 })
    const instructions = [
      loadMap(r1, map),
      loadFunction(r2, 'each'),
      mov(r3, 0),
      mov(r4, 0),
      call('bpf_for_each_map_elem'),
      exit(),
      func('each'),
      mov(r0, 0),
      exit(),
    ]
    expect(await run(instructions)).toBe(5)
  })

  it('reads and writes maps', async () => {
    using map = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 4 })
    map.set(7, 40n)
    const instructions = [
      store(at(r10, -4, 'u32'), 7),
      loadMap(r1, map),
      mov(r2, r10),
      add(r2, -4),
      call('bpf_map_lookup_elem'),
      gotoIf(r0, '!=', 0, 'found'),
      mov(r0, 0),
      exit(),
      label('found'),
      mov(r1, 2),
      atomicAdd(at(r0, 0, 'u64'), r1),
      load(r0, at(r0, 0, 'u64')),
      exit(),
    ]
    expect(await run(instructions)).toBe(42)
    expect(map.get(7)).toBe(42n)
    map.delete(7)
    expect(await run(instructions)).toBe(0)
  })

  it('reaches into an array without a look-up', async () => {
    using values = createMap({ type: 'array', value: array(u64, 2), maxEntries: 1 })
    values.set(0, [40n, 41n])
    expect(await run([loadMapValue(r1, values), load(r0, at(r1, 8, 'u64')), add(r0, 1), exit()])).toBe(42)
    expect(await run([loadMapValue(r1, values, 8), load(r0, at(r1, 0, 'u64')), add(r0, 2), exit()])).toBe(43)
    await expect(run([loadMapValue(r1, values, 16), mov(r0, 0), exit()])).rejects.toThrow(VerifierError)
  })

  it.skipIf(olderThan('6.2'))('calls functions of the kernel', async () => {
    // A pair that programs of every type may call since Linux 6.2 (kernel/bpf/helpers.c); tc programs before XDP.
    const instructions = [callKernel('bpf_rcu_read_lock'), callKernel('bpf_rcu_read_unlock'), mov(r0, 3), exit()]
    using program = await loadProgram({ section: 'tc', instructions })
    expect((await program.testRun({ data: packet })).returnValue).toBe(3)
    await expect(
      loadProgram({ section: 'tc', instructions: [callKernel('no_such_function'), exit()] }),
    ).rejects.toThrow(/no function 'no_such_function'/)
  })

  it('is attached by a hook', async () => {
    using counts = createMap({ type: 'array', value: u64, maxEntries: 1 })
    const pid = process.pid
    using program = await loadProgram({
      section: 'raw_tp',
      name: 'count_calls',
      instructions: [
        call('bpf_get_current_pid_tgid'),
        mov(r6, r0),
        // The upper half.
        ...assemble('r6 >>= 32'),
        gotoIf(r6, '!=', pid, 'end'),
        loadMapValue(r7, counts),
        mov(r1, 1),
        atomicAdd(at(r7, 0, 'u64'), r1),
        label('end'),
        mov(r0, 0),
        exit(),
      ],
    })
    expect(program.info()).toMatchObject({ name: 'count_calls', type: 'raw_tracepoint', gplCompatible: true })
    const link = await program.attach(rawTracepoint('sys_enter'))
    await until('calls were counted', () => {
      readFileSync('/proc/self/stat')
      return (counts.get(0) as bigint) > 0n
    })
    await link.close()
    await expect(program.attach()).rejects.toThrow(/attach it by a hook/)
  })
})

it('is loaded for a target of the kernel, and attached nowhere else', async () => {
  using program = await loadProgram({ section: 'tp_btf/sched_process_exit', instructions: [mov(r0, 0), exit()] })
  await expect(program.attach(rawTracepoint('sched_switch'))).rejects.toThrow(/cannot be attached/)
  const section = 'tp_btf/no_such_thing'
  await expect(loadProgram({ section, instructions: [mov(r0, 0), exit()] })).rejects.toMatchObject({
    hint: expect.stringMatching(/'no_such_thing', of section .*, is nothing that this kernel has .*listTracepoints/),
  })
})

it('tells what the verifier took', async () => {
  for (const logLevel of [0, 1, 4]) {
    using program = await loadProgram({ section: 'xdp', logLevel, instructions: [mov(r0, 0), exit()] })
    expect(program.verifier).toMatchObject({ instructions: 2, stackDepth: [0], timeNs: expect.any(Number) })
  }
})

it('reads each property once, and a getter may close what it likes', async () => {
  const map = createMap({ type: 'array', value: u64, maxEntries: 1 })
  let reads = 0
  const hostile = {
    ...exit(),
    get opcode() {
      map.close()
      return reads++ === 0 ? 0x95 : 0
    },
  }
  expect(await run([mov(r0, 2), hostile])).toBe(2)
  expect(reads).toBe(1)
  const closing = loadProgram({ section: 'xdp', instructions: [loadMap(r1, map), mov(r0, 2), exit()] })
  await expect(closing).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
})

describe('a program that the verifier refuses', () => {
  it('names the line of this file that made the instruction', async () => {
    const instructions = [
      mov(r0, 0),
      load(r0, at(r1, 4096, 'u32')), // refused here
      exit(),
    ]
    const error = await rejection(loadProgram({ section: 'xdp', name: 'outside', instructions }))
    expect(error).toBeInstanceOf(VerifierError)
    const file = fileURLToPath(import.meta.url)
    const lines = readFileSync(file, 'utf8').split('\n')
    const line = lines.findIndex((text) => text.includes('// refused here')) + 1
    expect(error).toMatchObject({
      program: 'outside',
      code: 'EACCES',
      location: { file, line, text: lines[line - 1], function: 'outside' },
      instruction: { number: 1 },
    })
    // The kernel has it as well.
    expect((error as VerifierError).log).toContain('// refused here')
    expect(String(error)).toContain(`asm.test.ts:${line}`)
  })

  it('can be loaded without any such information', async () => {
    const error = await rejection(loadProgram({ section: 'xdp', debugInfo: false, instructions: [exit()] }))
    expect(error).toBeInstanceOf(VerifierError)
    expect((error as VerifierError).log).not.toContain('asm.test.ts')
  })

  it('keeps a log of any length', async () => {
    const many = Array.from({ length: 40_000 }, () => add(r0, 1))
    const instructions = [mov(r0, 0), ...many, load(r0, at(r0, 0, 'u64')), exit()]
    const error = (await rejection(loadProgram({ section: 'socket', instructions }))) as VerifierError
    expect(error.log.length).toBeGreaterThan(500_000)
    expect(error.log).toContain('40001:')
  })

  it('says where it is refused, too, when statistics were asked for', async () => {
    const instructions = [mov(r0, 0), load(r0, at(r1, 4096, 'u32')), exit()]
    const error = (await rejection(loadProgram({ section: 'xdp', instructions, logLevel: 4 }))) as VerifierError
    expect(error.instruction).toEqual({ number: 1, text: '(61) r0 = *(u32 *)(r1 +4096)' })
    expect(error.location?.text).toContain('load(r0, at(r1, 4096')
    expect(error.stats?.timeNs).toBeGreaterThanOrEqual(0)
  })
})

describe('what is no program', () => {
  const ok = [mov(r0, 0), exit()]

  it.each([
    ['nothing', { instructions: [] }, /1 to 1000000 slots, not 0/],
    ['no list', { instructions: 'exit' }, /must be an array/],
    ['something else in it', { instructions: [...ok, null] }, /instructions\[2\] must be an instruction/],
    ['an opcode that there is not', { instructions: [{ ...ok[1], opcode: 0xff }] }, /opcode 0xff, is no instruction/],
    [
      'a field that is too large',
      { instructions: [{ ...ok[0], immediate: 2 ** 31 }] },
      /\.immediate must be an integer/,
    ],
    [
      'a map for a move',
      { instructions: [{ ...ok[0], reference: { kind: 'map' } }] },
      /of kind "map", is not for 'r0 = 0'/,
    ],
    [
      'a label for a move',
      { instructions: [{ ...ok[0], reference: { kind: 'label' } }] },
      /"label", is not for 'r0 = 0'/,
    ],
    [
      'a reference to nothing',
      { instructions: [{ ...ok[0], reference: 5 }] },
      /\[0\]\.reference must be a label, a map/,
    ],
    ['a place that is none', { instructions: [{ ...ok[0], place: 'here' }] }, /\[0\]\.place must have a file, a line/],
    ['a label that is not there', { instructions: [goto('nowhere'), exit()] }, /no label is named 'nowhere'/],
    ['a label twice', { instructions: [label('x'), label('x'), ...ok] }, /'x' is there twice/],
    ['a label behind the end', { instructions: [...ok, label('end')] }, /behind the last instruction/],
    ['a section that says nothing', { section: 'nonsense' }, /section 'nonsense' says no type/],
    ['a section that leaves its function out', { section: 'fexit.s' }, /behind a slash .* such as 'fexit.s\/vfs_read'/],
    ['no section', { section: undefined }, /section must be a non-empty string/],
    ['a name with blanks', { name: 'my program' }, /name must be of letters/],
    ['an option that there is not', { licence: 'GPL' }, /'licence' is no option of loadProgram/],
  ])('%s', async (_, options, message) => {
    await expect(loadProgram({ section: 'xdp', instructions: ok, ...options } as never)).rejects.toThrow(message)
  })

  it('jumps that are too far', async () => {
    const far = Array.from({ length: 0x8001 }, () => mov(r0, 0))
    await expect(
      loadProgram({ section: 'xdp', instructions: [goto('end'), ...far, label('end'), exit()] }),
    ).rejects.toThrow(/label 'end' is 32769 slots away .*gotol/)
  })

  it('more than a million slots', async () => {
    // Each fills two.
    const instruction = loadImmediate(r0, 0)
    const instructions = Array.from({ length: 500_001 }, () => instruction)
    await expect(loadProgram({ section: 'xdp', instructions })).rejects.toThrow(/not 1000002/)
  })

  it('a map that was closed', async () => {
    const map = createMap({ type: 'array', value: u64, maxEntries: 1 })
    const instructions = [loadMap(r1, map), ...ok]
    map.close()
    await expect(loadProgram({ section: 'xdp', instructions })).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })

  it('an address in the value of a map that has none, with what to do', async () => {
    using several = createMap({ type: 'array', value: u64, maxEntries: 4 })
    using hash = createMap({ type: 'hash', key: u32, value: u64, maxEntries: 1 })
    const refused = (map: typeof several | typeof hash, offset = 0): Promise<unknown> =>
      rejection(loadProgram({ section: 'xdp', instructions: [loadMapValue(r1, map, offset), ...ok] }))
    expect(await refused(several)).toMatchObject({
      kind: 'map-value-out-of-bounds',
      hint: expect.stringContaining('maxEntries 1'),
    })
    expect(await refused(several, 8)).toMatchObject({ hint: expect.stringContaining('behind the end of the value') })
    expect(await refused(hash)).toMatchObject({
      kind: 'wrong-map-type',
      hint: expect.stringContaining('bpf_map_lookup_elem'),
    })
  })

  it('a licence that does not allow a helper', async () => {
    const instructions = [call('bpf_get_current_task'), ...ok]
    const error = await rejection(loadProgram({ section: 'raw_tp', license: 'Proprietary', instructions }))
    expect(error).toBeInstanceOf(VerifierError)
    expect((error as VerifierError).log).toMatch(/GPL/)
  })

  it('a map that is closed while it loads stays until then', async () => {
    const map = createMap({ type: 'array', value: u64, maxEntries: 1 })
    const loading = loadProgram({ section: 'xdp', instructions: [loadMapValue(r1, map), ...ok] })
    map.close()
    using program = await loading
    expect(program.info().mapIds).toHaveLength(1)
  })
})

it('the example counts system calls', () => {
  const example = fileURLToPath(new URL('../../examples/calls/calls.mjs', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [example, '0.5'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^process \d+: \d+ system calls$/m)
})
