/** What netlink sets has no link that the kernel would close: it ends with who set it all the same. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { tc } from '../../../lib/hooks/tc.ts'
import { xdp } from '../../../lib/hooks/xdp.ts'
import { query } from '../../../lib/query.ts'
import { Child, builtPackage, run } from '../../support/child.ts'
import { fixture } from '../../support/fixtures.ts'
import { cableForTests } from '../../support/cable-for-tests.ts'
import { ip } from '../../support/netns.ts'
import { TestWorker } from '../../support/worker.ts'

const cable = cableForTests()

/** Attaches to both, and keeps neither the object nor the links. */
let attach: string

beforeAll(() => {
  attach = `
    const { loadObject: open, tc, xdp } = await import(${JSON.stringify(builtPackage())})
    const place = { netns: ${JSON.stringify(cable.right.path)} }
    const fetch = (name) => open(new URL(name + '.bpf.o', ${JSON.stringify(fixture('').href)}))
    const [frames, packets] = await Promise.all([fetch('hooks-xdp'), fetch('hooks-tc')])
    const link = await frames.programs.first.attach(xdp('right0', { ...place, netlink: true }))
    const filter = await packets.programs.first.attach(tc('right0', 'egress', { ...place, priority: 77 }))
  `
})

/** What a failed test left must not fail the others. */
afterEach(() => {
  for (const args of [
    ['-n', cable.right.namespace, 'link', 'set', 'dev', 'right0', 'xdp', 'off'],
    ['netns', 'exec', cable.right.namespace, 'tc', 'qdisc', 'replace', 'dev', 'right0', 'clsact'],
    ['netns', 'exec', cable.right.namespace, 'tc', 'qdisc', 'del', 'dev', 'right0', 'clsact'],
  ]) {
    ip(...args)
  }
})

/** How many of both are there. */
async function attached(): Promise<number> {
  const place = { netns: cable.right.path }
  const answers = await Promise.all([query(xdp('right0', place)), query(tc('right0', 'egress', place))])
  return answers.reduce((sum, { entries }) => sum + entries.length, 0)
}

describe('an attachment without a link ends', () => {
  test.each([
    ['by itself', ''],
    ['by process.exit()', 'process.exit(0)'],
    ['by an exception', 'process.on("uncaughtException", () => process.exit(0)); throw new Error("on purpose")'],
  ])('when its process ends %s', async (_how, end) => {
    const { code, stderr } = await run(`${attach}\n${end}`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await attached()).toBe(0)
  })

  test('when its worker ends, and when it is terminated', async () => {
    for (const body of ['process.exit(0)', 'setInterval(() => {}, 1000)']) {
      const { worker } = await TestWorker.start(`${attach}\nparentPort.postMessage('attached')\n${body}`)
      if (body === 'process.exit(0)') await worker.end()
      else {
        expect(await attached()).toBe(2)
        await worker.terminate()
      }
      expect(await attached()).toBe(0)
    }
  })

  test('not when its process is killed, which leaves no time for that', async () => {
    const child = await Child.start(`${attach}\nprocess.send('ready')\nsetInterval(() => {}, 1000)`)
    expect(await child.end('SIGKILL')).toBe('SIGKILL')
    expect(await attached()).toBe(2)
    cable.right.tc('filter', 'del', 'egress', 'prio', '77')
    expect(await attached()).toBe(1)
  })
})
