import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { describeFailure } from '../../../lib/cli/failure.ts'
import { define, type Flags, kernelsOf } from '../../../lib/cli/vm.ts'
import { formatTable } from '../../../lib/cli/vm-table.ts'
import { EbpfError } from '../../../lib/errors.ts'
import { VmError } from '../../../lib/testing/index.ts'

/** What the words of a command line mean, without running anything. */
async function parse(...args: string[]): Promise<{ words: string[]; flags: Flags }> {
  const program = new Command().enablePositionalOptions()
  const command = program.command('vm')
  define(command)
  let parsed: { words: string[]; flags: Flags } | undefined
  command.action((words: string[], flags: Flags) => {
    parsed = { words, flags }
  })
  for (const each of [program, command]) each.exitOverride().configureOutput({ writeErr: () => {} })
  await program.parseAsync(['vm', ...args], { from: 'user' })
  if (parsed === undefined) throw new Error('no action was run')
  return parsed
}

describe('the command line', () => {
  it('has options before the command, and passes on what comes after', async () => {
    const { words, flags } = await parse('--kernel', '6.12', '--memory=512', '--', 'node', '--kernel', 'x', '--', '-q')
    expect(words).toEqual(['node', '--kernel', 'x', '--', '-q'])
    expect(flags).toMatchObject({ kernel: ['6.12'], memory: 512, accel: 'auto' })
  })

  it('needs no dashes where the command is none of its options', async () => {
    expect((await parse('-k', '6.1', 'uname', '-r')).words).toEqual(['uname', '-r'])
  })

  it('takes several kernels, in their order, each way', async () => {
    const { flags } = await parse('--kernel', '5.10', '--matrix', '6.1, 6.12,', '--matrix', 'latest', '--', 'true')
    expect(kernelsOf(flags)).toEqual(['5.10', '6.1', '6.12', 'latest'])
    expect(kernelsOf({})).toEqual(['latest'])
  })

  it.each([
    [['--memory', 'much', '--', 'true'], 'It must be a whole number.'],
    [['--timeout', '1.5', '--', 'true'], 'It must be a whole number.'],
    [['--accel', 'magic', '--', 'true'], 'It must be kvm, tcg or auto.'],
    [['--kernel', '6.1'], "missing required argument 'command'"],
    [['--kernal', '6.1', '--', 'true'], 'Did you mean --kernel?'],
  ])('refuses %j', async (args, sentence) => {
    await expect(parse(...args)).rejects.toThrow(sentence)
  })
})

describe('exit codes', () => {
  it('tell a time-out, a failure of the guest and one of the kernel from each other', () => {
    expect(describeFailure(new VmError('ERR_EBPF_VM_TIMEOUT', 'late'))).toEqual({ message: 'late', exitCode: 124 })
    expect(describeFailure(new VmError('ERR_EBPF_VM_PANIC', 'panic', ['last', 'lines']))).toEqual({
      message: 'panic\n  | last\n  | lines',
      exitCode: 125,
    })
    expect(describeFailure(new EbpfError('refused', 'EPERM', -1, { operation: 'x' })).exitCode).toBe(1)
  })

  it('say all that is known of a mistake of our own', () => {
    expect(describeFailure(new TypeError('oops')).message).toContain('vm.test.ts')
  })
})

it('the table has a row for each kernel, with what went wrong', () => {
  const table = formatTable([
    { kernel: '6.12', release: '6.12.1-amd64', exitCode: 0, milliseconds: 12_340, problem: undefined },
    { kernel: '6.18', release: undefined, exitCode: 125, milliseconds: 0, problem: 'The mirror has no Linux 6.18.' },
    { kernel: '7.3', release: '7.3.4', exitCode: 3, milliseconds: 1000, problem: undefined },
  ])
  for (const text of ['6.12.1-amd64', '12.3', 'The mirror has no Linux 6.18.', 'exit code 3'])
    expect(table).toContain(text)
})
