/**
 * What the tests of your own programs need: `import { runInVm } from 'ebpf/testing'`. It works without the native addon.
 *
 * @packageDocumentation
 */
export { runInVm } from './run-in-vm.ts'
export { availableKernels } from './kernel.ts'
export { VmError } from './vm-error.ts'

// Types
export type { VmOptions } from './run-in-vm.ts'
export type { VmResult } from './run-in-vm.ts'
export type { VmTerminal } from './run-in-vm.ts'
export type { VmErrorCode } from './vm-error.ts'
export type { VmProgress } from './progress.ts'
export type { OnProgress } from './progress.ts'
export type { Accelerator } from './qemu.ts'
export type { AcceleratorChoice } from './accelerator.ts'
export type { IndexOptions } from './package-index.ts'
