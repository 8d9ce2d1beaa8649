// Proves the package as a stranger gets it: packs it, installs the tarball into an empty folder with no compiler at hand,
// and runs the README's first program there, on the Node that runs this and on Node 24, and the program "ebpf"; where there
// is a clang, also what that compiles of the README's C. Needs root, as the first program does.

import { spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { main, outputOf, Problem, root, run, say } from './support.mjs'
import { newestClang } from './system.mjs'

const otherNode = 24

const promised = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'binding.gyp',
  'client.d.ts',
  'dist/asm/index.d.ts',
  'dist/asm/index.js',
  'dist/cli/main.js',
  'dist/index.d.ts',
  'dist/index.js',
  'dist/loader/hooks.js',
  'dist/loader/plugin.d.ts',
  'dist/loader/register.js',
  'dist/testing/index.d.ts',
  'dist/testing/index.js',
  'include/bpf/bpf_helpers.h',
  'include/ebpf.h',
  'include/fallback/linux/types.h',
  'include/uapi/linux/bpf.h',
  'licenses/README.md',
  'licenses/elfutils/COPYING-LGPLV3',
  'licenses/libbpf/LICENSE.BSD-2-Clause',
  'native/addon.cc',
  `prebuilds/linux-${process.arch}/ebpf.node`,
  'scripts/build.mjs',
]

await main(import.meta.url, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ebpf-package-'))
  try {
    const tarball = pack(folder)
    checkContents(tarball)
    checkTypes(tarball)
    const project = install(tarball, folder)
    checkCommand(project)
    checkCompiling(project)
    const program = join(project, 'first.mjs')
    writeFileSync(program, readmeBlock('js', '// first.mjs'))
    for (const node of [process.execPath, installNode(folder)]) {
      await runProgram(node, program)
      checkImport(node, project)
    }
    say('The package is fit to publish.')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

function npm(args, options) {
  return run(process.execPath, [npmProgram(), ...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 'inherit'],
    ...options,
  })
}

/** npm's own program, so that it can be run where PATH holds nothing. */
function npmProgram() {
  const candidates = [
    process.env.npm_execpath,
    join(dirname(dirname(process.execPath)), 'lib/node_modules/npm/bin/npm-cli.js'),
  ]
  const found = [...candidates, '/usr/share/nodejs/npm/bin/npm-cli.js'].find((path) => path && existsSync(path))
  if (found === undefined) throw new Problem('npm is not where Node keeps it. Run this as: npm run check:package')
  return found
}

function pack(folder) {
  run(process.execPath, ['scripts/prebuild.mjs'])
  npm(['pack', `--pack-destination=${folder}`])
  return join(
    folder,
    readdirSync(folder).find((file) => file.endsWith('.tgz')),
  )
}

function checkContents(tarball) {
  const files = outputOf('tar', ['-tzf', tarball])
    .split('\n')
    .map((file) => file.replace(/^package\//, ''))
  const absent = promised.filter((file) => !files.includes(file))
  if (absent.length > 0) throw new Problem(`The package lacks ${absent.join(', ')}.`)
  if (!files.some((file) => /^examples\/.*\.bpf\.o$/.test(file)))
    throw new Problem('The package holds no compiled example.')
  const stray = files.filter((file) => /^(test|bench|lib|build|node_modules|\.)/.test(file))
  if (stray.length > 0) throw new Problem(`The package holds what it should not: ${stray.slice(0, 5).join(', ')}.`)
}

function checkTypes(tarball) {
  const tool = (name) => join(root, 'node_modules/.bin', name)
  run(tool('publint'), [tarball, '--strict'], { problem: 'publint finds fault with the package; its words are above.' })
  run(tool('attw'), [tarball, '--profile', 'esm-only'], {
    problem: "The package's types do not resolve; attw's words are above.",
  })
}

/** Installs the tarball where PATH holds no compiler, no make and no python, and nothing may be downloaded. */
function install(tarball, folder) {
  cacheDependencies()
  const project = join(folder, 'project')
  const programs = join(folder, 'programs')
  mkdirSync(project)
  mkdirSync(programs)
  symlinkSync(process.execPath, join(programs, 'node'))
  symlinkSync('/bin/sh', join(programs, 'sh'))
  npm(['install', '--offline', tarball], { cwd: project, env: { HOME: process.env.HOME, PATH: programs } })
  const installed = join(project, 'node_modules/ebpf')
  const { scripts = {}, gypfile } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  const atInstall = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts)
  if (atInstall.length > 0)
    throw new Problem(`The package runs ${atInstall.join(' and ')} scripts when it is installed.`)
  if (gypfile !== false) throw new Problem('Without "gypfile": false npm runs node-gyp at installation.')
  if (existsSync(join(installed, 'build'))) throw new Problem('Something was built when the package was installed.')
  return project
}

/** What the program "ebpf" is made of, at the versions that were tested: the installation finds them in npm's cache. */
function cacheDependencies() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const shipped = Object.entries(packages).filter(([path, entry]) => path !== '' && !entry.dev && !entry.devOptional)
  const names = shipped.map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)
  npm(['cache', 'add', ...names])
}

