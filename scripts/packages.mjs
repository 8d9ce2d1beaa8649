// Which package of which distribution brings what is needed, and the command that installs it. Pure: everything that
// it knows about this machine is passed in, so that every answer can be tested.

/**
 * What a machine may lack. `why` completes the sentence "needed to ..."; the names are those of each package manager.
 * @type {Record<string, { why: string, apt: string, dnf: string, apk: string, pacman: string }>}
 */
export const needs = {
  clang: { why: 'compile BPF programs', apt: 'clang', dnf: 'clang', apk: 'clang', pacman: 'clang' },
  'kernel headers': {
    why: 'compile BPF programs',
    apt: 'linux-libc-dev',
    dnf: 'kernel-headers',
    apk: 'linux-headers',
    pacman: 'linux-api-headers',
  },
  'C++ compiler': { why: 'build the addon', apt: 'g++', dnf: 'gcc-c++', apk: 'g++', pacman: 'gcc' },
  make: { why: 'build the addon', apt: 'make', dnf: 'make', apk: 'make', pacman: 'make' },
  python: { why: 'run node-gyp', apt: 'python3', dnf: 'python3', apk: 'python3', pacman: 'python' },
  'Node headers': {
    why: 'build the addon',
    apt: 'libnode-dev',
    dnf: 'nodejs-devel',
    apk: 'nodejs-dev',
    pacman: 'nodejs',
  },
  'pkg-config': {
    why: "find the system's libbpf",
    apt: 'pkg-config',
    dnf: 'pkgconf-pkg-config',
    apk: 'pkgconf',
    pacman: 'pkgconf',
  },
  zlib: { why: 'link the bundled libbpf', apt: 'zlib1g-dev', dnf: 'zlib-static', apk: 'zlib-static', pacman: 'zlib' },
  bzip2: { why: "unpack libelf's source", apt: 'bzip2', dnf: 'bzip2', apk: 'bzip2', pacman: 'bzip2' },
  libbpf: {
    why: "build against the system's libbpf",
    apt: 'libbpf-dev',
    dnf: 'libbpf-devel',
    apk: 'libbpf-dev',
    pacman: 'libbpf',
  },
  iproute2: {
    why: 'make network namespaces for tests',
    apt: 'iproute2',
    dnf: 'iproute',
    apk: 'iproute2',
    pacman: 'iproute2',
  },
  qemu: {
    why: 'run tests in virtual machines',
    apt: 'qemu-system-x86',
    dnf: 'qemu-system-x86-core',
    apk: 'qemu-system-x86_64',
    pacman: 'qemu-system-x86',
  },
  busybox: {
    why: 'start virtual machines',
    apt: 'busybox-static',
    dnf: 'busybox',
    apk: 'busybox-static',
    pacman: 'busybox',
  },
  kmod: { why: "index and load kernels' modules", apt: 'kmod', dnf: 'kmod', apk: 'kmod', pacman: 'kmod' },
  xz: { why: 'decompress kernels', apt: 'xz-utils', dnf: 'xz', apk: 'xz', pacman: 'xz' },
  zstd: { why: 'decompress kernels', apt: 'zstd', dnf: 'zstd', apk: 'zstd', pacman: 'zstd' },
  lz4: { why: 'decompress kernels', apt: 'lz4', dnf: 'lz4', apk: 'lz4', pacman: 'lz4' },
}

const installers = {
  apt: 'apt-get install --yes --no-install-recommends',
  dnf: 'dnf install --assumeyes',
  apk: 'apk add',
  pacman: 'pacman --sync --needed',
}

export const managers = Object.keys(installers)

/** The packages that bring the missing things, each once, in the order of the table above. */
export function packagesFor(missing, manager) {
  const unknown = missing.find((need) => !(need in needs))
  if (unknown !== undefined) throw new RangeError(`Nothing is known about "${unknown}".`)
  const wanted = Object.keys(needs).filter((need) => missing.includes(need))
  return [...new Set(wanted.map((need) => needs[need][manager]))]
}

