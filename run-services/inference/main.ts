import type { BucketName } from '#shared/cloud/manifest/bucket.ts'
import { runLife } from '#shared/cloud/process/life.ts'
import { openTelemetry, sampledShareOfMany } from '#shared/cloud/telemetry/process-telemetry.ts'
import { featureFingerprint } from '#shared/signal/feature/vector-list.ts'
import { readInferenceConfig } from './config.ts'
import { measureScored } from './measure.ts'
import { startInference } from './server.ts'

/** Entry in the cloud: the promoted model behind HTTP, from the buckets of the project. */
await runLife({ name: 'inference' }, async (life) => {
  const config = readInferenceConfig(process.env)
  const [
    { endpointUrl, readGcpEnvironment },
    { bucketName },
    { openStorageBlobs },
    { createLocalRuntime },
  ] = await Promise.all([
    import('#shared/cloud/gcp/environment.ts'),
    import('#shared/cloud/gcp/names.ts'),
    import('#shared/cloud/gcp/blobs.ts'),
    import('#shared/cloud/local/runtime.ts'),
  ])
  const { projectId, bucketPrefix, endpoints } = readGcpEnvironment(process.env)
  const bucket = (name: BucketName) =>
    openStorageBlobs({
      project: projectId,
      bucket: bucketName(bucketPrefix, name),
      ...(endpoints.storage ? { endpoint: endpointUrl(endpoints.storage) } : {}),
    })
  const runtime = createLocalRuntime()
  const telemetry = await openTelemetry({
    service: 'inference',
    otlpUrl: config.otlpUrl,
    sampledShare: sampledShareOfMany,
  })
  const server = await startInference({
    ...config,
    state: bucket('state'),
    models: bucket('models'),
    featureFingerprint,
    clock: runtime.clock,
    timers: runtime.timers,
    host: '0.0.0.0',
    onScored: measureScored(telemetry.metrics, runtime.clock),
    tracer: telemetry.tracer,
    report: life.log,
  })
  life.log(`listening at ${server.url} (${config.provider})`)
  await life.ending
  await server.close()
  await telemetry.close()
  runtime.close()
})
