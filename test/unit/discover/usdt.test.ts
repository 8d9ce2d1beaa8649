/** Static probes of binaries, compared with what readelf(1) prints. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { parseUsdtArguments, type UsdtOperand } from '../../../lib/elf/usdt-arguments.ts'
import { listUsdt } from '../../../lib/index.ts'
import { semaphoreOffset, targetLibrary, targetProgram } from '../../support/target.ts'

function listedByReadelf(path: string): string[] {
  const text = execFileSync('readelf', ['--wide', '--notes', path], { encoding: 'utf8' })
  const notes = text.matchAll(/Provider: (\S+)\s+Name: (\S+)\s+Location: (\w+),.*\n\s+Arguments: ?(.*)/g)
  return Array.from(notes, ([, provider, name, location, operands]) =>
    [provider, name, BigInt(location as string), operands].join(' '),
  )
}

describe('static probes', () => {
  it.each([
    ['a program', targetProgram],
    ['a library', targetLibrary],
  ])('of %s are those that readelf lists', async (_, make) => {
    const probes = await listUsdt(make())
    const listed = probes.flatMap(({ provider, name, places }) =>
      places.map(({ address, arguments: list }) => {
        const operands = list.map(({ size, signed, text }) => `${signed ? '-' : ''}${size}@${text}`)
        return [provider, name, address, operands.join(' ')].join(' ')
      }),
    )
    expect(listed.length).toBeGreaterThan(0)
    expect(listed.sort()).toEqual(listedByReadelf(make()).sort())
  })

  it('are one for each name, with all of its places, and the file offset of what counts listeners', async () => {
    const probes = await listUsdt(targetProgram())
    expect(probes.map(({ provider, name, places }) => [provider, name, places.length])).toEqual([
      ['ebpftest', 'plain', 1],
      ['ebpftest', 'request', 3],
    ])
    const [plain, request] = probes
    expect(plain?.places[0]).toMatchObject({ semaphoreOffset: undefined, arguments: [] })
    expect(request?.places.map((place) => place.semaphoreOffset)).toEqual(Array(3).fill(semaphoreOffset()))
    expect(request?.places[1]?.arguments[0]).toMatchObject({ size: 4, signed: true })
  })

  it.each([
    ['request', 1],
    ['r*', 1],
    ['ebpftest:*', 2],
    ['*:plain', 1],
    ['ebpf', 0],
    ['ebpftest', 0],
  ])('are found by the pattern %s', async (pattern, count) => {
    expect(await listUsdt(targetProgram(), pattern)).toHaveLength(count)
  })
})

const memory = (facts: Partial<Extract<UsdtOperand, { kind: 'memory' }>>): UsdtOperand => ({
  kind: 'memory',
  base: undefined,
  index: undefined,
  scale: 1,
  offset: 0n,
  symbol: undefined,
  ...facts,
})

describe('an argument of a static probe', () => {
  it.each<[string, UsdtOperand]>([
    ['$-9', { kind: 'constant', value: -9n }],
    ['$0x1f', { kind: 'constant', value: 31n }],
    ['12', { kind: 'constant', value: 12n }],
    ['%eax', { kind: 'register', register: 'eax' }],
    ['%xmm0', { kind: 'register', register: 'xmm0' }],
    ['x19', { kind: 'register', register: 'x19' }],
    ['(%rdi)', memory({ base: 'rdi' })],
    ['-1204(%rbp)', memory({ base: 'rbp', offset: -1204n })],
    ['8(%rdx,%rax,4)', memory({ base: 'rdx', index: 'rax', scale: 4, offset: 8n })],
    ['(%rdx,%rax)', memory({ base: 'rdx', index: 'rax' })],
    ['nums(%rip)', memory({ base: 'rip', symbol: 'nums' })],
    ['counter+4(%rip)', memory({ base: 'rip', symbol: 'counter', offset: 4n })],
    ['4+counter(%rip)', memory({ base: 'rip', symbol: 'counter', offset: 4n })],
    ['[sp]', memory({ base: 'sp' })],
    ['[sp, 8]', memory({ base: 'sp', offset: 8n })],
    ['[x29, #-16]', memory({ base: 'x29', offset: -16n })],
    ['-20(s0)', memory({ base: 's0', offset: -20n })],
    ['160(%r15)', memory({ base: 'r15', offset: 160n })],
    ['%fs:(%rax', { kind: 'unknown' }],
  ])('is read: %s', (text, operand) => {
    const [first, second, third, ...more] = parseUsdtArguments(`-4@${text} 8@${text} 8f@%xmm1`)
    expect(more).toEqual([])
    expect(first).toEqual({ size: 4, signed: true, float: false, text, ...operand })
    expect(second).toEqual({ size: 8, signed: false, float: false, text, ...operand })
    expect(third).toEqual({ size: 8, signed: false, float: true, text: '%xmm1', kind: 'register', register: 'xmm1' })
  })

  it('is nothing in what has none', () => {
    for (const text of ['', ' ', 'nonsense', '@', '4@']) expect(parseUsdtArguments(text)).toEqual([])
  })
})
