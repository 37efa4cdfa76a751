import { measureScored } from '#services/inference/measure.ts'
import { startInference } from '#services/inference/server.ts'
import { relayMetrics } from '#shared/cloud/local/metrics-relay.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { runThread } from '#shared/cloud/thread/body.ts'
import { featureFingerprint } from '#shared/signal/feature/vector-list.ts'
import { openMachinePlatform, type PlatformGiven } from '../cloud/platform.ts'

export type InferenceGiven = PlatformGiven & {
  /** Given, not taken: a server that was started again must be where its askers look. */
  readonly port: number
}

/** Soon enough that a model that was just trained shows up while somebody watches. */
const pollSeconds = 5

/** The model server of one machine: on the CPU, one thread, from the buckets that `npm run train` writes to. */
await runThread<InferenceGiven>(async (given, { log }) => {
  const runtime = createLocalRuntime()
  const platform = await openMachinePlatform(given, 'inference', runtime, log)
  const relay = relayMetrics(given.busName)
  const server = await startInference({
    state: platform.blobs('state'),
    models: platform.blobs('models'),
    provider: 'cpu',
    threads: 1,
    pollSeconds,
    featureFingerprint,
    clock: runtime.clock,
    timers: runtime.timers,
    host: '127.0.0.1',
    port: given.port,
    onScored: measureScored(relay.metrics, runtime.clock),
    report: log,
  })
  server.firstLook.then(() => {
    if (!server.hasPromotion())
      log(
        'no model is promoted, so there are no predictions; npm run featurize, then npm run train makes one, and it is loaded while this runs',
      )
  })
  return {
    payload: { url: server.url },
    async stop() {
      await server.close()
      await platform.close()
      relay.close()
      runtime.close()
    },
  }
})
