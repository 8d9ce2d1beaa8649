/** A cable that tests share. */
import { afterAll, beforeAll } from 'vitest'
import { Cable, type CableOptions, ip } from './netns.ts'

/** What a shared cable is made of; its ends are there once the first test begins. */
export type SharedCable = Pick<Cable, 'left' | 'right'>

/** One cable for all tests of a file, or of a `describe`: made before the first, gone after the last. */
export function cableForTests(options: CableOptions = {}): SharedCable {
  let cable: Cable | undefined
  const made = (): Cable => {
    if (cable === undefined) throw new Error('the cable is there once tests run')
    return cable
  }
  beforeAll(() => {
    cable = new Cable(options)
  })
  afterAll(async () => {
    await cable?.[Symbol.asyncDispose]()
  })
  return {
    get left() {
      return made().left
    },
    get right() {
      return made().right
    },
  }
}

/** Each end sends what is for `address`, which is nobody's, to the other one; the right one forwards it. */
export function routeToNobody({ left, right }: SharedCable, address: string): void {
  ip('-n', left.namespace, 'route', 'add', `${address}/32`, 'via', right.address)
  ip('-n', right.namespace, 'route', 'add', `${address}/32`, 'via', left.address)
  ip('netns', 'exec', right.namespace, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
}
