import * as gcp from '@pulumi/gcp'
import { type FunctionName, functions } from '#shared/cloud/manifest/function.ts'
import { type ServiceName, services } from '#shared/cloud/manifest/service.ts'
import type { Place } from './place.ts'

/** Workloads that run in the cloud. */
export const cloudServices = (Object.keys(services) as ServiceName[]).filter(
  (name) => services[name].kind !== 'local',
)
export const functionNames = Object.keys(functions) as FunctionName[]

/** Identities of the plumbing; each does one thing. */
const others = {
  'vertex-trainer': 'training jobs: reads data sets, writes models',
  'scheduler-caller': 'calls functions at their times',
  'push-caller': 'hands messages to functions',
  'functions-builder': 'builds functions from their zip',
  'gpu-switch': 'starts and stops the model server at its hours',
  'ci-deployer': 'builds, pushes and runs pulumi for the pipeline',
} as const

export type Identities = {
  readonly functions: Readonly<Record<FunctionName, gcp.serviceaccount.Account>>
  readonly services: Readonly<Record<string, gcp.serviceaccount.Account>>
  readonly others: Readonly<Record<keyof typeof others, gcp.serviceaccount.Account>>
}

/** One identity per workload, so that a leak opens one door. None has a key file: keys leak, these cannot. */
export function createIdentities({ after }: Place): Identities {
  const account = (accountId: string, displayName: string) =>
    new gcp.serviceaccount.Account(`identity-${accountId}`, { accountId, displayName }, after)
  const all = <K extends string>(names: readonly K[], prefix: string, what: (name: K) => string) =>
    Object.fromEntries(
      names.map((name) => [name, account(`${prefix}${name}`, what(name).slice(0, 100))]),
    ) as Record<K, gcp.serviceaccount.Account>
  return {
    functions: all(functionNames, 'fn-', (name) => functions[name].what),
    services: all(cloudServices, 'run-', (name) => services[name].what),
    others: all(Object.keys(others) as (keyof typeof others)[], '', (name) => others[name]),
  }
}
