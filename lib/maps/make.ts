/** How maps are made that belong to no object. */
import { inspectBriefly, nonEmptyString, optionsObject } from '../arguments.ts'
import { type Handle, binding } from '../binding.ts'
import type { Type } from '../btf/schema.ts'
import { invalidArgument } from '../errors.ts'
import { type Int64, int64Of } from '../object-types.ts'
import { adopt } from './adopt.ts'
import type { CreateMapOptions } from './create-options.ts'
import { loadMapBtf } from './create-btf.ts'
import { creationError } from './create-refusal.ts'
import { type WantedMap, openOrPin } from './create-pinned.ts'
import { type CreatePlan, type CreateWishes, planMap } from './create-rules.ts'
import type { WrapMap } from './factory.ts'
import { type InnerDefinition, givenDefinition, likeDefinition } from './inner-definition.ts'
import { BpfMap } from './map.ts'
import { schemaTypes } from './schema-types.ts'
import { mapTypeNumber } from './types.ts'

/** Every option that some type of map takes. */
export interface AnyOptions extends CreateWishes {
  record?: Type
  inner?: unknown
  name?: string
  int64?: Int64
  btf?: boolean
  pinPath?: string
}

/**
 * Makes a map of any type.
 *
 * @param wrap what makes the object: of any type, or of those that can be in a map of maps
 */
export function makeMap(options: CreateMapOptions | AnyOptions, wrap: WrapMap): BpfMap {
  const known = knownOptions(options)
  const { type, record, inner, btf, pinPath, ...wishes } = known
  const plan = planMap({ type, ...wishes })
  const types = schemaTypes(
    { key: plan.key, value: plan.value, record: recordType(type, record) },
    int64Of(wishes.int64),
  )
  const name = wishes.name === undefined ? type : kernelName(wishes.name)
  const wanted = { type, name, ...types.sizes, maxEntries: plan.maxEntries, flags: plan.flags, mapExtra: plan.mapExtra }
  const template = plan.rule.nested === undefined ? refuseInner(type, inner) : innerMap(type, inner, wrap)
  try {
    const definition = template && definitionOf(template)
    const adopted = (handle: Handle): BpfMap => {
      return adopt(handle, name, (init) => wrap(init, { ...types.ofMap(name, init.info), inner: () => definition }))
    }
    const make = (): BpfMap => adopted(createHandle(wanted, plan, template, btf))
    const map = pinPath === undefined ? make() : openOrPin(pinPath, wanted, make, adopted)
    DEFINITIONS.set(map, givenDefinition({ ...known, key: plan.key, value: plan.value } as AnyOptions))
    return map
  } finally {
    if (template !== inner) template?.close()
  }
}

/** Of maps that were made here: the kernel keeps less than was said. */
const DEFINITIONS = new WeakMap<BpfMap, InnerDefinition>()

/** What a map is like. */
export function definitionOf(map: BpfMap): InnerDefinition {
  return DEFINITIONS.get(map) ?? likeDefinition(map)
}

const OPTIONS: ReadonlySet<string> = new Set<keyof AnyOptions>([
  'type',
  'name',
  'key',
  'value',
  'record',
  'inner',
  'maxEntries',
  'hashFunctions',
  'flags',
  'numaNode',
  'int64',
  'btf',
  'pinPath',
])

/** A misspelt option would make another map than was meant. */
function knownOptions(options: CreateMapOptions | AnyOptions): AnyOptions {
  for (const name of Object.keys(optionsObject(options))) {
    if (!OPTIONS.has(name)) {
      throw invalidArgument(`unknown option ${inspectBriefly(name)} of createMap: there are ${[...OPTIONS].join(', ')}`)
    }
  }
  return options
}

/** What the kernel takes only for the length of the call is closed after it. */
function createHandle(wanted: WantedMap, plan: CreatePlan, template: BpfMap | undefined, wishForBtf: unknown): Handle {
  const { type, name } = wanted
  const types = loadMapBtf(type, plan, wishForBtf)
  try {
    const made = binding.mapCreate({
      ...wanted,
      type: mapTypeNumber(type),
      numaNode: plan.numaNode,
      innerMap: template?.borrow('be the template of a map of maps') ?? 0,
      ...types,
    })
    if (made < 0) throw creationError(made, type, name, plan.rule)
    return made
  } finally {
    if (types.btf !== 0) binding.descriptorClose(types.btf)
  }
}

function recordType(type: string, record: Type | undefined): Type | undefined {
  if (record === undefined || type === 'ringbuf' || type === 'user_ringbuf' || type === 'perf_event_array')
    return record
  throw invalidArgument(`record does not apply: a map of type ${type} has no records`)
}

function refuseInner(type: string, inner: unknown): undefined {
  if (inner !== undefined) throw invalidArgument(`inner does not apply: a map of type ${type} holds no maps`)
}

/** A map like those that will be in it; the kernel looks at it only while it makes the outer one. */
function innerMap(type: string, inner: unknown, wrap: WrapMap): BpfMap {
  if (inner instanceof BpfMap) return inner
  if (typeof inner === 'object' && inner !== null) return makeMap(inner as CreateMapOptions, wrap)
  throw invalidArgument(
    `inner must be a map like those that will be in a map of type ${type}, or the options to make one, not ${inspectBriefly(inner)}`,
  )
}

/** BPF_OBJ_NAME_LEN of linux/bpf.h is 16, with the NUL. */
function kernelName(name: unknown): string {
  const text = nonEmptyString(name, 'name')
  if (/^[A-Za-z0-9_.]{1,15}$/.test(text)) return text
  throw invalidArgument(`name must be 1 to 15 letters, digits, '_' and '.', not ${inspectBriefly(text)}`)
}
