import { parseArgs } from 'node:util'
import { Problem } from './problem.ts'

export interface DemoOptions {
  help: boolean
  json: boolean
  quiet: boolean
  /** Forever without it. */
  seconds: number | undefined
}

export const help = `Shows what the running kernel does: every program that is executed, every process that ends, every file
that is opened.

  npm run demo -- [options]

  --json        one JSON object a line instead of a table
  --seconds N   end after N seconds; without it, Ctrl-C ends it
  --quiet       do not start a few harmless processes, so that there is something to see
  --help        this text

An event says: time, type, pid, parent, command, result (a negative errno when it failed; of an open, the descriptor;
of an exit, as in a shell the code or 128 + the signal), durationNs (of an exit, how long the process lived; null when
the beginning was not seen), and
  exec   arguments (of a failed execution only the path of the program), cut
  exit   exitCode or signal, the other is null
  open   path, flags, cut
Texts are cut after 256 bytes, and "cut" says whether they were.
`

/** setTimeout cannot wait longer than this many milliseconds. */
const longestWait = 2 ** 31 - 1

/** @throws Problem for what is no option. */
export function readArguments(args: string[]): DemoOptions {
  const { help = false, json = false, quiet = false, seconds } = parse(args)
  return { help, json, quiet, seconds: seconds === undefined ? undefined : positive(seconds) }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        help: { type: 'boolean' },
        json: { type: 'boolean' },
        quiet: { type: 'boolean' },
        seconds: { type: 'string' },
      },
    }).values
  } catch (error) {
    throw new Problem(`${(error as Error).message.split('. ')[0]}. Known: --json, --seconds N, --quiet, --help.`)
  }
}

function positive(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds * 1000 <= longestWait) return seconds
  throw new Problem(`--seconds takes a positive number, not "${text}".`)
}
