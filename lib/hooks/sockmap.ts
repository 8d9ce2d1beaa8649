import { inspectBriefly, optionsObject } from '../arguments.ts'
import { invalidArgument } from '../errors.ts'
import { ATTACH_TYPES } from '../kernel-enums.ts'
import { BpfMap } from '../maps/map.ts'
import type { HookFamily, HookedProgram } from './family.ts'

/** The part of a stream that the program sees, libbpf's name of the attach type, and of the program type. */
const ATTACHMENTS = {
  stream_parser: { attachType: 'sk_skb_stream_parser', programType: 'sk_skb' },
  stream_verdict: { attachType: 'sk_skb_stream_verdict', programType: 'sk_skb' },
  verdict: { attachType: 'sk_skb_verdict', programType: 'sk_skb' },
  msg_verdict: { attachType: 'sk_msg_verdict', programType: 'sk_msg' },
} as const

/**
 * What the program decides: `stream_parser` where messages end, `stream_verdict` where a received message goes, `verdict`
 * the same without parsing, `msg_verdict` where what is sent goes.
 */
export type SockmapAttachType = keyof typeof ATTACHMENTS

/** The sockets that are put into a map. */
export interface SockmapHook {
  kind: 'sockmap'
  map: BpfMap
  /** `undefined`: what the program was loaded for. */
  attachType: SockmapAttachType | undefined
}

export interface SockmapOptions {
  /** What the program was loaded for, which its section says, by default. Named for a program that was opened, and for `SEC("sk_skb")`. */
  attachType?: SockmapAttachType
}

/**
 * What sockets in a sockmap or sockhash send and receive. A socket gets the programs that are at the map when it is put
 * into it. Linux 4.14, `msg_verdict` 4.17, sockhash 4.18, `verdict` 5.13; by a link 6.10.
 */
export function sockmap(map: BpfMap, options: SockmapOptions = {}): SockmapHook {
  if (!(map instanceof BpfMap)) {
    throw invalidArgument(`map must be a BpfMap of type sockmap or sockhash, not ${inspectBriefly(map)}`)
  }
  if (map.type !== 'sockmap' && map.type !== 'sockhash') {
    throw invalidArgument(`map '${map.name}' must be of type sockmap or sockhash, not ${map.type}`)
  }
  const { attachType } = optionsObject(options)
  return { kind: 'sockmap', map, attachType: attachType === undefined ? undefined : checkAttachType(attachType) }
}

function checkAttachType(value: unknown): SockmapAttachType {
  if (typeof value === 'string' && Object.hasOwn(ATTACHMENTS, value)) return value as SockmapAttachType
  const known = Object.keys(ATTACHMENTS).join(', ')
  throw invalidArgument(`attachType must be one of ${known}, not ${inspectBriefly(value)}`)
}

const TYPES: readonly string[] = ['sk_skb', 'sk_msg']

export const sockmapFamily: HookFamily<SockmapHook> = {
  programTypes: TYPES,
  feature: (hook, program) => demandOf(hook, program).feature,
  since: (hook, program) => demandOf(hook, program).since,
  evidence: (hook, program) => demandOf(hook, program).evidence,
  config: (hook, program) => demandOf(hook, program).config,
  describe: ({ map, attachType }) => `${map.type} ${map.name}${attachType ? ` ${attachType}` : ''}`,
  prepare(hook, program) {
    const attachType = attachTypeFor(hook, program)
    return { native: { kind: 'sockmap', mapFd: sockmap(hook.map).map.fd, attachType } }
  },
  query(hook) {
    const attachType = attachTypeFor(hook)
    return { native: { kind: 'descriptor', fd: sockmap(hook.map).map.fd, attachType, flags: 0 } }
  },
}

interface Demand {
  feature: string
  since: string
  evidence: string | undefined
  config: string
}

/** What a hook asks of the kernel. */
function demandOf({ attachType }: SockmapHook, program?: HookedProgram): Demand {
  const name = attachType ?? loadedFor(program)
  const feature = name === undefined ? 'sockmap' : `sockmap ${name}`
  const common = { feature, evidence: 'sock_map_get_from_fd', config: 'CONFIG_NET_SOCK_MSG' }
  if (name === 'msg_verdict') return { ...common, since: '4.17' }
  if (name === 'verdict') return { ...common, since: '5.13', evidence: undefined }
  if (name !== 'stream_parser') return { ...common, since: '4.14' }
  return { feature, since: '4.14', evidence: 'sk_psock_start_strp', config: 'CONFIG_BPF_STREAM_PARSER' }
}

/** @throws TypeError when neither the hook nor the program says which, or they contradict each other. */
function attachTypeFor({ attachType }: SockmapHook, program?: HookedProgram): number {
  if (program !== undefined && !TYPES.includes(program.type)) {
    throw invalidArgument(`program '${program.name}' is of type ${program.type}, which cannot be attached to a sockmap`)
  }
  const wanted = attachType === undefined ? loadedFor(program) : checkAttachType(attachType)
  if (wanted === undefined) {
    const whose = program === undefined ? '' : `; program '${program.name}' does not say it`
    throw invalidArgument(`the sockmap hook needs an attachType, such as stream_verdict${whose}`)
  }
  const { programType, attachType: name } = ATTACHMENTS[wanted]
  if (program !== undefined && program.type !== programType) {
    throw invalidArgument(
      `attach type ${wanted} takes programs of type ${programType}, and '${program.name}' is of type ${program.type}`,
    )
  }
  return ATTACH_TYPES[name]
}

function loadedFor(program: HookedProgram | undefined): SockmapAttachType | undefined {
  // The only attach type that this program type has.
  if (program?.type === 'sk_msg') return 'msg_verdict'
  const found = Object.entries(ATTACHMENTS).find(([, { attachType }]) => attachType === program?.expectedAttachType)
  return found?.[0] as SockmapAttachType | undefined
}
