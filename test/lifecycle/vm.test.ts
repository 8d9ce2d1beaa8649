/** Commands in virtual machines, for real. Each boot costs seconds, so that few of them show much. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findProgram } from '../../lib/testing/host-tools.ts'
import { runInVm, type VmError, type VmOptions, type VmProgress } from '../../lib/testing/index.ts'
import { resolveKernel } from '../../lib/testing/kernel.ts'

const kernel = '6.1'

/** Why no guest can be run here, or undefined. */
async function obstacle(): Promise<string | undefined> {
  if ((await findProgram('qemu-system-x86_64')) === undefined) return 'QEMU is not installed'
  try {
    await resolveKernel(kernel)
    return undefined
  } catch (error) {
    return (error as VmError).message
  }
}

const reason = await obstacle()
const folder = mkdtempSync(join(tmpdir(), 'vm-test-'))

afterAll(() => {
  rmSync(folder, { recursive: true })
})

const vmFiles = () => readdirSync(tmpdir()).filter((name) => name.startsWith('ebpf-vm-'))

const run = async (options: Partial<VmOptions>) =>
  await runInVm({ kernel, command: ['true'], accelerator: 'tcg', env: { PATH: process.env.PATH }, ...options })

const failure = async (options: Partial<VmOptions>): Promise<VmError> =>
  await run(options).then(
    () => expect.unreachable('the guest gave an exit code'),
    (error: VmError) => error,
  )

describe.skipIf(reason !== undefined)(`a guest${reason === undefined ? '' : ` (${reason})`}`, () => {
  test('runs a command among the files of the host, with its exit code', { timeout: 120_000 }, async () => {
    const outside = join(folder, 'not-shared')
    const shared = mkdtempSync(join(folder, 'shared-'))
    const script = `
      echo "$0|$1|$PWD|$WORDS|$(id -u)"
      echo "$EBPF_VM=$(uname -r)" >&2
      for type in proc sysfs bpf tracefs debugfs cgroup2 securityfs; do grep -qw $type /proc/mounts || echo "no $type"; done
      grep -qw bpf /sys/kernel/security/lsm || echo "no lsm"
      ip link add name left type veth peer name right || echo "no module"
      touch '${outside}' && test -e '${outside}' && echo kept >'${shared}/result'
      test -t 1 && echo "a terminal"
      seq 30000 | tail -n 1
      exit 7`
    const chunks: string[] = []
    const progress: VmProgress[] = []
    const result = await run({
      command: ['sh', '-c', script, "it's", 'a  b'],
      cwd: '/usr',
      env: { PATH: process.env.PATH, WORDS: '"x" $y' },
      writable: [shared],
      onOutput: (bytes, stream) => chunks.push(`${stream}: ${Buffer.from(bytes)}`),
      onProgress: (step) => progress.push(step),
    })
    expect(result.stdout).toBe('it\'s|a  b|/usr|"x" $y|0\n30000\n')
    expect(result.stderr).toBe(`${result.kernelRelease}=${result.kernelRelease}\n`)
    expect(result).toMatchObject({ exitCode: 7, accelerator: 'tcg', kernelRelease: expect.stringMatching(/^6\.1\./) })
    expect(result.milliseconds).toBeGreaterThan(result.bootMilliseconds)
    expect(chunks.some((chunk) => chunk.startsWith('stdout: it'))).toBe(true)
    expect(progress).toContainEqual({ step: 'boot', subject: `Linux ${result.kernelRelease}` })
    expect(readFileSync(join(shared, 'result'), 'utf8')).toBe('kept\n')
    expect(existsSync(outside)).toBe(false)
    expect(vmFiles()).toEqual([])
  })

  test('whose kernel panics says so, with its last words', { timeout: 120_000 }, async () => {
    const error = await failure({ command: ['sh', '-c', 'echo c >/proc/sysrq-trigger'] })
    expect(error).toMatchObject({ code: 'ERR_EBPF_VM_PANIC', message: expect.stringContaining('sysrq') })
    expect(error.consoleTail.length).toBeGreaterThan(3)
  })

  test('that does not come up in time is ended', async () => {
    const error = await failure({ bootTimeout: 500 })
    expect(error).toMatchObject({ code: 'ERR_EBPF_VM_TIMEOUT', message: expect.stringContaining('within 0.5 s') })
    expect(vmFiles()).toEqual([])
  })

  test('is ended by a signal, with its reason', async () => {
    const controller = new AbortController()
    const running = failure({
      signal: controller.signal,
      onProgress: () => setTimeout(() => controller.abort('enough'), 500),
    })
    expect(await running).toBe('enough')
    expect(vmFiles()).toEqual([])
  })

  test('that QEMU refuses to run tells its words', async () => {
    const error = await failure({ writable: ['/no/such/folder'] })
    expect(error).toMatchObject({ code: 'ERR_EBPF_VM_QEMU', message: expect.stringContaining('/no/such/folder') })
  })

  test('with a kernel that the mirror lacks is refused with those that it has', async () => {
    expect((await failure({ kernel: '2.4' })).message).toMatch(/^The mirror has no Linux 2\.4\. It has .*\d/)
  })
})