/** The program, and the library for tests, must work without the addon: they may be what shows that it is missing. */
function checkCommand(project) {
  const installed = join(project, 'node_modules/ebpf')
  const hidden = join(project, 'hidden')
  renameSync(join(installed, 'prebuilds'), hidden)
  try {
    const version = outputOf(process.execPath, [join(project, 'node_modules/.bin/ebpf'), '--version'], { cwd: project })
    const expected = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')).version
    if (version !== expected) throw new Problem(`"ebpf --version" printed ${version}, not ${expected}.`)
    const kind = ['--input-type=module', '--eval', "import * as x from 'ebpf/testing'; console.log(typeof x.runInVm)"]
    if (outputOf(process.execPath, kind, { cwd: project }) !== 'function')
      throw new Problem('"ebpf/testing" cannot be imported where there is no addon.')
  } finally {
    renameSync(hidden, join(installed, 'prebuilds'))
  }
}

/** Compiles with the package's own headers, and with the kernel's types, as the README says. */
function checkCompiling(project) {
  if (newestClang() === undefined) {
    say('There is no clang here: compiling is not checked.')
    return
  }
  writeFileSync(join(project, 'first.bpf.c'), readmeBlock('c', '/* first.bpf.c */'))
  writeFileSync(
    join(project, 'types.bpf.c'),
    '#include "vmlinux.h"\nint pid(struct task_struct *task) { return task->pid; }\n',
  )
  writeFileSync(
    join(project, 'compile.mjs'),
    `import { compile, loadObject } from 'ebpf'
    const object = await loadObject(await compile('first.bpf.c'))
    await object.close()
    await compile('types.bpf.c')
    console.log('loaded')`,
  )
  const command = join(project, 'node_modules/.bin/ebpf')
  const env = { ...process.env, XDG_CACHE_HOME: join(project, 'cache') }
  run(process.execPath, [command, 'compile', 'first.bpf.c'], { cwd: project, env })
  if (!existsSync(join(project, 'first.bpf.o'))) throw new Problem('"ebpf compile first.bpf.c" wrote no first.bpf.o.')
  if (outputOf(process.execPath, ['compile.mjs'], { cwd: project, env }) !== 'loaded')
    throw new Problem("What compile() makes of the README's C cannot be loaded.")
}

/** C is imported as a module, with the compiler of this machine; the plugins need no bundler to be there. */
function checkImport(node, project) {
  copyFileSync(join(project, 'node_modules/ebpf/examples/first/first.bpf.c'), join(project, 'imported.bpf.c'))
  const program = join(project, 'import.mjs')
  writeFileSync(
    program,
    `import * as plugins from 'ebpf/plugin'
    import esbuild from 'ebpf/esbuild'
    import rolldown from 'ebpf/rolldown'
    import rollup from 'ebpf/rollup'
    import vite from 'ebpf/vite'
    import { load } from './imported.bpf.c'
    const object = await load()
    const names = [esbuild, rolldown, rollup, vite].map((plugin) => plugin().name)
    console.log(Object.keys(object.maps).join(), Object.keys(plugins).join(), ...names)
    await object.close()`,
  )
  const printed = outputOf(node, ['--import', 'ebpf/register', program], { cwd: project })
  const expected = 'events esbuild,rolldown,rollup,vite ebpf ebpf ebpf ebpf'
  if (printed !== expected) throw new Problem(`A program that imports C printed "${printed}", not "${expected}".`)
}

/** The README's block whose first line is this one. */
function readmeBlock(language, firstLine) {
  const blocks = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)
  const found = [...blocks].find(([, name, text]) => name === language && text.startsWith(`${firstLine}\n`))
  if (found === undefined)
    throw new Problem(`README.md has no \`\`\`${language} block that starts with "${firstLine}".`)
  return found[2]
}

function installNode(folder) {
  const place = join(folder, `node-${otherNode}`)
  mkdirSync(place)
  const name = `node-linux-${process.arch}`
  npm(['install', `${name}@${otherNode}`], { cwd: place })
  return join(place, 'node_modules', name, 'bin/node')
}

/** The program must print something and end by itself; meanwhile processes are started for it to see. */
function runProgram(node, program) {
  const version = outputOf(node, ['--version'])
  return new Promise((resolve, reject) => {
    const child = spawn(node, [program], {
      cwd: dirname(program),
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
    })
    const activity = setInterval(() => spawn('true').on('error', () => {}), 100)
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    child.on('close', (code, signal) => {
      clearInterval(activity)
      if (signal) reject(new Problem(`The README's first program did not end within a minute on Node ${version}.`))
      else if (code !== 0) reject(new Problem(`The README's first program ended with code ${code} on Node ${version}.`))
      else if (output.trim() === '')
        reject(new Problem(`The README's first program printed nothing on Node ${version}.`))
      else {
        say(`The README's first program on Node ${version} printed ${output.trim().split('\n').length} lines, such as:`)
        say(`  ${output.trim().split('\n')[0]}`)
        resolve()
      }
    })
  })
}
