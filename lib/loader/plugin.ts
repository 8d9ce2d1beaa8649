/** `ebpf/plugin`: C files as modules, for bundlers. Each plugin is also a module of its own, `ebpf/vite` and so on. */
export { default as esbuild, type EsbuildPlugin } from './esbuild.ts'
export type { ImportOptions } from './configuration.ts'
export type { PluginOptions } from './plugin-options.ts'
export { default as rollup, default as rolldown, type RollupPlugin } from './rollup.ts'
export { default as vite, type VitePlugin } from './vite.ts'
