/** Programs out of instructions: loaded, run, attached, refused. */
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Item,
  type ProgramLoadOptions,
  add,
  assemble,
  at,
  atomicAdd,
  call,
  callFunction,
  callKernel,
  decode,
  disassemble,
  encode,
  exit,
  func,
  goto,
  gotoIf,
  label,
  load,
  loadFunction,
  loadImmediate,
  loadMap,
  loadMapValue,
  loadProgram,
  mov,
  r0,
  r1,
  r10,
  r2,
  r3,
  r4,
  r6,
  rsh,
  store,
  w0,
} from '../../../lib/asm/index.ts'
import { u64 } from '../../../lib/btf/schema.ts'
import { VerifierError } from '../../../lib/verifier-error.ts'
import { tracepoint } from '../../../lib/hooks/tracepoint.ts'
import { rawTracepoint } from '../../../lib/hooks/raw-tracepoint.ts'
import { createMap } from '../../../lib/maps/create.ts'
import type { ArrayMap } from '../../../lib/maps/array-map.ts'
import { bpfDescriptors } from '../../support/kernel-objects.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { callGetppid, traceGlobals } from '../../support/trace.ts'

const source = readFileSync(new URL(import.meta.url), 'utf8').split('\n')
const lineOf = (text: string): number => source.findIndex((line) => line.includes(text)) + 1

/** What a socket filter of these instructions returns for a packet. */
async function result(instructions: readonly Item[], options: Partial<ProgramLoadOptions> = {}): Promise<number> {
  await using program = disposable(await loadProgram({ type: 'socket_filter', instructions, ...options }))
  return (await program.value.testRun({ data: new Uint8Array(64) })).returnValue
}

function disposable<T extends { close(): void }>(value: T): { value: T } & AsyncDisposable {
  return { value, [Symbol.asyncDispose]: async () => value.close() }
}

let counts: ArrayMap<bigint>
beforeEach(() => {
  counts = createMap({ type: 'array', value: u64, maxEntries: 4, name: 'counts' })
})
afterEach(() => counts.close())

