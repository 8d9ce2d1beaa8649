/**
 * The proof of one hook: a program is attached, an event happens for real, its effect is seen, another program takes its
 * place where the kernel can do that, and the effect ends with the link.
 */
import { appendFileSync } from 'node:fs'
import { release } from 'node:os'
import { afterAll, describe, expect, test } from 'vitest'
import { EbpfError } from '../../lib/errors.ts'
import type { Link } from '../../lib/link.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { isOlder } from '../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../lib/system/libbpf-version.ts'
import { withBpffs } from './bpffs.ts'
import { type GapName, absence, olderThan } from './kernel-features.ts'
import { rejection, until } from './wait.ts'

/** Which program had its effect on an event. */
export type Effect = 'none' | 'first' | 'second'

/** A place to attach to, and what happens there. */
export interface Scene extends AsyncDisposable {
  /** Attaches the first program. */
  attach(): Promise<Link>
  /** Makes the event happen, and tells which program had its effect on it. */
  observe(): Promise<Effect> | Effect
  /** What takes the first one's place: a program, or for struct_ops whatever `Link.update` takes. */
  second?: BpfProgram
  /** In place of `link.update(second)`. */
  update?(link: Link): Promise<void>
}

export interface HookProof {
  /** Row of docs/kernels.md, such as `kprobe` or `tcx ingress`. */
  hook: string
  family: 'tracing' | 'user space' | 'security' | 'network' | 'cgroup' | 'socket' | 'other'
  /** The first Linux that has the hook. */
  since: string
  /** What a kernel of that version may lack all the same. */
  gap?: GapName
  /** The first libbpf that can attach it; an older one answers ERR_EBPF_LIBBPF. */
  libbpf?: string
  /** The first Linux where the attachment is a link, with an id and a pin; `false`: none. */
  link: string | false
  /** The first Linux where `link.update` puts another program in place; `false`: none, but ERR_EBPF_NOT_UPDATABLE. */
  update: string | false
  /** The codes that may answer where this kernel lacks the hook. ERR_EBPF_KERNEL by default. */
  refusal?: readonly string[]
  setUp(): Promise<Scene>
}

const has = (since: string | false): boolean => since !== false && !olderThan(since)

/** One proof of each file has it: together they reach every family of hooks where there is no time for all. */
const FAMILY_TAG = 'family'

const proven = new Set<string | undefined>()

function isFirstOfItsFile(): boolean {
  const { testPath } = expect.getState()
  const first = !proven.has(testPath)
  proven.add(testPath)
  return first
}

/** Defines the tests of one hook, and writes down how it went for docs/kernels.md. */
export function proveHook(proof: HookProof): void {
  const { hook, since, gap, libbpf } = proof
  const lacksLibbpf = libbpf !== undefined && isOlder(libbpfVersion, libbpf)
  const missing = lacksLibbpf ? `libbpf ${libbpf} is the first that has it` : absence(since, gap)
  describe(hook, { tags: isFirstOfItsFile() ? [FAMILY_TAG] : [] }, () => {
    let outcome: 'passed' | 'failed' | 'absent' = 'failed'
    afterAll(() => record(proof, outcome, missing))

    test.skipIf(missing === undefined)(`is refused in words: ${missing}`, async () => {
      const error = await rejection(attachOnce(proof))
      expect(error).toBeInstanceOf(EbpfError)
      expect(lacksLibbpf ? ['ERR_EBPF_LIBBPF'] : (proof.refusal ?? ['ERR_EBPF_KERNEL'])).toContain(error.code)
      outcome = 'absent'
    })

    test.skipIf(missing !== undefined)('runs the program, from attach to close', async () => {
      await using scene = await proof.setUp()
      expect(await scene.observe()).toBe('none')
      const link = await scene.attach()
      expect(await scene.observe()).toBe('first')
      await provePin(link, has(proof.link))
      if (scene.update !== undefined || scene.second !== undefined) await proveUpdate(link, scene, has(proof.update))
      await link.close()
      // The kernel lets go of a removed pin only after a grace period, and until then of the link.
      if (has(proof.link)) await until('the effect ends', async () => (await scene.observe()) === 'none')
      expect(await scene.observe()).toBe('none')
      outcome = 'passed'
    })
  })
}

async function attachOnce(proof: HookProof): Promise<never> {
  await using scene = await proof.setUp()
  const link = await scene.attach()
  throw new Error(`it was attached: ${JSON.stringify(link.info())}`)
}

/** An id and a pin, or the error that there is none. */
async function provePin(link: Link, isLink: boolean): Promise<void> {
  await withBpffs(async (folder) => {
    const path = `${folder}/link`
    if (isLink) {
      expect(link.info().id).toBeGreaterThan(0)
      const { programId, type } = link.info()
      if (type !== 'struct_ops') expect(programId).toBeGreaterThan(0)
      link.pin(path)
      link.unpin(path)
    } else {
      expect(() => link.info()).toThrow(EbpfError)
      expect(() => link.pin(path)).toThrow(EbpfError)
    }
  })
}

async function proveUpdate(link: Link, scene: Scene, updatable: boolean): Promise<void> {
  const update = async (): Promise<void> => {
    if (scene.update !== undefined) await scene.update(link)
    else await link.update(scene.second as BpfProgram)
  }
  if (updatable) {
    await update()
    expect(await scene.observe()).toBe('second')
  } else {
    expect(await rejection(update())).toMatchObject({ code: 'ERR_EBPF_NOT_UPDATABLE' })
    expect(await scene.observe()).toBe('first')
  }
}

function record(proof: HookProof, outcome: string, missing: string | undefined): void {
  const file = process.env.EBPF_HOOK_RECORD
  if (file === undefined || file === '') return
  const { hook, family, since } = proof
  const link = { id: has(proof.link), pin: has(proof.link), update: has(proof.update) }
  const row = {
    hook,
    family,
    since,
    kernel: release(),
    outcome,
    reason: missing,
    ...(outcome === 'passed' && { link }),
  }
  appendFileSync(file, `${JSON.stringify(row)}\n`)
}
