/** The kernel's own BTF, which loads of objects share while there are some: libbpf parses it once. */
import { binding } from './binding.ts'

/** A program that loads several objects does so within seconds. */
const IDLE_MS = 60_000

let timer: NodeJS.Timeout | undefined

/** After each load: what this thread has parsed is given up a minute after the last. */
export function releaseWhenIdle(): void {
  if (timer !== undefined) {
    timer.refresh()
    return
  }
  timer = setTimeout(() => {
    timer = undefined
    binding.kernelBtfRelease()
  }, IDLE_MS)
  timer.unref()
}
