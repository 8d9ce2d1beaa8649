/** Scenes of programs that observe what this process does: see test/fixtures/hooks-tracing.h. */
import { constants, getPriority, setPriority } from 'node:os'
import type { Hook } from '../../lib/hooks/hook.ts'
import { loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { ProgramEdit } from '../../lib/program-spec.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { fixture } from './fixtures.ts'
import type { Effect, Scene } from './hook-proof.ts'
import { olderThan } from './kernel-features.ts'

/** What all of these fixtures have. */
export interface TracingGlobals {
  target_pid: number
  with_cookie: boolean
  effect: number
  calls: bigint
  cookie: bigint
}

export type TracingObject<Globals = unknown> = BpfObject<{
  maps: Record<never, never>
  programs: Record<string, BpfProgram>
  globals: TracingGlobals & Globals
}>

const EFFECTS: readonly Effect[] = ['none', 'first', 'second']

/** The function that every setpriority(2) asks, in all kernels of these tests. */
export const FUNCTION = 'security_task_setnice'

export interface LoadChoice {
  /** The first Linux that gives programs of this type a cookie. */
  cookieSince?: string
  globals?: Record<string, unknown>
  programs?: Record<string, ProgramEdit>
}

/** Loads a fixture for this process. */
export async function loadTracing<Globals>(name: string, choice: LoadChoice = {}): Promise<TracingObject<Globals>> {
  const { cookieSince, globals, programs } = choice
  const withCookie = cookieSince !== undefined && !olderThan(cookieSince)
  return (await loadObject(fixture(name), {
    globals: { target_pid: process.pid, with_cookie: withCookie, ...globals },
    programs: programs ?? {},
  })) as unknown as TracingObject<Globals>
}

/** Asks for the nice value that this process has already. @returns the name of what refused it, if anything did. */
export function renice(): string | undefined {
  try {
    setPriority(process.pid, getPriority(process.pid))
    return undefined
  } catch (error) {
    return errnoName((error as { info: { errno: number } }).info.errno)
  }
}

function errnoName(errno: number): string {
  return Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0] ?? String(errno)
}

/** The scene of two programs of one object, at one hook. */
export async function tracingScene(
  loading: Promise<TracingObject>,
  hook: Hook,
  event: () => unknown,
  names: { first: string; second: string } = { first: 'first', second: 'second' },
): Promise<Scene> {
  const object = await loading
  const { programs, globals } = object
  return {
    attach: () => (programs[names.first] as BpfProgram).attach(hook),
    async observe() {
      globals.effect = 0
      await event()
      return EFFECTS[globals.effect] as Effect
    },
    second: programs[names.second] as BpfProgram,
    [Symbol.asyncDispose]: () => object.close(),
  }
}

/** What a refusal says of who refused. */
export function effectOf(refusal: string | undefined): Effect {
  if (refusal === undefined) return 'none'
  if (refusal === 'EROFS') return 'first'
  if (refusal === 'EXDEV') return 'second'
  throw new Error(`it was refused with ${refusal}, which none of the programs gives`)
}
