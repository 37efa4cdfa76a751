import { type Meter, openMeter } from './meter.ts'
import { silentMetrics } from './port.ts'

/** A collector that does not answer must not hold up a hand-over. */
const closePatienceMs = 1_000

/**
 * Measurements of a deployed process: to the collector beside it, or nowhere when `otlpUrl` is absent. Its close never
 * takes longer than a second and never fails; what was not sent by then is lost.
 */
export async function openProcessMeter(
  service: string,
  otlpUrl: string | undefined,
): Promise<Pick<Meter, 'metrics' | 'close'>> {
  if (otlpUrl === undefined) return { metrics: silentMetrics, close: async () => {} }
  const meter = await openMeter({ service, otlpUrl })
  return {
    metrics: meter.metrics,
    async close() {
      const patience = new Promise<void>((resolve) => {
        setTimeout(resolve, closePatienceMs).unref()
      })
      const closing = meter.close().catch(() => {
        // The end of the process is not the place to report that measurements had nowhere to go.
      })
      await Promise.race([closing, patience])
    },
  }
}