describe('a program out of instructions', () => {
  test('runs', async () => {
    expect(await result([mov(r0, 2), add(r0, 40), exit()])).toBe(42)
    expect(await result([mov(w0, 0xffff_fffe), exit()])).toBe(0xffff_fffe)
  })

  test('jumps to labels, forwards and backwards over loads of 64 bits', async () => {
    const program = [
      mov(r0, 0),
      goto('start'),
      label('end'),
      exit(),
      label('start'),
      loadImmediate(r1, 0x1_0000_0007n),
      gotoIf(r1, '==', 7, 'end'),
      mov(r0, r1),
      goto('end'),
    ]
    expect(await result(program)).toBe(7)
  })

  test('calls its own functions, directly and through a helper', async () => {
    const program = [mov(r1, 20), callFunction('double'), exit(), func('double'), mov(r0, r1), add(r0, r1), exit()]
    expect(await result(program)).toBe(40)
    if (olderThan('5.17')) return
    const loop = [
      store(at(r10, -8, 'u64'), 0),
      mov(r1, 5),
      loadFunction(r2, 'step'),
      mov(r3, r10),
      add(r3, -8),
      mov(r4, 0),
      call('bpf_loop'),
      load(r0, at(r10, -8, 'u64')),
      exit(),
      func('step'),
      load(r1, at(r2, 0, 'u64')),
      add(r1, 3),
      store(at(r2, 0, 'u64'), r1),
      mov(r0, 0),
      exit(),
    ]
    expect(await result(loop)).toBe(15)
  })

  test('uses maps', async () => {
    const body = (address: Item): Item[] => [
      address,
      mov(r2, 2),
      atomicAdd(at(r1, 0, 'u64'), r2),
      load(r0, at(r1, 0, 'u64')),
      exit(),
    ]
    // The kernel gives the address only of an array of one.
    const single = createMap({ type: 'array', value: u64, maxEntries: 1 })
    expect(await result(body(loadMapValue(r1, single)))).toBe(2)
    expect(await result(body(loadMapValue(r1, single)))).toBe(4)
    expect(single.get(0)).toBe(4n)
    single.close()
  })

  test('counts system calls of this process with nothing but a map', async () => {
    const { target_pid, target_call } = traceGlobals
    const instructions = [
      mov(r6, r1),
      call('bpf_get_current_pid_tgid'),
      rsh(r0, 32),
      gotoIf(r0, '!=', target_pid, 'out'),
      load(r1, at(r6, 8, 'u64')), // id of struct trace_event_raw_sys_enter
      gotoIf(r1, '!=', Number(target_call), 'out'),
      store(at(r10, -4, 'u32'), 3),
      loadMap(r1, counts),
      mov(r2, r10),
      add(r2, -4),
      call('bpf_map_lookup_elem'),
      gotoIf(r0, '==', 0, 'out'),
      mov(r1, 1),
      atomicAdd(at(r0, 0, 'u64'), r1),
      label('out'),
      mov(r0, 0),
      exit(),
    ]
    await using program = disposable(await loadProgram({ type: 'tracepoint', name: 'count_calls', instructions }))
    const link = await program.value.attach(tracepoint('raw_syscalls', 'sys_enter'))
    callGetppid(5)
    await link.close()
    callGetppid(2)
    expect(counts.get(3)).toBe(5n)
    expect(program.value.info()).toMatchObject({ name: 'count_calls', type: 'tracepoint', mapIds: [counts.id] })
  })

  test('is loaded for a target in the kernel, and attached nowhere else', async () => {
    const instructions = [mov(r0, 0), exit()]
    const target = { type: 'tracing', expectedAttachType: 'trace_raw_tp', attachTarget: 'sched_process_exit' } as const
    await using program = disposable(await loadProgram({ ...target, instructions }))
    await expect(program.value.attach(rawTracepoint('sched_switch'))).rejects.toThrow(/cannot be attached/)
    await expect(loadProgram({ ...target, attachTarget: 'no_such_tracepoint', instructions })).rejects.toThrow(
      /attachTarget 'no_such_tracepoint' is nothing that this kernel has/,
    )
  })

  test('calls functions of the kernel by name', async () => {
    const instructions = [callKernel('bpf_rcu_read_lock'), callKernel('bpf_rcu_read_unlock'), mov(r0, 1), exit()]
    const loading = loadProgram({
      type: 'tracing',
      expectedAttachType: 'trace_raw_tp',
      attachTarget: 'sys_enter',
      instructions,
    })
    if (olderThan('6.2')) await expect(loading).rejects.toThrow()
    else (await loading).close()
    const unknown = [callKernel('no_such_function'), mov(r0, 0), exit()]
    await expect(result(unknown)).rejects.toMatchObject({ code: 'ERR_EBPF_KERNEL' })
  })
})

describe('what the verifier says', () => {
  test('names the line of this file', async () => {
    const instructions = [
      mov(r0, 0),
      load(r1, at(r0, 0, 'u64')), // a read through zero
      exit(),
    ]
    const error = await loadProgram({ type: 'socket_filter', name: 'bad', instructions }).catch(
      (caught: unknown) => caught,
    )
    expect(error).toBeInstanceOf(VerifierError)
    const { message, log, program } = error as VerifierError
    expect(program).toBe('bad')
    expect(message).toMatch(
      /^the verifier refused program 'bad' \(EACCES\) at .*load-program\.test\.ts:\d+: R0 invalid mem access/,
    )
    expect(log).toContain("load(r1, at(r0, 0, 'u64')), // a read through zero")
    if (!olderThan('6.10')) expect(log).toContain(`load-program.test.ts:${lineOf('// a read through')}`)
  })

  test('shows no lines when they are not wanted, and none that are not known', async () => {
    const instructions = [mov(r0, 0), load(r1, at(r0, 0, 'u64')), exit()]
    const logOf = async (options: Partial<ProgramLoadOptions>): Promise<string> => {
      const caught = await loadProgram({ type: 'socket_filter', instructions, ...options }).catch(
        (error: unknown) => error,
      )
      return (caught as VerifierError).log
    }
    expect(await logOf({})).toContain('load(r1')
    expect(await logOf({ lineInfo: false })).not.toContain('load(r1')
    expect(await logOf({ instructions: decode(encode(instructions)) })).not.toContain('load(r1')
  })

  test('is told of programs without an end, and of the wrong licence', async () => {
    await expect(result([mov(r0, 0)])).rejects.toBeInstanceOf(Error)
    const probe = [mov(r1, r10), add(r1, -8), mov(r2, 8), mov(r3, 0), call('bpf_probe_read_kernel'), mov(r0, 0), exit()]
    const loading = loadProgram({ type: 'kprobe', license: 'Proprietary', instructions: probe })
    await expect(loading).rejects.toThrow(/GPL/)
  })
})

