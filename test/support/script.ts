import { spawnSync } from 'node:child_process'

export interface ScriptResult {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/**
 * Runs an ES module in a process of its own, to its end.
 *
 * @param source may use `ebpf`, all that the package exports, compiled, and `fixture(name)`, the path of a compiled fixture
 * @param prefix what runs node, such as `setpriv …`
 */
export function runScript(source: string, prefix: readonly string[] = []): ScriptResult {
  const compiled = new URL('../../dist/index.js', import.meta.url)
  const fixtures = new URL('../fixtures/', import.meta.url)
  const prelude = `
    import { fileURLToPath } from 'node:url'
    import * as ebpf from ${JSON.stringify(compiled.href)}
    const fixture = (name) => fileURLToPath(new URL(name + '.bpf.o', ${JSON.stringify(fixtures.href)}))
  `
  const [command, ...args] = [...prefix, process.execPath, '--input-type=module', '--eval', prelude + source]
  const { status, signal, stdout, stderr, error } = spawnSync(command as string, args, {
    encoding: 'utf8',
    timeout: 25_000,
  })
  if (error !== undefined) throw error
  return { status, signal, stdout, stderr }
}
