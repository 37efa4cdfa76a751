import * as gcp from '@pulumi/gcp'
import type * as pulumi from '@pulumi/pulumi'
import type { Access } from '#shared/cloud/manifest/access.ts'
import { functions } from '#shared/cloud/manifest/function.ts'
import { services } from '#shared/cloud/manifest/service.ts'
import { type Estate, memberOf } from './access.ts'
import type { Functions } from './functions.ts'
import { cloudServices, functionNames } from './identities.ts'
import type { Services } from './services.ts'

/** Who may call whom, and who may set whose instance count; granted on the called service alone. */
export function grantCalls(estate: Estate, deployed: Functions, running: Services): void {
  const { config } = estate.place
  const targets = new Map<string, Target>([
    ...[...deployed].map(([name, { name: service }]): [string, Target] => [
      name,
      { service, location: config.region },
    ]),
    ['inference', { service: running.inference.name, location: config.gpuRegion }],
    ['console', { service: running.console.name, location: config.region }],
  ])
  const callers: [string, gcp.serviceaccount.Account, Access][] = [
    ...functionNames.map((name): [string, gcp.serviceaccount.Account, Access] => [
      name,
      estate.identities.functions[name],
      functions[name],
    ]),
    ...cloudServices.map((name): [string, gcp.serviceaccount.Account, Access] => [
      name,
      estate.identities.services[name] as gcp.serviceaccount.Account,
      services[name],
    ]),
  ]
  for (const [name, account, { calls, scales }] of callers) {
    for (const called of calls) {
      const target = targetOf(targets, called)
      new gcp.cloudrunv2.ServiceIamMember(`${name}-calls-${called}`, {
        location: target.location,
        name: target.service,
        role: 'roles/run.invoker',
        member: memberOf(account),
      })
    }
    for (const scaled of scales)
      allowScaling(estate, name, memberOf(account), scaled, targetOf(targets, scaled))
  }
}

export type Target = { readonly service: pulumi.Output<string>; readonly location: string }

/** Changing a service also needs the right to be the identity it runs as. */
export function allowScaling(
  { roles, identities }: Estate,
  name: string,
  member: pulumi.Output<string>,
  scaled: string,
  { service, location }: Target,
): void {
  new gcp.cloudrunv2.ServiceIamMember(`${name}-scales-${scaled}`, {
    location,
    name: service,
    role: roles.asteraiScaler.name,
    member,
  })
  new gcp.serviceaccount.IAMMember(`${name}-acts-as-${scaled}`, {
    serviceAccountId: (identities.services[scaled] as gcp.serviceaccount.Account).name,
    role: 'roles/iam.serviceAccountUser',
    member,
  })
}

function targetOf(targets: ReadonlyMap<string, Target>, name: string): Target {
  const target = targets.get(name)
  if (!target) throw new Error(`the manifest lets somebody call ${name}, which nobody can call`)
  return target
}
