import { startCollecting } from '#services/collector/collect.ts'
import { findInstruments } from '#services/collector/record.ts'
import { relayMetrics } from '#shared/cloud/local/metrics-relay.ts'
import { createLocalRuntime } from '#shared/cloud/local/runtime.ts'
import { runThread } from '#shared/cloud/thread/body.ts'
import { createAsterPublic } from '#shared/venue/aster/public.ts'
import { openMachinePlatform, type PlatformGiven } from '../cloud/platform.ts'

export type CollectorGiven = PlatformGiven & {
  readonly restUrl: string
  readonly streamUrl: string
  readonly symbols: readonly string[]
  /** Whose market it is, as rows name it. */
  readonly source: string
}

/** The collector of one machine: liquidations and measures. The tape of the market is the trader's own there. */
await runThread<CollectorGiven>(async (given, { log }) => {
  const runtime = createLocalRuntime()
  const platform = await openMachinePlatform(given, 'collector', runtime, log)
  const relay = relayMetrics(given.busName)
  const venue = createAsterPublic(runtime, given.restUrl)
  const stopCollecting = startCollecting({
    runtime,
    venue,
    streamUrl: given.streamUrl,
    instruments: await findInstruments(venue, given.symbols),
    source: given.source,
    bus: platform.bus,
    metrics: relay.metrics,
    onFault: (error) => log(`${error.code}: ${error.message}`),
  })
  return {
    payload: undefined,
    async stop() {
      stopCollecting()
      await platform.bus.flush()
      await platform.close()
      relay.close()
      runtime.close()
    },
  }
})
