/** Functions of a loaded program, replaced by extensions: seen by what test runs of the program return. */
import { describe, expect, test } from 'vitest'
import { type FreplaceTarget, freplace } from '../../../lib/hooks/freplace.ts'
import { fexit } from '../../../lib/hooks/tracing.ts'
import { loadObject, openObject } from '../../../lib/object-spec.ts'
import type { BpfObject } from '../../../lib/object.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { openProgram } from '../../../lib/open-program.ts'
import { fixture } from '../../support/fixtures.ts'
import { type Effect, type Scene, proveHook } from '../../support/hook-proof.ts'
import { absence } from '../../support/kernel-features.ts'
import { rejection } from '../../support/wait.ts'

interface TargetObject {
  maps: Record<never, never>
  programs: { target: BpfProgram }
}

interface ExtensionObject {
  maps: Record<never, never>
  programs: { first: BpfProgram; second: BpfProgram; observer: BpfProgram }
  globals: { returned: number; calls: bigint }
}

const loadTarget = (): Promise<BpfObject<TargetObject>> => loadObject(fixture('hooks-freplace-target'))

/** Loads both extensions for a function. */
async function loadExtensions(target: FreplaceTarget): Promise<BpfObject<ExtensionObject>> {
  const spec = await openObject<ExtensionObject>(fixture('hooks-freplace'))
  spec.programs.first.attachTarget = target
  spec.programs.second.attachTarget = target
  return await spec.load()
}

/** What the program's functions returned: `verdict` in the low four bits, `other_verdict` above. */
async function verdictOf(target: BpfProgram): Promise<number> {
  return (await target.testRun({ data: new Uint8Array(64) })).returnValue
}

const EFFECTS: readonly Effect[] = ['none', 'first', 'second']

proveHook({
  hook: 'freplace',
  family: 'tracing',
  since: '5.6',
  gap: 'trampoline',
  link: '5.8',
  update: false,
  refusal: ['EPERM'],
  setUp: freplaceScene,
})

async function freplaceScene(): Promise<Scene> {
  const object = await loadTarget()
  const { target } = object.programs
  const extensions = await loadExtensions({ program: target, function: 'verdict' }).catch(async (error: unknown) => {
    await object.close()
    throw error
  })
  return {
    attach: () => extensions.programs.first.attach(freplace({ program: target, function: 'verdict' })),
    observe: async () => EFFECTS[await verdictOf(target)] as Effect,
    second: extensions.programs.second,
    async [Symbol.asyncDispose]() {
      await extensions.close()
      await object.close()
    },
  }
}

