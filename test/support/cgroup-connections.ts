/** Sockets whose connects are those of a cgroup, and send nothing. */
import { type Socket, createSocket } from 'node:dgram'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Cgroup, mountPoint } from './cgroup.ts'

/** A cgroup's processes, as far as this one is concerned. */
function ownProcesses(): string {
  const line = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('0::'))
  return join(mountPoint(), (line as string).slice('0::'.length), 'cgroup.procs')
}

/** @param connect of a datagram socket: the kernel keeps the address, and no packet is sent */
export async function withConnections(
  cgroup: Cgroup,
  body: (socket: Socket, connect: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const before = ownProcesses()
  cgroup.add(process.pid)
  const socket = createSocket('udp4')
  try {
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    let connected = false
    await body(socket, async () => {
      if (connected) socket.disconnect()
      await new Promise<void>((resolve) => socket.connect(9, '127.0.0.1', resolve))
      connected = true
    })
  } finally {
    await new Promise<void>((resolve) => socket.close(resolve))
    writeFileSync(before, String(process.pid))
  }
}
