/** Runs once before the tests that need the kernel: what a bare machine or container lacks. */
import { mountMissing } from '../scripts/mounts.mjs'

export default function setup(): void {
  mountMissing()
}