describe('what cannot be', () => {
  const program = [mov(r0, 0), exit()]

  test('is refused before the kernel sees it', async () => {
    const tryToLoad = (options: unknown): Promise<unknown> => loadProgram(options as ProgramLoadOptions)
    const type = 'socket_filter'
    await expect(tryToLoad(null)).rejects.toThrow(TypeError)
    await expect(tryToLoad({ type: 'nothing', instructions: program })).rejects.toThrow(
      /type must be the name of a program type/,
    )
    await expect(tryToLoad({ type, instructions: [] })).rejects.toThrow(/must have at least one/)
    await expect(tryToLoad({ type, instructions: [null] })).rejects.toThrow(
      /instruction 0 must be an instruction or a label/,
    )
    await expect(tryToLoad({ type, instructions: program, licence: 'GPL' })).rejects.toThrow(
      /no field of options is named 'licence'/,
    )
    await expect(tryToLoad({ type, instructions: program, name: 'a b' })).rejects.toThrow(/letters, digits/)
    await expect(tryToLoad({ type, instructions: program, flags: Number.NaN })).rejects.toThrow(
      /flags must be an integer/,
    )
    await expect(tryToLoad({ type, instructions: program, expectedAttachType: 'x' })).rejects.toThrow(/attach type/)
    const long = Array.from({ length: 1_000_001 }, () => program[0])
    await expect(tryToLoad({ type, instructions: long })).rejects.toThrow(/at most 1000000 slots/)
  })

  test('leaves no descriptor behind', async () => {
    const before = bpfDescriptors()
    const closed = createMap({ type: 'array', value: u64, maxEntries: 1 })
    closed.close()
    await expect(result([loadMap(r1, closed), ...program])).rejects.toMatchObject({ code: 'ERR_EBPF_CLOSED' })
    await expect(result([loadMap(r1, counts), load(r0, at(r1, 0x7000, 'u64')), exit()])).rejects.toThrow(VerifierError)
    expect(bpfDescriptors()).toEqual(before)
  })

  test('a map that is closed while its program is loaded stays in it', async () => {
    const map = createMap({ type: 'array', value: u64, maxEntries: 1 })
    const loading = loadProgram({ type: 'socket_filter', instructions: [loadMap(r1, map), ...program] })
    const { id } = map
    map.close()
    const loaded = await loading
    expect(loaded.info().mapIds).toEqual([id])
    loaded.close()
  })

  test('properties are read once, and a getter may close what it likes', async () => {
    const [first, last] = program as [Item, Item]
    let reads = 0
    const hostile = {
      ...last,
      get opcode() {
        reads++
        counts.close()
        return reads === 1 ? 0x95 : 0x00
      },
    }
    expect(await result([first, hostile])).toBe(0)
    expect(reads).toBe(1)
  })
})

test('the text of a program is read back to what the kernel runs', async () => {
  const text = disassemble([mov(r0, 6), add(r0, 1), exit()])
  expect(text).toBe('0: r0 = 6\n1: r0 += 1\n2: exit\n')
  expect(await result(assemble(text))).toBe(7)
})