/** The command that installs the missing things here: what a person can paste. */
export function installCommand(missing, { manager, uid }) {
  if (manager === undefined) return `install ${missing.join(', ')} by hand`
  const command = `${installers[manager]} ${packagesFor(missing, manager).join(' ')}`
  return uid === 0 ? command : `sudo ${command}`
}

/**
 * What the set-up does about the missing things: nothing, install them itself (root on a Debian-like system), or stop
 * and name the command.
 */
export function plan(missing, { manager, uid }) {
  if (missing.length === 0) return { action: 'nothing' }
  const command = installCommand(missing, { manager, uid })
  if (manager === 'apt' && uid === 0) return { action: 'install', command, packages: packagesFor(missing, 'apt') }
  const hindrance =
    manager === undefined
      ? 'no package manager that is known here was found'
      : uid === 0
        ? 'only apt is driven from here'
        : 'only root may install packages'
  const remedy = manager === undefined ? 'Install them by hand.' : `Run: ${command}`
  return { action: 'stop', command, reason: `Missing: ${missing.join(', ')}; ${hindrance}. ${remedy}` }
}

/** Why the system's libbpf will not do, and what to do about it; `version` is undefined where there is none. */
export function libbpfProblem(version, oldest, machine) {
  const needed = `libbpf ${oldest} or newer is needed`
  if (version === undefined) {
    return `${needed} and pkg-config finds none. Run: ${installCommand(['pkg-config', 'libbpf'], machine)}`
  }
  return `${needed} and this system's is ${version}. Name a Debian mirror in EBPF_DEBIAN_MIRROR to build the bundled one.`
}

/** The things to look for; what a build against the system's libbpf needs differs from what the bundled one does. */
export function requirements(libbpf, { vm = false } = {}) {
  return [...buildRequirements(libbpf), ...(vm ? ['qemu', 'busybox', 'kmod', 'xz', 'zstd', 'lz4'] : [])]
}

function buildRequirements(libbpf) {
  const always = ['clang', 'kernel headers', 'C++ compiler', 'make', 'python', 'Node headers', 'iproute2']
  return libbpf === 'system' ? [...always, 'pkg-config', 'libbpf'] : [...always, 'zlib', 'bzip2']
}

/** Is a dotted version older than another? Only the numbers that `than` has are compared. */
export function isOlder(version, than) {
  const numbers = version.split('.').map(Number)
  for (const [index, wanted] of than.split('.').map(Number).entries()) {
    const had = numbers[index] ?? 0
    if (had !== wanted) return had < wanted
  }
  return false
}

/** Why this package cannot work here at all, as one sentence, or undefined. */
export function obstacle({ platform, node, oldestNode }) {
  if (platform !== 'linux') return `eBPF is part of the Linux kernel; this is ${platform}.`
  if (isOlder(node, oldestNode)) return `Node.js ${oldestNode} or newer is needed; this is ${node}.`
  return undefined
}

/** Why programs cannot be loaded into the running kernel, as one sentence, or undefined. */
export function kernelObstacle({ hasBpf, release, capabilities }) {
  if (!hasBpf) return `This kernel (${release}) was built without BPF (CONFIG_BPF_SYSCALL).`
  const has = (bit) => (capabilities & (1n << BigInt(bit))) !== 0n
  const [sysAdmin, perfmon, bpf] = [21, 38, 39].map(has)
  if (!sysAdmin && !(perfmon && bpf)) {
    return 'Loading BPF programs needs privilege: run as root (in a container: --privileged), or with CAP_BPF and CAP_PERFMON.'
  }
  return undefined
}

/** The packages of a package-lock.json that node_modules (its own hidden lock file) lacks or has in another version. */
export function outdatedModules(lock, installed) {
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== '' && !entry.optional && !entry.devOptional && !entry.peer)
    .filter(([path, entry]) => installed?.packages[path]?.version !== entry.version)
    .map(([path]) => path)
}
