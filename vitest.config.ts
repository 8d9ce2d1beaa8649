import { defineConfig } from 'vitest/config'

/** Set by `ebpf vm`. Emulated guests are some ten times slower than the machine that emulates them. */
const inGuest = process.env.EBPF_VM !== undefined
const patience = Number(process.env.EBPF_TEST_TIMEOUT_FACTOR ?? (inGuest ? 4 : 1))

/**
 * Tests that load programs share one kernel, so one file at a time, each in a process of its own; in a guest, where each
 * start of a process costs seconds, all in one.
 */
const alone = {
  globalSetup: ['test/setup.ts'],
  // Ends every file with the leak gate, which has to be able to collect garbage.
  setupFiles: ['test/support/leak-gate.ts'],
  execArgv: ['--expose-gc'],
  pool: 'forks' as const,
  fileParallelism: false,
  isolate: !inGuest,
  testTimeout: 30_000 * patience,
  hookTimeout: 30_000 * patience,
}

/** How the names of test files begin in which values, keys or records are decoded. */
const decoding = [
  'maps',
  'iteration',
  'ring-',
  'stream-',
  'per-cpu',
  'aggregate',
  'globals',
  'open-map',
  'create-map',
  'user-ring-buffer',
]

export default defineConfig({
  // Node 20 has no `using`.
  oxc: { target: 'es2023' },
  test: {
    // What the host has transformed, guests need not transform again.
    experimental: { fsModuleCache: true },
    reporters: ['default', './scripts/summary-reporter.mjs'],
    tags: [
      {
        name: 'family',
        description:
          'For guests of CI: one proof of each family of hooks (test/support/hook-proof.ts), and refused programs.',
      },
    ],
    projects: [
      {
        extends: true,
        // Property tests take seconds where the machine is busy.
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: 'kernel', include: ['test/kernel/**/*.test.ts'], sequence: { groupOrder: 1 }, ...alone },
      },
      {
        extends: true,
        test: { name: 'lifecycle', include: ['test/lifecycle/**/*.test.ts'], sequence: { groupOrder: 2 }, ...alone },
      },
      {
        extends: true,
        // What decodes and encodes, once more where code generation from strings is disallowed: all of it is interpreted.
        test: {
          ...alone,
          name: 'interpreted',
          include: ['test/unit/btf/*.test.ts', ...decoding.map((nouns) => `test/kernel/${nouns}*.test.ts`)],
          // They compile C and decode nothing, or do what others do once more, for long.
          exclude: [
            'test/unit/btf/{declaration,extension,header}.test.ts',
            'test/kernel/{iteration-threads,iteration-trie,stream-load}.test.ts',
          ],
          sequence: { groupOrder: 3 },
          setupFiles: [...alone.setupFiles, 'test/support/no-code-generation.ts'],
          execArgv: [...alone.execArgv, '--disallow-code-generation-from-strings'],
          testTimeout: 60_000 * patience,
        },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['test/types/**/*.test-d.ts'],
            tsconfig: 'tsconfig.check.json',
          },
        },
      },
    ],
  },
})
