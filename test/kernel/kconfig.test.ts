/** `extern … __kconfig`: what the running kernel was configured with, or what the user says in its place. */
import { existsSync, readFileSync } from 'node:fs'
import { release, version } from 'node:os'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { type BpfObject, loadObject, openObject } from '../../lib/index.ts'
import { fixture } from '../support/fixtures.ts'
import { run } from '../support/run.ts'

/** The running kernel's configuration, where it can be read. */
function kernelConfig(): string | undefined {
  if (existsSync('/proc/config.gz')) return gunzipSync(readFileSync('/proc/config.gz')).toString()
  const path = `/boot/config-${release()}`
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/** The program fails to load without these where no configuration can be read. */
const required = { CONFIG_HZ: 100, CONFIG_BPF_SYSCALL: true, CONFIG_BPF: true }

async function withConfig(
  kconfig: Record<string, boolean | number | bigint | string>,
  body: (object: BpfObject) => void,
): Promise<void> {
  await using object = await loadObject(fixture('kconfig'), { kconfig })
  await run(object, 'read_config')
  body(object)
}

describe('kernel configuration', () => {
  const config = kernelConfig()

  it('is the running kernel’s, and zero for what a weak extern does not find', async () => {
    if (config === undefined) {
      await expect(loadObject(fixture('kconfig'))).rejects.toMatchObject({ name: 'EbpfError', object: 'kconfig' })
      return
    }
    await withConfig({}, ({ globals }) => {
      expect(globals.hz).toBe(Number(/^CONFIG_HZ=(\d+)$/m.exec(config)![1]))
      expect(globals.has_syscall).toBe(true)
      expect(globals.bpf_is).toBe(1)
      expect(globals.hostname).toBe((/^CONFIG_DEFAULT_HOSTNAME="(.*)"$/m.exec(config)?.[1] ?? '').slice(0, 15))
      expect(globals.number).toBe(0)
      expect(globals.has_switch).toBe(false)
    })
  })

  it('has the version that the kernel has', async () => {
    // Debian's release may stay at 6.1.0 through all of 6.1; its version tells.
    const running = / Debian (\d+\.\d+\.\d+)/.exec(version())?.[1] ?? release()
    const [major, minor, patch] = running.split(/[.-]/).map(Number) as [number, number, number]
    await withConfig(required, ({ globals }) => {
      expect(globals.version >> 16).toBe(major)
      expect((globals.version >> 8) & 255).toBe(minor)
      expect(globals.version & 255).toBe(Math.min(255, patch))
    })
  })

  it('is overridden by numbers, switches and text', () =>
    withConfig(
      {
        ...required,
        CONFIG_HZ: 12345,
        CONFIG_BPF_SYSCALL: false,
        CONFIG_BPF: 'm',
        CONFIG_DEFAULT_HOSTNAME: 'a host',
        CONFIG_NO_SUCH_NUMBER: -7n,
        CONFIG_NO_SUCH_SWITCH: true,
      },
      ({ globals }) => {
        expect(globals.hz).toBe(12345)
        expect(globals.has_syscall).toBe(false)
        expect(globals.bpf_is).toBe(2)
        expect(globals.hostname).toBe('a host')
        expect(globals.number).toBe(-7)
        expect(globals.has_switch).toBe(true)
      },
    ))

  it.each(['', 'y and n', 'say "hi"', 'back\\slash', 'tab\there', 'naïve'])('takes the text %o as it is', (text) =>
    withConfig({ ...required, CONFIG_DEFAULT_HOSTNAME: text }, ({ globals }) => {
      expect(globals.hostname).toBe(text)
    }),
  )

  it('is edited on the spec, for each load anew', async () => {
    const spec = await openObject(fixture('kconfig'))
    Object.assign(spec.kconfig, required)
    for (const hz of [1, 2]) {
      spec.kconfig.CONFIG_HZ = hz
      await using object = await spec.load()
      await run(object, 'read_config')
      expect(object.globals.hz).toBe(hz)
    }
  })

  it.each([
    ['a number where a switch is', { CONFIG_BPF_SYSCALL: 5 }, 'EINVAL'],
    ['text where a number is', { CONFIG_HZ: 'many' }, 'EINVAL'],
    ['a number that does not fit', { CONFIG_HZ: 2 ** 31 }, 'EINVAL'],
    ['a fraction', { CONFIG_HZ: 1.5 }, 'ERR_EBPF_INVALID_ARGUMENT'],
    ['an object', { CONFIG_HZ: {} as never }, 'ERR_EBPF_INVALID_ARGUMENT'],
    ['two lines', { CONFIG_DEFAULT_HOSTNAME: 'a\nCONFIG_HZ=5' }, 'ERR_EBPF_INVALID_ARGUMENT'],
    ['another name', { HZ: 5 }, 'ERR_EBPF_UNKNOWN_NAME'],
    ['a name of two lines', { 'CONFIG_A=1\nCONFIG_B': 5 }, 'ERR_EBPF_UNKNOWN_NAME'],
  ])('refuses %s', async (_, kconfig, code) => {
    await expect(loadObject(fixture('kconfig'), { kconfig: { ...required, ...kconfig } })).rejects.toMatchObject({
      code,
    })
  })

  it('does not show up among the globals', async () => {
    const spec = await openObject(fixture('kconfig'))
    const variables = ['bpf_is', 'has_switch', 'has_syscall', 'hostname', 'hz', 'number', 'version']
    expect(Object.keys(spec.globals).sort()).toEqual(variables)
    expect(Object.keys(spec.maps)).toEqual([])
  })
})
