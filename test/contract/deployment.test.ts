import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readSettings } from '#functions/settings.ts'
import { readCollectorConfig } from '#services/collector/config.ts'
import { readConsoleConfig } from '#services/console/config.ts'
import { readExecutorConfig } from '#services/executor/config.ts'
import { readInferenceConfig } from '#services/inference/config.ts'
import { probeCommand } from '#services/latency-probe/options.ts'
import { readGcpEnvironment } from '#shared/cloud/gcp/environment.ts'

type Variables = Record<string, string>
type Container = { envs?: { name: string; value: string }[] }
type Declared = Record<string, { template: { containers: Container[] } }>

const readStack = (stack: string) => {
  const url = new URL(`../../infra/pulumi/snapshot/${stack}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as Record<string, Declared>
}

const variablesOf = (declared: Declared, name: string): Variables =>
  Object.fromEntries(
    (declared[name]?.template.containers[0]?.envs ?? []).map(({ name, value }) => [name, value]),
  )

const readers: Readonly<Record<string, (variables: Variables) => unknown>> = {
  executor: readExecutorConfig,
  collector: readCollectorConfig,
  inference: readInferenceConfig,
  console: readConsoleConfig,
}

test.each(
  ['dev', 'prod'].flatMap((stack) => Object.keys(readers).map((service) => [stack, service])),
)('in %s the program gives %s the variables it reads', (stack, service) => {
  const declared = readStack(stack)
  const pools = declared['gcp:cloudrunv2/workerPool:WorkerPool']
  const variables = variablesOf(
    { ...pools, ...declared['gcp:cloudrunv2/service:Service'] },
    service,
  )
  expect(() => readers[service]?.(variables)).not.toThrow()
  expect(readGcpEnvironment(variables)).toMatchObject({ service, projectId: 'asterai-example' })
})

test.each(['dev', 'prod'])('in %s every function reads its variables', (stack) => {
  const made = readStack(stack)['gcp:cloudfunctionsv2/function:Function'] as unknown as Record<
    string,
    { name: string; serviceConfig: { environmentVariables: Variables } }
  >
  for (const { name, serviceConfig } of Object.values(made)) {
    const variables = serviceConfig.environmentVariables
    expect(readGcpEnvironment(variables).service).toBe(name)
    expect(() => readSettings(variables)).not.toThrow()
  }
})

test.each(['dev', 'prod'])('in %s the latency probe stores what it found', (stack) => {
  type Job = { template: { template: { containers: { commands: string[]; args: string[] }[] } } }
  const jobs = readStack(stack)['gcp:cloudrunv2/job:Job'] as unknown as Record<string, Job>
  for (const { template } of Object.values(jobs)) {
    const [container] = template.template.containers
    // As in the image: a command line replaces the whole of its own.
    expect([container?.commands, container?.args[0]]).toEqual([['node'], 'main.mjs'])
    const given = container?.args.slice(1).map((argument) => argument.replace(/^--/, ''))
    expect(given).toContain('store')
    expect(Object.keys(probeCommand({}).options)).toEqual(expect.arrayContaining(given ?? []))
  }
})

test('paper is what both stacks trade', () => {
  for (const stack of ['dev', 'prod'])
    expect(
      readExecutorConfig(
        variablesOf(
          readStack(stack)['gcp:cloudrunv2/workerPool:WorkerPool'] as Declared,
          'executor',
        ),
      ).mode,
    ).toBe('paper')
})
