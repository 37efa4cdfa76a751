import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { isTest, type Source } from './source.ts'

/** The reading order of shared/. A folder imports itself and what stands before it. */
export const layers = [
  'kernel',
  'market',
  'signal',
  'strategy',
  'trading',
  'simulation',
  'analytics',
  'venue',
  'cloud',
] as const

export const pureLayers: readonly string[] = layers.slice(0, layers.indexOf('venue'))

export const layerOf = (path: string): string => path.split('/')[1] ?? ''

const aliases: Readonly<Record<string, string>> = {
  '#shared/': 'shared/',
  '#functions/': 'functions/',
  '#services/': 'run-services/',
  '#pipelines/': 'pipelines/',
  '#infra/': 'infra/',
  '#test/': 'test/',
}

/** Path from the root that a specifier of our own means; undefined for packages. */
export function targetOf(from: string, specifier: string): string | undefined {
  for (const [alias, folder] of Object.entries(aliases))
    if (specifier.startsWith(alias)) return folder + specifier.slice(alias.length)
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined
}

const topOf = (path: string): string => path.split('/')[0] ?? ''

/** shared/ folders import only themselves and earlier ones. */
export function layerProblems({ path, imports }: Source): readonly string[] {
  if (topOf(path) !== 'shared') return []
  const own = layers.indexOf(layerOf(path) as (typeof layers)[number])
  if (own < 0) return [`${path}: shared/${layerOf(path)} is not in the reading order`]
  return imports.flatMap((specifier) => {
    const target = targetOf(path, specifier)
    if (target === undefined || topOf(target) !== 'shared') return []
    const other = layers.indexOf(layerOf(target) as (typeof layers)[number])
    return other > own ? [`${path}: imports ${specifier} from a later folder`] : []
  })
}

/** shared ← functions ← run-services; a service never imports another one; nobody imports tests. */
export function folderProblems({ path, imports }: Source): readonly string[] {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    shared: ['shared'],
    functions: ['shared', 'functions'],
    'run-services': ['shared', 'functions', 'run-services'],
    pipelines: ['shared', 'pipelines'],
    infra: ['shared', 'infra'],
    test: ['shared', 'functions', 'run-services', 'pipelines', 'infra', 'test'],
  }
  const own = topOf(path)
  return imports.flatMap((specifier) => {
    const target = targetOf(path, specifier)
    if (target === undefined || !path.includes('/')) return []
    const other = topOf(target)
    if (specifier.startsWith('.') && other !== own)
      return [`${path}: ${specifier} leaves ${own}/ by a relative path`]
    if (isTest(path) && other === 'test') return []
    if (!allowed[own]?.includes(other)) return [`${path}: ${own}/ may not import ${specifier}`]
    const crosses = own === 'run-services' && other === own && layerOf(path) !== layerOf(target)
    return crosses && layerOf(path) !== 'local'
      ? [`${path}: service ${layerOf(path)} imports service ${layerOf(target)}`]
      : []
  })
}

/** Where each package may be imported. A package that is missing here may be imported nowhere. */
const packagePlaces: Readonly<Record<string, RegExp>> = {
  zod: /^(shared\/(venue|cloud)|run-services|functions|pipelines|infra)\//,
  'apache-arrow': /^shared\/market\/tape\//,
  '@duckdb/node-api': /^shared\/cloud\/local\//,
  croner: /^shared\/cloud\/local\//,
  ws: /^(shared\/cloud\/local|run-services\/(twin|local))\//,
  hono: /^(run-services|functions)\//,
  '@hono/node-server': /^run-services\//,
  '@google-cloud/functions-framework': /^functions\//,
  '@google-cloud/aiplatform': /^shared\/cloud\/gcp\//,
  '@google-cloud/bigquery': /^shared\/cloud\/gcp\//,
  '@google-cloud/bigquery-storage': /^shared\/cloud\/gcp\//,
  '@google-cloud/pubsub': /^shared\/cloud\/gcp\//,
  '@google-cloud/run': /^shared\/cloud\/gcp\//,
  '@google-cloud/secret-manager': /^shared\/cloud\/gcp\//,
  '@google-cloud/storage': /^shared\/cloud\/gcp\//,
  'google-auth-library': /^shared\/cloud\/gcp\//,
  '@grpc/grpc-js': /^shared\/cloud\/(gcp|emulator)\//,
  '@grpc/proto-loader': /^shared\/cloud\/emulator\//,
  '@opentelemetry/api': /^shared\/cloud\/telemetry\//,
  '@opentelemetry/exporter-metrics-otlp-http': /^shared\/cloud\/telemetry\//,
  '@opentelemetry/exporter-prometheus': /^shared\/cloud\/telemetry\//,
  '@opentelemetry/exporter-trace-otlp-http': /^shared\/cloud\/telemetry\//,
  '@opentelemetry/resources': /^shared\/cloud\/telemetry\//,
  '@opentelemetry/sdk-metrics': /^shared\/cloud\/telemetry\//,
  '@opentelemetry/sdk-trace': /^shared\/cloud\/telemetry\//,
  '@hono/zod-openapi': /^run-services\/console\//,
  jose: /^run-services\/console\//,
  'onnxruntime-node': /^(run-services\/inference|pipelines\/train)\//,
  '@pulumi/gcp': /^infra\/pulumi\//,
  '@pulumi/policy': /^infra\/pulumi\//,
  '@pulumi/pulumi': /^infra\/pulumi\//,
  esbuild: /^infra\/image\//,
  fflate: /^infra\/image\//,
  yaml: /^infra\//,
  '@noble/curves': /^shared\/venue\/aster\//,
  '@noble/hashes': /^(shared\/(venue\/aster|trading\/engine|signal\/feature)|run-services\/twin)\//,
  secp256k1: /^(shared\/venue\/aster|run-services\/twin)\//,
  uplot: /^run-services\/console\/page\//,
  'lightweight-charts': /^run-services\/console\/page\//,
  vite: /^run-services\/console\//,
  'playwright-core': /^test\/browser\//,
  vitest: /\.(test|fixture|conformance|bench)\.ts$|^test\/|^vitest\.config\.ts$/,
  'fast-check': /\.(test|fixture|conformance)\.ts$|^test\//,
}

/** `zod/v4` → `zod`, `@noble/hashes/sha3.js` → `@noble/hashes`; undefined for our own files and Node's. */
export function packageOf(specifier: string): string | undefined {
  if (/^[.#]/.test(specifier) || specifier.startsWith('node:')) return undefined
  if (builtinModules.includes(specifier)) return undefined
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Packages stay where they belong, and Node's own modules are spelled `node:`. */
export function packageProblems({ path, imports }: Source): readonly string[] {
  return imports.flatMap((specifier) => {
    if (builtinModules.includes(specifier)) return [`${path}: write node:${specifier}`]
    const name = packageOf(specifier)
    if (name === undefined) return []
    const place = packagePlaces[name]
    if (!place) return [`${path}: ${name} has no place in test/tidy/import-rules.ts`]
    // A test may look at a file through the same package as the code it tests.
    return place.test(path) || isTest(path) ? [] : [`${path}: ${name} may not be imported here`]
  })
}

/** Imports name files: with their ending, and never a folder. */
export function specifierProblems({ path, imports }: Source): readonly string[] {
  return imports
    .filter((specifier) => targetOf(path, specifier) !== undefined)
    .filter((specifier) => !/\.(ts|json|css|wasm)$/.test(specifier.replace(/\?.*$/, '')))
    .map((specifier) => `${path}: ${specifier} lacks its ending`)
}
