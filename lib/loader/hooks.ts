/** What the thread of `module.register` runs, where Node has no hooks in the thread that imports. */
import type { MessagePort } from 'node:worker_threads'
import { produce } from './produce.ts'
import { requestOfUrl } from './request.ts'
import { brief } from './brief.ts'

let port: MessagePort | undefined

export function initialize(data: { port: MessagePort }): void {
  port = data.port
}

export async function load(
  url: string,
  context: object,
  next: (url: string, context: object) => Promise<object>,
): Promise<object> {
  const request = requestOfUrl(url)
  if (request === undefined) return await next(url, context)
  const { source, error, report } = await produce(request)
  port?.postMessage(report)
  if (source === undefined) throw brief(error)
  return { format: 'module', source, shortCircuit: true }
}
