/** The native addon: where it lies, and why it cannot be loaded. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { AddonLoadError } from './errors.ts'
import { packageRoot } from './package-root.ts'

const require = createRequire(import.meta.url)

function candidates(): string[] {
  const chosen = process.env.EBPF_ADDON
  if (chosen !== undefined && chosen !== '') return [chosen]
  return [
    fileURLToPath(new URL('build/Release/ebpf.node', packageRoot)),
    fileURLToPath(new URL(`prebuilds/linux-${process.arch}/ebpf.node`, packageRoot)),
  ]
}

/** @throws AddonLoadError with why each of the files that it may be is not it */
export function loadAddon(): unknown {
  const failures: { path: string; reason: string }[] = []
  for (const path of candidates()) {
    if (!existsSync(path)) {
      failures.push({ path, reason: 'no such file' })
      continue
    }
    try {
      return require(path)
    } catch (error) {
      failures.push({ path, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  throw new AddonLoadError(failures)
}
