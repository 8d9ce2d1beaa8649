/** Which imports are ours, and what they ask for. */
import { describe, expect, it } from 'vitest'
import { requestOfId, requestOfUrl, splitQuery } from '../../../lib/loader/request.ts'

describe('a URL', () => {
  it('is decoded', () => {
    expect(requestOfUrl('file:///a%20b/%23%3F%25.bpf.c')).toEqual({ path: '/a b/#?%.bpf.c' })
    expect(requestOfUrl('file:///x.bpf.o?int64=number&t=1')).toEqual({ path: '/x.bpf.o', int64: 'number' })
  })

  it.each([
    'file:///x.c',
    'file:///x.bpf.c.js',
    'file:///x.bpf.cc',
    'node:fs',
    'data:text/javascript,x.bpf.c',
    'http://a/x.bpf.c',
  ])('%s is none', (url) => expect(requestOfUrl(url)).toBeUndefined())

  it('is refused for a query that is not known', () => {
    expect(() => requestOfUrl('file:///x.bpf.c?int=number')).toThrow("'?int' is not known at an import of /x.bpf.c")
    expect(() => requestOfUrl('file:///x.bpf.c?int64=1')).toThrow("?int64=1 must be 'bigint' or 'number'")
  })
})

describe('the name of a module in a bundler', () => {
  it('is a path with a query', () => {
    expect(requestOfId('/a?b/x.bpf.c')).toEqual({ path: '/a?b/x.bpf.c' })
    expect(requestOfId('/x.bpf.c?v=1&int64=bigint')).toEqual({ path: '/x.bpf.c', int64: 'bigint' })
    expect(splitQuery('./x.bpf.c?int64=number')).toEqual(['./x.bpf.c', '?int64=number'])
    expect(splitQuery('./a?b.bpf.o')).toEqual(['./a?b.bpf.o', ''])
  })

  it.each(['/x.bpf.c?raw', '/x.bpf.c?url&t=1', '\0x.bpf.c', '/x.ts', '/x.bpf.c.ts'])('%j is none of ours', (id) =>
    expect(requestOfId(id)).toBeUndefined(),
  )
})
