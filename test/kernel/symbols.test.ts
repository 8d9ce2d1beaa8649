/** The kernel's functions by their addresses, and its CPUs. */
import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { PerCpuArrayMap } from '../../lib/maps/per-cpu.ts'
import { createMap } from '../../lib/maps/create.ts'
import { u64 } from '../../lib/btf/schema.ts'
import { possibleCpus } from '../../lib/system/cpus.ts'
import { kernelSymbols } from '../../lib/system/kernel-symbols.ts'
import { withTrace } from '../support/trace.ts'

interface Row {
  address: bigint
  name: string
  module: string | undefined
}

function kallsyms(): Row[] {
  return readFileSync('/proc/kallsyms', 'latin1')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/[ \t]/))
    .map(([address, , name, module]) => ({
      address: BigInt(`0x${address}`),
      name: name as string,
      module: module?.slice(1, -1),
    }))
}

describe('an address of the kernel', () => {
  beforeEach(() => kernelSymbols.refresh())

  test.each(['schedule', 'do_exit', 'kfree'])('of %s is found, and what lies in it', (name) => {
    const { address } = kallsyms().find((row) => row.name === name && row.module === undefined) as Row
    const names = kallsyms().flatMap((row) => (row.address === address ? [row.name] : []))
    for (const offset of [0, 1]) {
      const symbol = kernelSymbols.resolve(address + BigInt(offset))
      expect(symbol).toEqual({ name: expect.any(String), offset, module: undefined })
      expect(names).toContain(symbol?.name)
    }
  })

  test('just before a function is in the one before it', () => {
    const rows = kallsyms().sort((a, b) => Number(a.address - b.address))
    const { address } = rows.find(({ name }) => name === 'do_exit') as Row
    const symbol = kernelSymbols.resolve(address - 1n)
    const before = rows.findLast((row) => row.address < address) as Row
    expect(symbol?.offset).toBe(Number(address - 1n - before.address))
  })

  test('of user space is nothing', () => {
    expect(kernelSymbols.resolve(0n)).toBeUndefined()
    expect(kernelSymbols.resolve(1)).toBeUndefined()
  })

  test('of a program that was loaded since is found after refresh(), in its module', async () => {
    kernelSymbols.resolve(1n)
    await withTrace(({ programs }) => {
      const name = `bpf_prog_${programs.on_raw.info().tag}_on_raw`
      const { address } = kallsyms().find((row) => row.name === name) as Row
      expect(kernelSymbols.resolve(address)?.name).not.toBe(name)
      kernelSymbols.refresh()
      expect(kernelSymbols.resolve(address)).toEqual({ name, offset: 0, module: 'bpf' })
    })
  })

  test.each([[Number.NaN], [-1n], [1.5], ['0xffffffff81000000'], [undefined]])('cannot be %s', (address) => {
    expect(() => kernelSymbols.resolve(address as never)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_EBPF_(INVALID_ARGUMENT|OUT_OF_RANGE)$/) }),
    )
  })
})

test('possible CPUs are those of the kernel, and the values of a per-CPU entry', () => {
  const ranges = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim().split(',')
  const count = ranges.reduce((sum, range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?]
    return sum + last - first + 1
  }, 0)
  expect(possibleCpus()).toBe(count)
  using map = createMap({ type: 'percpu_array', value: u64, maxEntries: 1 })
  expect(map).toBeInstanceOf(PerCpuArrayMap)
  expect(map.get(0)).toHaveLength(count)
})
