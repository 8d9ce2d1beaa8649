import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { isSafeInParallel, mayUseKvm } from '../../../lib/testing/accelerator.ts'
import { commandFile, FIRST_INIT, quote, SECOND_INIT, settingsFile } from '../../../lib/testing/guest-init.ts'
import { isStatic, remedy } from '../../../lib/testing/host-tools.ts'
import { runInVm, VmError, type VmOptions } from '../../../lib/testing/index.ts'
import { type Machine, qemuArguments } from '../../../lib/testing/qemu.ts'

const hostile = ["it's", 'a b', '$HOME `id` "x" \\', '', '-n', '*', 'line\nbreak', 'ümläut']

describe("the guest's programs", () => {
  it.each([
    ['first', FIRST_INIT],
    ['second', SECOND_INIT],
  ])('the %s is one that a shell understands', (_, source) => {
    const { status, stderr } = spawnSync('sh', ['-n'], { input: source, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it('run a command with its arguments, folder and environment as they are', () => {
    const program = 'console.log(JSON.stringify([process.argv.slice(1), process.cwd(), process.env]))'
    const environment = { PATH: process.env.PATH ?? '', 'npm_config_//registry': "it's", EMPTY: '', WORDS: 'a\nb $c' }
    const source = commandFile([process.execPath, '--eval', program, '--', ...hostile], '/usr', environment)
    expect(JSON.parse(execFileSync('sh', { input: source, encoding: 'utf8' }))).toEqual([hostile, '/usr', environment])
  })

  it('read settings as they are', () => {
    const source = `${settingsFile({ words: hostile.join(','), count: 3 })}printf '%s;%s' "$words" "$count"`
    expect(execFileSync('sh', { input: source, encoding: 'utf8' })).toBe(`${hostile.join(',')};3`)
    expect(quote("it's")).toBe("'it'\\''s'")
  })
})

describe('QEMU', () => {
  const machine: Machine = {
    kernel: '/cache/vmlinux',
    accelerator: 'tcg',
    parallel: true,
    memory: 2048,
    cpus: 2,
    append: 'lsm=bpf quiet',
    writable: ['/results,1'],
    terminal: false,
  }
  const valuesOf = (args: string[], option: string) => args.filter((_, index) => args[index - 1] === option)

  it("shares the host's files read-only, and only the folders that were named for writing", () => {
    const shares = valuesOf(qemuArguments(machine), '-fsdev')
    expect(shares).toEqual([
      'local,id=root,path=/,security_model=none,multidevs=remap,readonly=on',
      'local,id=writable0,path=/results,,1,security_model=none,multidevs=remap',
    ])
  })

  it('gets what the user adds to the command line last, where it wins', () => {
    const [line] = valuesOf(qemuArguments(machine), '-append')
    expect(line).toMatch(/ lsm=landlock,\S*bpf lsm=bpf quiet$/)
  })

  it('emulates a processor where there is no KVM', () => {
    expect(valuesOf(qemuArguments(machine), '-cpu')).toEqual(['max'])
    expect(valuesOf(qemuArguments({ ...machine, accelerator: 'kvm' }), '-accel')).toEqual(['kvm'])
  })

  it.each([
    ['QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)', 'single'],
    ['QEMU emulator version 9.2.4', 'single'],
    ['QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2+deb13u1)', 'multi'],
    ['QEMU emulator version 11.1.0', 'multi'],
    ['who knows', 'single'],
  ])('that says "%s" emulates on threads: %s', (words, threads) => {
    const args = qemuArguments({ ...machine, parallel: isSafeInParallel(words) })
    expect(valuesOf(args, '-accel')).toEqual([`tcg,thread=${threads}`])
  })
})

describe('KVM', () => {
  const fine = { writable: true, cpuinfo: 'processor : 0\nflags\t\t: fpu vmx sse\n', software: false }

  it('is tried where the processor has it and this process may use it', () => {
    expect(mayUseKvm(fine)).toBe(true)
    expect(mayUseKvm({ ...fine, cpuinfo: 'flags : svm' })).toBe(true)
  })

  it.each([
    ['may not open it', { ...fine, writable: false }],
    ['has a processor without it', { ...fine, cpuinfo: 'flags : fpu sse\nbugs : vmx_something vmx' }],
    ['has it from a software hypervisor', { ...fine, software: true }],
  ])('is not tried where this process %s', (_, facts) => {
    expect(mayUseKvm(facts)).toBe(false)
  })
})

describe('missing tools', () => {
  it.each([
    ['apt', 0, 'Run: apt-get install --yes --no-install-recommends qemu-system-x86 kmod'],
    ['apt', 1000, 'Run: sudo apt-get install --yes --no-install-recommends qemu-system-x86 kmod'],
    ['pacman', 0, 'Run: pacman --sync --needed qemu-system-x86 kmod'],
    [undefined, 0, 'Install them by hand.'],
  ])('with %s for user %i', (manager, uid, sentence) => {
    expect(remedy(['qemu', 'modprobe', 'depmod'], manager, uid)).toBe(sentence)
  })

  it('a program that needs an interpreter cannot start a guest', async () => {
    expect(await isStatic(process.execPath)).toBe(false)
    expect(await isStatic('/etc/passwd')).toBe(false)
  })
})

describe('arguments of runInVm', () => {
  const fine: VmOptions = { kernel: '6.12', command: ['true'] }

  it.each([
    [{ ...fine, kernel: '' }, 'kernel must be a version or a path'],
    [{ ...fine, command: [] }, 'command must be an array of strings'],
    [{ ...fine, command: ['a\0b'] }, 'command must not contain NUL'],
    [{ ...fine, command: 'true' as unknown as string[] }, 'command must be an array of strings'],
    [{ ...fine, memory: 16 }, 'memory must be a whole number from 512'],
    [{ ...fine, cpus: 0 }, 'cpus must be a whole number from 1'],
    [{ ...fine, cpus: 1.5 }, 'cpus must be a whole number'],
    [{ ...fine, timeout: -1 }, 'timeout must be a whole number from 0'],
    [{ ...fine, timeout: Number.NaN }, 'timeout must be a whole number'],
    [{ ...fine, bootTimeout: 0 }, 'bootTimeout must be a whole number from 1'],
  ])('that are wrong are refused before anything is done (%#)', async (options, sentence) => {
    const error = await runInVm(options).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(VmError)
    expect(error).toMatchObject({ code: 'ERR_EBPF_VM_ARGUMENT', message: expect.stringContaining(sentence) })
  })
})
