import { describe, expect, it } from 'vitest'
import { archivesIn } from '../../../lib/testing/archive-mirror.ts'
import {
  compareVersions,
  isKernelImage,
  isKernelPart,
  isVersion,
  kernelsIn,
  newestMatch,
  parseRecords,
  seriesIn,
  strictDependencies,
} from '../../../lib/testing/kernel-packages.ts'

const records = parseRecords(`Package: linux-image-amd64
Version: 7.3.4-1~bpo13+1
Depends: linux-base-amd64 (= 7.3.4-1~bpo13+1), linux-image-7.3.4+deb13-amd64 (= 7.3.4-1~bpo13+1)

Package: linux-image-amd64
Version: 5.10.262-1
Depends: linux-image-5.10.0-46-amd64 (= 5.10.262-1)
Description-en: Linux for 64-bit PCs
 The second line of a description: it is no field.

Package: linux-image-6.1-amd64
Version: 6.1.180-1~deb11u1
Depends: linux-image-6.1.0-0.deb11.52-amd64 (= 6.1.180-1~deb11u1)

Package: linux-image-6.12.9+deb13-amd64
Version: 6.12.9-1
Filename: pool/a.deb

Package: linux-image-6.12.10+deb13-amd64
Version: 6.12.10-1
Filename: pool/b.deb

Package: linux-image-6.18.1+deb13-amd64
Version: 6.18.1-1
`)
const kernels = kernelsIn(records)

describe('kernels', () => {
  it('are those that meta packages name, and those that can be downloaded', () => {
    expect(kernels.map(({ release }) => release)).toEqual([
      '7.3.4+deb13-amd64',
      '5.10.0-46-amd64',
      '6.1.0-0.deb11.52-amd64',
      '6.12.9+deb13-amd64',
      '6.12.10+deb13-amd64',
    ])
  })

  it('have series, each once, oldest first', () => {
    expect(seriesIn(kernels)).toEqual(['5.10', '6.1', '6.12', '7.3'])
  })

  it.each([
    ['6.12', '6.12.10+deb13-amd64'],
    ['6.12.9', '6.12.9+deb13-amd64'],
    ['6.1', '6.1.0-0.deb11.52-amd64'],
    ['6', '6.12.10+deb13-amd64'],
    ['6.x', '6.12.10+deb13-amd64'],
    ['5.10', '5.10.0-46-amd64'],
    // Debian's 5.10 has its own number only in the version of the package.
    ['5.10.262', '5.10.0-46-amd64'],
    ['latest', '7.3.4+deb13-amd64'],
    ['6.12.10+deb13-amd64', '6.12.10+deb13-amd64'],
    ['6.18', undefined],
    ['6.12.1', undefined],
  ])('%s is %s', (wanted, release) => {
    expect(newestMatch(kernels, wanted)?.release).toBe(release)
  })

  it.each([
    ['linux-image-6.1.0-56-amd64', true],
    ['linux-image-6.12.90+deb13.1-amd64', true],
    ['linux-image-6.1.0-0.deb11.52-amd64', true],
    ['linux-image-amd64', false],
    ['linux-image-6.12-amd64', false],
    ['linux-image-6.1.0-56-cloud-amd64', false],
    ['linux-image-6.1.0-56-rt-amd64', false],
    ['linux-image-6.1.0-56-amd64-dbg', false],
    ['linux-image-6.1.0-56-amd64-unsigned', false],
  ])('%s holds one: %s', (name, expected) => {
    expect(isKernelImage(name)).toBe(expected)
  })
})

it('the parts of a kernel are what it depends on in exactly its version', () => {
  const [record] = parseRecords(
    'Package: x\nPre-Depends: linux-base (>= 4.12~)\nDepends: kmod, a | b (>= 2), linux-binary-7.3.4+deb13-amd64 (= 7.3.4-1), linux-base-7.3.4+deb13-amd64 (= 7.3.4-1), linux-doc-7.3 (= 7.3.4-1)\n',
  )
  const names = strictDependencies(record as NonNullable<typeof record>).map(({ name }) => name)
  expect(names).toEqual(['linux-binary-7.3.4+deb13-amd64', 'linux-base-7.3.4+deb13-amd64', 'linux-doc-7.3'])
  expect(names.filter(isKernelPart)).toEqual(['linux-binary-7.3.4+deb13-amd64', 'linux-base-7.3.4+deb13-amd64'])
})

it.each(['6', '6.12', '6.12.3', '6.x', '7.3.x', 'latest'])('%s is a version', (word) => {
  expect(isVersion(word)).toBe(true)
})

it.each(['', 'vmlinux', './6.12', '/boot/vmlinuz-6.1', '6.12/', '6.1.2.3', '-6'])('"%s" is a path', (word) => {
  expect(isVersion(word)).toBe(false)
})

it.each([
  ['5.10', '5.9', 1],
  ['6.1.192-2', '6.1.192-10', -1],
  ['6.12.95-1~bpo12+1', '6.12.95-1', -1],
  ['6.12.90+deb13.1', '6.12.90+deb13', 1],
  ['7.3~rc7', '7.3', -1],
  ['6.1.0-56-amd64', '6.1.0-56-amd64', 0],
  ['10.0', '9.99', 1],
])('%s against %s: %i', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign)
  expect(Math.sign(compareVersions(b, a))).toBe(0 - sign)
})

describe("Debian's archives", () => {
  const [main, security] = ['http://mirror.example/debian', 'http://mirror.example/debian-security']

  it("are those of apt's sources, whatever else they name", () => {
    expect(archivesIn(['https://other.example/apt', `${security}/`, `${main}/`])).toEqual({ main, security })
  })

  it('lie beside each other where one of them is named', () => {
    expect(archivesIn([main])).toEqual({ main, security })
    expect(archivesIn([security])).toEqual({ main, security })
  })

  it('are none in the sources of others', () => {
    expect(archivesIn(['http://mirror.example/ubuntu'])).toBeUndefined()
    expect(archivesIn([])).toBeUndefined()
  })
})
