import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { file, folder, writeCpio } from '../../../lib/testing/cpio.ts'

/** A second opinion: the entries of an archive as the format's description has them. */
function entries(archive: Buffer): { name: string; mode: number; data: string }[] {
  const found = []
  for (let at = 0; ; ) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701')
    const field = (index: number) =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16)
    const [mode, size, nameSize] = [field(1), field(6), field(11)]
    const start = Math.ceil((at + 110 + nameSize) / 4) * 4
    const name = archive.toString('utf8', at + 110, at + 110 + nameSize - 1)
    if (name === 'TRAILER!!!') return found
    found.push({ name, mode, data: archive.toString('utf8', start, start + size) })
    at = Math.ceil((start + size) / 4) * 4
  }
}

describe('an archive', () => {
  it('holds folders and files with their permissions, whatever their lengths', () => {
    const contents = ['', 'a', 'ab', 'abc', 'abcd', 'ü']
    const archive = writeCpio([
      folder('bin'),
      ...contents.map((text, index) => file(`bin/${'x'.repeat(index)}`, text, 0o755)),
    ])
    expect(entries(archive)).toEqual([
      { name: 'bin', mode: 0o040755, data: '' },
      ...contents.map((data, index) => ({ name: `bin/${'x'.repeat(index)}`, mode: 0o100755, data })),
    ])
  })

  it('can be followed by another one', () => {
    expect(writeCpio([file('one', 'x'.repeat(700))]).length % 512).toBe(0)
    expect(writeCpio([]).length).toBe(512)
  })

  it.skipIf(!hasBusybox())('is what busybox unpacks', () => {
    const target = mkdtempSync(join(tmpdir(), 'cpio-'))
    try {
      const archive = writeCpio([
        folder('a'),
        file('a/program', '#!/bin/sh\n', 0o755),
        file('text', Buffer.from([0, 255])),
      ])
      execFileSync('busybox', ['cpio', '-i', '-d'], {
        cwd: target,
        input: archive,
        stdio: ['pipe', 'ignore', 'ignore'],
      })
      expect(readFileSync(join(target, 'a/program'), 'utf8')).toBe('#!/bin/sh\n')
      expect(statSync(join(target, 'a/program')).mode & 0o777).toBe(0o755)
      expect([...readFileSync(join(target, 'text'))]).toEqual([0, 255])
    } finally {
      rmSync(target, { recursive: true })
    }
  })
})

function hasBusybox(): boolean {
  try {
    execFileSync('busybox', ['cpio', '--help'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
