import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { runLife } from '#shared/cloud/process/life.ts'
import { readSettings, wholeNumber } from '#shared/cloud/process/settings.ts'
import { logFault } from '#shared/cloud/telemetry/log.ts'
import { openTelemetry } from '#shared/cloud/telemetry/process-telemetry.ts'
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
  const { metrics, tracer, ...telemetry } = await openTelemetry({
    service: 'console',
    otlpUrl: read.OTLP_URL,
    // People ask seldom, and what they asked for is worth finding again.
    sampledShare: 1,
  })
  const callFunction = functionClient(runtime, functionUrl, tracer)
  const [{ openGcpPlatform }, { startConsole }, { readModelState }] = await Promise.all([
    import('#shared/cloud/gcp/platform.ts'),
    import('./server.ts'),
    import('./model-feed.ts'),
  ])
  const warn = (fault: unknown) => logFault(life.log, fault)
  const platform = await openGcpPlatform(environment, { onFault: warn })
  const server = await startConsole({
    metrics,
    tracer,
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
  await telemetry.close()
  runtime.close()
})
