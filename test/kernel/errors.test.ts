import { describe, expect, it } from 'vitest'
import { EbpfError, VerifierError, createMap, loadObject, openMap, openObject, u32 } from '../../lib/index.ts'
import { fixture } from '../support/fixtures.ts'
import { runScript } from '../support/script.ts'
import { rejection } from '../support/wait.ts'
import { olderThan } from '../support/kernel-features.ts'

/** The state before the first instruction; before Linux 5.12 a line of C comes first. */
const beginsWithState = olderThan('5.12') ? /^; .*\n0: / : /^0: .*R1=ctx\(/

const rejected = async (program: string): Promise<VerifierError> =>
  (await rejection(loadObject(fixture('rejected'), { programs: { [program]: { autoload: true } } }))) as VerifierError

describe('a program that the verifier refuses', () => {
  it('is named, with the reason and the whole log', async () => {
    const error = await rejected('unchecked')
    expect(error).toBeInstanceOf(VerifierError)
    expect(error).toBeInstanceOf(EbpfError)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'VerifierError',
      code: 'EACCES',
      errno: -13,
      operation: 'bpf_object__load',
      object: 'rejected',
      program: 'unchecked',
    })
    expect(Object.keys(error), 'what is not known is not there').not.toContain('map')
    expect(error.message).toContain("the verifier refused program 'unchecked' of object 'rejected'")
    expect(error.message).toContain("invalid mem access 'map_value_or_null'")
    expect(error.log).toMatch(beginsWithState)
    // Linux 6.9 says where a line is.
    if (!olderThan('6.9')) expect(error.log).toContain('rejected.bpf.c')
    expect(error.log).toMatch(/processed \d+ insns/)
    expect(error.warnings).toContainEqual(
      expect.stringMatching(/^prog 'unchecked': BPF program load failed: (-EACCES|Permission denied)$/),
    )
    expect(error.warnings.join('\n'), 'the log is not a warning').not.toContain('processed')
  })

  it('has its log from the first line to the last, also when that is more than a megabyte', async () => {
    const { log, message } = await rejected('talkative')
    expect(log.length).toBeGreaterThan(1_000_000)
    expect(log).toMatch(beginsWithState)
    // Linux 7.3 explains it in between.
    expect(log).toMatch(
      /R6 (?:offset is outside of the packet|min value is outside of the allowed memory range)\n(?:\nVerification failed:[\s\S]*\n)?processed \d+ insns.*\n+$/,
    )
    expect(message.length).toBeLessThan(500)
  })

  it('is told what it may not call', async () => {
    const error = await rejected('wrong_helper')
    expect(error).toMatchObject({ name: 'VerifierError', code: 'EINVAL', program: 'wrong_helper' })
    expect(error.message).toContain('bpf_skb_load_bytes')
  })

  it('does not keep the rest of its file from being loaded without it', async () => {
    const spec = await openObject(fixture('rejected'))
    spec.programs.unchecked!.autoload = true
    expect(await rejection(spec.load())).toBeInstanceOf(VerifierError)
    spec.programs.unchecked!.autoload = false
    await using object = await spec.load()
    expect((await object.programs.fine!.testRun({ data: new Uint8Array(14) })).returnValue).toBe(2)
  })

  it('may be one that needs another licence', async () => {
    const error = await rejection(loadObject(fixture('bad-license')))
    expect(error).toMatchObject({ name: 'VerifierError', code: 'EINVAL', program: 'talk', object: 'bad-license' })
    expect(error.message).toContain('cannot call GPL-restricted function from non-GPL compatible program')
    expect((await openObject(fixture('bad-license'))).license).toBe('')
  })
})

