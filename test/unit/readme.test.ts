import { execFileSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { newestClang } from '../../scripts/system.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A block of this language that has this text in it. */
function block(page: string, language: string, text: string): string {
  const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)]
  return blocks.find(([, name, body]) => name === language && body?.includes(text))?.[2] ?? ''
}

test.each([
  ['the command that stands under it', 'README.md', 'ebpf compile first.bpf.c'],
  ['clang alone, as the page about compiling says', 'docs/compile.md', '-c first.bpf.c'],
])("the README's first program compiles by %s", (_, page, text) => {
  const project = mkdtempSync(join(tmpdir(), 'ebpf-readme-'))
  try {
    mkdirSync(join(project, 'node_modules'))
    symlinkSync(root, join(project, 'node_modules/ebpf'))
    writeFileSync(join(project, 'first.bpf.c'), block('README.md', 'c', '/* first.bpf.c */'))
    const command = block(page, 'sh', text)
      .replace(/^clang/, newestClang()?.path ?? 'clang')
      .replace(/^npx ebpf/, `${process.execPath} node_modules/ebpf/dist/cli/main.js`)
    execFileSync('sh', ['-c', command], { cwd: project, stdio: ['ignore', 'ignore', 'pipe'] })
    expect(statSync(join(project, 'first.bpf.o')).size).toBeGreaterThan(0)
  } finally {
    rmSync(project, { recursive: true })
  }
})
