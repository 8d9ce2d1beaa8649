// Runs the steps of Dockerfile.test without Docker, in a Debian that debootstrap makes: the committed state of this
// checkout, on a stock system, with Debian's own Node. Needs root, debootstrap and git.
//
//   node scripts/chroot-test.mjs [--keep] [COMMAND...]     instead of "npm test"

import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mirrors } from './libbpf/sources.mjs'
import { main, outputOf, Problem, root, run, say } from './support.mjs'

const suite = 'trixie'

/** Reads the steps out of the Dockerfile, so that there is one list of them. */
function stepsOf(dockerfile) {
  const instruction = (name) => [...dockerfile.matchAll(new RegExp(`^${name} (.+)$`, 'gm'))].map((match) => match[1])
  return {
    runs: instruction('RUN'),
    folder: instruction('WORKDIR')[0],
    entryPoint: JSON.parse(instruction('ENTRYPOINT')[0]),
    command: JSON.parse(instruction('CMD')[0]),
  }
}

await main(import.meta.url, (args) => {
  if (process.getuid() !== 0) throw new Problem('A chroot needs root: run this as root.')
  const keep = args[0] === '--keep'
  const command = keep ? args.slice(1) : args
  const place = mkdtempSync('/var/tmp/ebpf-chroot-')
  // The root of a system is open to every user of it.
  chmodSync(place, 0o755)
  try {
    test(place, command)
  } finally {
    if (keep) say(`The system is kept in ${place}`)
    else rmSync(place, { recursive: true, force: true })
  }
})

function test(place, command) {
  const [mirror] = mirrors()
  if (mirror === undefined) throw new Problem('apt names no Debian mirror. Name one in EBPF_DEBIAN_MIRROR.')
  say(`Making a Debian ${suite} in ${place}`)
  run('debootstrap', ['--variant=minbase', suite, place, mirror], {
    stdio: ['ignore', 'ignore', 'inherit'],
    problem: 'debootstrap failed; its words are above. If it is missing, run: apt-get install --yes debootstrap',
  })
  shareNetwork(place)
  const steps = stepsOf(readFileSync(join(root, 'Dockerfile.test'), 'utf8'))
  const checkout = join(place, steps.folder)
  // RUN lines before the copy want no checkout; an empty folder will do.
  mkdirSync(checkout, { recursive: true })
  const [first, ...rest] = steps.runs
  inside(place, '/', ['sh', '-c', first])
  run('sh', ['-c', `git archive HEAD | tar -x -C "${checkout}"`])
  for (const step of rest) inside(place, steps.folder, ['sh', '-c', step])
  inside(place, steps.folder, [...steps.entryPoint, ...(command.length > 0 ? command : steps.command)])
}

/** The same names, certificates and npm settings as outside: what Docker's own network set-up would bring. */
function shareNetwork(place) {
  cpSync('/etc/resolv.conf', join(place, 'etc/resolv.conf'), { dereference: true })
  cpSync('/etc/hosts', join(place, 'etc/hosts'), { dereference: true })
  const settings = ['registry', 'proxy', 'https-proxy', 'noproxy']
    .map((name) => [name, outputOf('npm', ['config', 'get', name])])
    .filter(([, value]) => value && value !== 'null' && value !== 'undefined')
  const authority = outputOf('npm', ['config', 'get', 'cafile'])
  if (authority && existsSync(authority)) {
    const copy = '/etc/npm-cafile.crt'
    cpSync(authority, join(place, copy), { dereference: true })
    settings.push(['cafile', copy])
  }
  mkdirSync(join(place, 'root'), { recursive: true })
  writeFileSync(join(place, 'root/.npmrc'), settings.map(([name, value]) => `${name}=${value}\n`).join(''))
}

/** Runs a command in the chroot, with mounts that end with it. */
function inside(place, folder, command) {
  const systems = ['proc', 'sys', 'dev'].map((name) => `mount --rbind /${name} "${place}/${name}"`)
  // Like a container's, the root has to be a mount: "ip netns exec" changes how mounts below it propagate.
  const mounts = [`mount --bind "${place}" "${place}"`, ...systems].join(' && ')
  // A container starts without these two; the entry point has to mount them.
  const bare = `umount -q "${place}/sys/fs/bpf" "${place}/sys/kernel/tracing" || true`
  const script = `${mounts} && { ${bare}; } && exec chroot "${place}" sh -c 'cd "$0" && exec "$@"' "$@"`
  const environment = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
    LANG: 'C.UTF-8',
  }
  run('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', folder, ...command], {
    stdio: ['ignore', 2, 'inherit'],
    env: { ...environment, DEBIAN_FRONTEND: 'noninteractive' },
    cwd: dirname(place),
    problem: `In the chroot, "${command.join(' ')}" failed; its words are above.`,
  })
}
