import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'shared/**/*.test.ts',
      'functions/**/*.test.ts',
      'pipelines/**/*.test.ts',
      'run-services/**/*.test.ts',
      'infra/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', 'test/browser/**', 'test/bench/**', 'test/emulator/**'],
    testTimeout: 60_000,
    // Two cores: more workers only slow each other down.
    maxWorkers: 2,
  },
})
