import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { define, defineAccessor, namedRecord } from '../../lib/named.ts'

function colours(): Record<string, number> {
  const record = namedRecord<number>('colour')
  define(record, 'red', 1)
  define(record, 'green', 2)
  return record
}

const unknown = (message: string) =>
  expect.objectContaining({ code: 'ERR_EBPF_UNKNOWN_NAME', message: expect.stringContaining(message) })

describe('a record by C name', () => {
  test('has its names as ordinary properties', () => {
    const record = colours()
    expect(record.red).toBe(1)
    expect(Object.keys(record)).toEqual(['red', 'green'])
    expect(Object.values(record)).toEqual([1, 2])
    expect({ ...record }).toEqual({ red: 1, green: 2 })
    expect('red' in record).toBe(true)
    expect(Object.hasOwn(record, 'blue')).toBe(false)
  })

  test('throws for a name that it does not have, and lists those that it has', () => {
    const record = colours()
    expect(() => record.blue).toThrow(unknown("no colour is named 'blue' (known: red, green)"))
    expect(() => namedRecord('map').events).toThrow(unknown("no map is named 'events' (there are none)"))
  })

  test('lists what is most like the name, where there are many', () => {
    const record = namedRecord<number>('helper')
    for (const name of ['ktime_get_ns', 'ktime_get_boot_ns', 'KTIME_GET', 'redirect', '']) define(record, name, 1)
    for (let number = 0; number < 100; number++) define(record, `skb_${number}`, number)
    expect(() => record.bpf_ktime_get).toThrow(
      unknown("'bpf_ktime_get' (of 105, the most similar: KTIME_GET, ktime_get_ns, ktime_get_boot_ns, "),
    )
    expect(() => record.skb42).toThrow(unknown('the most similar: skb_42, '))
  })

  test('throws when an unknown name is assigned', () => {
    const record = colours()
    expect(() => {
      record.blue = 3
    }).toThrow(unknown("'blue'"))
    expect(Object.keys(record)).toEqual(['red', 'green'])
  })

  test('does not let a known name be replaced or deleted', () => {
    const record = colours()
    expect(() => {
      record.red = 3
    }).toThrow(TypeError)
    expect(() => {
      delete record.red
    }).toThrow(TypeError)
    expect(record.red).toBe(1)
  })

  test.each(['toString', 'hasOwnProperty', '__proto__', 'valueOf'])(
    'knows nothing of what other objects inherit: %s',
    (name) => {
      expect(() => colours()[name]).toThrow(unknown(`'${name}'`))
    },
  )

  test.each(['__proto__', 'constructor', 'then', 'toJSON', '0', 'has space', ''])('can hold any name: %j', (name) => {
    const record = namedRecord<number>('map')
    define(record, name, 5)
    expect(record[name]).toBe(5)
    expect(Object.keys(record)).toEqual([name])
  })

  test('can be awaited, printed and written as JSON', async () => {
    const record = colours()
    expect(await record).toBe(record)
    expect(JSON.stringify(record)).toBe('{"red":1,"green":2}')
    expect(inspect(record)).toBe('{ red: 1, green: 2 }')
    expect(inspect({ nested: { record } })).toContain('red: 1')
    expect(record.constructor).toBeUndefined()
    expect(Object.prototype.toString.call(record)).toBe('[object Object]')
    expect(`${Object.entries(record)}`).toBe('red,1,green,2')
  })
})

test('a computed name is read and written each time', () => {
  const record = namedRecord<number>('global variable')
  let value = 1
  defineAccessor(
    record,
    'count',
    () => value,
    (next) => {
      value = next * 2
    },
  )
  expect(record.count).toBe(1)
  record.count = 5
  expect(record.count).toBe(10)
  Object.assign(record, { count: 1 })
  expect(value).toBe(2)
})

test('values that cannot be read do not keep a record from being printed', () => {
  const record = namedRecord<number>('global variable')
  const closed = (): never => {
    throw new Error('closed')
  }
  defineAccessor(record, 'count', closed, closed)
  expect(inspect(record)).toBe('{ count: [Getter/Setter] }')
})
