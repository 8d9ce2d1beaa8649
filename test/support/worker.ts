/** Workers that tests start: they load the package for themselves, and are always ended. */
import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import { builtPackage } from './child.ts'
import { fixture } from './fixtures.ts'

export class TestWorker implements AsyncDisposable {
  readonly worker: Worker
  /** Kept from the start, since a worker may tell, and end, before anybody waits for it. */
  readonly #messages: AsyncIterator<unknown[]>
  readonly #exit: Promise<number>

  private constructor(source: string) {
    this.worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`))
    this.#messages = on(this.worker, 'message', { close: ['exit'] })
    this.#exit = new Promise((resolve) => this.worker.once('exit', resolve))
  }

  /**
   * Starts an ES module in a worker, and waits for its first message.
   *
   * @param source may use all that the package exports, `parentPort`, `sleep`, `load(name, options)` for a fixture,
   * `emit(object, count)` for records of the `ring` fixture, and `ids(object)` for what is in the kernel
   */
  static async start<T>(source: string): Promise<{ worker: TestWorker; message: T }> {
    const worker = new TestWorker(`
      import { parentPort } from 'node:worker_threads'
      import { setTimeout as sleep } from 'node:timers/promises'
      import { loadObject, openMap, openObject, RingBuffer } from ${JSON.stringify(builtPackage())}
      const load = (name, options) => loadObject(new URL(name + '.bpf.o', ${JSON.stringify(fixture('').href)}), options)
      const emit = (object, repeat) => object.programs.submit.testRun({ data: new Uint8Array(64), repeat })
      const ids = (object) => ({
        programs: Object.values(object.programs).map(({ id }) => id),
        maps: Object.values(object.maps).map(({ id }) => id),
      })
      ${source}
    `)
    try {
      return { worker, message: await worker.message<T>() }
    } catch (error) {
      await worker.terminate()
      throw error
    }
  }

  /** The next message. @throws the error that ended the worker */
  async message<T>(): Promise<T> {
    const { done, value } = await this.#messages.next()
    if (done) throw new Error('the worker has ended')
    return value[0] as T
  }

  async ask<T>(message: unknown): Promise<T> {
    const answer = this.message<T>()
    this.worker.postMessage(message)
    return await answer
  }

  /** Waits until it ends by itself. */
  async end(): Promise<number> {
    return await this.#exit
  }

  async terminate(): Promise<void> {
    await this.worker.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.terminate()
  }
}
