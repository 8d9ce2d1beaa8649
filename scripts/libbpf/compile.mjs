// Turns the unpacked sources of libbpf and elfutils into two static archives that may be linked into a shared
// object. Neither Debian's libbpf.a nor its libelf.a may: they are not position-independent. Both are plain C with
// nothing to generate, so the compiler is called directly; elfutils' configure alone takes longer than all of this
// and wants gawk, m4, bison and flex.

import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { filesUnder, Problem, run } from '../support.mjs'

export const compiler = process.env.CC || 'cc'

/** Part of the cache's key: whoever changes these gets a new build. */
export const flags = {
  common: ['-O2', '-g', '-fPIC', '-fvisibility=hidden', '-ffunction-sections', '-fdata-sections', '-w'],
  // An empty LIBBPF_API keeps libbpf's functions out of our export table.
  libbpf: ['-std=gnu89', '-D_LARGEFILE64_SOURCE', '-D_FILE_OFFSET_BITS=64', '-DLIBBPF_API='],
  libelf: ['-std=gnu99', '-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', '-DHAVE_CONFIG_H'],
}

/**
 * What elfutils' configure finds on Linux with glibc. No zstd, lzma or bzip2: the kernel, clang and bpftool write
 * none of these into an object file, and each would be one more library to ship.
 */
export const elfutilsConfiguration = `
#define HAVE_DECL_MEMPCPY 1
#define HAVE_DECL_MEMRCHR 1
#define HAVE_DECL_POWEROF2 1
#define HAVE_DECL_RAWMEMCHR 1
#define HAVE_DECL_REALLOCARRAY 1
#define HAVE_ERROR_H 1
#define HAVE_ERR_H 1
#define HAVE_FALLTHROUGH 1
#define HAVE_GCC_STRUCT 1
#define HAVE_MREMAP 1
#define HAVE_STDATOMIC_H 1
#define HAVE_VISIBILITY 1
#include <eu-config.h>
`

export async function compileLibelf(source, archive) {
  const configuration = `${archive}.configuration`
  mkdirSync(configuration)
  writeFileSync(join(configuration, 'config.h'), elfutilsConfiguration)
  const include = [configuration, join(source, 'lib'), join(source, 'libelf')]
  const sources = [
    ...filesUnder(join(source, 'libelf'), (file) => file.endsWith('.c')).map((file) => join(source, 'libelf', file)),
    // The search tree that libelf keeps since 0.191; before, there is no such file.
    ...filesUnder(join(source, 'lib'), (file) => file === 'eu-search.c').map((file) => join(source, 'lib', file)),
  ]
  await compileArchive(
    sources,
    include,
    [...flags.common, ...flags.libelf, `-ffile-prefix-map=${source}=elfutils`],
    archive,
  )
  rmSync(configuration, { recursive: true })
}

export async function compileLibbpf(source, libelfInclude, archive) {
  const include = [join(source, 'src'), join(source, 'include'), join(source, 'include/uapi'), libelfInclude]
  const sources = filesUnder(join(source, 'src'), (file) => file.endsWith('.c')).map((file) =>
    join(source, 'src', file),
  )
  await compileArchive(
    sources,
    include,
    [...flags.common, ...flags.libbpf, `-ffile-prefix-map=${source}=libbpf`],
    archive,
  )
}

async function compileArchive(sources, include, options, archive) {
  const objects = `${archive}.objects`
  mkdirSync(objects)
  const queue = [...sources]
  const worker = async () => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift()) {
      const object = join(objects, `${basename(source, '.c')}.o`)
      await compile([...options, ...include.map((folder) => `-I${folder}`), '-c', source, '-o', object])
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  // D: no time stamps or user ids, so that the same sources give the same archive.
  run('ar', ['rcsD', archive, ...filesUnder(objects).map((object) => join(objects, object))])
  rmSync(objects, { recursive: true })
}

function compile(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(compiler, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', () => reject(new Problem(`No C compiler: "${compiler}" cannot be run. Run: npm run setup`)))
    child.on('exit', (code, signal) => {
      if (code === 0) resolve()
      else
        reject(
          new Problem(
            `Compiling ${basename(args.at(-3))} failed${signal ? ` (${signal})` : ''}; the compiler's own words are above.`,
          ),
        )
    })
  })
}
