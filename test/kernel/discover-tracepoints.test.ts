/** Tracepoints of the kernel, compared with what tracefs says, and with programs that read what they get there. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { kernelBtf, listTracepoints } from '../../lib/index.ts'
import { runScript } from '../support/script.ts'

const EVENTS = '/sys/kernel/tracing/events'
const withoutPrivilege = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']

describe('tracepoints', () => {
  it('of a category are those of tracefs', async () => {
    const listed = await listTracepoints('sched:*')
    const folders = readdirSync(`${EVENTS}/sched`).filter((name) => statSync(`${EVENTS}/sched/${name}`).isDirectory())
    expect(listed.map(({ name }) => name)).toEqual(folders.sort())
    expect(new Set(listed.map(({ category }) => category))).toEqual(new Set(['sched']))
  })

  it('have names as sections have them, too', async () => {
    const listed = await listTracepoints('sched/sched_process_*')
    expect(listed.length).toBeGreaterThan(1)
    expect(listed).toEqual(await listTracepoints('sched:sched_process_*'))
  })

  it('have the fields of their records', async () => {
    const [exec] = await listTracepoints('sched:sched_process_exec')
    const lines = readFileSync(`${EVENTS}/sched/sched_process_exec/format`, 'utf8').match(/\tfield:.*/g)
    expect(exec?.fields).toHaveLength(lines?.length as number)
    const fields = new Map(exec?.fields?.map(({ name, ...facts }) => [name, facts]))
    expect(fields.get('common_pid')).toEqual({ type: 'int', offset: 4, size: 4, signed: true, location: undefined })
    expect(fields.get('filename')).toMatchObject({ type: '__data_loc char[]', size: 4, location: 'data_loc' })
    expect(fields.get('pid')).toMatchObject({ type: 'pid_t', size: 4, signed: true })
    const [exit] = await listTracepoints('sched:sched_process_exit')
    expect(exit?.fields?.find(({ name }) => name === 'comm')).toMatchObject({ type: 'char[16]', size: 16 })
  })

  it('have names for all fields of all events, one behind the other', async () => {
    for (const { category, name, fields } of await listTracepoints('*:*')) {
      let end = 0
      for (const field of fields ?? []) {
        expect(field.name, `${category}:${name}`).toMatch(/^\w+$/)
        expect(field.offset, `${category}:${name} ${field.name}`).toBeGreaterThanOrEqual(end)
        end = field.offset + field.size
      }
    }
  })

  it('have what the kernel passes, with its types', async () => {
    const [exec] = await listTracepoints('sched_process_exec')
    expect(exec?.arguments).toMatchObject([
      { name: 'p', type: 'struct task_struct *' },
      { name: 'old_pid', type: 'pid_t' },
      { name: 'bprm', type: 'struct linux_binprm *' },
    ])
    expect((await kernelBtf()).type(exec?.arguments?.[1]?.typeId as number)).toMatchObject({ name: 'pid_t' })
  })

  it('of system calls have no tracepoint of their own', async () => {
    const [open] = await listTracepoints('syscalls:sys_enter_openat')
    expect(open?.arguments).toBeUndefined()
    expect(open?.fields?.map(({ name }) => name)).toContain('filename')
  })

  it('are told by BTF alone where tracefs cannot be read, without categories', () => {
    const script = `
      const [exec] = await ebpf.listTracepoints('sched_process_exec')
      const refused = await ebpf.listTracepoints('sched:*').catch((error) => error)
      console.log(JSON.stringify([exec.category, exec.fields, exec.arguments.length, refused.code, /mounted/.test(refused.hint)]))
    `
    const { stdout, stderr } = runScript(script, withoutPrivilege)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([null, null, 3, 'ERR_EBPF_KERNEL', true])
  })

  it('are none where none fits', async () => {
    expect(await listTracepoints('no_such_tracepoint')).toEqual([])
    await expect(listTracepoints('')).rejects.toThrow(TypeError)
  })
})

it('ebpf tracepoints prints what they pass, or their fields', () => {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const ebpf = (...args: string[]) => spawnSync(process.execPath, [main, 'tracepoints', ...args], { encoding: 'utf8' })
  const name = 'sched:sched_process_exit'
  expect(ebpf(name).stdout).toMatch(/\nsched:sched_process_exit +struct task_struct \*p/)
  expect(ebpf(name, '--fields').stdout).toMatch(/\nsched:sched_process_exit +8 +16 +char comm\[16\]\n/)
  expect(JSON.parse(ebpf(name, '--json').stdout)).toMatchObject([{ category: 'sched', name: 'sched_process_exit' }])
})
