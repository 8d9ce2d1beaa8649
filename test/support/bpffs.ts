import { mkdtempSync, rmSync } from 'node:fs'

/** A folder of its own in the BPF file system, for the length of `body`; whatever is pinned there goes with it. */
export async function withBpffs<T>(body: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync('/sys/fs/bpf/ebpf_test_')
  try {
    return await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
