import { afterEach, describe, expect, it } from 'vitest'
import { type LogMessage, loadObject, onLog, openObject } from '../../lib/index.ts'
import { fixture } from '../support/fixtures.ts'
import { runScript } from '../support/script.ts'
import { rejection } from '../support/wait.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

function listen(): LogMessage[] {
  const messages: LogMessage[] = []
  stops.push(onLog((message) => messages.push(message)))
  return messages
}

const fail = (program = 'unchecked') =>
  rejection(loadObject(fixture('rejected'), { programs: { [program]: { autoload: true } } }))

describe('onLog', () => {
  it('gets what libbpf says, without prefix and newline', async () => {
    const messages = listen()
    await fail()
    expect(messages).toContainEqual({
      level: 'warn',
      message: expect.stringMatching(/^prog 'unchecked': BPF program load failed: (-EACCES|Permission denied)$/),
    })
    expect(messages).toContainEqual({
      level: 'warn',
      message: expect.stringMatching(
        /^prog 'unchecked': -- BEGIN PROG LOAD LOG --\n(?:; .*\n)?0: [\s\S]*-- END PROG LOAD LOG --$/,
      ),
    })
    for (const { message } of messages) expect(message).not.toMatch(/^libbpf:|\n$/)
  })

  it('gets what libbpf says of a file that it cannot read', async () => {
    const messages = listen()
    await rejection(openObject(new Uint8Array(100)))
    expect(messages.map(({ level }) => level)).toContain('warn')
  })

  it('gets debug messages of loads with a log level, and only of those', async () => {
    const messages = listen()
    await (await loadObject(fixture('rejected'))).close()
    expect(messages.filter(({ level }) => level === 'debug')).toEqual([])
    await (await loadObject(fixture('rejected'), { logLevel: 1 })).close()
    expect(messages.filter(({ level }) => level === 'debug').length).toBeGreaterThan(5)
  })

  it('gets messages of several loads at once, each whole', async () => {
    const messages = listen()
    await Promise.all(Array.from({ length: 8 }, (_, index) => fail(index % 2 ? 'unchecked' : 'wrong_helper')))
    const logs = messages.filter(({ message }) => message.includes('BEGIN PROG LOAD LOG'))
    expect(logs).toHaveLength(8)
    for (const { message } of logs)
      expect(message).toMatch(/^prog '(unchecked|wrong_helper)': .*\n[\s\S]*-- END PROG LOAD LOG --$/)
  })

  it('tells every listener, until each is removed', async () => {
    const first = listen()
    const second: LogMessage[] = []
    const stop = onLog((message) => second.push(message))
    await fail()
    expect(second).toEqual(first)
    const seen = second.length
    stop()
    stop()
    await fail()
    expect(second).toHaveLength(seen)
    expect(first).toHaveLength(2 * seen)
  })

  it('does not let a listener that throws hide an error, or lose an object', () => {
    const { status, stdout } = runScript(`
      const uncaught = []
      process.on('uncaughtException', (error) => uncaught.push(error.message))
      ebpf.onLog(() => {
        throw new Error('mine')
      })
      const codes = await ebpf.openObject(new Uint8Array(100)).catch((error) => error.code)
      const object = await ebpf.loadObject(fixture('programs'), { logLevel: 1 })
      await object.close()
      await new Promise(setImmediate)
      console.log(JSON.stringify([codes, [...new Set(uncaught)], object.closed]))
    `)
    expect({ status, told: JSON.parse(stdout) }).toEqual({
      status: 0,
      told: ['ERR_EBPF_INVALID_OBJECT', ['mine'], true],
    })
  })

  it('that listens to nothing changes nothing: the error has the warnings all the same', async () => {
    expect(await fail()).toMatchObject({ warnings: expect.arrayContaining([expect.stringContaining('load failed')]) })
  })
})

describe('standard error', () => {
  it('stays empty, whatever libbpf has to say', () => {
    const { status, stdout, stderr } = runScript(`
      const failures = []
      const attempt = async (act) => {
        try {
          await act()
        } catch (error) {
          failures.push(error.code)
        }
      }
      await attempt(() => ebpf.openObject(new Uint8Array(100)))
      await attempt(() => ebpf.openObject(fixture('bad-map.nobtf')))
      for (const logLevel of [0, 1, 2, 4])
        await attempt(() => ebpf.loadObject(fixture('rejected'), { logLevel, programs: { unchecked: { autoload: true } } }))
      const object = await ebpf.loadObject(fixture('programs'), { logLevel: 7 })
      await attempt(() => object.programs.grow.attach())
      await attempt(() => object.programs.grow.attach(ebpf.xdp('no_such_if')))
      await attempt(() => object.programs.never_run.testRun())
      await object.close()
      console.log(JSON.stringify(failures))
    `)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toHaveLength(9)
  })
})
