/** What a program reads and writes: pointers, bounds, the stack, the context, maps. */
import * as hint from './memory-hints.ts'
import { isConstantSize, isKeyless, isNullResult, isZero, lost, registerIs, type Rule } from './rule.ts'

export const memoryRules: readonly Rule[] = [
  // Pointers that may be NULL, or are no pointers any more.
  {
    kind: 'unchecked-map-value',
    words: /R\d+ invalid mem access 'map_value_or_null'|R\d+ type=map_(?:value|ptr)_or_null expected=.*/,
    hint: hint.unchecked,
  },
  {
    kind: 'unchecked-pointer',
    words:
      /R\d+ invalid mem access '\S*(?:_or_null_?|ptr_or_null_\S*)'|R\d+ type=\S*_or_null_? expected=.*|Possibly NULL pointer passed to .*|R\d+ pointer arithmetic on \S*_or_null\S* prohibited.*/,
    hint: hint.unchecked,
  },
  {
    kind: 'stale-packet-pointer',
    words: /R\d+ invalid mem access '(?:inv|scalar)'|R\d+ type=(?:inv|scalar) expected=.*/,
    when: lost('stale-packet-pointer'),
    hint: hint.stalePacket,
  },
  {
    kind: 'use-after-release',
    words: /R\d+ invalid mem access '(?:inv|scalar)'|R\d+ type=(?:inv|scalar) expected=.*|R\d+ must be referenced.*/,
    when: lost('use-after-release'),
    hint: hint.afterRelease,
  },
  {
    kind: 'null-dereference',
    words: /R\d+ invalid mem access '(?:inv|scalar)'/,
    when: isZero,
    hint: hint.nullDereference,
  },
  {
    kind: 'null-dereference',
    words: /R\d+ type=(?:inv|scalar) expected=.*/,
    when: isNullResult,
    hint: hint.nullDereference,
  },
  {
    kind: 'untrusted-pointer',
    words:
      /kernel func \S+ requires RCU critical section protection|expected an RCU CS when using .*|R\d+ must be (?:referenced or trusted|a rcu pointer|referenced).*|R\d+ type=(?:untrusted_ptr_|rcu_\S*) expected=.*|R\d+ is .*untrusted.*|Unreferenced \S+ .*|kernel function \S+ args#\d+ .*trusted.*/,
    hint: hint.untrustedPointer,
  },
  { kind: 'invalid-pointer', words: /R\d+ invalid mem access '[^']*'/, hint: hint.invalidPointer },
  { kind: 'invalid-pointer', words: /R\d+ is ptr_\S+ access (?:user|percpu) memory.*/, hint: hint.otherMemory },
  {
    kind: 'invalid-pointer',
    words: /same insn cannot be used with (?:different|and without).*/,
    hint: hint.mixedPointers,
  },

  // Bounds.
  {
    kind: 'packet-out-of-bounds',
    words:
      /invalid access to packet.*|R\d+ offset is outside of the packet|value -?\d+ makes pkt pointer be out of bounds/,
    hint: hint.packetBounds,
  },
  {
    kind: 'packet-out-of-bounds',
    words: /R(\d+) (?:min value|max value|unbounded memory access|offset).*(?:outside of the|make sure).*/,
    when: registerIs(/^pkt/),
    hint: hint.packetBounds,
  },
  {
    kind: 'map-value-out-of-bounds',
    words:
      /direct value offset of \d+ is not allowed|invalid access to map (?:value|key).*|(?:math between|.*value) map_(?:value|key) pointer and .*|value -\d+ makes map_(?:value|key) pointer be out of bounds.*|R\d+ .*map_value pointer .*/,
    hint: hint.mapBounds,
  },
  {
    kind: 'map-value-out-of-bounds',
    words:
      /R(\d+) (?:min value|max value|unbounded memory access|leaves).*(?:outside of the|make sure|negative|range).*/,
    when: registerIs(/^map_(?:value|key)/),
    hint: hint.mapBounds,
  },
  {
    kind: 'memory-out-of-bounds',
    words: /access beyond (?:struct|the end) .*|R\d+ is (?:ptr_)?\S* ?invalid (?:variable offset|negative access).*/,
    hint: hint.kernelStruct,
  },
  {
    kind: 'memory-out-of-bounds',
    words: /invalid access to memory.*|(?:R\d+ )?invalid .* buffer (?:access|offset).*/,
    hint: hint.memoryBounds,
  },
  {
    kind: 'memory-out-of-bounds',
    words: /R(\d+) (?:min value|max value|unbounded memory access).*(?:outside of the|make sure).*/,
    when: registerIs(/mem|buf/),
    hint: hint.memoryBounds,
  },
  {
    kind: 'wrong-map-type',
    words:
      /(?:R\d+ )?invalid zero-sized read.*|invalid stack type R2 off=-?\d+ access_size=0|invalid access to map (?:key|value), key_size=0 .*/,
    when: isKeyless,
    hint: hint.keylessMap,
  },
  {
    kind: 'argument-size',
    words: /arg#\d+ arg#(\d+) memory, len pair leads to invalid memory access/,
    when: isConstantSize,
    hint: hint.shortBuffer,
  },
  {
    kind: 'argument-size',
    words:
      /R\d+ min value is negative, either use unsigned or .*|R\d+ unbounded memory access, use .*|(?:R\d+ )?invalid zero-sized read.*|R\d+ unbounded size, use .*|R\d+ invalid (?:zero-)?size.*|.* memory, len pair leads to invalid memory access/,
    hint: hint.argumentSize,
  },
  {
    kind: 'map-value-out-of-bounds',
    words: /R\d+ (?:min|max) value is .*|R\d+ unbounded memory access.*/,
    hint: hint.mapBounds,
  },
  {
    kind: 'misaligned-access',
    words: /misaligned \S+(?: \S+)? (?:access|off).*|misaligned .*/,
    hint: hint.misaligned,
  },

  // The stack.
  {
    kind: 'stack-overflow',
    words: /combined stack size of .*|.*stack (?:depth|size).* (?:too large|exceed).*/i,
    hint: hint.stackOverflow,
    place: 'none',
  },
  {
    kind: 'stack-overflow',
    words: /invalid (?:write to|read from|stack|indirect access to stack|access to) .*?off=?-(\d+).*/,
    when: (_facts, match) => Number(match[1]) > 512,
    hint: hint.stackOverflow,
  },
  {
    kind: 'stack-out-of-bounds',
    words: /invalid (?:indirect )?(?:read from|access to) stack.* off=?(-\d+) size=(\d+)/,
    when: (_facts, match) => Number(match[1]) + Number(match[2]) > 0,
    hint: hint.stackBounds,
  },
  {
    kind: 'stack-out-of-bounds',
    words: /invalid read from stack R\d+ off=\d+ .*/,
    hint: hint.stackBounds,
  },
  {
    kind: 'uninitialised-stack',
    words: /invalid (?:indirect )?read from stack.*|reading from stack .* slot poisoned .*/,
    hint: hint.uninitialisedStack,
  },
  {
    kind: 'stack-out-of-bounds',
    words:
      /invalid (?:indirect access to|write to|access to|variable-offset|unbounded variable-offset|unbounded|zero-size).*stack.*|invalid stack (?:type|off).*|.*stack pointer .* out of .*|R\d+ stack pointer arithmetic goes out of range.*|R\d+ variable offset stack access prohibited.*|variable offset stack pointer cannot be passed .*/,
    hint: hint.stackBounds,
  },

  // Context, memory that cannot be written, maps.
  {
    kind: 'context-access',
    words: /R\d+ invalid (?:sock|sock_common|tcp_sock|xdp_sock) access off=.*/,
    hint: hint.socketField,
  },
  {
    kind: 'context-access',
    words:
      /invalid access to (?:flow keys|context).*|invalid bpf_context access.*|dereference of modified ctx ptr.*|variable ctx access.*|.*ctx access.*/,
    hint: hint.contextAccess,
  },
  {
    kind: 'read-only-memory',
    words: /cannot write into packet|the prog does not allow writes to packet data/,
    hint: hint.readOnlyPacket,
  },
  {
    kind: 'read-only-memory',
    words:
      /no write support to \S+ at off \d+|(?:write|read) into map forbidden.*|only read (?:from \S+ )?is supported|cannot write into .*|\S+\(\) may write into memory pointed by .*|write to change key .* not allowed|R\d+ cannot write into \S+|.*is read-only.*|trying to write into .*|.*read from map forbidden.*/,
    hint: hint.readOnly,
  },
  {
    kind: 'wrong-map-type',
    words:
      /callback function not allowed for map|no direct value access support for this map type|Sleepable programs can only use .* maps|cannot update sockmap in this context|cannot pass map_type \d+ into func .*|.*can only be used with map.*/,
    hint: hint.wrongMapType,
  },
]
