/**
 * Images of kernels: the compressed bzImage that distributions ship, and the ELF file inside of it. QEMU boots the latter
 * directly, without running a decompressor in an emulated processor: seconds of each boot.
 *
 * The format: Linux, Documentation/arch/x86/boot.rst.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { requireTool } from './host-tools.ts'
import { runCommand } from '../system/subprocess.ts'
import { VmError } from './vm-error.ts'

export type Compression = 'gzip' | 'xz' | 'zstd' | 'lz4' | 'none'

export interface BzImage {
  /** As `uname -r` says it, where the image has it. */
  release: string | undefined
  /** The compressed kernel. */
  payload: Buffer
  compression: Compression
}

const MAGICS: readonly (readonly [Compression, string])[] = [
  ['gzip', '1f8b08'],
  ['xz', 'fd377a585a00'],
  ['zstd', '28b52ffd'],
  ['lz4', '02214c18'],
  ['none', '7f454c46'],
]

/** Which compression a file's first bytes tell of. */
export function compressionOf(bytes: Uint8Array): Compression | undefined {
  const start = Buffer.from(bytes.subarray(0, 8)).toString('hex')
  return MAGICS.find(([, magic]) => start.startsWith(magic))?.[0]
}

export const isElf = (bytes: Uint8Array): boolean => compressionOf(bytes) === 'none'

/** The parts of a bzImage, or undefined where the bytes are none. */
export function parseBzImage(image: Buffer): BzImage | undefined {
  if (image.length < 0x264 || image.toString('latin1', 0x202, 0x206) !== 'HdrS') return undefined
  const version = image.readUInt16LE(0x206)
  // payload_offset and payload_length came with version 2.08 of the boot protocol.
  if (version < 0x208) return undefined
  const setupBytes = ((image[0x1f1] || 4) + 1) * 512
  const start = setupBytes + image.readUInt32LE(0x248)
  const end = start + image.readUInt32LE(0x24c)
  if (end > image.length || start >= end) return undefined
  const payload = image.subarray(start, end)
  const compression = compressionOf(payload)
  return compression === undefined ? undefined : { release: bzImageRelease(image), payload, compression }
}

function bzImageRelease(image: Buffer): string | undefined {
  const offset = image.readUInt16LE(0x20e)
  if (offset === 0) return undefined
  const start = offset + 0x200
  const text = image.toString('latin1', start, start + 256)
  return /^([^\s\0]+)[\s\0]/.exec(text)?.[1]
}

/** The release that the banner of an uncompressed kernel names. */
export function vmlinuxRelease(image: Buffer): string | undefined {
  for (let at = image.indexOf('Linux version '); at !== -1; at = image.indexOf('Linux version ', at + 1)) {
    const match = /^Linux version (\d+\.\d[^\s%\0]*) /.exec(image.toString('latin1', at, at + 128))
    if (match !== null) return match[1]
  }
  return undefined
}

const PT_NOTE = 4
/** XEN_ELFNOTE_PHYS32_ENTRY: where a hypervisor enters the kernel (CONFIG_PVH). */
const PHYS32_ENTRY = 18

/** Whether QEMU can boot this ELF kernel directly. */
export function hasPvhEntry(image: Buffer): boolean {
  if (!isElf(image) || image[4] !== 2) return false
  const table = Number(image.readBigUInt64LE(32))
  const [size, count] = [image.readUInt16LE(54), image.readUInt16LE(56)]
  for (let index = 0; index < count; index++) {
    const header = table + index * size
    if (header + 40 > image.length || image.readUInt32LE(header) !== PT_NOTE) continue
    const start = Number(image.readBigUInt64LE(header + 8))
    const end = Math.min(start + Number(image.readBigUInt64LE(header + 32)), image.length)
    for (let note = start; note + 12 <= end; ) {
      const [nameSize, dataSize, type] = [0, 4, 8].map((field) => image.readUInt32LE(note + field)) as [
        number,
        number,
        number,
      ]
      const name = image.toString('latin1', note + 12, note + 12 + Math.max(nameSize - 1, 0))
      if (type === PHYS32_ENTRY && name === 'Xen') return true
      note += 12 + Math.ceil(nameSize / 4) * 4 + Math.ceil(dataSize / 4) * 4
    }
  }
  return false
}

/** Bytes as they were before the compression. Trailing bytes that kernels append are no part of them. */
export async function decompress(data: Buffer, compression: Compression): Promise<Buffer> {
  if (compression === 'none') return data
  if (compression === 'gzip') return gunzipSync(data)
  const args = { xz: ['-dc', '--single-stream'], zstd: ['-dcq'], lz4: ['-dcq'] }[compression]
  const { stdout, stderr } = await runCommand(await requireTool(compression), args, { input: data })
  // Of the size that the kernel's build appends the tools complain, after they wrote everything.
  if (stdout.length === 0)
    throw new VmError('ERR_EBPF_VM_KERNEL', `${compression} cannot decompress the kernel: ${stderr.trim()}`)
  return stdout
}

/**
 * Writes the uncompressed kernel to `target`, where the bzImage holds one that QEMU can boot directly.
 *
 * @returns whether it does
 */
export async function extractVmlinux(image: BzImage, target: string): Promise<boolean> {
  const { payload, compression } = image
  const vmlinux = await decompress(payload, compression)
  if (!hasPvhEntry(vmlinux)) return false
  const fresh = `${target}.${process.pid}.tmp`
  try {
    await writeFile(fresh, vmlinux)
    await rename(fresh, target)
  } finally {
    await rm(fresh, { force: true })
  }
  return true
}

/** What a file is: an uncompressed kernel, a bzImage, or neither. */
export async function readKernelImage(
  path: string,
): Promise<
  { kind: 'vmlinux'; release: string | undefined; bootable: boolean } | { kind: 'bzImage'; image: BzImage } | undefined
> {
  const bytes = await readFile(path)
  if (isElf(bytes)) return { kind: 'vmlinux', release: vmlinuxRelease(bytes), bootable: hasPvhEntry(bytes) }
  const image = parseBzImage(bytes)
  return image === undefined ? undefined : { kind: 'bzImage', image }
}
