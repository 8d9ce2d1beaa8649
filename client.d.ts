/**
 * Types of imports whose own types nobody has generated: `"types": ["node", "ebpf/client"]` in tsconfig.json. Any map, program
 * and global is there, and their values are of any type. `ebpf types x.bpf.c --declaration` and the plugins for bundlers write
 * types that know better beside the file: these come first.
 */

declare module '*.bpf.c' {
  import type { BpfObject, LoadOptions, ObjectSpec, OpenOptions } from 'ebpf'
  /** Reads the object, to be looked at and edited before it is loaded. */
  export function open(options?: Omit<OpenOptions, 'int64'>): Promise<ObjectSpec>
  /** Loads the object into the kernel, edited as the options say. */
  export function load(options?: Omit<LoadOptions, 'int64'>): Promise<BpfObject>
}

declare module '*.bpf.c?int64=number' {
  export * from '*.bpf.c'
}

declare module '*.bpf.c?int64=bigint' {
  export * from '*.bpf.c'
}

declare module '*.bpf.o' {
  export * from '*.bpf.c'
}

declare module '*.bpf.o?int64=number' {
  export * from '*.bpf.c'
}

declare module '*.bpf.o?int64=bigint' {
  export * from '*.bpf.c'
}
