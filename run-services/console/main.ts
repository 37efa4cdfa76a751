import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { runLife } from '#shared/cloud/process/life.ts'
import { readSettings, wholeNumber } from '#shared/cloud/process/settings.ts'
import { readConsoleConfig } from './config.ts'
import { functionClient } from './function-client.ts'

const settings = z.object({
  PORT: wholeNumber(0, 65_535, 'port to listen on').default(8080),
  ASTERAI_FUNCTION_URL: z.string().optional(),
  OTLP_URL: z.url().optional(),
})

/** Entry in the cloud: the page and the operator API over the project's own bus, warehouse and buckets. */
await runLife({ name: 'console' }, async (life) => {
  const config = readConsoleConfig(process.env)
  const read = readSettings(settings, process.env)
  const { PORT: port, ASTERAI_FUNCTION_URL: functionUrl } = read
  const [{ readGcpEnvironment }, { createLocalRuntime }] = await Promise.all([
    import('#shared/cloud/gcp/environment.ts'),
    import('#shared/cloud/local/runtime.ts'),
  ])
  const environment = readGcpEnvironment(process.env)
  const runtime = createLocalRuntime()
  const callFunction = functionClient(runtime, functionUrl)
  const [{ openGcpPlatform }, { startConsole }, { readModelState }, { openProcessMeter }] =
    await Promise.all([
      import('#shared/cloud/gcp/platform.ts'),
      import('./server.ts'),
      import('./model-feed.ts'),
      import('#shared/cloud/telemetry/process-meter.ts'),
    ])
  const warn = (fault: unknown) =>
    life.log(fault instanceof Error ? fault.message : String(fault), 'WARNING')
  const platform = await openGcpPlatform(environment, { onFault: warn })
  const meter = await openProcessMeter('console', read.OTLP_URL)
  const server = await startConsole({
    metrics: meter.metrics,
    config,
    bus: platform.bus,
    warehouse: platform.warehouse,
    clock: runtime.clock,
    timers: runtime.timers,
    // In an image the package says where the built page lies; in the source tree it is beside this file.
    assets: dirname(fileURLToPath(import.meta.resolve('#services/console/dist/index.html'))),
    functions: callFunction,
    reports: platform.blobs('reports'),
    readModel: () => readModelState(platform.blobs('state'), platform.blobs('models')),
    report: warn,
    onAuditHead: (head) => life.log(`audit head ${JSON.stringify(head)}`),
    host: '0.0.0.0',
    port,
  })
  life.log(`listening at ${server.url}`)
  await life.ending
  await server.close()
  await platform.close()
  await meter.close()
  runtime.close()
})