describe('an error of the kernel', () => {
  it('has its code, its number, what failed, and on what', () => {
    using map = createMap({ type: 'array', value: u32, maxEntries: 2, name: 'mine' })
    map.freeze()
    let error: unknown
    try {
      map.set(0, 1)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(EbpfError)
    expect({ ...(error as EbpfError) }).toEqual({
      name: 'EbpfError',
      code: 'EPERM',
      errno: -1,
      operation: 'bpf_map_update_elem',
      object: undefined,
      program: undefined,
      map: 'mine',
      link: undefined,
      hint: undefined,
      warnings: [],
    })
    expect((error as EbpfError).message).toBe(
      "bpf_map_update_elem failed on map 'mine': EPERM, operation not permitted",
    )
    expect((error as EbpfError).stack).toContain('errors.test.ts')
  })

  it('names the object and what libbpf said of it', async () => {
    const error = await rejection(
      loadObject(fixture('objects'), {
        name: 'renamed',
        maps: { kept: { autocreate: false }, counts: { maxEntries: 0 } },
      }),
    )
    expect(error).toMatchObject({ name: 'EbpfError', code: 'EINVAL', object: 'renamed', operation: 'bpf_object__load' })
    expect((error as EbpfError).warnings.length).toBeGreaterThan(0)
    expect((error as EbpfError).warnings.join('\n')).toContain("map 'counts'")
    expect(error.message).toContain("map 'counts'")
  })

  it('is told for a file that is not there as Node tells it', async () => {
    expect(await rejection(openObject('/nowhere/at/all.bpf.o'))).toMatchObject({
      code: 'ENOENT',
      path: '/nowhere/at/all.bpf.o',
    })
    expect(await rejection(openObject(new URL('file:///nowhere.bpf.o')))).toMatchObject({ code: 'ENOENT' })
    expect(await rejection(openObject('/proc/self'))).toMatchObject({ code: 'EISDIR' })
    expect(() => openMap('/sys/fs/bpf/nowhere')).toThrowError(
      expect.objectContaining({ code: 'ENOENT', message: expect.stringContaining('/sys/fs/bpf/nowhere') }),
    )
  })
})

describe('a process without privileges', () => {
  const attempts = `
    const attempt = async (act) => {
      try {
        await act()
        return 'done'
      } catch (error) {
        const { name, code, errno, hint, operation } = error
        return { name, code, errno, operation, hint }
      }
    }
    const { createMap, loadObject, openMap, openObject, openProgram, u32, enableRunStatistics } = ebpf
    const act = (bytes) => ({
      open: async () => (await openObject(bytes)).programs.fine.instructionCount,
      load: () => loadObject(bytes),
      createMap: () => createMap({ type: 'lru_hash', key: u32, value: u32, maxEntries: 1 }),
      openMap: () => openMap({ id: 1 }),
      openProgram: () => openProgram({ id: 1 }),
      statistics: () => enableRunStatistics(),
    })
    const { readFileSync } = await import('node:fs')
    const bytes = readFileSync(fixture('rejected'))
    if (process.argv[1] === 'drop') {
      try {
        process.setgroups([])
        process.setgid(65534)
        process.setuid(65534)
      } catch (error) {
        console.log(JSON.stringify(error.code))
        process.exit(0)
      }
    }
    const results = {}
    for (const [name, each] of Object.entries(act(bytes))) results[name] = await attempt(each)
    console.log(JSON.stringify(results))
  `
  const refused = { name: 'EbpfError', code: 'EPERM', errno: -1 }

  it('can open an object, is refused the rest, and is told what it needs', () => {
    // It drops them itself, so that it could read the package before. Where Node's libuv may use io_uring it must not
    // (CVE-2024-22017), and starts without them.
    const dropping = runScript(`process.argv[1] = 'drop'\n${attempts}`)
    const { status, stdout, stderr } =
      dropping.stdout.trim() === '"ERR_INVALID_STATE"'
        ? runScript(attempts, ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'])
        : dropping
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { open, ...rest } = JSON.parse(stdout)
    expect(open).toBe('done')
    for (const [name, result] of Object.entries(rest)) {
      expect(result, name).toMatchObject({
        ...refused,
        hint: expect.stringMatching(/CAP_BPF.*CAP_PERFMON.*CAP_NET_ADMIN/),
      })
    }
    expect(rest.load.operation).toBe('bpf_object__load')
  })

  it('though it is root, is refused the same', () => {
    const none = ['setpriv', '--inh-caps=-all', '--bounding-set=-all', '--']
    const { status, stdout, stderr } = runScript(attempts, none)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    const { open, ...rest } = JSON.parse(stdout)
    expect(open).toBe('done')
    for (const [name, result] of Object.entries(rest)) expect(result, name).toMatchObject(refused)
  })
})
