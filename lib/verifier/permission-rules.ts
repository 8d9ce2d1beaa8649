/** What a program may not use, or must give back. */
import * as hint from './permission-hints.ts'
import type { Rule } from './rule.ts'

export const permissionRules: readonly Rule[] = [
  // What libbpf says in place of a poisoned instruction.
  {
    kind: 'unmatched-core-relocation',
    words: /failed to resolve CO-RE relocation .*|invalid func unknown#195896080|call unknown#195896080/,
    hint: hint.coreRelocation,
  },
  { kind: 'unknown-kfunc', words: /kfunc '[^']*' is referenced but wasn't resolved/, hint: hint.unknownKfunc },
  { kind: 'uncreated-map', words: /map '[^']*' is referenced but wasn't created/, hint: hint.uncreatedMap },
  { kind: 'uncreated-map', words: /fd -?\d+ is not pointing to valid bpf_map.*/, hint: hint.closedMap, place: 'none' },

  // Licence and permission.
  {
    kind: 'missing-gpl',
    words:
      /cannot call GPL[- ]restricted function .*|cannot call kernel function from non-GPL compatible program|.* must have a GPL compatible license|kernel subsystem misconfigured .* GPL|Cannot access kernel 'struct \S+' from non-GPL compatible program/,
    hint: hint.missingGpl,
  },
  { kind: 'unknown-helper', words: /invalid func unknown#\d+|invalid func \S*#\d+/, hint: hint.unknownHelper },
  {
    kind: 'kfunc-not-allowed',
    words:
      /calling kernel function \S+ is not allowed|kernel function call .* is not allowed|metadata kfuncs .*|css_task_iter is only allowed in .*|calling kernel functions? (?:is|are) not .*|JIT (?:is required for|does not support) (?:calling )?k(?:ernel function|func).*/,
    hint: hint.kfuncNotAllowed,
  },
  {
    kind: 'sleepable',
    words:
      /(?:helper call|kernel func(?:tion)? \S+) .*(?:might sleep|sleepable).*|(?:helper|kfunc) call .*sleep.*|sleepable (?:helper|kfunc) .*|program must be sleepable .*/,
    hint: hint.mightSleep,
  },
  {
    kind: 'helper-not-allowed',
    words:
      /program of this type cannot use helper \S+|unknown func \S+#\d+|helper call is not allowed in probe|func \S+#\d+ (?:supported only for|not supported for program type) .*/,
    hint: hint.helperNotAllowed,
  },

  {
    kind: 'helper-not-allowed',
    words: /tracing progs cannot use bpf_(?:timer|wq|task_work) .*/,
    hint: hint.fieldNotAllowed,
    place: 'none',
  },

  // Locks come before references: what is held is both.
  {
    kind: 'lock-held',
    words:
      /.* while holding a lock|(?:\d+ )?bpf_\w+(?: is|\(s\) are) missing|.* (?:inside|in) bpf_\w+_lock-ed region|.*bpf_spin_lock(?:s)?-ed region.*|.*BPF_EXIT instruction .* cannot be used inside .*|(?:tracing|socket filter) progs cannot use \S+ yet|.* cannot be used inside bpf_\w+-ed region|\w+_unlock (?:without taking a lock|of different lock|cannot be out of order)|Acquiring the same lock again.*|(?:nested|unmatched) rcu read (?:un)?lock.*|unmatched attempt to enable preemption.*|cannot restore irq state out of order.*|bpf_spin_lock at off=-?\d+ must be held for .*|.*(?:global functions?|function calls?) .* (?:while holding|inside).*lock.*|Locking two bpf_spin_locks are not allowed|.*lock-ed region.*/,
    hint: hint.lockHeld,
  },
  {
    kind: 'leaked-reference',
    words:
      /(?:Unreleased|Leaking) reference id=\d+ alloc_insn=(\d+)|.* would lead to reference leak|.*reference leak.*|Unreleased reference.*/,
    hint: hint.leakedReference,
  },
  {
    kind: 'special-field',
    words: /\S+ cannot be accessed (?:directly by load\/store|indirectly by helper)|.*can only be accessed.*helper.*/,
    hint: hint.specialField,
  },
  {
    kind: 'special-field',
    words:
      /store to (?:referenced kptr|uptr) disallowed|kptr in map can only be accessed using .*|BPF_ST imm must be 0 when storing to kptr.*|kptr access .*/,
    hint: hint.kernelPointerField,
  },
  {
    kind: 'special-field',
    words:
      /map '[^']*' is not a struct type or \S+ is mangled|map '[^']*' has (?:no valid|to have BTF in order to use) \S+|R\d+ has no valid kptr|off=-?\d+ doesn't point to kptr|off -?\d+ doesn't point to '?(?:struct )?bpf_\w+.*|bpf_\w+ not found at offset=\d+|(?:R\d+|\S+) doesn't have constant offset\. .*/,
    hint: hint.fieldAddress,
  },

  {
    kind: 'invalid-release',
    words:
      /.*reference has not been acquired before|R\d+ must be referenced when passed to release function|release (?:helper|kfunc|kernel function) \S+ expects .*|.*R\d+ off=-?\d+ disallowed.*release.*|R\d+ must have zero offset when passed to release .*|dereference of modified (?!ctx )\S+ ptr R\d+ .*/,
    hint: hint.invalidRelease,
  },
  { kind: 'dynptr', words: /arg \d+ is an unacquired reference/, hint: hint.dynptr },
]
