/** A library with two functions of one name, as old and new programs know it. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { compileC } from './c-program.ts'

/** `versioned@V1` and `versioned@@V2`. */
export function versionedLibrary(): string {
  const script = fileURLToPath(new URL('versioned-library.map', import.meta.url))
  return compileC({
    name: 'libversioned.so',
    sources: ['versioned-library.c'],
    headers: ['versioned-library.map'],
    flags: ['-shared', '-fPIC', `-Wl,--version-script=${script}`],
  })
}

/** Where they are in the file, as the linker's own tools say. */
export function versionOffsets(library: string): { V1: bigint; V2: bigint } {
  const facts = execFileSync('readelf', ['--wide', '--sections', '--dyn-syms', library], { encoding: 'utf8' })
  const text = /\.text +PROGBITS +(\w+) (\w+)/.exec(facts)
  const shift = Number.parseInt(text?.[2] as string, 16) - Number.parseInt(text?.[1] as string, 16)
  const offsetOf = (name: string): bigint => {
    const address = new RegExp(`: (\\w+) .* ${name}\\s`).exec(facts)?.[1] as string
    return BigInt(Number.parseInt(address, 16) + shift)
  }
  return { V1: offsetOf('versioned@V1'), V2: offsetOf('versioned@@V2') }
}
