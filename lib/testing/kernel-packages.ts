/** Which of a distribution's packages hold kernels, and which of them a version names. Pure: it reads apt's words only. */

/** A package of a kernel, as the package lists tell of it. */
export interface KernelPackage {
  /** Such as linux-image-6.12.107+deb13-amd64. */
  name: string
  /** What `uname -r` will say, such as 6.12.107+deb13-amd64. */
  release: string
  /** The package's version, which begins with the kernel's own, such as 6.12.107-1. */
  version: string
}

/** One paragraph of `apt-cache show`. */
export type PackageRecord = Readonly<Record<string, string>>

/** The paragraphs of `apt-cache show`; continuation lines are dropped, as no field that matters here has any. */
export function parseRecords(text: string): PackageRecord[] {
  return text
    .split(/\n{2,}/)
    .map((paragraph) =>
      Object.fromEntries(
        paragraph
          .split('\n')
          .map((line) => /^([\w-]+): (.*)$/.exec(line))
          .filter((match) => match !== null)
          .map((match) => [match[1] as string, match[2] as string]),
      ),
    )
    .filter((record) => record.Package !== undefined)
}

const IMAGE = /^linux-image-(\d+\.\d+[.\d]*(?:-[\d.]*\d(?:\.deb\d+\.\d+)?)?(?:\+[\w.]+)?-amd64)$/
const META = /^linux-image-(?:\d+\.\d+-)?amd64$/

/** Names of packages that hold a kernel of the general flavour, not those of clouds and real time, which lack parts. */
export const isKernelImage = (name: string): boolean => IMAGE.test(name) && !META.test(name)

/** Names of packages that only depend on the newest kernel of a suite. */
export const isMetaPackage = (name: string): boolean => META.test(name)

/** The kernels that records of `linux-image` packages tell of: those that meta packages name come first. */
export function kernelsIn(records: readonly PackageRecord[]): KernelPackage[] {
  const kernels = new Map<string, KernelPackage>()
  const add = (name: string, version: string) => {
    const release = IMAGE.exec(name)?.[1]
    if (release !== undefined && !kernels.has(name)) kernels.set(name, { name, release, version })
  }
  for (const record of records) {
    if (!isMetaPackage(record.Package ?? '')) continue
    for (const { name, version } of strictDependencies(record)) if (isKernelImage(name)) add(name, version)
  }
  const rest = records.filter((record) => isKernelImage(record.Package ?? '') && record.Filename !== undefined)
  for (const record of rest) add(record.Package as string, record.Version ?? '')
  return [...kernels.values()]
}

/** Dependencies on one version exactly: how a kernel's package names its parts. */
export function strictDependencies(record: PackageRecord): { name: string; version: string }[] {
  return `${record['Pre-Depends'] ?? ''},${record.Depends ?? ''}`
    .split(',')
    .map((dependency) => /^\s*([\w.+-]+) \(= ([^)]+)\)\s*$/.exec(dependency))
    .filter((match) => match !== null)
    .map((match) => ({ name: match[1] as string, version: match[2] as string }))
}

/** The parts that hold a kernel's files; newer kernels come in several packages. */
export function isKernelPart(name: string): boolean {
  return /^linux-(?:image|binary|modules|base)-\d+\.\d+/.test(name)
}

/** Whether this kernel is one that the version names: `6.12`, `6.12.107`, `6`, `latest`, or a whole release. */
export function matchesVersion(kernel: { release: string; version: string }, wanted: string): boolean {
  if (wanted === 'latest' || wanted === kernel.release) return true
  if (!isVersion(wanted)) return false
  const prefix = wanted.replace(/\.x$/, '')
  return [kernel.release, kernel.version].some(
    (known) => known.startsWith(prefix) && !/^\d/.test(known.slice(prefix.length)),
  )
}

/** Whether the words of a user are a version, not a path. */
export const isVersion = (wanted: string): boolean => /^(?:latest|\d+(?:\.\d+){0,2}|\d+(?:\.\d+)?\.x)$/.test(wanted)

/** The newest kernel that the version names. */
export function newestMatch<T extends { release: string; version: string }>(
  kernels: readonly T[],
  wanted: string,
): T | undefined {
  return kernels
    .filter((kernel) => matchesVersion(kernel, wanted))
    .sort((a, b) => compareVersions(b.version, a.version))[0]
}

/** The series of a kernel: its first two numbers. */
export const seriesOf = (version: string): string => /^\d+\.\d+/.exec(version)?.[0] ?? version

/** The series of all these kernels, oldest first, each once. */
export function seriesIn(kernels: readonly { version: string }[]): string[] {
  return [...new Set(kernels.map(({ version }) => seriesOf(version)))].sort(compareVersions)
}

/**
 * Debian's order of versions: negative when `a` is older. Digits compare as numbers, `~` sorts before the end.
 *
 * The order: deb-version(7).
 */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string): readonly string[] => version.match(/\d+|\D+/g) ?? []
  const [left, right] = [parts(a), parts(b)]
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [one = '', other = ''] = [left[index], right[index]]
    if (one === other) continue
    const numbers = [one, other].every((part) => /^\d*$/.test(part)) && one !== '' && other !== ''
    const difference = numbers ? Number(one) - Number(other) : compareWords(one, other)
    if (difference !== 0) return difference
  }
  return 0
}

function compareWords(a: string, b: string): number {
  const weight = (letter: string | undefined) => {
    if (letter === '~') return -1
    if (letter === undefined || /\d/.test(letter)) return 0
    return (letter.codePointAt(0) ?? 0) + (/[a-z]/i.test(letter) ? 0 : 256)
  }
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = weight(a[index]) - weight(b[index])
    if (difference !== 0) return difference
  }
  return 0
}
