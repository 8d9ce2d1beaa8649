import { defineConfig } from 'vitest/config'

/** Tests that load programs share one kernel, so one file at a time, each in a process of its own. */
const alone = {
  globalSetup: ['test/setup.ts'],
  // Ends every file with the leak gate, which has to be able to collect garbage.
  setupFiles: ['test/support/leak-gate.ts'],
  execArgv: ['--expose-gc'],
  pool: 'forks' as const,
  fileParallelism: false,
  testTimeout: 30_000,
  hookTimeout: 30_000,
}

export default defineConfig({
  // Node 20 has no `using`.
  oxc: { target: 'es2023' },
  test: {
    reporters: ['default', './scripts/summary-reporter.mjs'],
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
