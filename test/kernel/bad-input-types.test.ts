/** Native calls that create maps by types and by other maps, with what is none. */
import { describe, expect, it } from 'vitest'
import { binding } from '../../lib/binding.ts'
import { createMap, u32 } from '../../lib/index.ts'
import { createNatively } from '../support/native-map.ts'

/** Of linux/bpf.h. */
const ARRAY_OF_MAPS = 12

describe('native calls', () => {
  const create = (wishes: object): number => createNatively({ type: ARRAY_OF_MAPS, ...wishes })

  it('take no handle that is stale, made up or of another kind', () => {
    using map = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1 })
    const handle = map.borrow('be taken for types')
    const stale = createMap({ type: 'hash', key: u32, value: u32, maxEntries: 1 })
    const old = stale.borrow('become stale')
    stale.close()
    for (const wrong of [old, -1, 2 ** 31 - 1]) expect(create({ innerMap: wrong }), `map ${wrong}`).toBe(-9)
    for (const wrong of [old, handle, -1]) expect(create({ innerMap: handle, btf: wrong }), `types ${wrong}`).toBe(-9)
    for (const wrong of [undefined, null, '1', 1n, {}]) expect(() => create({ btf: wrong })).toThrow(TypeError)
  })

  it('take no BTF that is none', () => {
    for (const wrong of [new Uint8Array(0), new Uint8Array(24), new Uint8Array(1000).fill(255)]) {
      expect(binding.btfLoad(wrong)).toBe(-22)
    }
    for (const wrong of [undefined, null, '', [1], new ArrayBuffer(8)]) {
      expect(() => binding.btfLoad(wrong as never)).toThrow(TypeError)
    }
  })
})
