/** test/fixtures/links.bpf.c, and an interface of its own to attach to. */
import { type LoadOptions, loadObject } from '../../lib/object-spec.ts'
import type { BpfObject } from '../../lib/object.ts'
import type { BpfProgram } from '../../lib/program.ts'
import { Actor } from './actor.ts'
import { fixture } from './fixtures.ts'

export interface LinksFixture {
  programs: Record<
    | 'xdp_first'
    | 'xdp_second'
    | 'egress_first'
    | 'egress_second'
    | 'tc_first'
    | 'tc_second'
    | 'lookup_first'
    | 'raw_first'
    | 'raw_second'
    | 'tracepoint_first'
    | 'uprobe_first'
    | 'netfilter_first'
    | 'fentry_first'
    | 'kprobe_first'
    | 'tcx_section'
    | 'nowhere'
    | 'fentry_nothing',
    BpfProgram
  >
  globals: { first_runs: bigint; second_runs: bigint }
}

export type LinksObject = BpfObject<LinksFixture>

export function loadLinks(...programs: (keyof LinksFixture['programs'])[]): Promise<LinksObject> {
  const options: LoadOptions<LinksFixture> = {
    programs: Object.fromEntries(programs.map((name) => [name, { autoload: true }])),
  }
  return loadObject<LinksFixture>(fixture('links'), options)
}

export async function withLinks(
  body: (object: LinksObject) => Promise<void>,
  ...programs: (keyof LinksFixture['programs'])[]
): Promise<void> {
  await using object = await loadLinks(...programs)
  await body(object)
}

/** A network namespace of its own, with the loopback interface in it. */
export class Loopback implements AsyncDisposable {
  readonly #actor: Actor

  private constructor(actor: Actor) {
    this.#actor = actor
  }

  static async start(): Promise<Loopback> {
    return new Loopback(await Actor.start())
  }

  /** For the options of hooks. */
  get netns(): { pid: number } {
    return { pid: this.#actor.pid }
  }

  get pid(): number {
    return this.#actor.pid
  }

  /** Sends packets over it, and gives which of the object's programs saw one of them each. */
  async traffic({ globals }: LinksObject, packets = 3): Promise<{ first: number; second: number }> {
    const before = { first: globals.first_runs, second: globals.second_runs }
    await this.#actor.run(`
      with udp() as receiver, udp() as sender:
          for packet in range(${packets}):
              sender.sendto(b"x", receiver.getsockname())
    `)
    return {
      first: Number(globals.first_runs - before.first),
      second: Number(globals.second_runs - before.second),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#actor[Symbol.asyncDispose]()
  }
}
