import { binding } from '../binding.ts'

/** The libbpf that the addon was built with, such as `1.7.0`. */
export const libbpfVersion: string = binding.libbpfVersion()
