/** The Go side: Go, github.com/cilium/ebpf and what that needs, all out of Debian's newest packages that run here. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { cache, installed, sources } from '../places.ts'
import { type DebianPackage, namesThatBegin, openPackageLists, unpack, versionsOf } from './debian.ts'
import { type Availability, wordsOf } from './peer.ts'

const source = join(sources, 'peers/go')

/** What go.ts starts. */
export const goProgram = join(installed, 'go-peer')
const about = `${goProgram}.json`

interface Library {
  module: string
  package: string
}

const libraries: readonly Library[] = [
  { module: 'github.com/cilium/ebpf', package: 'golang-github-cilium-ebpf-dev' },
  { module: 'golang.org/x/sys', package: 'golang-golang-x-sys-dev' },
]

/** How many versions of Go are tried: the newest may want a newer C library than there is. */
const TRIES = 3

/** Builds the program unless that was done before. Without a network the one that was built for these sources is used. */
export async function buildGoPeer(): Promise<Availability> {
  const state = hashOfSources()
  const before = existsSync(about) && existsSync(goProgram) ? JSON.parse(readFileSync(about, 'utf8')) : undefined
  if (before?.state === state) return { name: before.name }
  rmSync(about, { force: true })
  rmSync(goProgram, { force: true })
  try {
    if (process.arch !== 'x64') throw new Error(`it is looked for on x64 only, and this is ${process.arch}`)
    await openPackageLists()
    const compiler = findCompiler()
    const tree = layOut()
    compile(compiler.program, tree.folder)
    const name = `Go ${compiler.version}, cilium/ebpf ${tree.version}`
    writeFileSync(about, JSON.stringify({ state, name }))
    return { name }
  } catch (error) {
    return { name: 'Go, cilium/ebpf', missing: wordsOf(error) }
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256')
  for (const file of readdirSync(source).sort()) hash.update(file).update(readFileSync(join(source, file)))
  return hash.digest('hex')
}

/** The newest Go that runs. */
function findCompiler(): { program: string; version: string } {
  let failure: unknown = new Error('the mirror has no Go')
  for (const candidate of compilers().slice(0, TRIES)) {
    try {
      const release = /^golang-(.*)-go$/.exec(candidate.name)![1]!
      const folder = unpack([candidate, { name: `golang-${release}-src`, version: candidate.version }])
      const program = join(folder, `usr/lib/go-${release}/bin/go`)
      const version = /go version go(\S+)/.exec(execFileSync(program, ['version'], { encoding: 'utf8' }))![1]!
      return { program, version }
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function compilers(): DebianPackage[] {
  const releases = namesThatBegin('golang-1.')
    .map((name) => Number(/^golang-1\.(\d+)-go$/.exec(name)?.[1] ?? Number.NaN))
    .filter((minor) => !Number.isNaN(minor))
  return releases.sort((a, b) => b - a).flatMap((minor) => versionsOf(`golang-1.${minor}-go`))
}

/** A module with its libraries below vendor/, so that nothing is asked of any proxy. */
function layOut(): { folder: string; version: string } {
  const folder = join(installed, 'go')
  rmSync(folder, { recursive: true, force: true })
  cpSync(source, folder, { recursive: true })
  const requirements: string[] = []
  const list: string[] = []
  const versions = libraries.map((library) => {
    const [newest] = versionsOf(library.package)
    if (newest === undefined) throw new Error(`the mirror has no ${library.package}`)
    const version = `v${/^(?:\d+:)?(\d+\.\d+\.\d+)/.exec(newest.version)?.[1] ?? '0.0.0'}`
    requirements.push(`require ${library.module} ${version}\n`)
    const place = join(folder, 'vendor', library.module)
    mkdirSync(dirname(place), { recursive: true })
    cpSync(join(unpack([newest]), 'usr/share/gocode/src', library.module), place, {
      recursive: true,
      filter: (path) => basename(path) !== 'testdata' && !path.endsWith('_test.go'),
    })
    list.push(`# ${library.module} ${version}`, `## explicit; go ${languageOf(place)}`)
    list.push(...packagesIn(place).map((path) => join(library.module, path)))
    return version
  })
  const language = languageOf(join(folder, 'vendor', libraries[0]!.module))
  writeFileSync(join(folder, 'go.mod'), `module bench\n\ngo ${language}\n\n${requirements.join('')}`)
  writeFileSync(join(folder, 'vendor/modules.txt'), `${list.join('\n')}\n`)
  return { folder, version: versions[0]!.slice(1) }
}

function languageOf(module: string): string {
  return /^go (\S+)/m.exec(readFileSync(join(module, 'go.mod'), 'utf8'))?.[1] ?? '1.24'
}

/** The folders with Go files, relative to the module's own. */
function packagesIn(module: string): string[] {
  const files = readdirSync(module, { recursive: true, withFileTypes: true }).filter(({ name }) => name.endsWith('.go'))
  return [...new Set(files.map((file) => relative(module, file.parentPath)))].sort()
}

function compile(go: string, folder: string): void {
  process.stderr.write('Compiling the Go side\n')
  execFileSync(go, ['build', '-o', goProgram, '.'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      CGO_ENABLED: '0',
      GOFLAGS: '-mod=vendor',
      GOPROXY: 'off',
      GOTOOLCHAIN: 'local',
      GOENV: 'off',
      GOWORK: 'off',
      GOCACHE: join(cache, 'go-build'),
      GOPATH: join(cache, 'go-path'),
    },
  })
}
