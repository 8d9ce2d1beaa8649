/** What libbpf says of a load that failed, told in other words. */
import { constants } from 'node:os'
import { describe, expect, test } from 'vitest'
import type { Outcome } from '../../lib/binding.ts'
import { ENOTSUPP, EbpfError } from '../../lib/errors.ts'
import { sectionFeature, sectionLibbpf } from '../../lib/hooks/section-feature.ts'
import { loadError as loadErrorOf } from '../../lib/load-error.ts'
import type { ProgramDescription } from '../../lib/program.ts'
import { VerifierError } from '../../lib/verifier-error.ts'

const { EINVAL, ESRCH } = constants.errno

const failed = (errno: number, ...messages: string[]): Outcome<unknown> => ({
  errno: -errno,
  operation: 'bpf_object__load',
  log: messages.map((message) => ({ level: 0, message: `libbpf: ${message}\n` })),
})

const program = (section: string): { name: string; section: string; type: string; expectedAttachType: string } => ({
  name: 'prog',
  section,
  type: 'unspec',
  expectedAttachType: '',
})

const loadError = (outcome: Outcome<unknown>, object: string, programs: ProgramDescription[]): Promise<EbpfError> =>
  loadErrorOf(outcome, object, programs, undefined, [])

const NO_TYPE = (section: string): string => `prog 'prog': missing BPF prog type, check ELF section name '${section}'`

describe('a section that libbpf does not know', () => {
  test.each([
    ['tcx/ingress', '1.3'],
    ['tc/egress', '1.3'],
    ['netkit/peer', '1.3'],
    ['netfilter', '1.3'],
    ['uprobe.multi/x:y', '1.3'],
    ['uretprobe.multi.s', '1.3'],
    ['usdt.s/x:y:z', '1.3'],
    ['cgroup/connect_unix', '1.3'],
    ['kprobe.session/x', '1.5'],
    ['uprobe.session.s/x', '1.6'],
    ['?fsession/x', '1.7'],
    ['struct_ops.s/init', '1.2'],
  ])('%s is named with the version that does', async (section, version) => {
    expect(sectionLibbpf(section)).toBe(version)
    const error = await loadError(failed(EINVAL, NO_TYPE(section)), 'object', [program(section)])
    expect(error).toMatchObject({
      code: 'ERR_EBPF_LIBBPF',
      program: 'prog',
      object: 'object',
      operation: 'bpf_object__load',
    })
    expect(error.message).toContain(`section '${section}' of program 'prog' needs libbpf ${version}`)
    expect(error.warnings).toHaveLength(1)
  })

  test.each([
    'xdp',
    'tc',
    'kprobe/x',
    'kprobe.multi/x',
    'usdt/x:y:z',
    'struct_ops/init',
    'cgroup/connect4',
    'nonsense',
    '',
  ])('%j is known to all, or to none', async (section) => {
    expect(sectionLibbpf(section)).toBeUndefined()
    const error = await loadError(failed(EINVAL, NO_TYPE(section)), 'object', [program(section)])
    expect(error).toMatchObject({ code: 'ERR_EBPF_INVALID_OBJECT', program: 'prog' })
  })
})

describe('what the kernel does not know', () => {
  test('is a struct of struct_ops', async () => {
    const message = 'struct_ops init_kern: struct bpf_struct_ops_no_such_ops is not found in kernel BTF'
    const error = await loadError(failed(EINVAL, message), 'object', [])
    expect(error).toMatchObject({ code: 'ERR_EBPF_KERNEL', errno: -EINVAL })
    expect(error.message).toContain("no struct_ops 'no_such_ops'")
  })

  test('is a function that programs may call', async () => {
    const message = "extern (func ksym) 'bpf_no_such': not found in kernel or module BTFs"
    const error = await loadError(failed(ESRCH, message), 'object', [])
    expect(error).toMatchObject({ code: 'ERR_EBPF_KERNEL', errno: -ESRCH, hint: expect.stringContaining('__weak') })
    expect(error.message).toContain("no function 'bpf_no_such'")
  })

  test('is the target of a program', async () => {
    const message = "prog 'prog': failed to find kernel BTF type ID of 'nothing': -3"
    const bySection = await loadError(failed(ESRCH, message), 'object', [program('raw_tp/nothing')])
    expect(bySection).toMatchObject({ code: 'ESRCH', hint: expect.stringContaining("Its target 'nothing'") })
    const byEdit = await loadError(failed(ESRCH, message), 'object', [
      { ...program('raw_tp'), attachTarget: 'nothing' },
    ])
    expect(byEdit).toMatchObject({ code: 'ESRCH', hint: expect.stringContaining("Its attachTarget 'nothing'") })
  })
})

