/**
 * `node --import ebpf/register app.ts`: imports of `./x.bpf.c` and `./x.bpf.o` are modules from here on, in this thread and in
 * the workers that it starts.
 */
import * as nodeModule from 'node:module'
import { MessageChannel, workerData } from 'node:worker_threads'
import { packageRoot } from '../package-root.ts'
import { COMPILER } from './compiler-thread.ts'
import { importNow } from './import-now.ts'
import { type Report, tell } from './report.ts'
import { requestOfUrl } from './request.ts'

interface SyncHooks {
  load: (url: string, context: object, next: (url: string, context: object) => unknown) => unknown
}

/** Since Node 22.15 and 23.5; the types are those of Node 20. */
const { registerHooks } = nodeModule as { registerHooks?: (hooks: SyncHooks) => void }

// The thread that compiles imports nothing of the kind, and is told of --import by NODE_OPTIONS.
if (workerData !== COMPILER) {
  if (registerHooks !== undefined) registerHooks({ load })
  else registerThread()
}

/** In the thread that imports: also for `require`. */
function load(url: string, context: object, next: (url: string, context: object) => unknown): unknown {
  const request = requestOfUrl(url)
  if (request === undefined) return next(url, context)
  return { format: 'module', source: importNow(request), shortCircuit: true }
}

/** Before, hooks ran in a thread of their own, which cannot speak to the process that watches. */
function registerThread(): void {
  const { port1, port2 } = new MessageChannel()
  port1.on('message', (report: Report) => tell(report))
  port1.unref()
  for (const extension of ['.bpf.c', '.bpf.o']) nodeModule.createRequire(import.meta.url).extensions[extension] = refuse
  nodeModule.register(new URL('dist/loader/hooks.js', packageRoot), { data: { port: port2 }, transferList: [port2] })
}

/** Without this, `require` would read C as JavaScript. */
function refuse(_module: unknown, path: string): never {
  const message = `${path} cannot be required on Node ${process.version}: import it, or use Node 22.15 or newer`
  throw Object.assign(new Error(message), { code: 'ERR_REQUIRE_ASYNC_MODULE' })
}
