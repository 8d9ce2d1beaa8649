import { execFileSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { newestClang } from '../../scripts/system.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** The README's block of this language that has this text in it. */
function block(language: string, text: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)]
  return blocks.find(([, name, body]) => name === language && body?.includes(text))?.[2] ?? ''
}

test("the README's first program compiles by the command that stands under it", () => {
  const project = mkdtempSync(join(tmpdir(), 'ebpf-readme-'))
  try {
    mkdirSync(join(project, 'node_modules'))
    symlinkSync(root, join(project, 'node_modules/ebpf'))
    writeFileSync(join(project, 'first.bpf.c'), block('c', '/* first.bpf.c */'))
    const command = block('sh', '-c first.bpf.c').replace(/^clang/, newestClang()?.path ?? 'clang')
    execFileSync('sh', ['-c', command], { cwd: project, stdio: ['ignore', 'ignore', 'pipe'] })
    expect(statSync(join(project, 'first.bpf.o')).size).toBeGreaterThan(0)
  } finally {
    rmSync(project, { recursive: true })
  }
})
