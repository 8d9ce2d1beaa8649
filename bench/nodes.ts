/** Versions of Node: the one that runs this, and others out of npm's `node-linux-*` packages. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { wordsOf } from './peers/peer.ts'
import { installPackage } from './peers/npm.ts'
import { cache } from './places.ts'

/** What `--node all` means. */
const ALL = [20, 22, 24, 26]

const OWN = Number(process.versions.node.split('.')[0])

export interface NodeVersion {
  major: number
  /** Without its "v". */
  version: string
  program: string
}

export interface MissingNode {
  major: number
  /** Why it is not to be had here. */
  missing: string
}

/** Major versions: `undefined` is the Node that runs this, "all" is all of them, "20,24" are these two. */
export function majorsOf(wanted: string | undefined): number[] {
  if (wanted === undefined) return [OWN]
  const majors = wanted === 'all' ? ALL : wanted.split(',').map(Number)
  if (majors.some((major) => !Number.isInteger(major) || major < 20)) {
    throw new TypeError(`--node wants "all" or major versions from 20 on, such as 20,24, and not "${wanted}".`)
  }
  return majors
}

export function findNodes(majors: readonly number[]): (NodeVersion | MissingNode)[] {
  return majors.map((major) => (major === OWN ? nodeOf(OWN, process.execPath) : install(major)))
}

function install(major: number): NodeVersion | MissingNode {
  const name = `node-linux-${process.arch}`
  const folder = join(cache, `node-${major}`)
  const program = join(folder, 'node_modules', name, 'bin/node')
  try {
    if (!existsSync(program)) installPackage(`${name}@${major}`, folder)
    return nodeOf(major, program)
  } catch (error) {
    return { major, missing: wordsOf(error) }
  }
}

function nodeOf(major: number, program: string): NodeVersion {
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().replace(/^v/, '')
  return { major, version, program }
}
