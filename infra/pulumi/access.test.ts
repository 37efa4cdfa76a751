import { describe, expect, test } from 'vitest'
import type { Access } from '#shared/cloud/manifest/access.ts'
import { functions } from '#shared/cloud/manifest/function.ts'
import { services } from '#shared/cloud/manifest/service.ts'
import { recordStack } from './record.fixture.ts'
import { withoutSeconds } from './scheduler.ts'

const stack = await recordStack('prod')
const project = 'asterai-example'

/** All rights of an identity as `role on what`, however they were granted. */
function rightsOf(accountId: string): readonly string[] {
  const member = `serviceAccount:${accountId}@${project}.iam.gserviceaccount.com`
  return stack
    .filter(({ inputs }) => inputs.member === member)
    .map(({ type, inputs }) => `${shortRole(inputs.role)} on ${target(type, inputs)}`)
    .sort()
}

const shortRole = (role: unknown) => String(role).split('/').at(-1)

function target(type: string, inputs: Readonly<Record<string, unknown>>): string {
  if (type.startsWith('gcp:projects/')) return 'project'
  if (inputs.tableId !== undefined) return `${inputs.datasetId}.${inputs.tableId}`
  const named =
    inputs.subscription ?? inputs.topic ?? inputs.secretId ?? inputs.bucket ?? inputs.name
  return String(named ?? inputs.serviceAccountId)
    .split('/')
    .at(-1) as string
}

/** The same rights as the manifest words them. */
function expected(name: string, access: Access, subscribes: readonly string[] = []) {
  const account = (id: string) => `${id}@${project}.iam.gserviceaccount.com`
  return [
    ...access.reads.map((table) => `bigquery.dataViewer on asterai.${table}`),
    ...access.writes.map((table) => `bigquery.dataEditor on asterai_raw.${table}`),
    ...(access.reads.length > 0 ? ['asteraiQueryRunner on project'] : []),
    ...access.publishes.map((topic) => `pubsub.publisher on ${topic}`),
    ...subscribes.map((topic) => `pubsub.subscriber on ${topic}-${name}`),
    ...access.secrets.map((secret) => `secretmanager.secretAccessor on ${secret}`),
    ...Object.entries(access.buckets).flatMap(([bucket, right]) => {
      const kinds = { read: ['Viewer'], create: ['Viewer', 'Creator'], write: ['User'] }[right]
      return kinds.map((kind) => `storage.object${kind} on ${project}-${bucket}`)
    }),
    ...access.calls.map((called) => `run.invoker on ${called}`),
    ...access.scales.flatMap((scaled) => [
      `asteraiScaler on ${scaled}`,
      `iam.serviceAccountUser on ${account(`run-${scaled}`)}`,
    ]),
    ...(access.trains
      ? ['asteraiTrainer on project', `iam.serviceAccountUser on ${account('vertex-trainer')}`]
      : []),
  ]
}

describe('rights', () => {
  test.each(Object.entries(functions))('of function %s are those of the manifest', (name, spec) => {
    expect(rightsOf(`fn-${name}`)).toEqual(expected(name, spec).sort())
  })

  test.each(Object.entries(services).filter(([, { kind }]) => kind !== 'local'))(
    'of service %s are those of the manifest',
    (name, spec) => {
      const telemetry = spec.kind === 'job' ? [] : ['asteraiTelemetryWriter on project']
      expect(rightsOf(`run-${name}`)).toEqual(
        [...expected(name, spec, spec.subscribes), ...telemetry].sort(),
      )
    },
  )

  test('the spend guard cannot touch the executor', () => {
    expect(rightsOf('fn-guard-spend').join()).not.toMatch(/executor/)
  })

  test('only the executor knows the key that signs orders', () => {
    const holders = stack
      .filter(({ inputs }) => inputs.secretId === 'aster-agent-key' && inputs.member)
      .map(({ inputs }) => inputs.member)
    expect(holders).toEqual([`serviceAccount:run-executor@${project}.iam.gserviceaccount.com`])
  })
})

test('a schedule loses its seconds and nothing else', () => {
  expect(withoutSeconds('40 */5 * * * *')).toBe('*/5 * * * *')
  expect(withoutSeconds('0 0 3 * * 0')).toBe('0 3 * * 0')
})

test('executor and ingestion leave through addresses of their own', () => {
  const nats = stack.filter(({ type }) => type === 'gcp:compute/routerNat:RouterNat')
  const used = nats.map(({ inputs }) => JSON.stringify([inputs.natIps, inputs.subnetworks]))
  expect(nats).toHaveLength(2)
  expect(new Set(nats.flatMap(({ inputs }) => inputs.natIps as string[])).size).toBe(2)
  expect(new Set(used).size).toBe(2)
})

describe('GitHub is believed', () => {
  const condition = String(
    stack.find(({ name }) => name === 'github-provider')?.inputs.attributeCondition,
  )
  /** The condition is CEL; what it uses of it JavaScript reads the same way. */
  const believes = (claims: Record<string, string>): boolean =>
    new Function('assertion', `return ${condition.replaceAll('==', '===')}`)(claims)
  const push = { repository_id: '123456789', event_name: 'push' }

  test.each(['refs/heads/main', 'refs/tags/v1', 'refs/tags/v1.2.3'])('on %s', (ref) => {
    expect(believes({ ...push, ref })).toBe(true)
  })

  test.each([
    ['another repository', { repository_id: '123', ref: 'refs/heads/main' }],
    ['another branch', { ref: 'refs/heads/main2' }],
    ['a branch named like a tag', { ref: 'refs/heads/v1' }],
    ['another tag', { ref: 'refs/tags/latest' }],
    ['a pull request', { ref: 'refs/pull/7/merge', event_name: 'pull_request' }],
    ['a stranger who borrows main', { ref: 'refs/heads/main', event_name: 'pull_request_target' }],
  ])('not: %s', (_, claims) => {
    expect(believes({ ...push, ...claims })).toBe(false)
  })

  test('by the identity of the repository, not by a name that somebody else may take over', () => {
    const lender = stack.find(({ name }) => name === 'github-borrows-ci-deployer')
    expect(lender?.inputs.member).toMatch(/\/attribute\.repository_id\/123456789$/)
  })
})
