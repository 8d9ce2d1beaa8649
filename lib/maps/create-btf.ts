/** The types of a new map, for the kernel to keep. */
import { constants } from 'node:os'
import { boolean } from '../arguments.ts'
import { type Handle, binding } from '../binding.ts'
import { UnspeakableLayout, buildBtf } from '../btf/build.ts'
import type { Layout } from '../btf/layout.ts'
import { invalidArgument } from '../errors.ts'
import { check } from '../outcome.ts'
import type { CreatePlan } from './create-rules.ts'

/** `btf` is a native handle to be closed by `descriptorClose` once the map is there, or 0 for none. */
export interface MapBtf {
  btf: Handle
  keyTypeId: number
  valueTypeId: number
}

const NONE: MapBtf = { btf: 0, keyTypeId: 0, valueTypeId: 0 }

/**
 * Loads the types of a map's keys and values where the kernel keeps such for maps of this type.
 *
 * @param wish the caller's: whether to; `undefined` to do it where that is possible
 * @throws TypeError where that cannot be
 */
export function loadMapBtf(type: string, plan: CreatePlan, wish: unknown): MapBtf {
  const wanted = wish === undefined ? undefined : boolean(wish, 'btf')
  const { btf: rule } = plan.rule
  if (wanted === false) {
    if (rule !== 'required') return NONE
    throw invalidArgument(`btf must not be false: the kernel makes a map of type ${type} only with types`)
  }
  const refusal = rule === undefined ? `the kernel keeps no types for maps of type ${type}` : unsuitable(type, plan)
  if (refusal === undefined) return loadLayouts(type, plan, wanted === true || rule === 'required')
  if (wanted === true) throw invalidArgument(`btf does not apply: ${refusal}`)
  return NONE
}

/** What the kernel's check of a type's own refuses; it would only say EINVAL. */
function unsuitable(type: string, { rule, key }: CreatePlan): string | undefined {
  const layout = key?.layout
  if (layout === undefined || rule.btfKey === undefined || rule.btfKey(layout)) return undefined
  return `the kernel keeps types for maps of type ${type} only where keys are ${rule.btfKeyText}`
}

function loadLayouts(type: string, { rule, key, value }: CreatePlan, insisting: boolean): MapBtf {
  const layouts = [rule.btf === 'value' ? undefined : key?.layout, value?.layout]
  try {
    const [keyTypeId, valueTypeId, btf] = loadBtf(layouts)
    return { btf, keyTypeId, valueTypeId }
  } catch (error) {
    if (!(error instanceof UnspeakableLayout)) throw error
    if (insisting)
      throw invalidArgument(`the types of a map of type ${type} cannot be told to the kernel: ${error.message}`)
    return NONE
  }
}

/** A kernel that does not know a kind of type says only EINVAL: then in the words of the oldest. */
function loadBtf(layouts: readonly (Layout | undefined)[]): [keyTypeId: number, valueTypeId: number, btf: Handle] {
  let built = buildBtf(layouts)
  let btf = binding.btfLoad(built.bytes)
  if (btf === -constants.errno.EINVAL && built.modern) {
    built = buildBtf(layouts, { old: true })
    btf = binding.btfLoad(built.bytes)
  }
  return [built.ids[0]!, built.ids[1]!, check(btf, 'bpf_btf_load', {})]
}
