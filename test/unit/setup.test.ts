import { describe, expect, it } from 'vitest'
import { mirrors } from '../../scripts/libbpf/sources.mjs'
import { missingMounts } from '../../scripts/mounts.mjs'
import {
  installCommand,
  isOlder,
  kernelObstacle,
  managers,
  needs,
  obstacle,
  outdatedModules,
  packagesFor,
  plan,
  requirements,
} from '../../scripts/packages.mjs'

const root = 0
const user = 1000

describe('the command that installs what is missing', () => {
  const missing = ['libbpf', 'clang', 'C++ compiler']

  it.each([
    ['apt', 'apt-get install --yes --no-install-recommends clang g++ libbpf-dev'],
    ['dnf', 'dnf install --assumeyes clang gcc-c++ libbpf-devel'],
    ['apk', 'apk add clang g++ libbpf-dev'],
    ['pacman', 'pacman --sync --needed clang gcc libbpf'],
  ])('is exact for %s', (manager, command) => {
    expect(installCommand(missing, { manager, uid: root })).toBe(command)
    expect(installCommand(missing, { manager, uid: user })).toBe(`sudo ${command}`)
  })

  it('names the things themselves where no package manager is known', () => {
    expect(installCommand(missing, { manager: undefined, uid: user })).toContain('libbpf, clang, C++ compiler')
  })

  it('names a package once, though it brings two things', () => {
    expect(packagesFor(['Node headers', 'clang', 'clang'], 'pacman')).toEqual(['clang', 'nodejs'])
  })

  it('refuses a thing it does not know', () => {
    expect(() => packagesFor(['abacus'], 'apt')).toThrow(RangeError)
  })

  it('has a package of every manager for every need', () => {
    for (const packages of Object.values(needs)) {
      expect(packages.why).toMatch(/^[a-z]/)
      for (const manager of managers) expect(packages[manager as 'apt']).toMatch(/^[\w.+-]+$/)
    }
  })
})

describe('what the set-up does', () => {
  it('does nothing when nothing is missing, whoever runs it', () => {
    expect(plan([], { manager: undefined, uid: user })).toEqual({ action: 'nothing' })
  })

  it('installs by itself only as root with apt', () => {
    expect(plan(['clang'], { manager: 'apt', uid: root })).toMatchObject({ action: 'install', packages: ['clang'] })
  })

  it.each([
    ['apt', user, 'Missing: make; only root may install packages. Run: sudo apt-get install --yes'],
    ['dnf', root, 'Missing: make; only apt is driven from here. Run: dnf install --assumeyes make'],
    ['apk', user, 'Missing: make; only root may install packages. Run: sudo apk add make'],
    [undefined, root, 'Missing: make; no package manager that is known here was found. Install them by hand.'],
  ])('stops with the command on %s for user %i', (manager, uid, sentence) => {
    const decision = plan(['make'], { manager, uid })
    expect(decision.action).toBe('stop')
    expect(decision.reason?.startsWith(sentence)).toBe(true)
  })

  it("looks for libbpf's package only when the system's is wanted, and for zlib only when it is not", () => {
    expect(requirements('system')).toContain('libbpf')
    expect(requirements('system')).not.toContain('zlib')
    expect(requirements('bundled')).toContain('zlib')
    expect(requirements('bundled')).not.toContain('libbpf')
  })
})

describe('virtual machines', () => {
  it('need packages of their own, only where they are wanted', () => {
    expect(requirements('bundled')).not.toContain('qemu')
    const added = requirements('bundled', { vm: true }).slice(requirements('bundled').length)
    expect(packagesFor(added, 'apt')).toEqual(['qemu-system-x86', 'busybox-static', 'kmod', 'xz-utils', 'zstd', 'lz4'])
  })
})

describe('machines that will not do', () => {
  const fine = { platform: 'linux', node: '20.19.0', oldestNode: '20.19' }
  const all = (1n << 41n) - 1n

  it('says nothing where all is well', () => {
    expect(obstacle(fine)).toBeUndefined()
    expect(kernelObstacle({ hasBpf: true, release: '6.1.0', capabilities: all })).toBeUndefined()
  })

  it.each([
    [{ ...fine, platform: 'darwin' }, 'eBPF is part of the Linux kernel; this is darwin.'],
    [{ ...fine, node: '18.20.4' }, 'Node.js 20.19 or newer is needed; this is 18.20.4.'],
  ])('says in one sentence what is wrong (%#)', (facts, sentence) => {
    expect(obstacle(facts)).toBe(sentence)
  })

  it('knows a kernel without BPF, and a process without privilege', () => {
    expect(kernelObstacle({ hasBpf: false, release: '6.1.0', capabilities: all })).toContain('CONFIG_BPF_SYSCALL')
    expect(kernelObstacle({ hasBpf: true, release: '6.1.0', capabilities: 0n })).toContain('run as root')
  })

  it('takes CAP_BPF with CAP_PERFMON for CAP_SYS_ADMIN, but not one alone', () => {
    const with_ = (...bits: bigint[]) => ({
      hasBpf: true,
      release: '6.1.0',
      capabilities: bits.reduce((sum, bit) => sum | (1n << bit), 0n),
    })
    expect(kernelObstacle(with_(21n))).toBeUndefined()
    expect(kernelObstacle(with_(38n, 39n))).toBeUndefined()
    expect(kernelObstacle(with_(39n))).toBeDefined()
  })

  it.each([
    ['20.19.0', '20.19', false],
    ['20.9.0', '20.19', true],
    ['22.0.0', '20.19', false],
    ['1.1', '1.1', false],
    ['1.0.1', '1.1', true],
    ['0.8', '1.1', true],
  ])('%s older than %s: %s', (version, than, expected) => {
    expect(isOlder(version, than)).toBe(expected)
  })
})

describe('npm packages', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0' },
      'node_modules/other-platform': { version: '1.0.0', optional: true },
    },
  }

  it('are all outdated where none was ever installed', () => {
    expect(outdatedModules(lock, undefined)).toEqual(['node_modules/a', 'node_modules/b'])
  })

  it('are outdated by version, whatever optional ones are there', () => {
    const installed = { packages: { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.9.0' } } }
    expect(outdatedModules(lock, installed)).toEqual(['node_modules/b'])
    installed.packages['node_modules/b'].version = '2.0.0'
    expect(outdatedModules(lock, installed)).toEqual([])
  })
})

describe("the mirror of libbpf's source", () => {
  it("comes from apt's own configuration, Debian's main archive first, each once", () => {
    const targets = 'https://other.example/packages/\nhttp://mirror.example/debian/\nhttp://mirror.example/debian/\n'
    expect(mirrors({}, () => targets)).toEqual(['http://mirror.example/debian', 'https://other.example/packages'])
  })

  it('can be named in the environment', () => {
    expect(mirrors({ EBPF_DEBIAN_MIRROR: 'http://near.example/debian/' }, () => '')).toEqual([
      'http://near.example/debian',
    ])
  })

  it('is none where apt knows none', () => {
    expect(mirrors({}, () => '')).toEqual([])
  })
})

describe('mounts', () => {
  it('are wanted where the mount table lacks them, and only there', () => {
    const both = 'tracefs /sys/kernel/tracing tracefs rw 0 0\nbpf /sys/fs/bpf bpf rw 0 0\n'
    expect(missingMounts(both)).toEqual([])
    expect(missingMounts('').map((mount) => mount.type)).toEqual(['tracefs', 'bpf'])
  })
})
