import { constants } from 'node:fs'

const accessModes = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE']

/** Names with several bits come before those with one of them. The last four are not in node:fs. */
const names: [name: string, bits: bigint][] = [
  ...(['O_SYNC', 'O_DSYNC'] as const).map(named),
  ['O_TMPFILE', 0o20000000n | BigInt(constants.O_DIRECTORY)],
  ...(['O_CREAT', 'O_EXCL', 'O_NOCTTY', 'O_TRUNC', 'O_APPEND', 'O_NONBLOCK'] as const).map(named),
  ...(['O_DIRECT', 'O_DIRECTORY', 'O_NOFOLLOW', 'O_NOATIME'] as const).map(named),
  ['O_CLOEXEC', 0o2000000n],
  ['O_PATH', 0o10000000n],
  ['O_LARGEFILE', process.arch === 'arm64' ? 0o400000n : 0o100000n],
]

function named(name: keyof typeof constants): [string, bigint] {
  return [name, BigInt(constants[name])]
}

/** The flags of open(2) by their names; bits without a name as one hexadecimal number. */
export function openFlags(flags: bigint): string[] {
  const found = [accessModes[Number(flags & 3n)] as string]
  let rest = flags & ~3n
  for (const [name, bits] of names) {
    if ((rest & bits) !== bits) continue
    found.push(name)
    rest &= ~bits
  }
  return rest === 0n ? found : [...found, `0x${rest.toString(16)}`]
}
