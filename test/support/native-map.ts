/** Maps below every class. */
import { type Handle, type Status, binding } from '../../lib/binding.ts'
import type { NativeMapCreateOptions } from '../../lib/native-object.ts'

const hash: NativeMapCreateOptions = {
  type: 1,
  name: 'm',
  keySize: 4,
  valueSize: 4,
  maxEntries: 1,
  flags: 0,
  numaNode: 0,
  mapExtra: 0n,
  innerMap: 0,
  btf: 0,
  keyTypeId: 0,
  valueTypeId: 0,
}

/** A hash of one entry, but for the `wishes`, which may be anything. */
export const createNatively = (wishes: object = {}): Handle | Status => binding.mapCreate({ ...hash, ...wishes })
