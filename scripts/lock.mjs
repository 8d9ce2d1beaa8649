// Two builds in one checkout would write the same files. The second waits for the first.

import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { besides, Problem, say } from './support.mjs'

const patience = 15 * 60_000

/** Runs `work` while no other process holds the folder's lock. A lock whose owner is gone does not count. */
export async function withLock(folder, work) {
  mkdirSync(folder, { recursive: true })
  const lock = join(folder, '.lock')
  const deadline = Date.now() + patience
  for (let told = false; !take(lock); await sleep(200)) {
    const owner = ownerOf(lock)
    if (owner === undefined) continue
    if (!told) say(`Waiting for another build here (process ${owner}) to finish`)
    told = true
    if (Date.now() > deadline)
      throw new Problem(`Another build (process ${owner}) has held ${lock} for 15 minutes. End it and try again.`)
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** A link appears with its contents: nobody ever reads a lock that does not name its owner yet. */
function take(lock) {
  const mine = besides(lock)
  try {
    writeFileSync(mine, String(process.pid))
    linkSync(mine, lock)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw new Problem(`${lock} cannot be written (${error.code}): is the checkout owned by another user?`)
  } finally {
    rmSync(mine, { force: true })
  }
}

/** The process that holds the lock; removes the lock when that process no longer runs. */
function ownerOf(lock) {
  let owner
  try {
    owner = Number(readFileSync(lock, 'utf8'))
    process.kill(owner, 0)
    return owner
  } catch (error) {
    if (error.code === 'EPERM') return owner
    if (error.code === 'ESRCH') rmSync(lock, { force: true })
    return undefined
  }
}