describe.skipIf(absence('5.10', 'trampoline') !== undefined)('an extension', () => {
  test('is attached without a hook to what it was loaded for', async () => {
    await using object = await loadTarget()
    const { target } = object.programs
    await using extensions = await loadExtensions({ program: target, function: 'verdict' })
    expect(await verdictOf(target)).toBe(0)
    const { links } = await extensions.attach().catch((error: Error) => ({ links: [], error }))
    // Both extensions are for one function: the second is refused, and so all are.
    expect(links).toHaveLength(0)
    expect(await verdictOf(target)).toBe(0)
    const link = await extensions.programs.second.attach()
    expect(await verdictOf(target)).toBe(2)
    await link.close()
    expect(await verdictOf(target)).toBe(0)
  })

  test('can be at another function of the same prototype, also of another program', async () => {
    await using object = await loadTarget()
    await using another = await loadTarget()
    const { target } = object.programs
    await using extensions = await loadExtensions({ program: target, function: 'verdict' })
    await extensions.programs.first.attach(freplace({ program: target, function: 'other_verdict' }))
    expect(await verdictOf(target)).toBe(16)
    await extensions.programs.second.attach(freplace({ program: another.programs.target, function: 'verdict' }))
    expect(await verdictOf(another.programs.target)).toBe(2)
    expect(await verdictOf(target)).toBe(16)
  })

  test('can replace the whole program, and functions of one that was opened', async () => {
    await using object = await loadTarget()
    const { target } = object.programs
    using opened = openProgram({ id: target.id })
    await using extensions = await loadExtensions({ program: opened, function: 'target' })
    await extensions.programs.second.attach()
    expect(await verdictOf(target)).toBe(2)
  })

  test('is refused where one is already', async () => {
    await using object = await loadTarget()
    const { target } = object.programs
    await using extensions = await loadExtensions({ program: target, function: 'verdict' })
    const hook = freplace({ program: target, function: 'verdict' })
    await extensions.programs.first.attach(hook)
    expect(await rejection(extensions.programs.second.attach(hook))).toMatchObject({ code: 'EBUSY', program: 'second' })
    expect(await verdictOf(target)).toBe(1)
  })

  test('is refused in place of a function of another prototype, or of none', async () => {
    await using object = await loadTarget()
    const { target } = object.programs
    for (const name of ['other_prototype', 'no_such_function']) {
      const error = await rejection(loadExtensions({ program: target, function: name }))
      expect(error).toMatchObject({ name: expect.stringMatching(/EbpfError|VerifierError/), object: 'hooks-freplace' })
    }
    await using extensions = await loadExtensions({ program: target, function: 'verdict' })
    for (const name of ['other_prototype', 'no_such_function']) {
      const attaching = extensions.programs.first.attach(freplace({ program: target, function: name }))
      expect(await rejection(attaching)).toMatchObject({ name: 'EbpfError', program: 'first' })
    }
    expect(await verdictOf(target)).toBe(0)
  })

  test('outlives the handle of what it extends', async () => {
    const object = await loadTarget()
    await using extensions = await loadExtensions({ program: object.programs.target, function: 'verdict' })
    const link = await extensions.programs.first.attach()
    await object.close()
    expect(link.info()).toMatchObject({ type: 'tracing' })
  })
})

describe.skipIf(absence('5.5', 'trampoline') !== undefined)('fexit', () => {
  test('can observe a function of a loaded program', async () => {
    await using object = await loadTarget()
    const { target } = object.programs
    const spec = await openObject<ExtensionObject>(fixture('hooks-freplace'))
    for (const program of Object.values(spec.programs)) program.autoload = program.name === 'observer'
    spec.programs.observer.attachTarget = { program: target, function: 'verdict' }
    await using extension = await spec.load()
    extension.globals.returned = -1
    const link = await extension.programs.observer.attach(fexit('verdict'))
    await verdictOf(target)
    expect(extension.globals).toMatchObject({ returned: 0, calls: 1n })
    await link.close()
    await verdictOf(target)
    expect(extension.globals.calls).toBe(1n)
  })
})

describe('bad input', () => {
  test('such as a program that is none, or closed', async () => {
    await using object = await loadTarget()
    const { target } = object.programs
    const spec = await openObject<ExtensionObject>(fixture('hooks-freplace'))
    for (const attachTarget of [
      { program: object, function: 'verdict' },
      { program: target },
      { function: 'verdict' },
    ]) {
      spec.programs.first.attachTarget = attachTarget as never
      expect(await rejection(spec.load())).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
    }
    target.close()
    spec.programs.first.attachTarget = { program: target, function: 'verdict' }
    expect(await rejection(spec.load())).toMatchObject({ code: 'ERR_EBPF_CLOSED' })
  })

  test('such as an extension without a target', async () => {
    const error = await rejection(loadObject(fixture('hooks-freplace')))
    expect(error).toMatchObject({ name: 'EbpfError', object: 'hooks-freplace' })
  })

  test('such as a program of another type', async () => {
    await using object = await loadTarget()
    const { target } = object.programs
    const error = await rejection(target.attach(freplace({ program: target, function: 'verdict' })))
    expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_ARGUMENT' })
  })
})