describe('what the verifier says', () => {
  const log = (text: string): string => `prog 'prog': -- BEGIN PROG LOAD LOG --\n${text}\n-- END PROG LOAD LOG --`

  test('is a VerifierError, whatever the kernel lacks', async () => {
    const error = await loadError(failed(EINVAL, log('0: r0 = r1\nR0 leaks addr\nprocessed 1 insns')), 'object', [
      program('netfilter'),
    ])
    expect(error).toBeInstanceOf(VerifierError)
    expect(error.message).toContain('R0 leaks addr')
  })

  test('says so when its middle is missing', async () => {
    const cut =
      '0: (b7) r0 = 0\n(123 bytes are left out here: JavaScript has no strings as long as this log)\nR1 leaks addr'
    const error = await loadError(
      failed(EINVAL, log(cut), "prog 'prog': BPF program load failed: Invalid argument"),
      'object',
      [program('xdp')],
    )
    expect(error).toMatchObject({ name: 'VerifierError', program: 'prog', kind: 'pointer-leak' })
    expect(error.warnings).toEqual([
      "prog 'prog': BPF program load failed: Invalid argument",
      expect.stringContaining('the middle of the log is left out'),
    ])
  })

  test('is a VerifierError where it stopped at an instruction without a word', async () => {
    const walk = log('0: R1=ctx() R10=fp0\n0: (b7) r0 = 0\nprocessed 1 insns (limit 1000000) max_states_per_insn 0')
    const error = await loadError(failed(EINVAL, walk), 'object', [program('xdp')])
    expect(error).toMatchObject({ name: 'VerifierError', kind: 'unknown', instruction: { number: 0 } })
    const untranslated = await loadError(failed(ENOTSUPP, walk), 'object', [program('xdp')])
    expect(untranslated).not.toBeInstanceOf(VerifierError)
  })

  test('is nothing where it gave no reason', async () => {
    const error = await loadError(
      failed(EINVAL, log('processed 0 insns (limit 1000000) max_states_per_insn 0')),
      'object',
      [program('nonsense')],
    )
    expect(error).toBeInstanceOf(EbpfError)
    expect(error).not.toBeInstanceOf(VerifierError)
    expect(error).toMatchObject({ code: 'EINVAL', program: 'prog' })
  })
})

test.each([
  [
    "extern (func ksym) 'bpf_x': func_proto [7] incompatible with vmlinux [63563]",
    /^The object declares bpf_x\(\) otherwise/,
  ],
  ["map '.data.l': failed to re-mmap() contents: -ENOTSUPP", /SEC\("\.bss\.locks"\) __hidden/],
])('%s: what to declare', async (message, hint) => {
  const error = await loadError(failed(EINVAL, message), 'object', [])
  expect(error.hint).toMatch(hint)
})

test('an extension needs the program that it extends', async () => {
  const messages = ["prog 'prog': attach program FD is not set", "prog 'prog': failed to load: -EINVAL"]
  const error = await loadError(failed(EINVAL, ...messages), 'object', [program('freplace/slot')])
  expect(error).toMatchObject({
    hint: expect.stringContaining('spec.programs.prog.attachTarget = { program, function }'),
  })
})

test('a program of too many instructions is told so, without a log', async () => {
  const message = "prog 'prog': BPF program load failed: Argument list too long"
  const error = await loadError(failed(constants.errno.E2BIG, message), 'object', [program('xdp')])
  expect(error).toMatchObject({ code: 'E2BIG', program: 'prog', hint: expect.stringContaining('1,000,000') })
  expect(error).not.toBeInstanceOf(VerifierError)
})

describe('what a section asks of the kernel', () => {
  test.each([
    ['kprobe/x', 'kprobe', '4.1'],
    ['?tcx/ingress', 'tcx', '6.6'],
    ['tc/ingress', 'tcx', '6.6'],
    ['tc', 'tc', '4.5'],
    ['fentry.s/x', 'fentry', '5.5'],
    ['lsm_cgroup/x', 'lsm_cgroup', '6.0'],
    ['iter/cgroup', 'iter/cgroup', '6.1'],
    ['iter.s/task', 'iter/task', '5.8'],
    ['iter/of_tomorrow', 'iter/of_tomorrow', '5.8'],
    ['iter', 'iter', '5.8'],
    ['xdp.frags', 'xdp.frags', '5.18'],
    ['xdp.frags/devmap', 'xdp.frags/devmap', '5.18'],
    ['xdp', 'xdp', expect.any(String)],
    ['struct_ops/init', 'struct_ops', '5.6'],
    ['sk_skb/verdict', 'sk_skb/verdict', '5.13'],
    ['raw_tp.w/x', 'raw_tp.w/x', '5.2'],
    ['syscall', 'a syscall program', '5.14'],
  ])('%s', (section, what, since) => {
    expect(sectionFeature(program(section))).toMatchObject({ what, since })
  })

  test.each(['', 'nonsense', 'constructor', '__proto__/x'])('nothing is known of %j', (section) => {
    expect(sectionFeature(program(section))).toBeUndefined()
  })
})
