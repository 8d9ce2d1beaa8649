/** The one module that guests and containers have alike: their files are laid over others. */
import { existsSync, mkdtempSync, readFileSync, rmdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

/** Whether the kernel has overlayfs as a module that is loaded. */
export function hasOverlayModule(): boolean {
  return existsSync('/proc/modules') && /^overlay /m.test(readFileSync('/proc/modules', 'latin1'))
}

/** OVERLAYFS_SUPER_MAGIC of linux/magic.h. */
const OVERLAYFS = 0x794c7630

/** Makes a folder, and removes it. @returns how often the module was asked to make one */
export function makeOverlayFolder(): number {
  const folder = mkdtempSync(join(process.cwd(), 'ebpf-test-'))
  rmdirSync(folder)
  return statfsSync(process.cwd()).type === OVERLAYFS ? 1 : 0
}
