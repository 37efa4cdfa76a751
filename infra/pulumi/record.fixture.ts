import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as pulumi from '@pulumi/pulumi'
import { parse } from 'yaml'
import { type RawConfig, readConfig } from './config.ts'
import type { DeclaredResource } from './policy/policy.ts'
import { buildSystem } from './program.ts'

export const root = join(import.meta.dirname, '../..')

/** What a person fills in; numbers and addresses are made up. */
export const filledIn: RawConfig = {
  'gcp:project': 'asterai-example',
  'asterai:projectNumber': '100000000001',
  'asterai:consoleAdmins': '["admin@example.com"]',
  'asterai:alertEmails': '["alerts@example.com"]',
  'asterai:runbookUrl': 'https://example.com/docs/runbook.md',
  'asterai:billingAccount': '012345-6789AB-CDEF01',
  'asterai:github': '{"repository":"example/asterai","repositoryId":123456789}',
  'asterai:release': '3f2c1ab',
  'asterai:functionsZip': `dist/functions-${'0'.repeat(64)}.zip`,
  'asterai:secretVersions': '{"alert-webhook":1}',
}

/** A stack file as Pulumi hands it to the program: every value is text. */
export function readStackFile(stack: string): RawConfig {
  const { config } = parse(readFileSync(join(root, `Pulumi.${stack}.yaml`), 'utf8')) as {
    config: Record<string, unknown>
  }
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  )
}

/**
 * Runs the program without a cloud and collects what it declares, sorted by type and name. Once per process: what
 * Pulumi is mocked with is global.
 */
export async function recordStack(
  stack: string,
  changes: RawConfig = {},
  build: (stack: string, raw: RawConfig) => unknown = (name, raw) =>
    buildSystem(readConfig(name, raw)),
): Promise<readonly DeclaredResource[]> {
  const declared: DeclaredResource[] = []
  const options: Options = new Map()
  await pulumi.runtime.setMocks(
    {
      newResource: (resource) => {
        if (resource.type.startsWith('gcp:'))
          declared.push({
            type: resource.type,
            name: resource.name,
            inputs: asPlain(resource.inputs),
            ignoreChanges:
              options.get(`${resource.type} ${resource.name}`)?.getIgnorechangesList() ?? [],
            isProtected: options.get(`${resource.type} ${resource.name}`)?.getProtect() ?? false,
            isKept: options.get(`${resource.type} ${resource.name}`)?.getRetainondelete() ?? false,
          })
        return { id: idOf(resource.type, resource.name, resource.inputs), state: stateOf(resource) }
      },
      call: ({ token, inputs }) => {
        if (token !== 'gcp:kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion')
          throw new Error(`the program may not look up ${token}`)
        const name = `${inputs.cryptoKey}/cryptoKeyVersions/${inputs.version}`
        return { name, publicKeys: [{ pem: '(public key)' }] }
      },
    },
    'asterai',
    stack,
    false,
  )
  watchOptions(options)
  await build(stack, { ...readStackFile(stack), ...filledIn, ...changes })
  await pulumi.runtime.disconnect()
  return declared.sort((a, b) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`, 'en'))
}

type RegisterRequest = {
  getType(): string
  getName(): string
  getIgnorechangesList(): string[]
  getProtect(): boolean | undefined
  getRetainondelete(): boolean | undefined
}
type Options = Map<string, RegisterRequest>

/** Mocks are told what a resource is, not with which options: those are read off the request itself. */
function watchOptions(options: Options): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: RegisterRequest, answer: unknown): unknown
  }
  const register = monitor.registerResource.bind(monitor)
  monitor.registerResource = (request, answer) => {
    options.set(`${request.getType()} ${request.getName()}`, request)
    return register(request, answer)
  }
}

/** Files become their path from the root, so that the record is the same on every machine. */
const asPlain = (inputs: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(
    JSON.stringify(inputs, (_, value: unknown) =>
      value instanceof pulumi.asset.FileAsset ? '(file)' : value,
    ),
  )

const project = filledIn['gcp:project']

function idOf(type: string, name: string, inputs: Record<string, unknown>): string {
  const collection = { 'gcp:pubsub/topic:Topic': 'topics' }[type]
  return collection === undefined ? name : `projects/${project}/${collection}/${inputs.name}`
}

/** What Google would fill in and others refer to. */
function stateOf({ type, name, inputs }: pulumi.runtime.MockResourceArgs) {
  const state: Record<string, unknown> = { project, ...inputs }
  if (type === 'gcp:serviceaccount/account:Account') {
    const email = `${inputs.accountId}@${project}.iam.gserviceaccount.com`
    return { ...state, email, name: `projects/${project}/serviceAccounts/${email}` }
  }
  if (type === 'gcp:projects/iAMCustomRole:IAMCustomRole')
    return { ...state, name: `projects/${project}/roles/${inputs.roleId}` }
  if (type === 'gcp:cloudfunctionsv2/function:Function')
    return {
      ...state,
      serviceConfig: { ...inputs.serviceConfig, uri: `https://${inputs.name}-x.a.run.app` },
    }
  if (type === 'gcp:compute/address:Address')
    return { ...state, address: `198.51.100.${name.length}`, selfLink: name }
  return state
}
