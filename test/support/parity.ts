/** The C program that parity.test.ts compares with, linked to the libbpf of the addon that is tested. */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { libbpfVersion } from '../../lib/system/libbpf-version.ts'
import { compileC } from './c-program.ts'

/** What became of one program: 0, or a negative errno. `attach` is there when it was loaded. */
export interface ProgramReport {
  program: string
  section: string
  load: number
  attach?: number
}

/** `open` is there when that failed. */
export type ParityReport = { open: number } | ProgramReport

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The path of the program. @throws when there is no libbpf of the addon's version to link it to. */
export function parityProgram(): string {
  const folder = execFileSync(process.execPath, ['scripts/libbpf.mjs'], { cwd: root, encoding: 'utf8' }).trim()
  const bundled = createRequire(import.meta.url)(`${folder}/versions.json`) as { libbpf: string }
  if (isSame(bundled.libbpf)) {
    return compileC({
      name: 'parity-bundled',
      sources: ['parity.c'],
      flags: [
        ...['-DLIBBPF_API=', `-I${folder}/include`, `-I${folder}/include/uapi`],
        ...[`${folder}/lib/libbpf.a`, `${folder}/lib/libelf.a`, '-lz'],
      ],
    })
  }
  const system = pkgConfig('--modversion')
  if (!isSame(system))
    throw new Error(`the addon has libbpf ${libbpfVersion}, here are ${bundled.libbpf} and ${system}`)
  return compileC({ name: 'parity-system', sources: ['parity.c'], flags: pkgConfig('--libs').split(/\s+/) })
}

function pkgConfig(question: string): string {
  return execFileSync('pkg-config', [question, 'libbpf'], { encoding: 'utf8' }).trim()
}

const isSame = (version: string): boolean => `${version}.`.startsWith(`${libbpfVersion.replace(/^v/, '')}.`)

/** What C makes of an object. */
export function reportOfC(object: URL): ParityReport[] {
  const output = execFileSync(parityProgram(), [fileURLToPath(object)], { encoding: 'utf8' })
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ParityReport)
}
