import type { ServiceName } from '#shared/cloud/manifest/service.ts'

export type BundledService = Exclude<ServiceName, 'twin'>

export type BundlePlan = {
  /** Output file without ending → source file, both from the repository root. `main` is what the image starts. */
  readonly entries: Readonly<Record<string, string>>
  /** Names that a program asks its package for at run time → file in the bundle. */
  readonly resolves?: Readonly<Record<string, string>>
  /** Built folders that travel along: folder of the bundle → folder of the repository. */
  readonly folders?: Readonly<Record<string, string>>
  /** Packages that are installed beside the bundle, because they bring machine code. */
  readonly installs: readonly string[]
}

/** Packages that cannot become part of one file, or must be the same instance as the platform's. */
export const externalPackages = [
  '@duckdb/node-api',
  '@google-cloud/functions-framework',
  'onnxruntime-node',
  'secp256k1',
  'vite',
] as const

/** What each image is made of. */
export const bundlePlans: Readonly<Record<BundledService, BundlePlan>> = {
  executor: {
    entries: {
      main: 'run-services/executor/main.ts',
      'paper-account': 'run-services/twin/paper.ts',
    },
    resolves: { '#services/twin/paper.ts': './paper-account.mjs' },
    installs: ['secp256k1'],
  },
  collector: { entries: { main: 'run-services/collector/service.ts' }, installs: [] },
  inference: {
    entries: { main: 'run-services/inference/main.ts' },
    installs: ['onnxruntime-node'],
  },
  console: {
    entries: { main: 'run-services/console/main.ts' },
    resolves: { '#services/console/dist/*': './page/*' },
    folders: { page: 'run-services/console/dist' },
    installs: [],
  },
  'latency-probe': { entries: { main: 'run-services/latency-probe/main.ts' }, installs: [] },
}

/** The functions are one zip; the platform picks the one to serve by its entry point. */
export const functionsPlan: BundlePlan = {
  entries: { index: 'functions/index.ts' },
  installs: ['@google-cloud/functions-framework', 'secp256k1'],
}
