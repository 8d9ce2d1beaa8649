/** The plugins are plugins by the types of their bundlers. */
import type { Plugin as EsbuildPlugin } from 'esbuild'
import type { Plugin as RolldownPlugin } from 'rolldown'
import type { Plugin as RollupPlugin } from 'rollup'
import type { Plugin as VitePlugin } from 'vite'
import { expectTypeOf, it } from 'vitest'
import { esbuild, type PluginOptions, rolldown, rollup, vite } from '../../lib/loader/plugin.ts'

it('plugins fit their bundlers', () => {
  expectTypeOf(esbuild()).toExtend<EsbuildPlugin>()
  expectTypeOf(rolldown()).toExtend<RolldownPlugin>()
  expectTypeOf(rollup()).toExtend<RollupPlugin>()
  expectTypeOf(vite()).toExtend<VitePlugin>()
})

it('options are those of compile, and few more', () => {
  expectTypeOf<{
    embed: false
    declarations: true
    int64: 'number'
    cpu: 'v3'
    vmlinux: string
  }>().toExtend<PluginOptions>()
  expectTypeOf<PluginOptions>().not.toHaveProperty('output')
  expectTypeOf<PluginOptions>().not.toHaveProperty('signal')
})
