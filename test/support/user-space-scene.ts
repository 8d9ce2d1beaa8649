/** Scenes of programs that count their own runs in `first_runs` and `second_runs`, of what a target process does. */
import type { Hook } from '../../lib/hooks/hook.ts'
import { loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { fixture } from './fixtures.ts'
import type { Effect, Scene } from './hook-proof.ts'
import { Target } from './target.ts'

export interface Runs {
  first_runs: bigint
  second_runs: bigint
}

export type RunsObject<Globals = unknown> = BpfObject<{
  maps: Record<never, never>
  programs: Record<string, BpfProgram>
  globals: Runs & Globals
}>

/** Loads a fixture with such programs, and starts a target, for the length of `body`. */
export async function withTarget<Globals, Maps extends object = Record<never, never>>(
  name: string,
  body: (scene: {
    object: BpfObject<{ maps: Maps; programs: Record<string, BpfProgram>; globals: Runs & Globals }>
    target: Target
  }) => Promise<void>,
): Promise<void> {
  await using target = await Target.start()
  await using object = await loadObject<{
    maps: Maps
    programs: Record<string, BpfProgram>
    globals: Runs & Globals
  }>(fixture(name))
  await body({ object, target })
}

/** What ran since the last look; more than one effect at once is an error. */
export function effectOf(globals: Runs): Effect {
  const { first_runs: first, second_runs: second } = globals
  globals.first_runs = 0n
  globals.second_runs = 0n
  if (first > 0n && second > 0n) throw new Error(`both ran: ${first} and ${second} times`)
  return first > 0n ? 'first' : second > 0n ? 'second' : 'none'
}

/** The scene of two programs of a fixture at one hook in a target of its own. */
export async function targetScene(
  name: string,
  hook: (target: Target) => Hook,
  event: (target: Target) => Promise<unknown>,
  programs: { first: string; second: string } = { first: 'first', second: 'second' },
): Promise<Scene> {
  const target = await Target.start()
  try {
    const object = (await loadObject(fixture(name))) as unknown as RunsObject
    return {
      attach: () => (object.programs[programs.first] as BpfProgram).attach(hook(target)),
      async observe() {
        effectOf(object.globals)
        await event(target)
        return effectOf(object.globals)
      },
      second: object.programs[programs.second] as BpfProgram,
      async [Symbol.asyncDispose]() {
        await object.close()
        await target[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await target[Symbol.asyncDispose]()
    throw error
  }
}
