/** Overrides of the kernel's configuration, as `extern … __kconfig` variables see it. */
import { inspectBriefly } from './arguments.ts'
import { invalidArgument, unknownName } from './errors.ts'

/** A value of an `extern … __kconfig` variable, as a .config file would have it: `true` is `y`. */
export type KconfigValue = boolean | number | bigint | string

/**
 * Lines of a .config file, as libbpf takes them.
 *
 * @param externs names that the object declares
 * @throws EbpfError ERR_EBPF_UNKNOWN_NAME for another name, TypeError for a value that a .config file cannot hold
 */
export function kconfigLines(values: Record<string, KconfigValue>, externs: readonly string[]): string {
  return Object.entries(values)
    .map(([name, value]) => {
      if (!externs.includes(name)) throw unknownName('__kconfig extern', name, externs)
      return `${name}=${kconfigText(name, value)}\n`
    })
    .join('')
}

function kconfigText(name: string, value: unknown): string {
  if (typeof value === 'boolean') return value ? 'y' : 'n'
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) return String(value)
  // libbpf takes what is between the first and the last quote as it is.
  if (typeof value === 'string' && !/[\n\0]/.test(value)) return /^[ymn]$/.test(value) ? value : `"${value}"`
  throw invalidArgument(
    `kconfig.${name} must be a boolean, an integer or a string of one line, not ${inspectBriefly(value)}`,
  )
}
