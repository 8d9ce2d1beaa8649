/**
 * npm's `bpf`: hashes and arrays, over a libbpf of its own. It has neither ring buffers nor a loader nor mapped memory. Its
 * get of per-CPU values writes past the buffer that it makes for them: never call that.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { installed } from '../places.ts'
import { installPackage } from './npm.ts'
import { type Availability, wordsOf } from './peer.ts'

const VERSION = '1.3.0'

const folder = join(installed, 'npm')
const place = join(folder, 'node_modules/bpf')

interface TypeConversion<T> {
  parse(buffer: Buffer): T
  format(buffer: Buffer, value: T): void
}

/** What is used of the package. */
export interface NpmMap<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): this
  delete(key: K): boolean
  getBatch(batchSize: number): IterableIterator<[K, V][]>
}

interface NpmReference {
  close(): void
}

interface NpmPackage {
  openMap(id: number): NpmReference
  ConvMap: new <K, V>(reference: NpmReference, key: TypeConversion<K>, value: TypeConversion<V>) => NpmMap<K, V>
  u32type: TypeConversion<number>
}

/** As its user would write it. */
const flowType: TypeConversion<{ packets: bigint; bytes: number; flags: number }> = {
  parse: (buffer) => ({
    packets: buffer.readBigUInt64LE(0),
    bytes: buffer.readUInt32LE(8),
    flags: buffer.readUInt32LE(12),
  }),
  format: (buffer, value) => {
    buffer.writeBigUInt64LE(value.packets, 0)
    buffer.writeUInt32LE(value.bytes, 8)
    buffer.writeUInt32LE(value.flags, 12)
  },
}

export type NpmFlowMap = NpmMap<number, { packets: bigint; bytes: number; flags: number }>

export function installNpmPeer(): Availability {
  const name = `npm bpf ${VERSION}`
  try {
    if (versionHere() !== VERSION) installPackage(`bpf@${VERSION}`, folder)
    loadPackage()
    return { name }
  } catch (error) {
    return { name, missing: wordsOf(error) }
  }
}

function versionHere(): string | undefined {
  const manifest = join(place, 'package.json')
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined
}

function loadPackage(): NpmPackage {
  return createRequire(join(folder, 'bench.js'))('bpf') as NpmPackage
}

/** The map of this id, u32 to `flow`; `undefined` where the package is not to be had. */
export function openNpmMap(id: number): { map: NpmFlowMap; close(): void } | undefined {
  if (!existsSync(place)) return undefined
  const { openMap, ConvMap, u32type } = loadPackage()
  const reference = openMap(id)
  return { map: new ConvMap(reference, u32type, flowType), close: () => reference.close() }
}
