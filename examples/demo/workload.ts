import { spawn } from 'node:child_process'

/** Harmless: two programs that end at once, and one that does not exist. */
const commands: [program: string, ...args: string[]][] = [
  ['/bin/true'],
  ['/bin/sh', '-c', 'cat /etc/hostname'],
  ['/no/such/program'],
]

/** Starts one of the commands a few times a second, so that there is something to see on a quiet machine. */
export function startWorkload(): Disposable {
  let turn = 0
  const timer = setInterval(() => {
    const [program, ...args] = commands[turn++ % commands.length] as (typeof commands)[number]
    // Without an environment they have no locale to look for in dozens of files.
    spawn(program, args, { stdio: 'ignore', env: {} }).on('error', () => {
      // The program that does not exist.
    })
  }, 250)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
