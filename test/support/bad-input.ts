/** Tables of what must be refused: by which error, and with nothing left behind. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { BpfMap, BpfObject, BpfProgram, EbpfError, Link } from '../../lib/index.ts'
import { bpfDescriptors } from './kernel-objects.ts'

export interface Refusal {
  /** What is done, such as `a key of the wrong size`. */
  name: string
  act: () => unknown
  /** Its class; by default that of the code: argument mistakes are TypeErrors and RangeErrors, all else EbpfErrors. */
  type?: ErrorConstructor | typeof EbpfError
  /** One of these; `undefined` for errors of the language itself. */
  code: string | RegExp | undefined
  message?: RegExp
}

const argumentTypes: Record<string, ErrorConstructor> = {
  ERR_EBPF_INVALID_ARGUMENT: TypeError,
  ERR_EBPF_OUT_OF_RANGE: RangeError,
}

function holdings(): unknown {
  return { handles: { ...binding.liveHandles(), mapping: 0 }, descriptors: bpfDescriptors() }
}

/** What an act throws, or its promise rejects with. What it gives instead is closed, so that one failure stays one. */
export async function thrownBy(act: () => unknown): Promise<unknown> {
  let given: unknown
  try {
    given = await act()
  } catch (error) {
    return error
  }
  if (given instanceof BpfObject || given instanceof Link) await given.close()
  if (given instanceof BpfMap || given instanceof BpfProgram) given.close()
  return undefined
}

/** One test for each row, each of which ends with as many handles and descriptors as it began with. */
export function refuses(rows: readonly Refusal[]): void {
  it.each(rows)('$name', async ({ act, type, code, message }) => {
    const before = holdings()
    const error = await thrownBy(act)
    expect(error, 'nothing was thrown').toBeDefined()
    const given = (error as { code?: string }).code
    expect(error).toBeInstanceOf(type ?? argumentTypes[given ?? ''] ?? EbpfError)
    if (code instanceof RegExp) expect(given).toMatch(code)
    else expect(given).toBe(code)
    if (message !== undefined) expect((error as Error).message).toMatch(message)
    expect(holdings(), 'what was open before').toEqual(before)
  })

  let first: unknown
  beforeAll(() => {
    first = holdings()
  })
  afterAll(() => {
    expect(holdings(), 'nothing is left of all of them').toEqual(first)
  })
}
