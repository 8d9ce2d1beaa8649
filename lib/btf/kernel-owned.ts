/**
 * What the kernel keeps in a map's values for itself: it copies such bytes neither out of a map nor into one (`copy_map_value`
 * in include/linux/bpf.h), so nobody in user space can give them a value, and all that reading shows of them is zeros.
 */
import type { Btf } from './btf.ts'
import { maxTypeDepth, type TypeId } from './types.ts'

/** The types that `btf_get_field_type` of kernel/bpf/btf.c knows by their names. */
const STRUCTS: ReadonlySet<string> = new Set([
  'bpf_spin_lock',
  'bpf_res_spin_lock',
  'bpf_timer',
  'bpf_wq',
  'bpf_task_work',
  'bpf_refcount',
  'bpf_list_head',
  'bpf_list_node',
  'bpf_rb_root',
  'bpf_rb_node',
])

/** Of pointers to what a program keeps in the map. An `uptr` is none of these: user space sets it. */
const POINTER_TAGS: ReadonlySet<string> = new Set(['kptr', 'kptr_ref', 'kptr_untrusted', 'percpu_kptr'])

/**
 * Whether a struct's member of this type is the kernel's own: such a struct or pointer, or an array of them. (In a union the kernel
 * does not look for any.)
 */
export function isKernelOwned(btf: Btf, id: TypeId): boolean {
  let type = btf.resolve(id)
  for (let depth = 0; type.kind === 'array' && depth < maxTypeDepth; depth++) type = btf.resolve(type.element)
  if (type.kind === 'struct') return STRUCTS.has(type.name)
  return type.kind === 'ptr' && isTagged(btf, type.type)
}

/** The tag is the first thing that a pointer points at. */
function isTagged(btf: Btf, target: TypeId): boolean {
  const type = btf.type(target)
  return type.kind === 'type_tag' && POINTER_TAGS.has(type.name)
}
